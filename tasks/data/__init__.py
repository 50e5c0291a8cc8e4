"""Base services, databases, backups, schemas."""
