"""Addresses of the fediverse: those of this site, and which server one of somebody else belongs to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import msgspec

from stentor.base import address
from stentor.base.errors import BadInput
from stentor.social import ids

LONGEST: Final = 500
"""Of an address that is kept."""
SITE: Final = 1
"""The number of the site itself among those who act; people's are larger, for they hold a time."""
PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
_HANDLE: Final = re.compile(r"@?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@([^@/\s?#]{1,255})")


class Home(msgspec.Struct, frozen=True):
    """Where this site is. ``files`` is the origin of what everybody may read, ``house`` that of inboxes."""

    files: str
    house: str

    @property
    def name(self) -> str:
        """What stands after the @ of people here."""
        return self.files.partition("://")[2]

    @property
    def scheme(self) -> str:
        return self.house.partition("://")[0]

    @property
    def authority(self) -> str:
        """The host of inboxes, as those see it who send something there."""
        return self.house.partition("://")[2]

    @property
    def shared_inbox(self) -> str:
        return f"{self.house}/inbox"

    def actor(self, number: int) -> str:
        return f"{self.files}/ap/actors/{number}"

    def key(self, number: int) -> str:
        return f"{self.actor(number)}#main-key"

    def inbox(self, number: int) -> str:
        return f"{self.house}/inbox/{number}"

    def followers(self, number: int) -> str:
        return f"{self.actor(number)}/followers"

    def post(self, post: int) -> str:
        return f"{self.files}/ap/posts/{post}"

    def featured(self, number: int) -> str:
        return f"{self.actor(number)}/featured"

    def stamp(self, post: int) -> str:
        """What says that the post of somebody elsewhere, which has that number here, may quote one of ours."""
        return f"{self.files}/ap/stamps/{post}"

    def event(self, space: str) -> str:
        """A space as others read of it."""
        return f"{self.files}/ap/spaces/{space}"

    def follow(self, follower: int, followee: int, at_ms: int = 0) -> str:
        """The activity by which somebody here follows somebody elsewhere: another one each time, for some servers take
        none twice within a day."""
        return f"{self.files}/ap/follows/{follower}/{followee}" + (f"/{at_ms}" if at_ms else "")

    def actor_at(self, uri: str) -> int | None:
        """Whose address that is; None for none of ours."""
        return self._number(uri, "/ap/actors/")

    def post_at(self, uri: str) -> int | None:
        """The post that has an address, also that of its page; None for none of ours."""
        found = self._number(uri, "/ap/posts/")
        if found is not None or not uri.startswith(f"{self.files}/@"):
            return found
        parts = uri.removeprefix(f"{self.files}/@").split("/")
        return ids.parse(parts[1]) if len(parts) == 2 else None

    def quote_at(self, uri: str) -> int | None:
        """The post of ours that asked to quote, by that activity."""
        return self.post_at(uri.removesuffix("#quote")) if uri.endswith("#quote") else None

    def follow_at(self, uri: str) -> tuple[int, int] | None:
        """Who follows whom by an activity of ours."""
        rest = uri.removeprefix(f"{self.files}/ap/follows/")
        parts = [ids.parse(each) for each in rest.split("/")] if rest != uri else []
        if len(parts) not in (2, 3) or None in parts[2:] or parts[0] is None or parts[1] is None:
            return None
        return parts[0], parts[1]

    def owns(self, uri: str) -> bool:
        """Whether an address is of this site."""
        return server(uri) in (self.name, self.authority)

    def _number(self, uri: str, below: str) -> int | None:
        path = uri.removeprefix(self.files)
        return ids.parse(path.removeprefix(below)) if path != uri and path.startswith(below) else None


def server(uri: str) -> str:
    """The host (with a port that is not the usual one) of an address of the web; empty for what is none."""
    return _server(uri) if len(uri) <= LONGEST else ""  # what is too long is not remembered either


@lru_cache(maxsize=2048)  # it is asked several times of each address, and of many in one go
def _server(uri: str) -> str:
    if not uri.isprintable() or " " in uri or "\\" in uri:
        return ""
    try:
        parts = urlsplit(uri)
        if parts.username is not None or parts.password is not None:
            return ""
        return address.origin(uri).partition("://")[2]
    except ValueError:
        return ""


def named(text: str) -> tuple[str, str]:
    """Name and server of somebody elsewhere, as in ``@ada@example.org``; raises :class:`BadInput`."""
    found = _HANDLE.fullmatch(text.strip().removeprefix("acct:"))
    host = server(f"https://{found[2]}") if found else ""
    if found is None or not host:
        raise BadInput("People elsewhere are written as @name@server.", field="address")
    return found[1], host
