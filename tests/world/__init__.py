"""A world in memory: every port of `tidegate/ports.py` has a twin here, which the adapter's
contract suite proves."""
