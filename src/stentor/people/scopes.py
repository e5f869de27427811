"""What a token for programs may do: scopes, and which one each address of the API takes.

A token acts as its person and never beyond them: what the person may not do, the token may not, whatever its scopes.
Addresses about how a person signs in, and about tokens themselves, are for people alone.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec


class Scope(StrEnum):
    READ = "read"
    """Look at spaces, recordings and one's own account."""
    SPACES = "spaces"
    """Make spaces and lead them."""
    POSTS = "posts"
    """Write posts, and all that one does with them and with people: read what is for oneself, follow, keep, vote."""
    COMMENTS = "comments"
    """Write comments, and keep order among them."""
    MODERATION = "moderation"
    """Look at what was reported, and decide it."""
    WEBHOOKS = "webhooks"
    """Make and change webhooks."""
    ADMIN = "admin"
    """Look at and change the site, its people and its backups."""


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept. Times are ms since 1970 (UTC)."""

    id: str
    account: str
    name: str
    scopes: tuple[Scope, ...]
    digest: str
    """SHA-256 of the token, which nobody has but its person."""
    made_ms: int
    ends_ms: int | None
    used_ms: int | None
    """When it was last used, to within an hour."""


PREFIX: Final = "stentor_"
"""How every token begins, so that scanners of leaked secrets find it."""
MOST_TOKENS: Final = 50
"""Of one account."""
NOTE_MS: Final = 3_600_000
"""How often it is noted that a token is in use."""
LONGEST_DAYS: Final = 3650

_TABLE: Final[tuple[tuple[str, str, Scope | None], ...]] = (
    ("GET", r"/account", Scope.READ),
    ("*", r"/account(/.*)?", None),
    ("*", r"/(sign-up|sign-in|sign-out)(/.*)?", None),
    ("*", r"/(reports|decisions)(/.*)?", None),
    ("*", r"/accounts/\{handle\}/tokens(/.*)?", None),
    ("*", r"/spaces/\{space\}/(claim|entrance)", None),
    ("*", r"/spaces/\{space\}/requests/own", None),
    ("*", r"(/site|/spaces/\{space\})?/webhooks(/.*)?", Scope.WEBHOOKS),
    ("*", r"/moderation/.*", Scope.MODERATION),
    ("*", r"/(site|accounts)(/.*)?", Scope.ADMIN),
    ("*", r"/(admin|processes|retention|storage)", Scope.ADMIN),
    ("GET", r"/posts/\{post\}(/history|/thread)?|/timelines/(local|tags/\{tag\})", Scope.READ),
    ("GET", r"/people/\{handle\}/(posts|pins|followers|following)", Scope.READ),
    ("*", r"/(posts|media|timelines|people|bookmarks|likes|quotes|markers)(/.*)?", Scope.POSTS),
    ("*", r"/(drafts|scheduled-posts|follow-requests|lists|search|imports)(/.*)?", Scope.POSTS),
    ("*", r"/(notifications|notification-requests|blocks|mutes|domain-blocks|filters)(/.*)?", Scope.POSTS),
    ("*", r"(/spaces/\{space\})?/outlets(/.*)?", Scope.POSTS),
    ("GET", r"/spaces(/.*)?|/recordings|/shows(/.*)?", Scope.READ),
    ("*", r"/spaces/\{space\}/(comments|guest-comments|guests|silenced)(/.*)?", Scope.COMMENTS),
    ("*", r"/spaces(/.*)?|/shows(/.*)?", Scope.SPACES),
)
"""Method (``*`` is any), address below ``/api/v1`` as the API's description writes it, scope; the first that fits."""
_ROWS: Final = tuple((method, re.compile(pattern), scope) for method, pattern, scope in _TABLE)


def scope_of(method: str, path: str) -> Scope | None:
    """The scope that an address takes; None where no token is enough. ``path`` has the names of its parts in braces.

    An address that is not in the table takes a person: a new one is closed to tokens until somebody has thought of it.
    """
    for wanted, pattern, scope in _ROWS:
        if wanted in ("*", method) and pattern.fullmatch(path):
            return scope
    return None
