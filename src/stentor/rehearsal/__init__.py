"""Crowds of listeners before the night; they use public addresses only (row 4)."""
