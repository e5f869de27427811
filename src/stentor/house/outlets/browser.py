"""Connecting an account in the browser: its person allows it there and comes back (OAuth 2.0, RFC 6749 and 7636).

A courier asks the other server, since it alone reaches the internet; between its steps the outlet's secret holds what
is needed for the next one, and nothing of it ever stands in a page or a log.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base.errors import BadInput, NotFound
from stentor.house.outlets.service import OutletDesk, checked
from stentor.outlets.contract import BrowserOutlet
from stentor.outlets.kinds import OUTLETS, X
from stentor.store.outlets import SEALED, OutletRow

BACK: Final = "/account/outlets/back"
LONGEST_CODE: Final = 2000
BROWSERS: Final = {kind: each for kind, each in OUTLETS.items() if isinstance(each, BrowserOutlet)}
"""Those that can be connected so."""


class BrowserConnecting:
    """``name`` is what the site calls itself there. Methods raise :class:`Overloaded` without the database."""

    def __init__(self, desk: OutletDesk, name: Callable[[], str]) -> None:
        self._desk, self._name = desk, name

    async def begin(self, account: str, kind: str, given: Mapping[str, str], number: int = 0) -> int:
        """The first step; ``number`` is that of an outlet which is there. Raises :class:`BadInput`."""
        outlet = BROWSERS.get(kind) if kind in self._desk.kinds else None
        if outlet is None:
            raise BadInput("There is no such outlet.", field="kind")
        if number and (await self._desk.mine(account, number)).kind != kind:
            raise BadInput("There is no such outlet.", field="kind")
        secret = checked([each for each in outlet.fields if each.address], given) | {
            "name": self._name(), "back": f"{self._desk.home}{BACK}", "state": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
        }  # fmt: skip
        if kind == X:
            secret["client_id"] = self._desk.money.client
        return await self._desk.keep(account, outlet, secret, number)

    async def where(self, account: str, number: int) -> tuple[OutletRow, str]:
        """Where its person allows it; empty while the other server is asked. Raises :class:`NotFound`."""
        row = await self._desk.mine(account, number)
        secret, outlet = await self._secret(number), BROWSERS.get(row.kind)
        if outlet is None or outlet.connected(secret):
            raise NotFound("There is no such outlet.", code="outlet-missing")
        return row, outlet.allow(secret)

    async def waiting(self, rows: Sequence[OutletRow]) -> frozenset[int]:
        """Which of somebody's outlets are not connected yet, and wait for them."""
        found = set()
        for each in rows:
            outlet = BROWSERS.get(each.kind)
            if not each.name and outlet is not None and not outlet.connected(await self._secret(each.number)):
                found.add(each.number)
        return frozenset(found)

    async def came_back(self, account: str, state: str, code: str) -> None:
        """Their browser is back with a ``code``, or with none where they did not allow it. Raises
        :class:`NotFound` for a ``state`` that is none of theirs."""
        for row in await self._desk.table.of_account(account):
            outlet = BROWSERS.get(row.kind)
            found = await self._desk.table.secret(row.number) if outlet and not row.name else None
            secret = self._opened(found[1]) if found else {}
            if found is None or not hmac.compare_digest(secret.get("state", "").encode(), state.encode()) or not state:
                continue
            if not code:
                await self._desk.table.checked(row.number, trouble="outlet-denied")
                return
            sealed = self._desk.seal.close(msgspec.json.encode({**secret, "code": code[:LONGEST_CODE]}), SEALED)
            if await self._desk.table.keep_secret(row.number, found[1], sealed):
                await self._desk.table.checked(row.number)
                await self._desk.look(row.number, row.host)
            return
        raise NotFound("Nothing of yours is being connected.", code="outlet-missing")

    async def _secret(self, number: int) -> dict[str, str]:
        found = await self._desk.table.secret(number)
        return self._opened(found[1]) if found else {}

    def _opened(self, sealed: str) -> dict[str, str]:
        return msgspec.json.decode(self._desk.seal.open(sealed, SEALED), type=dict[str, str])
