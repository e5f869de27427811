"""Spaces that not everybody may hear: who is let in, with which pass."""
