"""Limits of what people may write about a space; everything else is refused with a sentence and the field's name."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from stentor.base.errors import BadInput
from stentor.base.texts import TAG
from stentor.spaces import visible
from stentor.wire.cue import MAX_TEXT

TITLE_CHARACTERS = 200
NOTE_CHARACTERS = 200
LINK_CHARACTERS = 500
MESSAGE_CHARACTERS = 500
COMMENT_CHARACTERS = 280
DESCRIPTION_CHARACTERS = 1000
"""It travels in ``door.json``, which a crowd asks for every few seconds."""
DESCRIPTION_LINES = 40
NAME_CHARACTERS = 80
REASON_CHARACTERS = 200
SHORTEST_OVERFLOW_S = 30
LONGEST_OVERFLOW_S = 3600
MOST_SEATS = 50
"""What ``max_seats`` may be set to: mixing and encoding for each seat must fit one processor."""
FARTHEST_S = 5 * 366 * 86_400
"""A space scheduled further away than five years is a slip of the keyboard (microseconds, say)."""
LATEST_S = 120
"""How far in the past a time may lie: clocks differ, and a form knows whole minutes only."""

MOST_VOLUME = 200
"""Per cent; the mixer has room for twice as much (``audio.mixer.MAX_GAIN``)."""

_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
ONE_LINE = {"pattern": rf"^[^\s{_CONTROLS}][^{_CONTROLS}]*$"}
"""For descriptions of the API: what is taken here; the rest is refused with a sentence."""
LINES = {"pattern": rf"^([^\s{_CONTROLS}][^{_CONTROLS}]*(\n[^\s{_CONTROLS}][^{_CONTROLS}]*){{0,39}})?$"}

_LINK = re.compile(r"https?://[^\"'<>\\^`{|}]+", re.IGNORECASE)
_HOLD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, halves of surrogates, line and paragraph separators."""
_INVISIBLE = _FORBIDDEN | {"Cf", "Zs"}
"""In a link there is no space and nothing that cannot be seen."""
_STACKED = re.compile("M{5}")
"""No language piles more than four marks on one letter; more of them run over the lines above."""
_REVERSERS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Marks that turn the direction of what follows: in a name or a title they only serve to deceive."""


def title(text: str) -> str:
    """A space's title: one line of 1 to 200 characters, trimmed, in NFC. Raises :class:`BadInput`, as all here."""
    return _line(text, TITLE_CHARACTERS, field="title", what="A title")


def description(text: str) -> str:
    """What a space is about: nothing, or up to 40 lines and 1000 characters, trimmed, in NFC."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text.strip()).replace("\r\n", "\n").split("\n")]
    if len(lines) > DESCRIPTION_LINES or sum(map(len, lines)) + len(lines) - 1 > DESCRIPTION_CHARACTERS:
        said = f"A description has {DESCRIPTION_CHARACTERS} characters and {DESCRIPTION_LINES} lines at most."
        raise BadInput(said, field="description")
    written = [
        _line(line, DESCRIPTION_CHARACTERS, field="description", what="Each line of a description") if line else ""
        for line in lines
    ]
    return "\n".join(written)


def announcement(text: str) -> str:
    """What somebody writes above a space's card: as a description."""
    try:
        return description(text)
    except BadInput as error:
        said = f"Own words have {DESCRIPTION_CHARACTERS} characters and {DESCRIPTION_LINES} lines at most."
        raise BadInput(said, field="words", reason="own-words") from error


def name(text: str, *, field: str = "name") -> str:
    """A person's name: one line of 1 to 80 characters."""
    return _line(text, NAME_CHARACTERS, field=field, what="A name")


def overflow(delay_s: int) -> int:
    """How far behind those outside follow: 0 for not at all, or 30 s (segments must be stored) to an hour."""
    if delay_s and not SHORTEST_OVERFLOW_S <= delay_s <= LONGEST_OVERFLOW_S:
        raise BadInput(
            f"Those outside follow {SHORTEST_OVERFLOW_S} to {LONGEST_OVERFLOW_S} seconds behind; 0 is not at all.",
            field="overflow_s",
        )
    return delay_s


