"""An application's Alembic, run by the application's own image."""
