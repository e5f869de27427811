"""Passwords."""

from __future__ import annotations

from argon2 import PasswordHasher

from stentor.house.accounts.passwords import NOBODY, Passwords


async def test_nobody_costs_as_much_as_somebody() -> None:
    """The hash that stands for nobody's has today's costs, so that time does not tell who has an account."""
    assert not PasswordHasher().check_needs_rehash(NOBODY)
    passwords = Passwords()
    assert not await passwords.fits("several words together", None)
    assert await passwords.fits("several words together", await passwords.hash("several words together"))
