"""Captions: what is said on a stage, as text (row 3)."""
