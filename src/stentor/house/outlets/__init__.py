"""Outlets as hosts connect them, and what they post."""
