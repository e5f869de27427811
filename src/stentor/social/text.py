"""The text of a post: plain in, our own HTML out, with links, mentions and tags. Nothing of it is taken as HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import regex
from linkify_it import LinkifyIt

from stentor.base.errors import BadInput

LONGEST: Final = 1000
"""Characters as people count them: an emoji of a family is one, a link 23, a mention of somebody elsewhere its name."""
LINK_LENGTH: Final = 23
MOST_CODE_POINTS: Final = 20_000
"""Of a text: a character may be made of many."""
LONGEST_WARNING: Final = 200
MOST_MENTIONS, MOST_TAGS = 25, 30
_SHOWN_OF_LINK: Final = 40
_CHARACTER: Final = regex.compile(r"\X")
_NAMED: Final = regex.compile(
    r"(?<![\p{L}\p{N}_/@#&.])(?:@(?P<there>(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)"
    r"@(?=[^\s@]*[.:])[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?)(?![\p{L}\p{N}_@-])"
    r"|@(?P<handle>[A-Za-z0-9](?:[A-Za-z0-9_-]{0,28}[A-Za-z0-9])?)(?![\p{L}\p{N}_@-])"
    r"|#(?P<tag>[\p{L}\p{N}_\p{M}]*[\p{L}_][\p{L}\p{N}_\p{M}]*))"
)
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSERS: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_LINKS: Final = LinkifyIt(options={"fuzzy_email": False, "fuzzy_link": True, "fuzzy_ip": False})
_LINKS.add("//", None).add("mailto:", None).add("ftp:", None)


class TextPart(NamedTuple):
    """A part of a text. ``kind`` is ``text``, ``link``, ``handle`` or ``tag``; ``target`` what it names: of people
    elsewhere name and server."""

    kind: str
    text: str
    target: str = ""


def check(text: str) -> str:
    """A post's text as it is kept: trimmed, in NFC, lines as they are. Raises :class:`BadInput`."""
    found = unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())
    if len(found) > MOST_CODE_POINTS or length(found) > LONGEST:
        raise BadInput(f"A post has at most {LONGEST} characters.", field="text", code="post-too-long")
    if any((unicodedata.category(each) in _FORBIDDEN and each not in "\n\t") or each in _REVERSERS for each in found):
        raise BadInput("A post is text without control characters.", field="text")
    return found


def without_controls(text: str) -> str:
    """A text that was checked by nobody here, without the signs that a post must not have."""
    found = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    kept = (each for each in found if each in "\n\t" or unicodedata.category(each) not in _FORBIDDEN)
    return "".join(each for each in kept if each not in _REVERSERS).strip()


def warning(text: str) -> str:
    """A content warning: one line of up to 200 characters, or nothing. Raises :class:`BadInput`."""
    found = unicodedata.normalize("NFC", text.strip())
    if len(_CHARACTER.findall(found)) > LONGEST_WARNING:
        raise BadInput(f"A warning has at most {LONGEST_WARNING} characters.", field="warning")
    if any(unicodedata.category(each) in _FORBIDDEN or each in _REVERSERS for each in found):
        raise BadInput("A warning is one line without control characters.", field="warning")
    return found


def length(text: str) -> int:
    """Characters as people count them."""
    return sum(LINK_LENGTH if each.kind == "link" else len(_CHARACTER.findall(_counted(each))) for each in pieces(text))


def characters(text: str) -> list[str]:
    """What people see as single characters: one may be many code points."""
    found: list[str] = _CHARACTER.findall(text)
    return found


def _counted(piece: TextPart) -> str:
    """Of somebody elsewhere only the name counts: nobody is named less for a long server."""
    return f"@{piece.target.partition('@')[0]}" if piece.kind == "handle" else piece.text


def pieces(text: str) -> Iterator[TextPart]:
    """A text in its parts; joined again they are the text."""
    at = 0
    for found in _LINKS.match(text) or ():
        if urlsplit(found.url).scheme in ("http", "https"):
            yield from _named(text, at, found.index)
            yield TextPart("link", text[found.index : found.last_index], found.url)
            at = found.last_index
    yield from _named(text, at, len(text))


def _named(text: str, start: int, end: int) -> Iterator[TextPart]:
    """Mentions and tags between two places of a text; what stands before them counts."""
    at = start
    for found in _NAMED.finditer(text, start, end):
        if found.start() > at:
            yield TextPart("text", text[at : found.start()])
        if found["there"]:
            yield TextPart("handle", found[0], found["there"].lower())
        elif found["handle"]:
            yield TextPart("handle", found[0], found["handle"].lower())
        else:
            yield TextPart("tag", found[0], tag(found["tag"]))
        at = found.end()
    if end > at:
        yield TextPart("text", text[at:end])


def tag(text: str) -> str:
    """A tag as it is looked up: ``Radio``, ``RADIO`` and ``radio`` are one."""
    return unicodedata.normalize("NFKC", text.lstrip("#")).casefold()[:100]


def mentions(text: str) -> list[str]:
    """The handles that a text names, each once, in its order; the first 25. Those elsewhere are ``name@server``."""
    return list(dict.fromkeys(each.target for each in pieces(text) if each.kind == "handle"))[:MOST_MENTIONS]


def tags(text: str) -> list[str]:
    """Its tags, each once; the first 30."""
    return list(dict.fromkeys(each.target for each in pieces(text) if each.kind == "tag"))[:MOST_TAGS]


def links(text: str) -> list[str]:
    """Where its links lead, each once."""
    return list(dict.fromkeys(each.target for each in pieces(text) if each.kind == "link"))


def html(text: str, people: Mapping[str, str]) -> str:
    """HTML of nothing but ``p``, ``br`` and ``a``; ``people`` are the addresses of those who are there, by handle."""
    if not text:
        return ""
    made = "".join(_html(each, people) for each in pieces(text))
    paragraphs = regex.split(r"\n{2,}", made)
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs)


def _html(piece: TextPart, people: Mapping[str, str]) -> str:
    match piece.kind:
        case "link":
            shown = piece.text.removeprefix("https://").removeprefix("http://")
            shown = shown if len(shown) <= _SHOWN_OF_LINK else f"{shown[:_SHOWN_OF_LINK]}…"
            return f'<a href="{escape(piece.target)}" rel="nofollow noopener noreferrer ugc">{escape(shown)}</a>'
        case "handle" if piece.target in people:
            return f'<a class="mention" href="{escape(people[piece.target])}">{escape(piece.text)}</a>'
        case "tag":
            return f'<a class="tag" rel="tag" href="/tags/{quote(piece.target)}">{escape(piece.text)}</a>'
        case _:
            return escape(piece.text)
