"""How much an account posts in its first days."""

from __future__ import annotations

import pytest

from stentor.base import config
from stentor.base.errors import Overloaded
from stentor.house.social.newcomers import DAY_MS, NewPosters
from stentor.people.model import Account, SiteRole

LIMITS = {"new_poster_days": 2, "new_poster_posts": 3, "new_poster_mentions": 2, "new_poster_links": 1}
NOW_MS = 1_800_000_000_000


def account(age_ms: int = 0, role: SiteRole = SiteRole.MEMBER) -> Account:
    return Account(id="a", handle="ada", name="Ada", role=role, created_ms=NOW_MS - age_ms)


def refused(limit: NewPosters, said: str, before: str = "", now_ms: int = NOW_MS) -> str:
    """The code of a refusal; empty for none."""
    try:
        limit.spend(account(), said, now_ms / 1000, before=before)
    except Overloaded as error:
        return error.error_code if error.status == 429 else f"{error.status}"
    return ""


@pytest.mark.parametrize(
    ("said", "code"),
    [("@bob @eve @cy", "new-account-mentions"), ("a.org https://b.example", "new-account-links")],
)
def test_one_post_cannot_have_more_than_a_days(said: str, code: str) -> None:
    """Nor can an edit add them; what stood there already is not counted again."""
    assert refused(NewPosters(config.load({}, **LIMITS)), said) == code
    assert refused(NewPosters(config.load({}, **LIMITS)), said, before="Hello") == code
    assert refused(NewPosters(config.load({}, **LIMITS)), said, before=said) == ""


def test_posts_come_back_little_by_little() -> None:
    """Three at once, and then one in a third of a day."""
    limit = NewPosters(config.load({}, **LIMITS))
    assert [refused(limit, "Hello") for _ in range(4)] == ["", "", "", "new-account-posts"]
    assert refused(limit, "Hello", now_ms=NOW_MS + DAY_MS // 3) == ""


def test_who_is_not_new_or_keeps_order_is_not_limited() -> None:
    """After the days, for moderators, and where the days are 0."""
    limit, off = NewPosters(config.load({}, **LIMITS)), NewPosters(config.load({}, **{**LIMITS, "new_poster_days": 0}))
    for _ in range(10):
        limit.spend(account(2 * DAY_MS), "@a1 @b2 @c3", NOW_MS / 1000)
        limit.spend(account(role=SiteRole.MODERATOR), "@a1 @b2 @c3", NOW_MS / 1000)
        off.spend(account(), "@a1 @b2 @c3", NOW_MS / 1000)
