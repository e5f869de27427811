"""What an app asks: for whom, with which fields, and which part of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from litestar import Request

from stentor.base.errors import NotFound, NotSignedIn
from stentor.house.clients.fields import Fields, Wish, wish_of
from stentor.house.who.app_tokens import AppCaller
from stentor.people.model import Account
from stentor.social import ids
from stentor.store.oauth import AppToken

USUAL: Final = 20
MOST: Final = 40
_CURSORS: Final = ("max_id", "min_id", "since_id")
_Request = Request[Any, Any, Any]


class Paging(NamedTuple):
    """Which part of a list is asked for; ``before`` and ``after`` are ids that are not in it themselves. ``rising``:
    the part just above ``after`` (``min_id``), else the newest above it (``since_id``)."""

    before: int
    after: int
    rising: bool
    most: int


class Paged(NamedTuple):
    """A part of a list. ``first`` and ``last`` are the cursors of its ends; ``more``: there may be older ones."""

    items: Sequence[Any]
    first: int | str | None = None
    last: int | str | None = None
    more: bool = False


class Ask:
    """One request. ``path`` is its address below that of the site."""

    def __init__(
        self, request: _Request, path: str, fields: Fields, caller: AppCaller | None, me: int | None, base: str
    ) -> None:
        self.request, self.path, self.fields = request, path, fields
        self.caller, self.viewer, self._base = caller, me, base

    @property
    def token(self) -> AppToken:
        """That of the app; raises :class:`NotSignedIn` without one."""
        if self.caller is None:
            raise unknown()
        return self.caller.token

    @property
    def account(self) -> Account:
        """For whom it asks; raises :class:`NotSignedIn` for nobody."""
        if self.caller is None or self.caller.account is None:
            raise unknown()
        return self.caller.account

    @property
    def me(self) -> int:
        """By which number posts know them; raises :class:`NotSignedIn`."""
        if self.viewer is None:
            raise unknown()
        return self.viewer

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def number(self, name: str = "id") -> int:
        """An id in the address; raises :class:`NotFound` for what is none."""
        found = ids.parse(self.part(name))
        if found is None:
            raise nothing()
        return found

    def wish(self, kind: type[Wish]) -> Wish:
        """The fields as one record; raises :class:`BadInput`."""
        return wish_of(kind, self.fields)

    def flag(self, name: str) -> bool:
        """Whether something is asked for by a word such as ``true`` or ``1``."""
        return str(self.fields.get(name, "")).lower() in ("true", "1", "on", "yes")

    def text(self, name: str) -> str:
        found = self.fields.get(name, "")
        return found if isinstance(found, str) else ""

    def paging(self, *, usual: int = USUAL, most: int = MOST) -> Paging:
        """``limit`` is cut to what there is at most, as Mastodon does it; a cursor that is none counts as none."""
        asked = str(self.fields.get("limit", ""))
        limit = min(int(asked), most) if asked.isascii() and asked.isdigit() and int(asked) > 0 else usual
        before, rising, since = (ids.parse(str(self.fields.get(each, ""))) for each in _CURSORS)
        return Paging(before or ids.LARGEST, rising or since or 0, rising is not None, limit)

    def link(self, page: Paged) -> str:
        """The ``Link`` header (RFC 8288): ``next`` first, whole addresses, and nothing where nothing follows."""
        kept = [(name, each) for name, each in self.request.query_params.multi_items() if name not in _CURSORS]
        found = []
        for rel, cursor, value in (
            ("next", "max_id", page.last if page.more else None),
            ("prev", "min_id", page.first),
        ):
            if value is not None:
                found.append(f'<{self._base}{self.path}?{urlencode([*kept, (cursor, value)])}>; rel="{rel}"')
        return ", ".join(found)


def nothing() -> NotFound:
    """There is nothing of this name, or not for who asks."""
    return NotFound("Record not found")


def unknown() -> NotSignedIn:
    return NotSignedIn("The access token is invalid", code="token-wrong")
