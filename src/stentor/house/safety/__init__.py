"""What people do to be left alone, and what they are told: blocks, mutes, word filters, notifications."""
