"""The role with the database and the public REST API (row 3)."""
