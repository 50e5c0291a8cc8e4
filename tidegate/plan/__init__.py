"""What would change, what was planned, and what is there already."""
