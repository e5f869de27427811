"""Correcting what was recognised of what is said."""
