"""What is saved, and what putting it back would do."""
