"""The only place that knows SQL and object storage (row 2)."""
