"""The role that serves the audience (row 3)."""
