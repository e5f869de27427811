"""What the REST API takes and gives about captions; times are ms, from the opening of the doors or since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.evidence.quote import Quote
from stentor.house.spaces.schema import ONE_LINE, Time
from stentor.store.quotes import MadeQuote
from stentor.wire.cue import MAX_TEXT, Cue


class NewWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was really said."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, extra_json_schema=ONE_LINE)]


class CorrectedCue(msgspec.Struct, frozen=True):
    """A cue as it stands now."""

    start_ms: int
    end_ms: int
    seat: str
    name: str
    text: str
    language: str
    corrected_ms: Time | None
    """When it was corrected last; null when these are the words that were recognised."""
    was: str | None
    """What was recognised."""


def cue(found: Cue) -> CorrectedCue:
    correction = found.corrected
    return CorrectedCue(
        found.start_ms,
        found.end_ms,
        found.seat,
        found.name,
        found.text,
        found.language,
        correction.at_ms if correction else None,
        correction.was if correction else None,
    )


class QuoteView(msgspec.Struct, frozen=True):
    """A quote: the exact text that is signed, its signatures, and what is in it."""

    quote: str
    """``quote.json``, as it is signed: to be saved byte by byte."""
    minisig: str
    sig: str
    text: str
    name: str
    """Who said it; empty where nobody knows."""
    at_ms: Time
    corrected: bool
    """Whether a person put the words right."""
    page: str
    """The address of the moment."""
    from_s: float
    """Of the sound, in the recording as it is shown: ``clip.m4a?from=…&to=…`` of the space has it."""
    to_s: float


def quote(made: MadeQuote) -> QuoteView:
    """As the API shows it."""
    found = msgspec.json.decode(made.signed.quote, type=Quote)
    return QuoteView(
        made.signed.quote,
        made.signed.minisig,
        made.signed.sig,
        found.text,
        found.name,
        found.at_ms,
        found.corrected,
        found.page,
        made.start_s,
        made.end_s,
    )
