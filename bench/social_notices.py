"""What notifications cost: lines of somebody with 500,000 of them, of others, and a like and a post with them.

A part of ``bench.social``, in the same place: one has 200,000 likes of one post within two days, and 100 of each of
3,000 others; 25,000 people have 20 mentions. Of those who follow the large account 10,000 want to be told of each post.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from stentor.social.ids import PostIds
from stentor.social.notices import BUCKET_MS, NoticeBox, NoticeKind, group
from stentor.store.follows import MOST_NOTIFIED, FollowsTable
from stentor.store.notifications import NotificationsTable
from stentor.store.posts import Composed, Gesture, PostsTable
from stentor.store.spaces import Store

HOT_LIKES, HOT_MS, POSTS, LIKES_EACH = 200_000, 4 * BUCKET_MS, 3_000, 100
PEOPLE, MENTIONS = 25_000, 20
NOTES: Final = ("account", "by", "kind", "post", "grp", "box", "at_ms")
GROUPS: Final = ("account", "grp", "box", "kind", "n", "last")
_MAIN: Final = int(NoticeBox.MAIN)

Rows = tuple[str, Sequence[str], Iterator[Sequence[Any]]]


def told(hot: int, number: Sequence[int], ids: Sequence[int]) -> Iterator[tuple[int, int, NoticeKind, int, str, int]]:
    """All notifications, in the order of their ids: to whom, by whom, what, of which post, in which line, when."""
    first_ms = ids[-1] >> 16
    for each in range(POSTS * LIKES_EACH):
        post, by = ids[-POSTS + each % POSTS], number[each % 90_000 + 100]
        yield hot, by, NoticeKind.LIKE, post, group(NoticeKind.LIKE, NoticeBox.MAIN, by, post, first_ms), first_ms
    for each in range(PEOPLE * MENTIONS):
        to, by, post = number[each % PEOPLE + 1_000], number[each % 900 + 60], ids[each]
        line = group(NoticeKind.MENTION, NoticeBox.MAIN, by, post, first_ms)
        yield to, by, NoticeKind.MENTION, post, line, first_ms
    for each in range(HOT_LIKES):
        at_ms, by, post = first_ms + each * HOT_MS // HOT_LIKES, number[each % 99_000 + 100], ids[-1]
        yield hot, by, NoticeKind.LIKE, post, group(NoticeKind.LIKE, NoticeBox.MAIN, by, post, at_ms), at_ms


def rows(hot: int, number: Sequence[int], ids: Sequence[int]) -> Iterator[Rows]:
    """Notifications and their lines."""
    yield (
        "notifications",
        NOTES,
        ((to, by, kind.value, post, line, _MAIN, at_ms) for to, by, kind, post, line, at_ms in told(hot, number, ids)),
    )
    lines: dict[tuple[int, str], tuple[NoticeKind, int, int]] = {}
    for last, (to, _, kind, _, line, _) in enumerate(told(hot, number, ids), 1):
        many = lines[to, line][1] if (to, line) in lines else 0
        lines[to, line] = kind, many + 1, last
    found = ((to, line, _MAIN, kind.value, many, last) for (to, line), (kind, many, last) in lines.items())
    yield "notification_groups", GROUPS, found


class Notices:
    """Measures, each once a call."""

    def __init__(self, store: Store, hot: int, number: Sequence[int], ids: Sequence[int]) -> None:
        self.table, self.follows = NotificationsTable(store.work), FollowsTable(store.work)
        self.posts, self._numbers = PostsTable(store.work), PostIds(3)
        self.hot, self._number, self._ids = hot, number, ids

    async def hot_page(self, _: int) -> object:
        return await self.table.page(self.hot, NoticeBox.MAIN, most=20, now_ms=_now_ms())

    async def page(self, each: int) -> object:
        return await self.table.page(self._number[each + 1_000], NoticeBox.MAIN, most=20, now_ms=_now_ms())

    async def hot_unread(self, _: int) -> object:
        return await self.table.unread(self.hot, since=0, now_ms=_now_ms())

    async def unread(self, each: int) -> object:
        return await self.table.unread(self._number[each + 1_000], since=0, now_ms=_now_ms())

    async def like(self, each: int) -> None:
        """Of a post of somebody who has not blocked or muted whoever does it."""
        actor, post = self._number[80_000 + each], self._ids[-1]
        await self.posts.mark(Gesture.LIKE, actor, post, on=True, now_ms=_now_ms())

    async def mention(self, each: int) -> object:
        """A post that mentions five people."""
        handles = [f"user{1_000 + 5 * each + at}" for at in range(5)]
        what = Composed(text="Hello " + " ".join(f"@{each}" for each in handles), handles=handles)
        return await self.posts.add(self._numbers.new(_now_ms()), self._number[90_001], what, now_ms=_now_ms())

    async def wait_for(self, reader: int, others: Sequence[int]) -> None:
        """Somebody wants to be told of each post of as many as one may."""
        for other in others[:MOST_NOTIFIED]:
            await self.follows.follow(reader, other, boosts=True, notify=True, now_ms=_now_ms())

    async def waiting_unread(self, reader: int) -> object:
        return await self.table.unread(reader, since=0, now_ms=_now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
