"""A show: a series of spaces with a page of its own. What it is, and what is to be done for its next dates. Pure.

Its dates become ordinary spaces some time ahead (:data:`AHEAD` of them), so that people find, share and edit them. A
show changes from a date on: what was before stays as it was, what was edited by hand stays so, and a date that moves
takes its space along, with its address and its entry in people's calendars.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from stentor.base.texts import UNSAID
from stentor.spaces import series
from stentor.spaces.blueprint import Blueprint, Planned
from stentor.spaces.model import Space, State
from stentor.spaces.series import SeriesRule, SeriesSlot

AHEAD: Final = 4
"""A month of weeks: people can plan, and nothing stands in lists that nobody thinks of yet."""
MOST_CO_HOSTS: Final = 10
MOST_SHOWS: Final = 20
"""Of one account: each keeps four spaces open."""
MOST_TOLD: Final = 200
"""Spaces on the page of a show: four years of weeks."""
_ID_CHARACTERS: Final = 37
"""A space is called after its show, with the date behind: 48 characters."""


class ShowChapter(msgspec.Struct, frozen=True):
    """What holds from the date ``since`` on (empty: from the first), until the next chapter."""

    since: str
    rule: SeriesRule
    blueprint: Blueprint


class Show(msgspec.Struct, frozen=True):
    """A series as the house keeps it."""

    id: str
    title: str
    owner: str
    """The account that leads it: host of each date. Empty where the admin token made it."""
    host_name: str
    chapters: list[ShowChapter]
    description: str = ""
    language: str = UNSAID
    co_hosts: tuple[str, ...] = ()
    """Accounts: co-owners of the show, and of each of its dates."""
    skips: tuple[str, ...] = ()
    """Dates on which it does not take place."""
    made_ms: int = 0
    ended_ms: int | None = None
    """No new dates from then on; its page stays."""
    seed: str = ""
    """Makes the addresses of private dates, which nobody guesses."""
    version: int = 1

    @property
    def newest(self) -> ShowChapter:
        return self.chapters[-1]

    def led_by(self, account: str) -> bool:
        """Whether an account may change it."""
        return bool(account) and (account == self.owner or account in self.co_hosts)


class Occurrence(msgspec.Struct, frozen=True):
    """A date that has a space, and what was laid over it last."""

    date: str
    space: str
    planned: Planned


class PlannedSlot(msgspec.Struct, frozen=True):
    """A date that is to have a space."""

    date: str
    planned: Planned


class ShowPlan(msgspec.Struct, frozen=True):
    """What is to be done: new dates, those that stay (with their old date), and spaces to be cancelled."""

    make: list[PlannedSlot] = []
    lay: list[tuple[Occurrence, PlannedSlot]] = []
    cancel: list[Occurrence] = []


class PublicShow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What edges are told of a show: an object at :func:`key`."""

    id: str
    title: str
    description: str = ""
    language: str = UNSAID
    zone: str = ""
    rule: SeriesRule | None = None
    ended: bool = False
    listed: bool = True
    spaces: list[Space] = []
    """Those that are in lists, slim."""
    made_ms: int = 0


def key(show: str) -> str:
    """Of its object in the store."""
    return f"public/shows/{show}.json"


def coming(show: Show, after_ms: int, most: int = AHEAD) -> list[PlannedSlot]:
    """The next dates, without those that are left out."""
    if show.ended_ms is not None:
        return []
    rules = [(chapter.since, chapter.rule) for chapter in show.chapters]
    found = series.following(rules, after_ms, most + len(show.skips))
    return [_planned(show, number, slot) for number, slot in found if slot.date not in show.skips][:most]


def plan(show: Show, there: Sequence[tuple[Occurrence, Space]], now_ms: int) -> ShowPlan:
    """What brings the spaces of a show in line with it. ``there`` are its dates that have one and are not over.

    A date that the rule still has keeps its space. The others move to the dates that have none yet, in their order:
    whoever has them in a calendar sees them move. What is left over is cancelled. One that has begun is left alone.
    """
    waiting = [(each, space) for each, space in there if space.state is State.SCHEDULED]
    waiting = [each for each in waiting if not _is_past(each[1], now_ms)]
    begun = {each.date for each, space in there if space.state is not State.SCHEDULED or _is_past(space, now_ms)}
    goals = {slot.date: slot for slot in coming(show, now_ms) if slot.date not in begun}
    lay: list[tuple[Occurrence, PlannedSlot]] = []
    loose: list[Occurrence] = []
    for each, _ in sorted(waiting, key=lambda pair: pair[0].date):
        goal = goals.pop(each.date, None)
        if goal is not None:
            lay.append((each, goal))
        elif _still_meant(show, each):
            lay.append((each, PlannedSlot(each.date, _now_meant(show, each))))
        else:
            loose.append(each)
    free = sorted(goals.values(), key=lambda slot: slot.planned.at_ms)
    # what is skipped is off, and does not move on to a later date
    off = [each for each in loose if each.date in show.skips or show.ended_ms is not None]
    moving = [each for each in loose if each not in off]
    lay += list(zip(moving, free, strict=False))
    return ShowPlan(free[len(moving) :], lay, [*off, *moving[len(free) :]])


def next_look_ms(show: Show, now_ms: int) -> int | None:
    """When the next date will have begun, and another one is to be made; None when none will follow."""
    found = coming(show, now_ms, AHEAD + 1)
    return found[0].planned.at_ms + 1000 if found else None


def space_id(show: Show, date: str, *, private: bool) -> str:
    """The address of a space, always the same for a date, so that none is made twice; nobody guesses a private one."""
    if private:
        return hashlib.sha256(f"{show.seed}\0{show.id}\0{date}".encode()).hexdigest()[:16]
    return f"{show.id[:_ID_CHARACTERS].rstrip('-')}-{date}"


def _planned(show: Show, chapter: int, slot: SeriesSlot) -> PlannedSlot:
    return PlannedSlot(slot.date, Planned(slot.at_ms, show.chapters[chapter].blueprint))


def _is_past(space: Space, now_ms: int) -> bool:
    return space.scheduled_ms is not None and space.scheduled_ms <= now_ms


def _chapter_of(show: Show, date: str) -> ShowChapter:
    return [each for each in show.chapters if each.since <= date][-1]


def _slot_of(show: Show, date: str) -> SeriesSlot | None:
    """The date as its rule has it; None where the rule does not have it."""
    chapter = _chapter_of(show, date)
    at_ms = series.moment_ms(series.at_date(chapter.rule, date), chapter.rule.zone)
    found = next(series.slots(chapter.rule, at_ms - 1, since=chapter.since), None)
    return found if found is not None and found.date == date else None


def _still_meant(show: Show, each: Occurrence) -> bool:
    """Whether a date that is not among the next ones belongs to the show all the same: its space was moved by hand, or
    more dates are there than are made ahead."""
    return show.ended_ms is None and each.date not in show.skips and _slot_of(show, each.date) is not None


def _now_meant(show: Show, each: Occurrence) -> Planned:
    slot = _slot_of(show, each.date)
    at_ms = slot.at_ms if slot is not None else each.planned.at_ms
    return Planned(at_ms, _chapter_of(show, each.date).blueprint)
