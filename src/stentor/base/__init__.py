"""What every folder may use: configuration, errors, units, clock, logging (row 0)."""
