"""Of what an app wants push messages."""

from __future__ import annotations

import pytest

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.social.alerts import ALERTS, TYPES, AlertPolicy, wanted
from stentor.social.notices import NoticeKind


@pytest.mark.parametrize("kind", TYPES)
def test_an_app_says_what_and_whose(kind: NoticeKind) -> None:
    """Nothing that it has not asked for; by policy of people followed, of followers, or of nobody."""
    all_of = frozenset(ALERTS)
    assert TYPES[kind] in ALERTS
    assert not wanted(kind, all_of - {TYPES[kind]}, AlertPolicy.ALL, follows=True, followed=True)
    for follows in (False, True):
        for followed in (False, True):
            said = {each: wanted(kind, all_of, each, follows=follows, followed=followed) for each in AlertPolicy}
            assert said == {
                AlertPolicy.ALL: True, AlertPolicy.FOLLOWED: follows, AlertPolicy.FOLLOWER: followed,
                AlertPolicy.NONE: False,
            }  # fmt: skip


def test_of_what_is_from_nobody_apps_are_told_nothing() -> None:
    """They do not know spaces: reminders have a way of their own. What moderators decided is read on the site."""
    from_nobody = {NoticeKind.REMINDER, NoticeKind.DECISION}
    for kind in from_nobody:
        assert not wanted(kind, frozenset(ALERTS), AlertPolicy.ALL, follows=True, followed=True)
    assert set(NoticeKind) - set(TYPES) == from_nobody


def test_each_has_its_words() -> None:
    """In every language, with who it was."""
    catalogue = Catalogue("stentor.social")
    for language in LANGUAGES:
        assert set(catalogue.texts[language]) == {f"alert.{each}" for each in TYPES}
        assert all("{name}" in text for text in catalogue.texts[language].values())
