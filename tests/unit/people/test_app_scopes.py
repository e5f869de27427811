"""What apps may do."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput
from stentor.people.app_scopes import KNOWN, covers, parse, within


@pytest.mark.parametrize(
    ("granted", "needed", "enough"),
    [
        ("read", "read:statuses", True), ("read:statuses", "read:statuses", True),
        ("read:statuses", "read:lists", False),
        ("write", "read:statuses", False), ("follow", "write:blocks", True), ("follow", "write:statuses", False),
        ("read:accounts", "profile", True), ("profile", "profile", True), ("write", "profile", False),
        ("push", "push", True), ("read write follow", "push", False),
    ],
)  # fmt: skip
def test_a_scope_holds_its_groups(granted: str, needed: str, enough: bool) -> None:
    assert covers(granted.split(), needed) is enough


def test_scopes_are_read() -> None:
    """Each once, nothing of administration, and never a word that nobody knows."""
    assert parse("read write:media read admin:read") == ("read", "write:media")
    assert parse("") == parse("admin:write") == ("read",)
    assert set(parse(" ".join(KNOWN))) == set(KNOWN)
    for wrong in ("everything", "read:nothing", "read " * 300):
        with pytest.raises(BadInput):
            parse(wrong)


def test_an_app_gets_no_more_than_it_registered_for() -> None:
    assert within(("read:statuses",), ("read",))
    assert not within(("read",), ("read:statuses",))
