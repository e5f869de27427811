"""Posts that announce spaces."""
