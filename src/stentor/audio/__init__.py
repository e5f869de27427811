"""PCM and mixing: pure, no I/O and no clock (row 1)."""
