"""Tokens for programs: what people have made, and what has become of them."""
