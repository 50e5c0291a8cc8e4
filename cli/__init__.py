"""The `tidegate` command: one file per word a person types."""
