"""Accounts: what a person of this site is, may be called and may do; pure (row 1)."""
