"""Who is sent where, and what they get."""
