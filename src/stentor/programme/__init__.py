"""The role that makes one continuous encoded signal of a space (row 3)."""
