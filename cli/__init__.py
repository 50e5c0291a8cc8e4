"""The `tidegate` command: one file per word a person types."""

import time

BEGUN = time.monotonic()
"""When the command began, before it imported what takes long."""
