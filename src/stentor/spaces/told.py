"""What is said of a space where nothing moves: for other sites, for servers elsewhere, and without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.spaces import phase
from stentor.spaces.model import Space
from stentor.spaces.phase import Reader

PACKAGE = "stentor.spaces"


def card(space: Space, catalogue: Catalogue, language: str, now_ms: int) -> tuple[str, str]:
    """A word and a sentence about ``space`` that are true without a clock."""
    words = phase.words(phase.unheard(space, now_ms), Reader.CARD)
    host = space.host.name if space.host else catalogue.text(language, "the_host")
    at = datetime.fromtimestamp((space.scheduled_ms or 0) / 1000, UTC)
    said = catalogue.text(language, words.say, host=host, date=f"{at:%Y-%m-%d %H:%M} UTC")
    return catalogue.text(language, words.chip), said


def language_of(space: Space, wanted: str) -> str:
    """In which language a space is told of: as ``wanted``, as it is spoken, or the first that there is."""
    tags = (each.partition("-")[0].lower() for each in (wanted, space.language))
    return next((each for each in tags if each in LANGUAGES), LANGUAGES[0])
