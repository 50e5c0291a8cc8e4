"""By which messages reach people, and events other programs."""
