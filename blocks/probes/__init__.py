"""Requests as visitors make them."""
