"""ONE step each: looks, changes one thing, can run again."""
