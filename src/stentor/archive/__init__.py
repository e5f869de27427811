"""The role that keeps every segment (row 3)."""
