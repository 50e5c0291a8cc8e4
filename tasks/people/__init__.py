"""What people decide and read."""
