"""Listener cuts of recordings: ordering them, signing their lists, and telling how far they are."""
