"""OAuth 2: how apps come to act for people."""
