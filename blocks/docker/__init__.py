"""A Docker engine: its containers, images, volumes and builds, and `docker compose`."""
