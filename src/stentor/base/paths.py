"""Which paths of the site's one address the house answers; every other path is a public file or a stream of an edge.

This table is the only source. Edges forward by it, and the recipes of ``deploy/`` and the documents contain what is
generated from it (``tools/paths.py``, held by ``tests/unit/test_paths.py``).
"""

from __future__ import annotations

from typing import Final

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One row: a path and everything below it."""

    path: str
    what: str


HOUSE: Final = (
    Row("/account", "one's own account"),
    Row("/accounts", "the accounts, for administrators"),
    Row("/admin", "what administrators do"),
    Row("/api", "the REST API, and Mastodon's client API"),
    Row("/ask", "asking to speak"),
    Row("/comments", "writing comments"),
    Row("/echo", "a speaker's sound check"),
    Row("/enter", "coming into a private space"),
    Row("/home", "posts, for who is signed in"),
    Row("/inbox", "what other servers of the fediverse send"),
    Row("/mine", "all spaces, for those who make some"),
    Row("/oauth", "signing apps in"),
    Row("/report", "reporting something, also without an account"),
    Row("/search", "searching, for who is signed in"),
    Row("/sign-in", "signing in, also by a provider"),
    Row("/sign-up", "making an account"),
    Row("/stage", "the page of a speaker"),
    Row("/studio", "what the pages of the house load"),
    Row("/whip", "a speaker's sound: WHIP"),
)
STREAMING: Final = "/api/v1/streaming"
"""What happens, for apps, as WebSocket; as events below it."""
SWITCHING: Final = frozenset({STREAMING})
"""Where the house may switch to WebSocket. Edges and proxies pass that on there, and nowhere else."""
PROGRAMS: Final = ("api", "inbox", "oauth", "whip")
"""Below these paths errors are problem documents, whoever asks."""
_FIRST: Final = frozenset(row.path[1:] for row in HOUSE)


def wants_page(path: str, accept: str) -> bool:
    """Whether an error at ``path`` is to be told as a page: to a browser that shows it (``accept`` is its Accept)."""
    return "text/html" in accept and path.split("/", 2)[1:2] not in [[each] for each in PROGRAMS]


def of_house(path: str) -> bool:
    """Whether the house answers ``path`` (percent-decoded, as of :class:`stentor.wire.http.Request`)."""
    return path[:1] == "/" and path.split("/", 2)[1] in _FIRST
