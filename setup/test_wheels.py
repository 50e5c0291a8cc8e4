"""What an image with Django is made of in the tests, as wheels for the Python inside the base
image."""

from setup import wheels
from setup.local_images import RECIPES
from setup.places import CACHE

WHEELS = CACHE / "django-wheels"
STAMP = CACHE / "django-wheels-made-from"


def ensure() -> str:
    return wheels.fetched(RECIPES / "django" / "requirements.txt", WHEELS, STAMP)
