"""How a source behaves: what it took, measured by what it did with it. Pure, and the same for one person and a school.

Nothing here counts by address alone: behind one address may stand thousands. What is allowed grows with the connections
that are held and with those that listen, which a crowd behind one address has, too. Every limit has its reason; what
none of them catches is one of the audience. So is everybody who comes to do harm and listens.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Protocol


class Kind(IntEnum):
    """Ordinary ones first, then those that no audience has many of."""

    NEW = 0
    """Has connected and not asked for anything yet."""
    PASSING = 1
    """Asked and stays, and did not come to the door: readers of the page."""
    VISITING = 2
    """Asked, and was gone at once: previews, crawlers, monitors; or one of very many who do harm together."""
    WAITING = 3
    """Was told to wait, and never was let in."""
    LISTENING = 4
    """Was let in."""
    SILENT = 5
    """Connections that ask for nothing: floods of connections and handshakes, slow heads, what is no HTTP."""
    RETURNING = 6
    """New connections again and again, each for a moment, and hardly ever let in."""
    HASTY = 7
    """Far more requests than the connections that it holds could need: playlists, pages, tickets, the door."""
    FLEETING = 8
    """Is let in and gone at once, again and again."""
    STUCK = 9
    """Is let in and takes nothing until it is closed."""


HOSTILE: Final = (Kind.SILENT, Kind.RETURNING, Kind.HASTY, Kind.FLEETING, Kind.STUCK)
"""No audience has many of these; a few it has."""
SILENT_S = 3
"""Who means to ask has asked by then, on a bad line, too; browsers connect ahead, but ask on another connection."""
FEW_CONNECTIONS = 5
"""Below that nothing is a habit."""
PAGE_REQUESTS = 60
"""A page and four reloads of it."""
CONNECTION_REQUESTS = 20
"""A page, its files, the first questions at the door."""
HELD_REQUESTS = 6
"""A second and connection held: low-latency HLS asks 2.1 times, the page's pulse, door and comments less than once;
two or three listeners behind a proxy may share one."""
RETURNS = 8
MOMENT_S = 2
"""Browsers hold a connection for a minute; what asks once and closes is a crawler, a bare player, or a program."""
RETURNS_A_SECOND = 0.15
"""A monitor asks each ten seconds or less often."""
IMPATIENT = 20
"""Tries a second, of a source that is told to wait: eighty bare players behind one address."""
LEFT_AT_ONCE = 4
MOST_LEFT = 0.7
"""Of those who are let in; of an impatient crowd one in three leaves at once."""


class Behaviour(Protocol):
    """What :class:`stentor.evidence.sources.Trace` has counted of one source since it is followed."""

    asked: int
    came: int
    held_s: int
    joins: int
    open: int
    quits: int
    seconds: int
    stalls: int
    waits: int
    hearing: int


def kind(one: Behaviour) -> Kind:
    """A microsecond at most."""
    asked, came = one.asked, one.came
    if (asked == 0 and one.seconds >= SILENT_S) or (came >= FEW_CONNECTIONS and 2 * asked < came):
        return Kind.SILENT
    if one.stalls and 2 * one.stalls >= one.joins:
        return Kind.STUCK
    if one.quits >= LEFT_AT_ONCE and one.quits > MOST_LEFT * one.joins:
        return Kind.FLEETING
    if asked > PAGE_REQUESTS + CONNECTION_REQUESTS * came + HELD_REQUESTS * one.held_s:
        return Kind.HASTY
    if came >= RETURNS and _returns(one):
        return Kind.RETURNING
    if one.joins or one.hearing:
        return Kind.LISTENING
    if one.waits:
        return Kind.WAITING
    if not asked:
        return Kind.NEW
    return Kind.PASSING if one.open or one.held_s >= MOMENT_S * came else Kind.VISITING


def _returns(one: Behaviour) -> bool:
    """Whether so many connections stand for a program that opens each for a moment.

    A bare player that is told to wait comes again on a new one, which says nothing; unless it is very many."""
    waits = min(one.waits, IMPATIENT * max(1, one.seconds))
    brief = one.came - min(waits, one.came)
    if brief < RETURNS or brief < RETURNS_A_SECOND * one.seconds:
        return False
    return one.held_s < MOMENT_S * brief and 4 * one.open < brief and 4 * one.joins < brief
