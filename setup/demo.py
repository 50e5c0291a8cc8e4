"""The demo's git repository, made from the example application and its wheels."""

from examples.cloudlens.make_repository import make_repository
from setup.places import DEMO_REPOSITORY
from setup.wheels import WHEELS


def ensure() -> str:
    return "made" if make_repository(DEMO_REPOSITORY, WHEELS) else "as it must be"
