"""What a migration does to a database: its class, from its source and its SQL."""
