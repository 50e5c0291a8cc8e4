"""Migrations of Flyway."""
