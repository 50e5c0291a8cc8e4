"""Migrations of Prisma."""
