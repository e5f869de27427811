"""What people read when something is refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stentor.base import words
from stentor.base.errors import BadInput, Conflict, NotFound, Overloaded, StentorError
from stentor.base.texts import LANGUAGES, Catalogue
from stentor.house.web.sentences import sentence
from stentor.people import checks as people
from stentor.people import mail, site
from stentor.social import pictures, text
from stentor.spaces import about, checks, comments, delay, rundown, series
from stentor.spaces.model import State

SOURCE = Path(__file__).parents[4] / "src/stentor"
TEXTS = Catalogue("stentor.house").texts
UNSEEN = {
    "Idempotency-Key", "answers", "before", "endpoint", "hold", "kinds", "limit", "passes", "posts", "rung", "seconds",
    "since", "media", "at_ms", "until_ms", "body", "outlet", "again", "kind",
}  # fmt: skip
"""Fields that no page lets people fill in, or fill in wrong."""
PLAIN = {
    "Choose a password or make a passkey.",
    "Send a passkey, or a handle and a password, or a handle and a recovery code.",
    "Send the form of this page.",
    "Say what to change: role, muted, volume, self_muted, aside or agreed.",
    "The request cannot be understood.",
    "The request cannot be read: send JSON as the API's description says.",
    "The request ended in the middle.",
}
"""What only programs are told, or a browser asks for itself before it sends a form."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BadInput("x", field="handle"), "Kürzel hat bis zu 30"),
        (BadInput("x", errors=[{"field": "items[2].title", "expected": "y"}]), "Ein Punkt ist eine Zeile"),
        (BadInput("x", reason="silent", field="file"), "Die Datei ist stumm"),
        (BadInput("x", field="recording", reason="kept-shorter", most=30), "höchstens 30 Tage"),
        (BadInput("x", field="colour"), "Eine Eingabe passt nicht. (x)"),
        (Conflict("x", state="live"), "Das Gespräch ist live."),
        (Conflict("x", state="doors_open", reason="too-late"), "bevor die Türen offen sind"),
        (Conflict("x", code="handle-taken"), "Dieses Kürzel ist vergeben"),
        (Conflict("x", code="too-many-spaces"), "so viele Gespräche offen"),
        (Overloaded("x", retry_after_s=2.5, code="too-many-tries", status=429), "Warten Sie 3 s."),
        (NotFound("Nothing.", code="no-such-thing"), "Nothing."),
    ],
)
def test_a_refusal_is_said_in_words(error: StentorError, said: str) -> None:
    """By what is known of it: a reason, the field, the state, the code; the detail where nothing is."""
    assert said in sentence(TEXTS["de"], error)


def test_each_field_says_what_fits_into_it() -> None:
    """In each language, whatever people may fill in; and each state says what to do."""
    known = {key.partition(".")[2] for key in TEXTS["en"] if key.startswith(("wrong.", "unread."))}
    known |= {key.removeprefix("moderation.wrong_") for key in TEXTS["en"] if key.startswith("moderation.wrong_")}
    found = set(_named())
    assert found >= {"title", "scheduled_ms", "kept-shorter", "no-picture", "zone"}
    assert found - known == UNSEEN & (found - known)
    assert known >= {state.value for state in State}
    assert {detail for detail in _nameless() if detail not in PLAIN} == set()


def _calls() -> Iterator[ast.Call]:
    for room in ("house", "people", "social", "spaces"):
        for file in sorted((SOURCE / room).rglob("*.py")):
            if file.parent.name in FOR_APPS:
                continue
            yield from (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))


def _named() -> Iterator[str]:
    """What a refusal without a code of its own names: its reason, or the field of a check."""
    for call in _calls():
        given = {each.arg: each.value for each in call.keywords}
        named = given.get("reason", given.get("field"))
        called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        checked = called in ("BadInput", "Conflict") or "field" in given
        if checked and "code" not in given and isinstance(named, ast.Constant) and named.value:
            yield str(named.value)


def _nameless() -> Iterator[str]:
    """The details of refusals that name nothing."""
    for call in _calls():
        if isinstance(call.func, ast.Name) and call.func.id in ("BadInput", "Conflict"):
            given = {each.arg for each in call.keywords}
            if not given & {"code", "reason", "field", "errors", "state"} and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)


FOR_APPS = ("mastodon", "oauth", "clients", "streaming", "personal")
"""Rooms of the house whose refusals apps show in their own words."""
NUMBERS = {
    "title": [checks.TITLE_CHARACTERS],
    "description": [checks.DESCRIPTION_CHARACTERS, checks.DESCRIPTION_LINES],
    "own-words": [checks.DESCRIPTION_CHARACTERS, checks.DESCRIPTION_LINES],
    "host_name": [checks.NAME_CHARACTERS],
    "reason": [checks.REASON_CHARACTERS],
    "topics": [about.TOPIC_CHARACTERS],
    "max_seats": [1, checks.MOST_SEATS],
    "overflow_s": [checks.SHORTEST_OVERFLOW_S, checks.LONGEST_OVERFLOW_S, 0],
    "delay_s": [delay.SHORTEST_S, delay.LONGEST_S, 0],
    "items": [rundown.MOST_MINUTES, rundown.MOST_ITEMS],
    "comment_words": [words.MOST_WORDS, words.WORD_CHARACTERS],
    "comment_slow_s": [0, comments.LONGEST_SLOW_S],
    "question": [checks.NOTE_CHARACTERS],
    "every": [1, series.LONGEST_STEP],
    "bio": [people.BIO_CHARACTERS],
    "site-text": [site.TEXT_CHARACTERS],
    "site-list": [site.MOST_ENTRIES, site.ENTRY_CHARACTERS],
    "user": [mail.LOGIN_CHARACTERS],
    "alt": [pictures.LONGEST_ALT],
    "warning": [text.LONGEST_WARNING],
}
"""The limits that the sentences name."""


@pytest.mark.parametrize("name", NUMBERS)
def test_sentences_name_the_limits_that_hold(name: str) -> None:
    """In each language."""
    for language in LANGUAGES:
        found = [
            int(re.sub(r"[.,]", "", number))
            for number in re.findall(r"\d[\d.,]*\d|\d", TEXTS[language][f"wrong.{name}"])
        ]
        assert found == NUMBERS[name]
