"""Every flow in a world in memory: in every order, failing at every call, killed at every
change."""
