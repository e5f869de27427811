"""How many players ask for playlists: by what each asks, so that asking often makes nobody into a crowd. Pure.

A player asks once for each part, or once for each segment, on whichever of its connections is free, and those may end
at several edges. So who asks counts by its *share*: of the parts that were made lately, for how many it has asked here.
Two connections of one player are a half each, wherever they are.

Who asks is a session where the request names one, else a connection. A source has no more sessions than it holds
connections, so that requests add nothing; all its connections that were closed after one reply are together one. A new
connection that asks when a player is due, of the same source and agent, which has not used its own one twice, is that
player's: VLC takes another one for each of its first reloads.
"""

from __future__ import annotations

from typing import Final, Protocol

from stentor.base import grid
from stentor.crowd.addresses import ALONE

PARTS_KEPT: Final = 8
"""Of low-latency players, which ask once for each."""
SEGMENTS_KEPT: Final = 4 * grid.PARTS_PER_SEGMENT
"""Of others, in parts."""
GAP_PARTS: Final = 6
"""Between two reloads of such a player at most: it may be half a target duration late."""
RELOAD_PARTS: Final = 4.08
"""Between two reloads of such a player: a segment, or a target duration."""
LISTENER_PARTS: Final = 63
"""A minute."""
MOST_SOURCES: Final = 256
"""Of one connection of a proxy; what it speaks for beyond them is not counted."""
MOST_SESSIONS: Final = 2000
"""Of a source that a proxy names: as many as one address may hold connections."""
SILENT_PARTS: Final = 3
"""Who has asked for all the parts before, here, and then for none of three has gone, and not to another edge."""
FEW, MANY, KEPT = ((1 << parts) - 1 for parts in (PARTS_KEPT, SEGMENTS_KEPT, 2 * SEGMENTS_KEPT))


class Caller(Protocol):
    """A connection, as far as it is counted."""

    client: str
    """Where its request is from; behind a proxy one connection may speak for many."""
    alone: str
    """Not empty: it is a proxy's."""


Key = tuple[str, "str | Caller | None"]
"""Source and session, connection, or (None) all connections that are closed."""


class Asker:
    """One that asks. Its time is parts since the doors opened."""

    __slots__ = (
        "amid", "asked", "first", "key", "last", "lines", "loyal", "name", "pace", "share", "since", "there", "told",
    )  # fmt: skip

    def __init__(self, key: Key, name: str, part: int, pace: int, *, amid: bool) -> None:
        self.key, self.name, self.amid = key, name, amid
        self.asked = 1
        """A bit for each part that it has asked in, the lowest for ``last``."""
        self.last = self.since = part
        self.pace = pace
        """Parts between two asks. Players that name a session know parts, if the next ask does not say otherwise."""
        self.first = part - SEGMENTS_KEPT if amid else part
        """Since when it is expected."""
        self.share = 0.0 if amid else 1.0
        self.lines = 1
        """Open connections that it has used."""
        self.there, self.loyal, self.told = True, False, False
        """Whether it counts; whether it has used one of them twice; whether it was told of as a listener."""

    def ask(self, part: int, pace: int) -> None:
        if pace != self.pace:
            self.pace = pace
            if not self.amid:
                self.first = part if pace == 1 else self.since
        if part > self.last:
            self.asked = (self.asked << (part - self.last) | 1) & KEPT
            self.last = part
        else:
            self.asked |= (1 << (self.last - part)) & KEPT

    def look(self, part: int) -> float:
        """Its share of the parts before ``part``, in which not all have asked yet."""
        asked, most = (self.asked << max(0, part - self.last)) >> 1, FEW if self.pace == 1 else MANY
        expected = min(most, (1 << max(0, part - self.first)) - 1)
        if not expected:
            self.share = 1.0
        elif self.pace == 1 and part - self.last > SILENT_PARTS and self.asked & FEW == FEW:
            self.share = 0.0
        elif self.pace == 1:
            self.share = (asked & expected).bit_count() / expected.bit_count()
        else:
            kept = asked | asked >> 1
            kept |= kept >> 2
            kept |= kept >> 3  # an ask is enough for GAP_PARTS after it
            asks = (asked & expected).bit_count()
            whole = expected & ~kept == 0
            self.share = 1.0 if whole else min(1.0, asks * RELOAD_PARTS / expected.bit_count())
        return self.share


