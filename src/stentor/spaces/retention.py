"""How long what a space leaves behind is kept, and what of it is due to go.

The site says how long, a host may choose a shorter time for their own space. Time counts from the end of a space. That
something went is in the record for good.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.config import PREFIX, Settings
from stentor.base.errors import BadInput, SetupError
from stentor.base.units import counted
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.board import UNFINISHED_MS
from stentor.spaces.event_base import EventBase
from stentor.spaces.model import OVER, Keep, Space, State
from stentor.spaces.refusals import refusal
from stentor.spaces.removal import without_speakers

DAY_MS: Final = 24 * 3_600_000
MOST_DAYS: Final = 36_500
_UNITS: Final = {"d": 1, "w": 7, "y": 365}
_TIME: Final = re.compile(r"([1-9]\d{0,4}) ?([dwy])")
FOR_EVER: Final = "for ever"
RULE, CHOICE = "the site's rule", "the host's choice"
"""Whose wish it was, in the record."""


class DataCategory(StrEnum):
    """What goes at one time."""

    RECORDING = "recording"
    COMMENTS = "comments"
    """Also what hosts wrote backstage, requests to speak, and who was shut out of the comments."""
    SOUNDS = "sounds"
    """The host's own hold music, and sounds that were left behind."""
    EVENTS = "events"
    """Who came, went, was muted or shut out, and what was pinned or played. What the space itself did stays."""
    PEOPLE = "people"
    """Who had a seat and agreed to be recorded: goes with the events, but not before the recording."""


GOES: Final[dict[DataCategory, tuple[type[EventBase], ...]]] = {
    DataCategory.EVENTS: (
        e.SeatConnected, e.SeatLost, e.SeatMuted, e.SeatUnmuted, e.SeatTurned, e.SeatPictured, e.SeatBanned,
        e.ListenerShutOut, e.ListenerLetIn, e.BanLifted, e.LinkRenewed, e.NotePinned, e.NoteUnpinned, e.RundownSet,
        e.ItemBegun, e.CommentsChanged,
        e.AskingChanged, e.SoundAdded, e.SoundDropped, e.SoundPlayed, e.SoundTurned, e.SoundStopped,
    ),
    DataCategory.PEOPLE: (e.SeatGiven, e.SeatClaimed, e.SeatRemoved, e.RecordingAgreed, e.RoleChanged, e.HostChanged),
}  # fmt: skip
"""The events that go with a part. All others stay: when the space opened, went live, broke off and ended, and how large
the crowd was."""


def of_site(settings: Settings) -> Keep:
    """What the operator has set; raises :class:`SetupError` for what is no length of time."""
    return Keep(
        recording=_days("KEEP_RECORDINGS", settings.keep_recordings),
        comments=_days("KEEP_COMMENTS", settings.keep_comments),
        sounds=_days("KEEP_SOUNDS", settings.keep_sounds),
        events=_days("KEEP_EVENTS", settings.keep_events),
    )


def shorter(site: Keep, own: Keep) -> Keep:
    """What holds for a space: of each the shorter time."""
    each = {name: (getattr(site, name), getattr(own, name)) for name in Keep.__struct_fields__}
    return Keep(**{name: min(filter(None, days), default=0) for name, days in each.items()})


def require_shorter(site: Keep, own: Keep) -> None:
    """Raises :class:`BadInput` when a host wants to keep something longer than the site does."""
    for name in Keep.__struct_fields__:
        most, wanted = getattr(site, name), getattr(own, name)
        if most and wanted > most:
            said = f"This site keeps {name} for {counted(most, 'day')}; choose at most that."
            raise BadInput(said, field=name, reason="kept-shorter", most=most)


def until_ms(space: Space, part: DataCategory, site: Keep) -> int | None:
    """When a part goes (wall clock, ms); None for never, and while the space is not over."""
    keep = shorter(site, space.keep)
    days = _of(keep, part)
    return space.when_ms + days * DAY_MS if days and space.state in OVER else None


def due(space: Space, site: Keep, now_ms: int) -> list[DataCategory]:
    """What is to go now."""
    unfinished = space.state is State.ENDED and now_ms - space.when_ms < UNFINISHED_MS
    return [
        part
        for part in DataCategory
        if _there(space, part)
        and _is_over(until_ms(space, part, site), now_ms)
        and not (part is DataCategory.RECORDING and unfinished)
    ]


def whose(space: Space, part: DataCategory, site: Keep) -> str:
    """By whose wish a part goes: the rule holds for all spaces, the choice for this one."""
    rule, choice = _of(site, part), _of(space.keep, part)
    return CHOICE if choice and (not rule or choice < rule) else RULE


def decide(space: Space, command: c.SetKeep | c.NoteRemoval, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput` and :class:`Conflict`."""
    match command:
        case c.SetKeep(keep=keep):
            if not all(0 <= getattr(keep, name) <= MOST_DAYS for name in Keep.__struct_fields__):
                raise BadInput(f"Choose 1 to {MOST_DAYS:,} days, or 0 for as long as the site keeps it.", field="keep")
            return [] if keep == space.keep else [e.KeepChanged(at_ms=at_ms, keep=keep)]
        case c.NoteRemoval(part=part, count=count, days=days, who=who):
            if space.state not in OVER:
                raise refusal(space)
            gone = part in space.let_go
            return [] if gone else [e.LetGo(at_ms=at_ms, part=part, count=count, days=days, who=who)]


def apply(space: Space, event: e.KeepChanged | e.LetGo) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace = msgspec.structs.replace
    if isinstance(event, e.KeepChanged):
        return replace(space, keep=event.keep)
    space = replace(space, let_go=space.let_go | {event.part: event.at_ms})
    match event.part:
        case DataCategory.SOUNDS:
            return replace(space, hold="default")
        case DataCategory.EVENTS:
            return replace(space, banned={}, banned_accounts={}, comment_words=())
        case DataCategory.PEOPLE:
            return without_speakers(space)
    return space


def _of(keep: Keep, part: DataCategory) -> int:
    days: int = getattr(keep, DataCategory.EVENTS if part is DataCategory.PEOPLE else part)
    return days


def _there(space: Space, part: DataCategory) -> bool:
    """Whether there may be something of the part."""
    recorded = space.recorded and space.length_ms > 0
    if part is DataCategory.RECORDING:
        return recorded
    return part not in space.let_go and not (part is DataCategory.PEOPLE and recorded)


def _is_over(at_ms: int | None, now_ms: int) -> bool:
    return at_ms is not None and at_ms <= now_ms


def _days(name: str, text: str) -> int:
    """``90d``, ``12w`` or ``2y`` in days; 0 for nothing and ``for ever``."""
    if text.strip().lower() in ("", FOR_EVER, "forever"):
        return 0
    found = _TIME.fullmatch(text.strip().lower())
    days = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < days <= MOST_DAYS:
        raise SetupError(f"{PREFIX}{name} is {text!r}; it needs a time such as 90d, 12w or 2y, or nothing: for ever.")
    return days
