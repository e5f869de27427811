"""What a space tells of itself besides its description: topics, links, a cover. Pure."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from stentor.base.errors import BadInput
from stentor.spaces import checks

MOST_TOPICS = 5
"""More say nothing."""
TOPIC_CHARACTERS = 30
LINK_CHARACTERS = 80
"""Of an address that stands for its title."""
MOST_LINKS = 10
"""They stand on the page of every listener."""
COVERS = ("cover.jpg", "cover-small.jpg")
"""Below the address of a space: the large one, and the small one."""
_APART = re.compile(r"[\s_-]+")
_FORBIDDEN = frozenset("/?#%&\\\"'<>`.")
"""They would mean something in an address."""


class WebLink(msgspec.Struct, frozen=True):
    """An address of the web, and what stands there."""

    title: str
    url: str


class About(msgspec.Struct, frozen=True):
    """What a space tells of itself. It travels on the board."""

    topics: tuple[str, ...] = ()
    """As :func:`topic` makes them."""
    links: tuple[WebLink, ...] = ()
    cover_ms: int | None = None
    """When the cover was set, which names it; None without one."""
    cover_words: str = ""
    """What is to be seen on it, for those who do not see it."""


def topic(text: str) -> str:
    """A topic as it is kept: ``#Öffentlicher  Verkehr`` is ``öffentlicher-verkehr``. Raises :class:`BadInput`.

    Letters are small, words are joined by a hyphen, so that the same topic has one address.
    """
    said = f"A topic is one or a few words of letters and digits, {TOPIC_CHARACTERS} characters at most."
    made = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold().strip().lstrip("#"))
    made = _APART.sub("-", made).strip("-")
    if not 1 <= len(made) <= TOPIC_CHARACTERS or _FORBIDDEN & set(made):
        raise BadInput(said, field="topics")
    if any(unicodedata.category(sign)[0] not in "LMN" for sign in made if sign != "-"):
        raise BadInput(said, field="topics")
    if not any(unicodedata.category(sign)[0] in "LN" for sign in made):
        raise BadInput(said, field="topics")
    return made


def topics(texts: tuple[str, ...]) -> tuple[str, ...]:
    """All topics of a space, each once, in their order; raises :class:`BadInput`."""
    made = tuple(dict.fromkeys(topic(text) for text in texts))
    if len(made) > MOST_TOPICS:
        raise BadInput(f"A space has {MOST_TOPICS} topics at most.", field="topics")
    return made


def links(found: tuple[WebLink, ...]) -> tuple[WebLink, ...]:
    """All links of a space, each with a title; raises :class:`BadInput`."""
    if len(found) > MOST_LINKS:
        raise BadInput(f"A space has {MOST_LINKS} links at most.", field="links")
    made: list[WebLink] = []
    for each in found:
        url = checks.link(each.url)
        if not url:
            raise BadInput("A link needs an address with http:// or https://.", field="links")
        title = checks.note(each.title) if each.title.strip() else url.split("//", 1)[1][:LINK_CHARACTERS]
        made.append(WebLink(title, url))
    return tuple(made)


def cover_key(space: str, at_ms: int, *, small: bool = False) -> str:
    """Of a cover in the object store, large or small; ``space`` may be a series, too."""
    return f"{cover_folder(space)}{at_ms}{'-small' if small else ''}.jpg"


def cover_address(found: About, base: str, *, small: bool = False) -> str:
    """Where the audience finds a cover; ``base`` is the address of the space. Empty without one."""
    name = COVERS[small]
    return "" if found.cover_ms is None else f"{base}/{name}?v={found.cover_ms}"


def cover_folder(space: str) -> str:
    """What the keys of its covers begin with."""
    return f"covers/{space}/"
