"""Posts, and who may read them: pure."""
