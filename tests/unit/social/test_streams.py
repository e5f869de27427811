"""Which streams of whom a post belongs into, by who may read it and how the reader stands to its author."""

from __future__ import annotations

import itertools

import pytest

from stentor.social import ids, streams
from stentor.social.model import Audience, Post
from stentor.social.streams import LATE_MS, StreamKind, StreamName, StreamReader, ToldPost

NOW_MS = 1_800_000_000_000
ME, AUTHOR, OTHER = 1, 2, 3


def told(audience: Audience = Audience.PUBLIC, **fields: object) -> ToldPost:
    post = {name: fields.pop(name) for name in ("author", "boost_of", "reply_to", "reply_author") if name in fields}
    made = Post(**{"id": ids.at(NOW_MS), "author": AUTHOR, "visibility": audience, "created_ms": NOW_MS} | post)  # type: ignore[arg-type]
    return ToldPost(**{"post": made, "here": True} | fields)  # type: ignore[arg-type]


def names(what: ToldPost, reader: StreamReader, me: int = ME) -> set[str]:
    return {":".join(each.words) for each in streams.belongs(what, me, reader)}


@pytest.mark.parametrize("audience", Audience)
def test_nobody_is_told_of_what_they_may_not_read(audience: Audience) -> None:
    """Whatever the timelines say: who is blocked, or no follower, or not mentioned gets nothing in any stream."""
    for follows, blocked, muted, home, mentioned, own in itertools.product((False, True), repeat=6):
        what = told(audience, mentioned=frozenset({ME} if mentioned else ()), media=True, tags=("radio",))
        reader = StreamReader(
            follows=follows, blocked=blocked, muted=muted, home=home, lists=frozenset({9} if home else ())
        )
        found = names(what, reader, AUTHOR if own else ME)
        may = {
            Audience.PUBLIC: not blocked,
            Audience.UNLISTED: not blocked,
            Audience.FOLLOWERS: (follows or mentioned) and not blocked,
            Audience.MENTIONED: mentioned and not blocked,
            Audience.WITHHELD: False,
        }[audience]
        if not (may or own):
            assert not found
        if audience is not Audience.PUBLIC:
            assert not {each for each in found if each.startswith(("public", "hashtag"))}
        assert ("direct" in found) == ((may or own) and audience is Audience.MENTIONED and not muted)
        assert ("user" in found) == ((may or own) and home)


def test_public_streams_have_what_the_timeline_of_the_site_has() -> None:
    """No answers to others, no boosts, nothing of elsewhere, of who is limited only for followers; pictures apart."""
    stranger, follower = StreamReader(), StreamReader(follows=True)
    assert names(told(tags=("radio",)), stranger) == {"public", "public:local", "hashtag:radio", "hashtag:local:radio"}
    assert names(told(media=True), stranger) == {"public", "public:local", "public:media", "public:local:media"}
    assert names(told(here=False, tags=("radio",)), stranger) == {"hashtag:radio"}
    assert names(told(reply_to=5, reply_author=OTHER, tags=("radio",)), stranger) == {
        "hashtag:radio",
        "hashtag:local:radio",
    }
    assert names(told(reply_to=5, reply_author=AUTHOR), stranger) == {"public", "public:local"}
    assert names(told(boost_of=5), stranger) == set()
    assert names(told(limited=True), stranger) == set()
    assert names(told(limited=True), follower) == {"public", "public:local"}
    assert names(told(), StreamReader(muted=True)) == set()
    assert names(told(suspended=True), StreamReader(follows=True, home=True)) == set()


def test_what_is_gone_is_told_to_who_could_read_it() -> None:
    """That somebody had something to say to followers only is nobody else's business."""
    for audience in Audience:
        stranger = set(streams.gone_from(audience, own=False, follows=False))
        follower = set(streams.gone_from(audience, own=False, follows=True))
        assert (StreamName(StreamKind.PUBLIC) in stranger) == (audience is Audience.PUBLIC)
        assert streams.USER not in stranger
        assert (streams.USER in follower) == (audience < Audience.MENTIONED)
        assert streams.USER in set(streams.gone_from(audience, own=True, follows=False))


def test_what_was_brought_from_before_is_not_news() -> None:
    assert streams.is_new(told(), NOW_MS + LATE_MS)
    assert not streams.is_new(told(), NOW_MS + LATE_MS + 1)


@pytest.mark.parametrize(
    ("kind", "tag", "of_list", "words"),
    [
        ("user", "", "", ["user"]), ("public:local:media", "", "", ["public:local:media"]),
        ("hashtag", "#Radio", "", ["hashtag", "radio"]), ("hashtag", "", "", None), ("hashtag:local", "# ", "", None),
        ("list", "", "12", ["list", "12"]), ("list", "", "x", None), ("list", "", "", None), ("admin", "", "", None),
    ],
)  # fmt: skip
def test_streams_have_names(kind: str, tag: str, of_list: str, words: list[str] | None) -> None:
    found = streams.parse(kind, tag, of_list)
    assert (found.words if found else None) == words
