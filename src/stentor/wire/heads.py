"""Heads that come again and again, byte for byte, and what they ask: read once, then found.

A crowd's players ask for the same part within a second with the same heads. Only what means the same for everybody is
kept: GET and HEAD that leave the connection open, without a body, ``Cookie`` and ``Authorization``. How often that
pays is measured in ``bench/requests.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stentor.wire.http import Request

MOST = 2048
"""Kept at once, in two halves: browsers of a crowd send some hundred heads for the part that is new."""
LONGEST_BYTES = 2048
"""Longer heads are cookies or somebody who tries something: with what was read of them the table has 16 MB at most."""
APART = ("content-length", "transfer-encoding", "cookie", "authorization")
"""With one of these a head is read each time: it belongs to one sender, or something follows it."""


class Heads:
    """A bounded table. When the newer half is full it becomes the older one, and what nobody asked since is dropped."""

    __slots__ = ("_newer", "_older")

    def __init__(self) -> None:
        self._newer: dict[bytes, Request] = {}
        self._older: dict[bytes, Request] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def find(self, data: bytes) -> Request | None:
        """The request that exactly these bytes are, when they have been read before."""
        found = self._newer.get(data)
        if found is None and (found := self._older.pop(data, None)) is not None:
            self._keep(data, found)
        return found

    def learn(self, data: bytes, request: Request) -> None:
        """``data`` was this one request and nothing else."""
        if (
            len(data) <= LONGEST_BYTES
            and request.method in ("GET", "HEAD")
            and request.keep_alive
            and not any(name in request.headers for name in APART)
        ):
            self._keep(data, request)

    def _keep(self, data: bytes, request: Request) -> None:
        if len(self._newer) >= MOST // 2:
            self._older, self._newer = self._newer, {}
        self._newer[data] = request