class Players:
    """Who asks for the playlists of one space at one edge. An ask costs a microsecond at most."""

    def __init__(self) -> None:
        self._lines: dict[Caller, dict[Key, Asker]] = {}
        """By connection: for whom it asks."""
        self._open: dict[str, int] = {}
        """By source: how many connections it has."""
        self._sessions: dict[str, dict[str, Asker]] = {}
        """By source."""
        self._all: dict[Key, Asker] = {}
        self._also: dict[str, tuple[int, str]] = {}
        """By name: how many connections without a session, and what the first asked for."""
        self._newest: dict[str, Asker] = {}
        """By name: of those that are counted by their connection the one that began last."""
        self._part = -1
        self._count = 0.0
        self._listeners: list[str] = []
        self._veiled = -SEGMENTS_KEPT
        """When somebody asked last by a proxy's connection."""

    def ask(
        self,
        caller: Caller,
        session: str,
        agent: str,
        part: int,
        pace: int,
        amid: bool = False,
        rendition: str = "",
    ) -> None:
        """A request for the playlist of a rendition in ``part``, of a player that asks every ``pace`` parts.

        ``amid``: it has asked before, here or at another edge.
        """
        source, name = caller.client, ""
        if caller.alone:
            self._veiled = part
            if source.startswith(ALONE):
                source = ALONE
            else:
                name = f"{source}\n{agent}"
        lines = self._lines.get(caller)
        if lines is None:
            lines = self._lines[caller] = {}
        # a proxy's connections say nothing about those that it speaks for
        key: Key = source, session or name or caller
        asker = lines.get(key)
        if asker is not None and asker.there:
            asker.loyal = not caller.alone or key[1] is caller
            asker.ask(part, pace)
            return
        name = name or f"{source}\n{agent}"
        alike = self._also.get(name) if key[1] is caller else None
        before = self._newest.get(name) if alike else None
        goes_on = before is not None and not before.loyal and part - before.last >= pace > 1
        if alike is not None and alike[1] != rendition and not goes_on:
            return  # VLC follows all renditions at once
        if asker is None:
            if len(lines) >= MOST_SOURCES:
                return
            if not any(known == source for known, _ in lines):
                self._open[source] = self._open.get(source, 0) + 1
        asker = (before if goes_on else self._all.get(key)) or self._closed(key)
        if asker is None:
            began = Asker(key, name, part, 1 if session else pace, amid=amid)
            self._begins(began, caller, rendition)
            lines[key] = began
            return
        asker.lines += 1
        asker.ask(part, pace)
        lines[key] = asker

    @property
    def hidden(self) -> bool:
        """Whether somebody asks through a proxy, which may be a cache and answer others in its place."""
        return self._part - self._veiled <= GAP_PARTS

    def gone(self, caller: Caller) -> None:
        """The connection is closed."""
        sources = set()
        for key, asker in self._lines.pop(caller, {}).items():
            sources.add(key[0])
            asker.lines -= 1
            if asker.lines or not asker.there:
                continue
            if asker.loyal:
                self._drop(asker)
            elif key[1] is caller:
                self._fold(asker)
        for source in sources:
            self._open[source] -= 1
            if not self._open[source]:
                del self._open[source]

    def count(self, part: int) -> float:
        """Players in ``part``: a sum of shares. Once a part it looks at everybody, a third of a microsecond each."""
        if part != self._part:
            self._part = part
            self._count = 0.0
            for asker in list(self._all.values()):
                self._count += asker.look(part)
                silent = part - asker.last
                if silent > (PARTS_KEPT if asker.lines else GAP_PARTS) and not (asker.lines and asker.share):
                    self._drop(asker)
                elif asker.last - asker.since >= LISTENER_PARTS:
                    self._tell(asker)
        return max(0.0, self._count)

    def listeners(self) -> list[str]:
        """Source and agent of those who have listened for a minute, since this was asked last."""
        found, self._listeners = self._listeners, []
        return found

    def _tell(self, asker: Asker) -> None:
        if not asker.told:
            asker.told = True
            self._listeners.append(asker.name)

    def _closed(self, key: Key) -> Asker | None:
        """What is known of the closed connections of the source: this is their player again."""
        if isinstance(key[1], str) or (found := self._all.pop((key[0], None), None)) is None:
            return None
        found.key = key
        self._all[key] = found
        self._alike(found, 1)
        return found

    def _begins(self, asker: Asker, caller: Caller, rendition: str) -> None:
        """Another one that asks. A source's oldest session has to go where it has no connection for it."""
        source, who = asker.key
        if isinstance(who, str):
            most = MOST_SESSIONS if caller.alone and source != ALONE else self._open[source]
            of = self._sessions.get(source, {})
            while len(of) >= most:
                self._drop(min(of.values(), key=lambda one: one.last))
            self._sessions.setdefault(source, {})[who] = asker
        else:
            self._alike(asker, 1, rendition)
        self._all[asker.key] = asker
        self._count += asker.share

    def _drop(self, asker: Asker) -> None:
        if asker.last - asker.since >= LISTENER_PARTS:
            self._tell(asker)
        source, who = asker.key
        asker.there = False
        self._count -= asker.share
        del self._all[asker.key]
        if isinstance(who, str):
            del self._sessions[source][who]
            if not self._sessions[source]:
                del self._sessions[source]
        elif who is not None:
            self._alike(asker, -1)

    def _alike(self, asker: Asker, more: int, rendition: str = "") -> None:
        """A connection without a session comes or goes."""
        if more > 0:
            self._newest[asker.name] = asker
        elif self._newest.get(asker.name) is asker:
            del self._newest[asker.name]
        before, rendition = self._also.get(asker.name, (0, rendition))
        self._also[asker.name] = before + more, rendition
        if before + more == 0:
            del self._also[asker.name]

    def _fold(self, asker: Asker) -> None:
        """A connection that was closed after one reply is one with all such of its source."""
        del self._all[asker.key]
        self._alike(asker, -1)
        key = asker.key[0], None
        before = self._all.get(key)
        if before is None:
            asker.key = key
            self._all[key] = asker
            return
        self._count -= asker.share
        asker.there = False
        before.ask(asker.last, asker.pace)
