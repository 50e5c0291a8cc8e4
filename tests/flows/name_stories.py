"""What people ask for where others call the shop's services by names on a network, and by a port
of the host."""

from __future__ import annotations

from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import RESTORE, ROLLBACK, asked
from tests.flows.installation import Installation
from tests.flows.stories import Story

NETWORK, PORT = "back", 8000
PUBLISHED = [{"host_ip": "0.0.0.0", "published": str(PORT), "target": 8000, "protocol": "tcp"}]
NAMES = f"""known_as: [
           {{service: web, name: shop, network: {NETWORK}}},
           {{service: web, name: shop, network: {NETWORK}, port: 8001, ready_path: /ready}},
           {{service: worker, name: jobs, network: {NETWORK}, port: 9000, ready_path: /ready}}],
         kept_ports: [{{service: web, host_port: {PORT}, address: 0.0.0.0}}],
         """
BADLY = asked("v2.0.2", watch_seconds=2)


def name_services(made: Installation) -> None:
    """The stack file says so from now on, and the compose files of all stacks name the network."""
    world = made.world
    world.shared[NETWORK] = {"name": NETWORK, "external": True}
    world.engine.networks.add(NETWORK)
    for service in ("web", "worker"):
        world.edited[service] = {"networks": {"default": None, NETWORK: None}}
    world.edited["web"]["ports"] = PUBLISHED
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text()
    assert "domains: [shop.test]" in text
    file.write_text(text.replace("domains: [shop.test]", f"{NAMES}domains: [shop.test]"))


def be_called(made: Installation) -> None:
    """A version with these names serves."""
    name_services(made)
    assert made.prefect.start(release, **asked("v1.0.1")).state.is_completed()


def be_called_for_long(made: Installation) -> None:
    """Two versions had them."""
    be_called(made)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()


def be_called_no_more(made: Installation) -> None:
    """And the stack file does not say it any more."""
    be_called(made)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace(NAMES, ""))


NAME_STORIES = (
    Story(
        "a release that brings names",
        release,
        asked("v1.1.0"),
        serves="v1.1.0",
        prepare=name_services,
    ),
    Story("a release under a name", release, asked("v1.1.0"), serves="v1.1.0", prepare=be_called),
    Story("one under a name that serves badly", release, BADLY, serves="v1.0.1", prepare=be_called),
    Story(
        "one that brings names and serves badly",
        release,
        BADLY,
        serves="v1.0.0",
        prepare=name_services,
    ),
    Story(
        "one that brings names and fails its checks",
        release,
        asked("v2.1.0"),
        serves="v1.0.0",
        prepare=name_services,
    ),
    Story(
        "one without its names",
        release,
        asked("v1.1.0"),
        serves="v1.1.0",
        prepare=be_called_no_more,
    ),
    Story(
        "one without its names serves badly",
        release,
        BADLY,
        serves="v1.0.1",
        prepare=be_called_no_more,
    ),
    Story(
        "a rollback to one without names", rollback, ROLLBACK, serves="v1.0.0", prepare=be_called
    ),
    Story(
        "a rollback under a name", rollback, ROLLBACK, serves="v1.0.1", prepare=be_called_for_long
    ),
    Story("a restore under a name", restore, RESTORE, serves="v1.0.1", prepare=be_called_for_long),
    Story(
        "one in place", release, asked("v1.1.0"), serves="v1.1.0", in_place=True, prepare=be_called
    ),
)
