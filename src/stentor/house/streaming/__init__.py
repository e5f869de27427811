"""What apps are told while it happens, over WebSocket and as server-sent events (Mastodon's streaming API)."""
