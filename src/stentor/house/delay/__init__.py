"""The house: the broadcast delay, and what is dumped of it."""
