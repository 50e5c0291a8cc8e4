"""What every step stands on: the journal, the work, environments, locks, messages."""
