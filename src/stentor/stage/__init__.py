"""The role that talks WebRTC with the speakers and mixes them (row 3)."""
