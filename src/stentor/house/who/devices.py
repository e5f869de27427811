"""Devices in which an account has signed in before: a signed cookie that outlives the session.

Ten wrong passwords for a handle shut out whoever is new, and that may be a stranger's doing. A device with this cookie
has tries of its own instead, so nobody else can use them up ("device cookies", a protocol that OWASP describes). The
cookie signs nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import msgspec

PURPOSE = b"stentor device 1\0"
"""Stands before what is signed: the key signs other things too, and one must never pass for the other."""
NAME_BYTES = 12
"""Of a device's random name. It says nothing about the device; it is what its tries are counted by."""
LONGEST = 200
"""Characters of the cookie; ours have about 95."""


class Device(msgspec.Struct, frozen=True):
    """A browser, and the account that signed in there last."""

    account: str
    name: str

    def knows(self, account: str) -> bool:
        """Whether it was this account."""
        return self.account == account


class Devices:
    """Makes and reads the cookie; ``key`` never leaves it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def made(self, account: str) -> str:
        """The cookie of a device in which ``account`` has just signed in; each time a new one."""
        body = f"{account}.{secrets.token_hex(NAME_BYTES)}"
        return f"{body}.{self._mac(body)}"

    def read(self, cookie: str) -> Device | None:
        """What a cookie says; None for one that we have not signed."""
        body, _, mac = cookie.rpartition(".")
        if not body or len(cookie) > LONGEST or not cookie.isascii():
            return None
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        account, _, name = body.partition(".")
        return Device(account, name)

    def _mac(self, body: str) -> str:
        return hmac.digest(self._key, PURPOSE + body.encode("ascii"), hashlib.sha256).hex()[:40]
