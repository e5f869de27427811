"""The words of private spaces on the bus: who has the key reads them, and nobody else learns anything."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.units import SpaceId
from stentor.spaces.about import About
from stentor.spaces.model import Pin, RundownItem, Space
from stentor.spaces.sealed import seal, unseal, words_key
from stentor.spaces.visibility import Visibility

KEY = words_key(b"x" * 32)
SPACE = Space(
    SpaceId("friday"),
    "Quiet plans",
    visibility=Visibility.MEMBERS,
    description="What nobody knows",
    pins=[Pin("1", "The plan", "https://example.org/plan", 1)],
    rundown=[RundownItem("1", "Opening")],
    about=About(topics=("secrecy",), cover_ms=5, cover_words="Faces"),
    version=3,
)
WORDS = (b"Quiet", b"nobody", b"plan", b"Opening", b"secrecy", b"Faces")


def test_who_has_the_key_reads_them() -> None:
    told = seal(SPACE, KEY)
    assert not any(word in msgspec.json.encode(told) for word in WORDS)
    assert unseal(told, KEY) == SPACE


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (seal(SPACE, KEY), words_key(b"y" * 32)),
        (seal(SPACE, KEY), b""),
        (msgspec.structs.replace(seal(SPACE, KEY), version=4), KEY),
        (msgspec.structs.replace(seal(SPACE, KEY), sealed="AAAA"), KEY),
        (msgspec.structs.replace(seal(SPACE, KEY), sealed="é"), KEY),
        (seal(SPACE), KEY),
    ],
    ids=["another key", "no key", "another version", "no seal", "no text", "without words"],
)
def test_nobody_else_does(told: Space, key: bytes) -> None:
    """What cannot be opened stays as it is, and is told without words."""
    assert unseal(told, key) == told
    assert told.title == told.description == ""


def test_a_space_for_everybody_needs_no_key() -> None:
    space = msgspec.structs.replace(SPACE, visibility=Visibility.PUBLIC)
    assert seal(space) is space
    assert unseal(space, KEY) is space
