"""What a space is like apart from its time and its people: a template, and what the dates of a series have in common.

Pure. A blueprint is taken from a space (:func:`of`) and laid over another one (:func:`changes`). Where both the
blueprint and somebody have changed the same thing since it was laid last, what somebody did stays.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stentor.base.errors import CallerError
from stentor.base.texts import UNSAID
from stentor.spaces import commands as c
from stentor.spaces import private, rules, setting
from stentor.spaces.about import WebLink
from stentor.spaces.announcing import Announcing
from stentor.spaces.command_base import Command
from stentor.spaces.model import SLOW_S, Asking, Commenting, Keep, Space, State
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import Visibility

SHARED = frozenset({Visibility.PUBLIC, Visibility.UNLISTED, Visibility.MEMBERS})
"""Who may hear a space without a word of its own: passwords and tickets are made for each space anew."""


class Blueprint(msgspec.Struct, frozen=True):
    """The settings of a space."""

    title: str
    description: str = ""
    language: str = UNSAID
    visibility: Visibility = Visibility.PUBLIC
    max_seats: int = 13
    asking: Asking = Asking.ANYONE
    reactions: bool = True
    comments: Commenting = Commenting.AUTO
    slow_s: int = SLOW_S
    off: tuple[str, ...] = ()
    overflow_s: int = 120
    topics: tuple[str, ...] = ()
    links: tuple[WebLink, ...] = ()
    records: bool = True
    keep: Keep = Keep()
    announcing: Announcing = Announcing()
    """Without words, which are of one evening."""


class Planned(msgspec.Struct, frozen=True):
    """A date of a series as it was laid over its space last; ``at_ms`` is its time."""

    at_ms: int
    blueprint: Blueprint


def of(space: Space) -> Blueprint:
    """The settings of a space."""
    return Blueprint(
        title=space.title,
        description=space.description,
        language=space.language,
        visibility=private.chosen(space),
        max_seats=space.max_seats,
        asking=space.asking,
        reactions=space.reactions,
        comments=space.comments,
        slow_s=space.slow_s,
        off=tuple(sorted(space.off)),
        overflow_s=space.overflow_s,
        topics=space.about.topics,
        links=space.about.links,
        records=space.records,
        keep=space.keep,
        announcing=Announcing(on=space.announcing.on, again=space.announcing.again),
    )


def changes(space: Space, laid: Planned | None, wanted: Planned, now: float) -> list[Command]:
    """What makes a space that has not begun be as ``wanted``; ``laid`` is what was laid over it last, None for a new
    one.

    What somebody has changed by hand since then stays, its time too. ``now`` is in seconds.
    """
    if space.state is not State.SCHEDULED:
        return []
    is_now, before = of(space), laid.blueprint if laid is not None else of(space)
    wishes: list[Command] = []
    if laid is not None and wanted.at_ms != laid.at_ms and space.scheduled_ms == laid.at_ms:
        wishes.append(c.Reschedule(wanted.at_ms))
    for name in Blueprint.__struct_fields__:
        there, then, goal = (getattr(each, name) for each in (is_now, before, wanted.blueprint))
        if goal != then and there == then:
            wishes += _wishes(name, wanted.blueprint, space)
    return [wish for wish in wishes if _possible(space, wish, now)]


def _possible(space: Space, wish: Command, now: float) -> bool:
    """A moment that is over by now, say, keeps nothing else from being changed."""
    try:
        rules.decide(space, wish, now)
    except CallerError:
        return False
    return True


def _wishes(name: str, goal: Blueprint, space: Space) -> Iterator[Command]:
    match name:
        case "title":
            yield c.Rename(goal.title)
        case "description":
            yield c.Describe(goal.description)
        case "language":
            yield c.SetLanguage(goal.language)
        case "visibility":
            yield c.SetVisibility(goal.visibility)
        case "asking":
            yield c.SetAsking(goal.asking)
        case "reactions":
            yield c.SetReactions(goal.reactions)
        case "comments" | "slow_s":
            yield c.SetComments(switch=goal.comments, slow_s=goal.slow_s)
        case "off":
            for switch in Switch:
                if space.allows(switch) is (switch.value in goal.off):
                    yield c.SetSwitch(switch, switch.value not in goal.off)
        case "overflow_s":
            yield c.SetOverflow(goal.overflow_s)
        case "topics":
            yield setting.SetTopics(goal.topics)
        case "links":
            yield setting.SetLinks(goal.links)
        case "records":
            yield setting.SetRecording(goal.records)
        case "keep":
            yield c.SetKeep(goal.keep)
        case "announcing":
            words, by = space.announcing.words, space.announcing.by
            yield setting.SetAnnouncing(msgspec.structs.replace(goal.announcing, words=words, by=by))
