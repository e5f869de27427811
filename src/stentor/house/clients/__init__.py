"""What apps ask: who asks, which address is meant, with which fields, how often, and how an answer is told."""
