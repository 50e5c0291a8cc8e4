"""Crash tests: a release or a rollback is killed at a step, under traffic, and what is left must be
whole."""
