"""Backups: made, proved, kept in a folder, put back."""
