"""The only place that knows NATS (row 2)."""
