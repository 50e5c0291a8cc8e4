"""The `tidegate` command: one file per word a person types."""

import time

from tidegate.imports import imports_stay

BEGUN = time.monotonic()
"""When the command began, before it imported what takes long."""

imports_stay()
