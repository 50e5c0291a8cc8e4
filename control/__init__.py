"""What keeps the control plane running: a Prefect collection with the worker type `tidegate`."""

from tidegate.imports import imports_stay

imports_stay()
