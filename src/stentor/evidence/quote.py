"""A quote: a sentence of a transcript, with who said it and when, and the hash of its sound. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from stentor.base.detached import Detached
from stentor.base.errors import NotFound
from stentor.wire.cue import SENTENCE_ENDS, Cue

LONGEST_MS: Final = 20_000
"""Of its sound."""
BEFORE_MS: Final = 200
AFTER_MS: Final = 300
"""What is heard before and after the words: recognisers cut tightly."""
NEAR_MS: Final = 3_000
"""So far from a sentence somebody may point."""
PAUSE_MS: Final = 1_500
"""After so long a silence another sentence begins, whatever the signs say."""
QUOTE: Final = "quote.json"
AUDIO: Final = "quote.m4a"


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. Times are ms from the opening of the doors, but for ``at_ms`` (since 1970, UTC)."""

    v: int = 1
    space: str
    title: str
    name: str
    """Who said it; empty where nobody knows."""
    text: str
    language: str
    corrected: bool
    """Whether a person put the words right; else a machine recognised them."""
    at_ms: int
    start_ms: int
    end_ms: int
    audio_start_ms: int
    audio_end_ms: int
    audio_sha256: str
    segments: dict[str, str]
    """Number and hash of the entries of the recording's manifest that the sound is cut from."""
    page: str
    """The address of the moment."""


class SignedQuote(msgspec.Struct, frozen=True):
    """A quote as text, with its signatures."""

    quote: str
    minisig: str
    sig: str

    def files(self, audio: bytes) -> dict[str, bytes]:
        """To be saved, by name."""
        signed = {QUOTE: self.quote, f"{QUOTE}.minisig": self.minisig, f"{QUOTE}.sig": self.sig}
        return {name: text.encode() for name, text in signed.items()} | {AUDIO: audio}


def sentence(cues: Sequence[Cue], at_ms: int) -> list[Cue]:
    """The cues of the sentence that is said at that time, of one person, in order, together at most
    :data:`LONGEST_MS` less what is heard around them.

    Raises :class:`NotFound` where nothing is said near it.
    """
    near = min(cues, key=lambda cue: _distance(cue, at_ms), default=None)
    if near is None or _distance(near, at_ms) > NEAR_MS:
        raise NotFound("Nobody says anything there: give a time of the transcript.", code="no-sentence")
    theirs = [cue for cue in cues if cue.seat == near.seat]
    first = last = theirs.index(near)
    most_ms = LONGEST_MS - BEFORE_MS - AFTER_MS
    while first and _goes_on(theirs[first - 1], theirs[first]) and near.end_ms - theirs[first - 1].start_ms <= most_ms:
        first -= 1
    begin_ms = theirs[first].start_ms
    while (
        last + 1 < len(theirs)
        and _goes_on(theirs[last], theirs[last + 1])
        and theirs[last + 1].end_ms - begin_ms <= most_ms
    ):
        last += 1
    return theirs[first : last + 1]


def sound(cues: Sequence[Cue]) -> tuple[int, int]:
    """From when to when it is heard (ms); never longer than :data:`LONGEST_MS`."""
    start_ms = max(0, cues[0].start_ms - BEFORE_MS)
    return start_ms, min(start_ms + LONGEST_MS, cues[-1].end_ms + AFTER_MS)


def quote(cues: Sequence[Cue], title: str, audio: bytes, segments: dict[str, str], page: str) -> Quote:
    """Of a :func:`sentence` and its sound."""
    start_ms, end_ms = sound(cues)
    one = cues[0]
    return Quote(
        space=one.space,
        title=title,
        name=one.name,
        text=" ".join(cue.text for cue in cues),
        language=one.language,
        corrected=any(cue.corrected for cue in cues),
        at_ms=one.doors_open_ms + one.start_ms,
        start_ms=one.start_ms,
        end_ms=cues[-1].end_ms,
        audio_start_ms=start_ms,
        audio_end_ms=end_ms,
        audio_sha256=hashlib.sha256(audio).hexdigest(),
        segments=segments,
        page=page,
    )


def sign(found: Quote, signer: Detached) -> SignedQuote:
    """With both signatures, as other evidence."""
    text = msgspec.json.format(msgspec.json.encode(found))
    comment = f"quote of {found.space}, at {found.at_ms}"
    return SignedQuote(text.decode(), signer.minisign(text, comment).decode(), signer.ssh(text).decode())


def _distance(cue: Cue, at_ms: int) -> int:
    return 0 if cue.start_ms <= at_ms < cue.end_ms else min(abs(cue.start_ms - at_ms), abs(cue.end_ms - at_ms)) + 1


def _goes_on(one: Cue, other: Cue) -> bool:
    """Whether the second is part of the sentence that the first begins."""
    return not one.text.rstrip().endswith(tuple(SENTENCE_ENDS)) and other.start_ms - one.end_ms < PAUSE_MS
