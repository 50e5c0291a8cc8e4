"""What keeps the control plane running: a Prefect collection with the worker type `tidegate`."""
