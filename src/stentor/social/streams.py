"""Which streams of which people something belongs into, as apps are told of it while it happens; pure.

Who may read a post says :mod:`stentor.social.visible`; here only what has passed there is sorted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from stentor.social import ids, text
from stentor.social.model import Audience, Post, Relation
from stentor.social.visible import may_read

LATE_MS: Final = 10 * 60_000
"""What is older when it comes was brought from elsewhere, and nobody is told that it has just happened."""


class StreamKind(StrEnum):
    """As apps name them."""

    USER = "user"
    NOTICES = "user:notification"
    PUBLIC = "public"
    PUBLIC_MEDIA = "public:media"
    LOCAL = "public:local"
    LOCAL_MEDIA = "public:local:media"
    REMOTE = "public:remote"
    REMOTE_MEDIA = "public:remote:media"
    TAG = "hashtag"
    LOCAL_TAG = "hashtag:local"
    LIST = "list"
    DIRECT = "direct"


class StreamName(NamedTuple):
    """A stream; ``of`` is the tag or the list's number, else empty."""

    kind: StreamKind
    of: str = ""

    @property
    def words(self) -> list[str]:
        """As an app over WebSocket is told where something comes from."""
        return [self.kind.value, self.of] if self.of else [self.kind.value]


USER: Final = StreamName(StreamKind.USER)
DIRECT: Final = StreamName(StreamKind.DIRECT)


class ToldPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it is sorted. Of a boost, ``inner`` is what it carries on."""

    post: Post
    inner: Post | None = None
    here: bool
    """Its author has an account here."""
    limited: bool = False
    suspended: bool = False
    media: bool = False
    tags: tuple[str, ...] = ()
    mentioned: frozenset[int] = frozenset()


class StreamReader(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody who listens stands to a post and its author."""

    follows: bool = False
    blocked: bool = False
    """Either has blocked the other, or where the other is from."""
    muted: bool = False
    home: bool = False
    """It stands in their home timeline."""
    lists: frozenset[int] = frozenset()
    """Those of their lists that it stands in."""


def is_new(told: ToldPost, now_ms: int) -> bool:
    """Whether it is told at all that it was posted: not what is old, and nothing of who is suspended."""
    return not told.suspended and now_ms - ids.time_ms(told.post.id) <= LATE_MS


def belongs(told: ToldPost, me: int, reader: StreamReader) -> Iterator[StreamName]:
    """The streams of one person that a post belongs into; none of a post that they may not read."""
    post = told.post
    if not readable(told, me, reader):
        return
    if reader.home:
        yield USER
    for each in sorted(reader.lists):
        yield StreamName(StreamKind.LIST, f"{each}")
    if post.visibility is Audience.MENTIONED and not reader.muted:
        yield DIRECT
    hushed = reader.muted or (told.limited and not (post.author == me or reader.follows))
    if post.visibility is not Audience.PUBLIC or hushed or post.boost_of is not None:
        return
    yield from _tagged(told)
    if post.reply_to is None or post.reply_author == post.author:
        yield from _public(told)


def readable(told: ToldPost, me: int, reader: StreamReader) -> bool:
    """Whether somebody may read a post, and of a boost also what it carries on: ``blocked`` counts for both."""
    relation = Relation(
        own=told.post.author == me, follows=reader.follows, mentioned=me in told.mentioned, blocked=reader.blocked
    )
    return not told.suspended and may_read(told.post, relation)


def gone_from(audience: Audience, *, own: bool, follows: bool) -> Iterator[StreamName]:
    """Where a post may have stood that is gone; who was told of it in another stream is told there, too.

    Of one that was not for everybody only those hear who could read it."""
    if own or (follows and audience < Audience.MENTIONED):
        yield USER
    if audience is Audience.PUBLIC:
        yield from map(StreamName, _OF_ALL)


def parse(kind: str, tag: str = "", of_list: str = "") -> StreamName | None:
    """A stream as an app names it; None for what is none."""
    try:
        known = StreamKind(kind)
    except ValueError:
        return None
    if known in (StreamKind.TAG, StreamKind.LOCAL_TAG):
        return StreamName(known, text.tag(tag.strip())) if tag.strip("# ") else None
    if known is StreamKind.LIST:
        number = ids.parse(of_list)
        return StreamName(known, f"{number}") if number is not None else None
    return StreamName(known)


_MEDIA: Final[Mapping[StreamKind, StreamKind]] = {
    StreamKind.PUBLIC: StreamKind.PUBLIC_MEDIA,
    StreamKind.LOCAL: StreamKind.LOCAL_MEDIA,
}
_OF_ALL: Final = tuple(each for each in StreamKind if each.value.partition(":")[0] == "public")


def _public(told: ToldPost) -> Iterator[StreamName]:
    """What people here say; as in timelines, of elsewhere nothing is listed."""
    for kind, with_media in _MEDIA.items() if told.here else ():
        yield StreamName(kind)
        if told.media:
            yield StreamName(with_media)


def _tagged(told: ToldPost) -> Iterator[StreamName]:
    for each in told.tags:
        yield StreamName(StreamKind.TAG, each)
        if told.here:
            yield StreamName(StreamKind.LOCAL_TAG, each)
