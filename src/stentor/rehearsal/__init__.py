"""Synthetic speakers and listeners; uses only public addresses (row 4)."""
