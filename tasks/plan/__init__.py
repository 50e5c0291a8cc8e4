"""What would change, and whether it could."""
