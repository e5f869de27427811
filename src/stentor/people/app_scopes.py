"""What an app may do for somebody, in the words of Mastodon's client API.

A scope without a group (``read``) holds all of its groups (``read:statuses``). None of them reaches further than what
its person may do, and none reaches administration: apps that ask for ``admin:…`` do not get it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stentor.base.errors import BadInput

READ: Final = (
    "accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications", "search",
    "statuses",
)  # fmt: skip
WRITE: Final = (
    "accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media", "mutes",
    "notifications", "reports", "statuses",
)  # fmt: skip
WHOLE: Final = ("read", "write", "follow", "push", "profile")
KNOWN: Final = (*WHOLE, *(f"read:{each}" for each in READ), *(f"write:{each}" for each in WRITE))
"""All that can be given."""
USUAL: Final = "read"
"""What an app has that asks for nothing."""
LONGEST: Final = 1000
_OF_FOLLOW: Final = frozenset(f"{way}:{group}" for way in ("read", "write") for group in ("blocks", "follows", "mutes"))
"""What ``follow`` holds: it is older than the groups."""
_ADMIN: Final = "admin:"


def parse(text: str) -> tuple[str, ...]:
    """The scopes that a text with spaces names, each once, without those of administration; the usual one for none.

    Raises :class:`BadInput` for a word that is no scope."""
    asked = list(dict.fromkeys(text[: LONGEST + 1].replace("+", " ").split()))
    wrong = [each for each in asked if each not in KNOWN and each.partition(":")[0] != _ADMIN[:-1]]
    if wrong or len(text) > LONGEST:
        raise BadInput(f"Scopes are some of {' '.join(KNOWN)}.", field="scopes", code="bad-scope")
    return tuple(each for each in asked if each in KNOWN) or (USUAL,)


def covers(granted: Iterable[str], needed: str) -> bool:
    """Whether what was granted is enough for what is needed."""
    there = set(granted)
    if needed in there or needed.partition(":")[0] in there:
        return True
    if needed == "profile":
        return not there.isdisjoint(("read", "read:accounts"))
    return "follow" in there and needed in _OF_FOLLOW


def within(asked: Iterable[str], allowed: Iterable[str]) -> bool:
    """Whether all that is asked for is in what an app was registered for."""
    there = tuple(allowed)
    return all(covers(there, each) for each in asked)


def metadata(base: str) -> dict[str, object]:
    """What apps may know of signing in before they do (RFC 8414). ``base`` is the address that they ask."""
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": f"{base}/",
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "app_registration_endpoint": f"{base}/api/v1/apps",
        "scopes_supported": list(KNOWN),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "service_documentation": "https://docs.joinmastodon.org/",
    }
