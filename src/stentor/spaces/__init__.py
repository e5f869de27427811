"""What a space is: life cycle, seats, rights, pulse; pure (row 1)."""
