"""Deleting what was heard, and what of it is shown."""
