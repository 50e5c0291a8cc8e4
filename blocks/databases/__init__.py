"""Database engines, a folder each, behind one port."""
