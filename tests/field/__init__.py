"""`make field`: what happens to applications of others, from `tidegate init` to the way back."""
