"""The words of a space's page: those that its script has, and those that stand in it before the script runs."""

from __future__ import annotations

from stentor.base.clock import unix_ms
from stentor.base.texts import Catalogue
from stentor.spaces import phase
from stentor.spaces import told as space_told
from stentor.spaces.model import Space
from stentor.spaces.phase import Facts

PACKAGES = ("stentor.edge", "stentor.spaces")
_BELOW = ("site.", "theme.")
_OF_OTHER_PAGES = ("front.", "post.", "say_", "state_")
_OTHERS = ("host", "host_say", "speaker", "speaker_say", "card")
"""Of a phase: what listeners are not told."""


def texts(catalogue: Catalogue, language: str, *, written: bool = False) -> dict[str, str]:
    """All that the page's script may say; in a page in which the words below it are ``written`` already, without."""
    found = catalogue.texts[language].items()
    return {key: text for key, text in found if not (_elsewhere(key) or (written and key.startswith(_BELOW)))}


def _elsewhere(key: str) -> bool:
    """Of a phase what listeners are not told, and what other pages say."""
    return key.startswith(_OF_OTHER_PAGES) or (key.startswith("phase.") and key.endswith(_OTHERS))


def card(space: Space, catalogue: Catalogue, language: str, now: float) -> tuple[str, str]:
    """A word and a sentence about ``space`` that are true without a clock: for other sites, and without JavaScript."""
    return space_told.card(space, catalogue, language, unix_ms(now))


def facts(space: Space, now: float) -> Facts:
    """What is known of a space for lists and cards, which hear nothing of it."""
    return phase.unheard(space, unix_ms(now))
