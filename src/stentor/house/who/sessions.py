"""Who is signed in: a random token in a cookie, of which the database has only the SHA-256."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotAllowed, NotSignedIn
from stentor.house.who.devices import Device, Devices
from stentor.people import origin
from stentor.people.digests import digest
from stentor.people.model import Account, Session
from stentor.store.accounts import Accounts

IDLE_MS = 30 * 86_400_000
"""A session that is not seen for thirty days has ended."""
NOTE_MS = 3_600_000
"""How often it is noted that a session is in use: not with every request, for that would be a write each."""
COOKIE_S = 400 * 86_400
"""The longest that browsers keep a cookie; when a session ends says the database."""
TOKEN_BYTES = 32
LONGEST_TOKEN = 100
AGENT_CHARACTERS = 200
MOST_RECENT = 10_000
"""Sessions remembered as found: 1 MB."""
_Request = Request[Any, Any, Any]


class Sessions:
    """Reads and makes sessions. ``house`` is our own address: over https the cookie is ``Secure`` and host-bound."""

    def __init__(self, accounts: Accounts, devices: Devices, house: str, clock: Clock) -> None:
        self._accounts, self._devices, self._house, self._clock = accounts, devices, house, clock
        self._secure = house.startswith("https://")
        self.cookie = "__Host-stentor" if self._secure else "stentor"
        self._device_cookie = f"{self.cookie}-device"
        self._recent: OrderedDict[str, None] = OrderedDict()
        """Digests of sessions that were found lately."""

    def guard(self, request: _Request) -> None:
        """Raises :class:`NotAllowed` for a request that another site's page has made (CSRF)."""
        if not origin.own(request.method, request.headers, self._house):
            raise NotAllowed(
                "This request comes from another site's page; use the pages of this one.", code="other-origin"
            )

    async def current(self, request: _Request) -> tuple[Session, Account] | None:
        """Whose session this is; None without one. A cookie that is of no use is as none: people's sessions end."""
        token = request.cookies.get(self.cookie, "")
        if not token or len(token) > LONGEST_TOKEN:
            return None
        now_ms = unix_ms(self._clock())
        key = digest(token)
        found = await self._accounts.session(key, since_ms=now_ms - IDLE_MS)
        if found is not None and found[1].suspended_ms is not None:
            found = None
        self._note(key, there=found is not None)
        if found is not None and now_ms - found[0].seen_ms > NOTE_MS:
            await self._accounts.seen(found[0].digest, now_ms=now_ms)
        return found

    def holds(self, token: str) -> bool:
        """Whether a session with this token was found lately. Only a hint of who comes, and without the database."""
        return 0 < len(token) <= LONGEST_TOKEN and digest(token) in self._recent

    def _note(self, key: str, *, there: bool) -> None:
        self._recent.pop(key, None)
        if there:
            self._recent[key] = None
            if len(self._recent) > MOST_RECENT:
                self._recent.popitem(last=False)

    async def account(self, request: _Request) -> Account | None:
        """Who is signed in and may act by this request; raises :class:`NotAllowed` for another site's request."""
        if self.cookie not in request.cookies:
            return None
        self.guard(request)
        found = await self.current(request)
        return found[1] if found else None

    async def require(self, request: _Request) -> tuple[Session, Account]:
        """The same with the session; raises :class:`NotSignedIn` for nobody."""
        self.guard(request)
        found = await self.current(request)
        if found is None:
            raise NotSignedIn("Sign in first.")
        return found

    async def fresh(self, request: _Request) -> tuple[Session, Account]:
        """The same for what takes a sign-in of the last ten minutes; raises :class:`NotAllowed` after that."""
        found = await self.require(request)
        if not found[0].fresh(unix_ms(self._clock())):
            raise NotAllowed("This takes a sign-in of the last ten minutes; sign in once more.", code="sign-in-again")
        return found

    def device(self, request: _Request) -> Device | None:
        """What the browser's cookie says about who signed in there before."""
        return self._devices.read(request.cookies.get(self._device_cookie, ""))

    async def begin(self, request: _Request, account: str) -> list[Cookie]:
        """Signs an account in, with a token that nobody has seen before; the one that came with the request ends.

        The second cookie stays after signing out: by it the device is known (``house.devices``).
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now_ms = unix_ms(self._clock())
        session = Session(
            digest=digest(token),
            account=account,
            created_ms=now_ms,
            seen_ms=now_ms,
            agent=_printable(request.headers.get("user-agent", ""))[:AGENT_CHARACTERS],
        )
        before = request.cookies.get(self.cookie, "")
        await self._accounts.begin(session, instead_of=digest(before) if before else None)
        device = self.kept(self._device_cookie, self._devices.made(account), COOKIE_S)
        return [self._made(token, COOKIE_S), device]

    def gone(self) -> Cookie:
        """Takes the cookie away."""
        return self._made("", 0)

    def _made(self, value: str, max_age_s: int) -> Cookie:
        return self.kept(self.cookie, value, max_age_s)

    def kept(self, name: str, value: str, max_age_s: int) -> Cookie:
        """A cookie that no script reads and no other site's request carries; 0 s takes it away."""
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=max_age_s,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
