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
SOON_MS: Final = 20 * 60_000
"""So long before a talk it is looked when people are to be told that it starts soon: the more they are, the sooner."""
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
MESSAGE: Final = "reminder-message"
"""The same of people elsewhere in the fediverse; or ``ask``, the number of one who is asked whether it was them."""
VAPID: Final = "web push"
"""What the site's key for services of push messages is derived as."""
LINKS: Final = "reminder links"
"""What the key for links to reminders is derived as."""


class Way(StrEnum):
    """How somebody is told; and in links by which way they came (``?by=``)."""

    PUSH = "push"
    MAIL = "mail"
    SITE = "site"
    """By a notification here, to who has an account."""
    FEDI = "fedi"
    """By a direct message of the fediverse."""


class News(StrEnum):
    """What people are told."""

    CHANGED = "changed"
    SOON = "soon"
    """It starts in some minutes: told before the doors, so that not all come at once."""
    LATE = "late"
    CANCELLED = "cancelled"
    LIVE = "live"
    """The doors are open: people may come, and the music plays until the talk begins."""
    REPLAY = "replay"


TIMED: Final = frozenset({News.CHANGED, News.SOON, News.LATE})
"""News of which there is one for each time that was announced."""


class NewsMark(NamedTuple):
    """A piece of news of a space. ``at_ms`` is the time that was announced, for a change the new one."""

    news: News
    at_ms: int = 0

    @property
    def text(self) -> str:
        """As it is kept: there is one of each, but a change for each new time."""
        return f"{self.news}.{self.at_ms}" if self.news in TIMED else self.news.value


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
        case News.SOON:
            waits = space.state in (State.SCHEDULED, State.DOORS_OPEN) and space.live_ms is None
            return waits and space.scheduled_ms == mark.at_ms and now_ms < mark.at_ms + LATE_MS
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


def enough(mark: NewsMark, space: Space, made_ms: int) -> tuple[str, ...]:
    """The marks of which one is enough: who was told that it starts soon needs not be told that the doors are open,
    and the other way round; unless it was late, for then they were sent away once more."""
    if mark.news is News.SOON:
        return mark.text, News.LIVE.value
    planned_ms = space.scheduled_ms
    if mark.news is News.LIVE and planned_ms is not None and made_ms <= planned_ms + LATE_MS:
        return mark.text, NewsMark(News.SOON, planned_ms).text
    return (mark.text,)


def made_ms(mark: NewsMark, job_ms: int) -> int:
    """Of when a piece of news is, which was ordered at ``job_ms``: who asks after it is not told of it."""
    match mark.news:
        case News.SOON:
            return mark.at_ms
        case News.LATE:
            return mark.at_ms + LATE_MS
    return job_ms


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
