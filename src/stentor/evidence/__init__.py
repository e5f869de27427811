"""What is known of an audience, and how: rows of one edge and second, and the numbers that follow from them. Pure."""
