"""HOW one outside system is spoken to: settings, secrets and calls in one class."""
