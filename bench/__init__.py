"""Measurements that print tables, run side by side with what a team would otherwise use."""
