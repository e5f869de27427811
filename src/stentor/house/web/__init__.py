"""HTTP itself: connections, bodies, headers, problems, limits."""
