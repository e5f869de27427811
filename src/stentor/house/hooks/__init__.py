"""Webhooks: made, changed, tried, and told of what happens."""
