"""`make mutants`: small faults in `flows/` and `tasks/`, and the tests that see them."""
