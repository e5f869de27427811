"""All outlets there are, and those that people post to by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from stentor.outlets.bluesky import BlueskyOutlet
from stentor.outlets.contract import OutletAdapter, ReadableOutlet, Repeat
from stentor.outlets.mastodon import MastodonOutlet
from stentor.outlets.matrix import MATRIX
from stentor.outlets.telegram import TelegramOutlet
from stentor.outlets.webhooks import WEBHOOKS
from stentor.outlets.x import XOutlet, weight

_ALL: Final[tuple[OutletAdapter, ...]] = (
    MastodonOutlet(), BlueskyOutlet(), TelegramOutlet(), MATRIX, *WEBHOOKS, XOutlet(),
)  # fmt: skip
OUTLETS: Final[dict[str, OutletAdapter]] = {each.kind: each for each in _ALL}
"""By kind, in the order in which they are offered."""
READABLE: Final = frozenset(kind for kind, each in OUTLETS.items() if isinstance(each, ReadableOutlet))
"""Kinds at which one can look whether a post is there."""
ASKED: Final = frozenset(kind for kind, each in OUTLETS.items() if each.repeat is Repeat.NEVER)
"""Kinds at which only the host can look."""
X: Final = XOutlet.kind
WEIGHTS: Final[dict[str, Callable[[str], int]]] = {X: weight}
"""How long networks take a text to be, where that is not its number of signs."""
SHARE: Final = "share"
"""By which way people come by what hosts post by hand."""
SHARED: Final = {
    "Facebook": "https://www.facebook.com/sharer/sharer.php?u={link}",
    "LinkedIn": "https://www.linkedin.com/sharing/share-offsite/?url={link}",
    "Threads": "https://www.threads.net/intent/post?text={text}",
    "X": "https://x.com/intent/post?text={text}",
    "Instagram": "https://www.instagram.com/",
    "Truth Social": "https://truthsocial.com/",
}
"""Networks that let no program of this kind post, or not for nothing: where to paste the words."""


def shares(text: str, link: str) -> dict[str, str]:
    """By network: the address where a host posts it by hand."""
    filled = {"text": quote(text, safe=""), "link": quote(link, safe="")}
    return {name: address.format(**filled) for name, address in SHARED.items()}
