"""Comments of the audience, and who keeps order among them."""
