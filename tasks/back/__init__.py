"""Ways back."""
