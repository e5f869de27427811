"""What becomes a public file: what whoever is not signed in may read, and nothing else."""

from __future__ import annotations

from stentor.social.model import Audience
from stentor.social.visible import is_file, may_read
from tests.support.visibility import EVERYBODY, post


def test_what_becomes_a_file() -> None:
    """Of public and unlisted posts."""
    assert [each for each in Audience if is_file(post(each))] == list(EVERYBODY)


def test_a_file_is_what_nobody_in_particular_may_read() -> None:
    """Edges ask nobody who they are."""
    for audience in Audience:
        assert is_file(post(audience)) == may_read(post(audience), None)
