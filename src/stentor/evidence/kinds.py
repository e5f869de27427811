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
    """Is let in and takes nothing of what it is sent."""
    FLOCKING = 10
    """Comes again and again, each time for a moment and for one or two things, and neither waits nor listens: monitors
    and readers of feeds, of which there are few; or one of very many who do harm together (``load.FLOCK``)."""


HOSTILE: Final = (Kind.SILENT, Kind.RETURNING, Kind.HASTY, Kind.FLEETING, Kind.STUCK)
"""No audience has many of these; a few it has."""
SILENT_S = 3
"""Who means to ask has asked by then, on a bad line, too; browsers connect ahead, but ask on another connection."""
FEW_CONNECTIONS = 5
"""Below that nothing is a habit."""
PAGE_REQUESTS = 60
"""A page and four reloads of it."""
OPEN_REQUESTS, CONNECTION_REQUESTS = 12, 3
"""For each connection that was open at once with others: a page, its files, the first questions at the door. For each
at all: who holds it for a moment asks for one thing."""
HELD_REQUESTS, JOINED_REQUESTS = 1.0, 1.0
"""A second, for each connection held, and for each time let in, whichever is more: a page's pulse, door and comments
ask less than once. Behind a proxy several may share a connection."""
PART_REQUESTS = 3.0
"""For each part of HLS that it takes: low-latency HLS asks 2.1 times a second, and a second has one part."""
RETURNS = 8
MOMENT_S = 2
"""Browsers hold a connection for a minute; what asks once and closes is a crawler, a bare player, or a program."""
RETURNS_A_SECOND = 0.15
"""A monitor asks each ten seconds or less often."""
IMPATIENT = 20
"""Tries a second, of a source that is told to wait: eighty bare players behind one address."""
BARE = 0.8
"""The same where nobody behind it has a page: three bare players. Where there are more people some have a browser."""
FLOCKS = 3
"""Visits: previews come once or twice."""
STUCK_S = 8
"""Of a stream that took nothing for four before: a tunnel is over by then."""
LEFT_AT_ONCE = 4
MOST_LEFT = 0.7
"""Of those who are let in; of an impatient crowd one in three leaves at once."""


class Behaviour(Protocol):
    """What :class:`stentor.evidence.sources.Trace` has counted of one source since it is followed."""

    asked: int
    came: int
    choked: int
    choked_s: float
    held_s: float
    joined_s: float
    joins: int
    most_open: int
    mute_s: float
    open: int
    quits: int
    seconds: float
    sound: int
    stalls: int
    tries: int
    waits: int
    hearing: int


def kind(one: Behaviour) -> Kind:
    """A microsecond at most."""
    asked, came = one.asked, one.came
    if not came and one.tries >= RETURNS and one.tries > one.seconds:
        return Kind.RETURNING  # who gets no connection is told to come again in five seconds
    if (asked == 0 and one.mute_s >= SILENT_S) or (came >= FEW_CONNECTIONS and 2 * asked < came):
        return Kind.SILENT
    choked = one.choked if one.choked_s >= STUCK_S * one.choked else 0
    if 2 * (one.stalls + choked) >= max(one.joins, one.open, 1):  # what it did before counts also when it comes anew
        return Kind.STUCK
    if one.quits >= LEFT_AT_ONCE and one.quits > MOST_LEFT * one.joins:
        return Kind.FLEETING
    if asked > _allowed(one):
        return Kind.HASTY
    if came >= RETURNS and _returns(one):
        return Kind.RETURNING
    if one.joins or one.hearing:
        return Kind.LISTENING
    if one.waits:
        return Kind.WAITING
    if not asked:
        return Kind.NEW
    if one.open or one.held_s >= MOMENT_S * came:
        return Kind.PASSING
    return Kind.FLOCKING if came >= FLOCKS else Kind.VISITING


def _allowed(one: Behaviour) -> float:
    """Requests of as many people as may be behind it."""
    connections = OPEN_REQUESTS * one.most_open + CONNECTION_REQUESTS * one.came
    seconds = max(HELD_REQUESTS * one.held_s, JOINED_REQUESTS * one.joined_s)
    return PAGE_REQUESTS + connections + seconds + PART_REQUESTS * one.sound


def _returns(one: Behaviour) -> bool:
    """Whether so many connections stand for a program that opens each for a moment.

    A bare player that is told to wait comes again on a new one, which says nothing; unless it is very many."""
    pages = one.asked > one.waits + one.joins
    waits = min(one.waits, (IMPATIENT if pages else BARE) * max(1, one.seconds))
    brief = one.came - min(waits, one.came)
    if brief < RETURNS or brief < RETURNS_A_SECOND * one.seconds:
        return False
    return one.held_s < MOMENT_S * brief and 4 * one.open < brief and 4 * one.joins < brief
