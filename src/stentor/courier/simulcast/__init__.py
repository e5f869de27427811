"""A talk to other networks: one picture with its sound, to any number of servers at once."""
