"""One speaker and one listener that measure: `stentor speak`, `stentor listen`, and the tests use them."""
