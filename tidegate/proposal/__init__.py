"""What a stack file could say of an application, from what its own files say: `tidegate init`."""
