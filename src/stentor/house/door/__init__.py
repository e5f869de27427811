"""The door, as hosts set it: limits and passes."""
