"""Passwords: argon2id (RFC 9106) with the costs of its second recommendation, in threads of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stentor.people import checks

AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and some 50 ms of a processor, and the house has other work."""

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AjnnkBmYcVYEJzsep0hEaw$iEpAkUQ85eW87EHsBmEPRw3oY3uclGFUmuYUI3j+9Zw"
"""The hash of something random at the same costs, to compare with where there is none; a test holds the costs."""


class Passwords:
    """Hashes passwords and compares them. It keeps none."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        """What is stored of a password."""
        return await self._run(self._hasher.hash, checks.normal(password))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether a password is the stored one; takes as long when there is none, so that nobody learns of handles."""
        try:
            found = await self._run(self._hasher.verify, stored or NOBODY, checks.normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return bool(found) and stored is not None

    async def _run(self, work: object, *arguments: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)  # type: ignore[arg-type]