def note(text: str) -> str:
    """What is pinned: one line of 1 to 200 characters."""
    return _line(text, NOTE_CHARACTERS, field="text", what="A note")


def poll_text(text: str, *, field: str) -> str:
    """A poll's question or one of its answers: one line of 1 to 200 characters."""
    return _line(text, NOTE_CHARACTERS, field=field, what="What a poll asks or offers")


def seat_volume(volume: int) -> int:
    """How loud somebody is made, in per cent: 0 to 200, which is 6 dB more."""
    if not 0 <= volume <= MOST_VOLUME:
        raise BadInput(f"A volume is 0 to {MOST_VOLUME} per cent.", field="volume")
    return volume


def item(text: str) -> str:
    """What a part of a talk is called: one line of 1 to 200 characters."""
    return _line(text, TITLE_CHARACTERS, field="items", what="An item")


def message(text: str) -> str:
    """What hosts write to each other: one line of 1 to 500 characters."""
    return _line(text, MESSAGE_CHARACTERS, field="text", what="A message")


def caption(text: str) -> str:
    """What was really said: one line of 1 to 400 characters, as long as a cue may be."""
    return _line(text, MAX_TEXT, field="text", what="A line of captions")


def reason(text: str) -> str:
    """Why something is deleted: one line of 1 to 200 characters, which stays."""
    return _line(text, REASON_CHARACTERS, field="reason", what="A reason")


def comment(text: str) -> str:
    """What the audience writes: one line of 1 to 280 characters, with something to see and nothing hidden in it."""
    line = _line(text, COMMENT_CHARACTERS, field="text", what="A comment")
    if _STACKED.search("".join("M" if unicodedata.category(sign) in ("Mn", "Me") else "." for sign in line)):
        raise BadInput("A comment has no piles of accents.", field="text")
    return line


def link(url: str) -> str:
    """An address of the web that everybody is led to, or nothing: http or https, with a host, no spaces or quotes."""
    if not url:
        return ""
    wrong = BadInput(
        f"A link is an address with http:// or https://, {LINK_CHARACTERS} characters at most.", field="url"
    )
    invisible = any(unicodedata.category(sign) in _INVISIBLE for sign in url)
    if len(url) > LINK_CHARACTERS or invisible or not _LINK.fullmatch(url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if not parts.hostname or parts.username is not None or port == 0:  # a name before the host only deceives
        raise wrong
    return url


def seats(number: int) -> int:
    """How many seats a stage has."""
    if not 1 <= number <= MOST_SEATS:
        raise BadInput(f"A stage has 1 to {MOST_SEATS} seats.", field="max_seats")
    return number


def schedule(scheduled_ms: int | None, now: float) -> int | None:
    """When a space is to begin (ms), or None for no time; not past, not more than five years away."""
    if scheduled_ms is None:
        return None
    away_s = scheduled_ms / 1000 - now
    if away_s < -LATEST_S:
        raise BadInput("The time lies in the past; it is given in milliseconds since 1970.", field="scheduled_ms")
    if away_s > FARTHEST_S:
        raise BadInput("The time is more than five years away; choose one nearer.", field="scheduled_ms")
    return scheduled_ms


def hold(key: str) -> str:
    """The name of hold music; stands in the key of an object."""
    if not _HOLD.fullmatch(key):
        raise BadInput("The name of hold music has 1 to 64 of A-Z, a-z, 0-9, '-' and '_'.", field="hold")
    return key


def language(tag: str) -> str:
    """A language tag."""
    if not TAG.fullmatch(tag):
        raise BadInput("The language is a tag such as en or pt-BR.", field="language")
    return tag


def _line(text: str, most: int, *, field: str, what: str) -> str:
    line = unicodedata.normalize("NFC", text.strip())
    if not 1 <= len(line) <= most:
        raise BadInput(f"{what} has 1 to {most} characters.", field=field)
    if any(unicodedata.category(sign) in _FORBIDDEN or sign in _REVERSERS for sign in line):
        raise BadInput(f"{what} is one line without control characters.", field=field)
    if not visible.seen(line) or visible.hides(line):
        raise BadInput(f"{what} is text that can be seen, without invisible letters.", field=field)
    return line
