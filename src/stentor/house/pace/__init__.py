"""The budget of arrivals."""
