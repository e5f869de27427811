"""Accounts: signing up and in, profile, export, administration."""
