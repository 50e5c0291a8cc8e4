"""The containers of a version."""
