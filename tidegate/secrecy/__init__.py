"""Secrets appear nowhere, and texts from outside are data."""
