"""WHAT happens, in order: one file per thing a person can ask for."""
