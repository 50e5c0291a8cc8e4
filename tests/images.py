"""Images that tests run: what `make setup-tests` has put on the engine, whether it was pulled or
built here."""

from __future__ import annotations

from setup import test_images
from setup.images import chosen

BASE = chosen()["PYTHON_IMAGE"]
"""A small system with a shell and python3."""
MYSQL = chosen()["DATABASE_IMAGE"]
REDIS = chosen()["CACHE_IMAGE"]
EDGE = chosen()["EDGE_IMAGE"]
POSTGRESQL = test_images.POSTGRESQL
