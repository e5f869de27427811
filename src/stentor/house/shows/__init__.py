"""Shows: series of spaces, their dates, and templates."""
