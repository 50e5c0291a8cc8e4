"""What a team says about one application: stack file, compose files, env files, versions."""
