"""Mail: by which server, what is written to whom, and how it gets there."""
