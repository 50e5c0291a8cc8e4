"""What may be done, and what is done by itself."""
