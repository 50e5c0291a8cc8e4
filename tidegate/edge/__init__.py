"""The words of the edge: doors, routes, counters."""
