"""Finding posts, people, tags, spaces and what was said in them."""
