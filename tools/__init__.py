"""What Stentor's makers run, and no installation."""
