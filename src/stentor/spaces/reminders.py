"""What people who asked for it are told of a space, and when. Pure.

Each piece of news has a mark; whoever was told of a mark is not told of it again, whatever is killed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.model import ON_AIR, OVER, Space, State

LATE_MS: Final = 5 * 60_000
"""So long after its time a talk that has not begun is late."""
LIVE_MS: Final = 30 * 60_000
"""So old may the news be that a talk is on; who learns of it later has missed it, and is told of the replay."""
NEWS_MS: Final = 12 * 3_600_000
"""The same of everything else."""
KEPT_MS: Final = 7 * 86_400_000
"""Addresses are forgotten so long after the end, if no replay came; and so long after a space that was cancelled or
missed was to begin."""
AFTER_REPLAY_MS: Final = 86_400_000
"""So long after they were told of the replay."""
CONFIRM_MS: Final = 86_400_000
"""An address that nobody confirmed is forgotten after so long."""
MOST_REMINDERS: Final = 200_000
"""Of one space, about 100 MB."""


PUSH: Final = "push"
"""The kind of the couriers' jobs: ``space``, ``news``, ``at``, ``made``, and the numbers ``after`` … ``upto``."""
VAPID: Final = "web push"
"""What the site's key for services of push messages is derived as."""


class Way(StrEnum):
    """How somebody is told."""

    PUSH = "push"
    MAIL = "mail"


class News(StrEnum):
    """What people are told."""

    CHANGED = "changed"
    LATE = "late"
    CANCELLED = "cancelled"
    LIVE = "live"
    """The doors are open: people may come, and the music plays until the talk begins."""
    REPLAY = "replay"


class NewsMark(NamedTuple):
    """A piece of news of a space. ``at_ms`` is the time that was announced, for a change the new one."""

    news: News
    at_ms: int = 0

    @property
    def text(self) -> str:
        """As it is kept: there is one of each, but a change for each new time."""
        return f"{self.news}.{self.at_ms}" if self.news in (News.CHANGED, News.LATE) else self.news.value


def news_of(found: Iterable[Event]) -> list[NewsMark]:
    """What is new in events of a space that happened together."""
    marks: list[NewsMark] = []
    for event in found:
        match event:
            case e.SpaceRescheduled(scheduled_ms=int(at_ms)):
                marks.append(NewsMark(News.CHANGED, at_ms))
            case e.SpaceCancelled():
                marks.append(NewsMark(News.CANCELLED))
            case e.DoorsOpened():
                marks.append(NewsMark(News.LIVE))
            case e.ReplayOpened():
                marks.append(NewsMark(News.REPLAY))
    return marks


def still_true(mark: NewsMark, space: Space, made_ms: int, now_ms: int) -> bool:
    """Whether the news, of ``made_ms``, is worth telling now, as the space is now."""
    if space.removed is not None or now_ms - made_ms > (LIVE_MS if mark.news is News.LIVE else NEWS_MS):
        return False
    match mark.news:
        case News.CHANGED:
            return space.state is State.SCHEDULED and space.scheduled_ms == mark.at_ms
        case News.LATE:
            waits = space.state in (State.SCHEDULED, State.DOORS_OPEN)
            return waits and space.live_ms is None and space.scheduled_ms == mark.at_ms
        case News.CANCELLED:
            return space.state is State.CANCELLED
        case News.LIVE:
            return space.state in ON_AIR
        case News.REPLAY:
            return space.state is State.REPLAY and space.recorded


def asks(space: Space) -> bool:
    """Whether one may ask to be reminded: of what comes at a time, is on, or ended and has no replay yet."""
    comes = (space.state is State.SCHEDULED and space.scheduled_ms is not None) or space.on_air
    return space.removed is None and not space.private and (comes or (space.state is State.ENDED and space.recorded))


def forget_after_ms(found: Iterable[Event]) -> int | None:
    """How long after events the addresses of those who asked are forgotten; None where they are needed still."""
    for event in found:
        match event:
            case e.SpaceRemoved():
                return 0
            case e.ReplayOpened():
                return AFTER_REPLAY_MS
            case e.SpaceEnded() | e.SpaceCancelled():
                return KEPT_MS
    return None


def done(space: Space, now_ms: int) -> bool:
    """Whether nobody will be told anything of it any more, once the time for that has passed."""
    missed = space.scheduled_ms is not None and space.scheduled_ms + KEPT_MS <= now_ms
    return space.state in OVER or space.removed is not None or (space.state is State.SCHEDULED and missed)
