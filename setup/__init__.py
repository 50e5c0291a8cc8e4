"""Prepares a machine: run by the system's Python before there is a virtual environment, so standard
library only."""
