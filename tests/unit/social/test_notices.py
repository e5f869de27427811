"""What becomes a notification, in which box, and what stands together."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest

from stentor.social.notices import (
    BUCKET_MS,
    NEW_MS,
    Handling,
    NoticeBox,
    NoticeKind,
    NoticeRules,
    NoticeStanding,
    box,
    group,
)

KNOWN: Final = NoticeStanding(follows=True, followed=True)
FILTER, DROP = Handling.FILTER, Handling.DROP
OPEN: Final = NoticeRules(private=Handling.ACCEPT, limited=Handling.ACCEPT)
STRICT: Final = NoticeRules(not_followed=FILTER, not_following=FILTER, new=FILTER)
MAIN, APART = NoticeBox.MAIN, NoticeBox.STRANGERS


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("field", ["same", "blocked", "muted", "thread_muted", "suspended"])
def test_what_is_for_nobody_is_not_told(kind: NoticeKind, field: str) -> None:
    """Whatever the rules, and also of who was let through."""
    standing = msgspec.structs.replace(KNOWN, let_through=True, **{field: True})
    assert box(standing, OPEN, kind) is None
    assert box(msgspec.structs.replace(KNOWN, let_through=True, readable=False), OPEN, kind) is None


@pytest.mark.parametrize(
    ("standing", "rules", "where"),
    [
        (KNOWN, STRICT, MAIN),
        (NoticeStanding(), OPEN, MAIN),
        (NoticeStanding(), NoticeRules(), MAIN),
        (NoticeStanding(age_ms=NEW_MS - 1), NoticeRules(new=FILTER), APART),
        (NoticeStanding(age_ms=0, follows=True), NoticeRules(new=FILTER), MAIN),
        (NoticeStanding(followed=True), NoticeRules(not_followed=FILTER), APART),
        (NoticeStanding(follows=True), NoticeRules(not_following=FILTER), APART),
        (NoticeStanding(private=True), NoticeRules(), APART),
        (NoticeStanding(private=True, follows=True), NoticeRules(), MAIN),
        (NoticeStanding(limited=True), NoticeRules(), APART),
        (NoticeStanding(limited=True, follows=True), NoticeRules(), MAIN),
        (NoticeStanding(private=True), NoticeRules(private=DROP), None),
        (NoticeStanding(private=True), NoticeRules(private=FILTER, not_followed=DROP), None),
        (NoticeStanding(let_through=True, age_ms=0), STRICT, MAIN),
        (NoticeStanding(asked_back=True, private=True), NoticeRules(private=DROP), MAIN),
    ],
)
def test_strangers_stand_apart_as_one_wants(
    standing: NoticeStanding, rules: NoticeRules, where: NoticeBox | None
) -> None:
    """Of more than one rule the strictest counts; who was asked, or is let through, comes through."""
    assert box(standing, rules, NoticeKind.MENTION) is where


def test_who_asks_to_follow_comes_through() -> None:
    """Else nobody would ever answer them."""
    assert box(NoticeStanding(age_ms=0), NoticeRules(new=DROP), NoticeKind.REQUEST) is MAIN


def test_what_stands_together() -> None:
    """Likes of a post within half a day; what people write alone; in the strangers' box each person."""
    like = NoticeKind.LIKE
    assert group(like, MAIN, 1, 9, 0) == group(like, MAIN, 2, 9, BUCKET_MS - 1)
    assert group(like, MAIN, 1, 9, 0) != group(like, MAIN, 1, 9, BUCKET_MS)
    assert group(like, MAIN, 1, 9, 0) != group(like, MAIN, 1, 8, 0)
    assert group(NoticeKind.MENTION, MAIN, 1, 9, 0) != group(NoticeKind.MENTION, MAIN, 1, 8, 0)
    assert group(like, APART, 1, 9, 0) == group(NoticeKind.MENTION, APART, 1, 8, BUCKET_MS)
