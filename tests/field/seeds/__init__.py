"""The two teams' stacks of `examples/seeds`, unchanged, released on a machine of their own."""
