"""How much a crowd needs (row 1): pure arithmetic."""
