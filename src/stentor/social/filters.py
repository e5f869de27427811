"""What a site wants in no post: words that are refused or looked at first, and places that nothing links to; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from stentor.base import words
from stentor.base.errors import BadInput
from stentor.base.words import Word
from stentor.social import text


class PostRules(NamedTuple):
    """``places`` are names of hosts; what lies below one is meant with it."""

    refuse: frozenset[Word] = frozenset()
    hold: frozenset[Word] = frozenset()
    places: frozenset[str] = frozenset()


def rules(refuse: str, hold: str, places: str) -> PostRules:
    """Of lists with an entry a line."""
    hosts = {host for line in places.splitlines() if (host := _host(line.strip()))}
    return PostRules(words.parse(refuse.splitlines()), words.parse(hold.splitlines()), frozenset(hosts))


def judge(found: PostRules, texts: Iterable[str]) -> bool:
    """Whether moderators look at a post with these texts first.

    Raises :class:`BadInput` (``post-word``, ``link-blocked``) for what is not wanted at all.
    """
    all_of = [each for each in texts if each]
    if any(words.found_in(each, found.refuse) for each in all_of):
        said = "A word in it is not wanted on this site, so it was not posted. Say it in other words."
        raise BadInput(said, code="post-word", field="text")
    linked = {_host(link) for each in all_of for link in text.links(each)} if found.places else set()
    if any(host == place or host.endswith(f".{place}") for host in linked for place in found.places):
        said = "This site takes no links to one of the places in it, so it was not posted."
        raise BadInput(said, code="link-blocked", field="text")
    return any(words.found_in(each, found.hold) for each in all_of)


def _host(link: str) -> str:
    """The host of an address, or of a line of a list, as the DNS has it; empty for none."""
    try:
        host = urlsplit(link if "://" in link else f"http://{link}").hostname or ""
        return host.rstrip(".").encode("idna").decode() if host else ""
    except ValueError:  # also UnicodeError
        return ""
