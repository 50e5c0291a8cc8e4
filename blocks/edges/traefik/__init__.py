"""Traefik by its file provider: its routes, its container, its networks, its counters."""
