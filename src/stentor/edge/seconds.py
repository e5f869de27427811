"""Makes an edge's rows of evidence: once a second the difference of what is counted anyway."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from stentor.base.clock import Clock, Slewed, unix_ms
from stentor.crowd.addresses import ALONE
from stentor.edge.channel import Channel
from stentor.edge.fanout import SoundSent
from stentor.edge.kernel import KernelCounters
from stentor.edge.site import Site
from stentor.edge.worker import Worker
from stentor.evidence.plays import NewPlays
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond
from stentor.evidence.sources import CONNECTION_US, TLS_US, costliest, named

LISTENER_S = 60.0
"""Who listens so long in one go is a listener."""
SOON_S = 0.1
"""A row that is due so soon has been told a little early."""
PREFIXES_S = 10
"""Networks are told of once in so many rows."""
MOST_LATE_S = 10.0
PLAYED_S = 20.0
"""After the end: players of HLS are three segments behind, 12 s, and fetch sooner than they play."""
_TCP_INFO_BYTES = 32
_QUEUE_AT = 24
"""Of a listening socket ``tcpi_unacked`` is how many wait to be accepted, ``tcpi_sacked`` how many may (tcp(7))."""


class _Players:
    """How many play by HLS, on the average of time: between two looks as many as in the middle between both."""

    def __init__(self) -> None:
        self._at_s = time.monotonic()
        self._count = self._played_s = 0.0

    def look(self, count: float) -> None:
        now_s = time.monotonic()
        self._played_s += (self._count + count) / 2 * (now_s - self._at_s)
        self._count, self._at_s = count, now_s

    def taken(self) -> float:
        """Seconds played by all of them since this was asked last."""
        played_s, self._played_s = self._played_s, 0.0
        return played_s


class _Before:
    """What a space's counters said a second ago."""

    def __init__(self) -> None:
        self.heard = SoundSent()
        self.players = _Players()
        self.at_s = time.monotonic()
        self.listened_s = 0.0
        self.parts = self.turned_away = self.unnamed = self.stayed_unnamed = self.entered = 0
        self.ways: dict[str, int] = {}
        self.last = False
        """Whether it was said that nobody hears it any more."""


class Seconds:
    """``look`` ten times a second, ``row`` once; with a ``steady`` clock their times make up for steps of the wall
    clock little by little.
    """

    def __init__(
        self,
        worker: Worker,
        site: Site,
        edge: str,
        kernel: KernelCounters | None = None,
        *,
        steady: Clock | None = None,
    ) -> None:
        self.sockets: Sequence[socket.socket] = ()
        """Those that this process listens on."""
        self._worker, self._channels, self._played, self._edge = worker, site.channels, site.played, edge
        self._gate = site.gate
        self._before: dict[str, float] = {}
        self._spaces: dict[str, _Before] = {}
        self._queue = self._queue_limit = -1
        self._told_s = 0.0
        self._slewed, self._steady = Slewed(), steady or worker.clock
        self._kernel = kernel
        self._told = 0

    def close(self) -> None:
        """Another edge may read what the kernel counts."""
        if self._kernel is not None:
            self._kernel.close()

    def left_s(self) -> float:
        """Until the next row is due: all edges look at the same moment, at the end of a second, so that who goes from
        one to another meanwhile is at one of them."""
        left_s = 1.0 - self._now_s() % 1.0
        return left_s if left_s > SOON_S else 1.0 + left_s

    def _now_s(self) -> float:
        return self._slewed.now(self._worker.clock(), self._steady())

    def look(self) -> None:
        """How many wait to be accepted, and how many play by HLS."""
        for space, before in self._spaces.items():
            if (channel := self._channels.get(space)) is not None:
                before.players.look(channel.players)
        for one in self.sockets:
            with suppress(OSError):
                told = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
                queue, limit = struct.unpack_from("II", told, _QUEUE_AT)
                if queue > self._queue:
                    self._queue, self._queue_limit = queue, limit

    def row(self) -> EdgeSecond | None:
        """What came since it was asked last; None when nothing is on the air or played here."""
        worker, counters = self._worker, self._worker.counters
        self._told += 1
        now = self._now_s()
        span_s = self._passed_s(now)
        self._grow_old()
        open_now = [(space, channel) for space, channel in self._channels.items() if channel.window]
        spaces = {space: told for space, channel in open_now if (told := self._space(space, channel)) is not None}
        self._spaces = {space: self._spaces[space] for space, _ in open_now}
        spaces |= self._with_plays(spaces)
        shaken = worker.handshakes
        found = EdgeSecond(
            self._edge,
            unix_ms(now),
            worker.open,
            self._new("accepted", worker.accepted),
            self._new("requests", worker.requests),
            self._new("full", worker.refused),
            self._new("crowded", worker.addresses.refused_connections),
            self._new("hasty", worker.addresses.refused_requests),
            self._new("malformed", worker.malformed),
            self._new("failed", worker.failed),
            self._added("timed_out", worker.overdue),
            [self._new(f"replies/{digit}", worker.replies[digit]) for digit in range(1, 6)],
            (
                self._new("tls/begun", shaken.begun),
                self._new("tls/done", shaken.done),
                self._new("tls/failed", shaken.failed),
            ),
            self._added("turned_away", worker.turned_away),
            self._new("sent_bytes", counters.bytes_sent + worker.replied_bytes),
            self._new("cpu_ms", time.process_time() * 1000),
            round(worker.meter.load.lag * 1000),
            self._queue,
            self._queue_limit,
            spaces,
            self._costliest(),
            worker.sample.halvings,
            worker.sample.taken(span_s),
            worker.sample.kinds,
            EdgeRoom(worker.places, worker.capacity, round(worker.meter.line_bps), round(1000 * worker.processors)),
            self._kernel.second() if self._kernel else None,
            worker.sample.prefixes() if self._told % PREFIXES_S == 0 else [],
            round(1000 * span_s),
        )
        self._queue = self._queue_limit = -1
        return found if spaces else None

    def _passed_s(self, now: float) -> float:
        """Since the last row: an edge that is busy comes late to it, and loses nothing. 1 where a clock was set."""
        passed_s, self._told_s = now - self._told_s, now
        return passed_s if 0 < passed_s < MOST_LATE_S else 1.0

    def _with_plays(self, spaces: Mapping[str, SpaceSecond]) -> dict[str, SpaceSecond]:
        """Those whose recordings were played, with what is said of them besides."""
        plays, hidden = self._played.taken()
        found = {}
        for space in {*plays, *hidden}:
            new = plays.get(space, NewPlays(0, 0, b"", 0))
            found[space] = msgspec.structs.replace(
                spaces.get(space, SpaceSecond()),
                plays=new.plays,
                robots=new.robots,
                players=new.keys,
                players_halvings=new.halvings,
                plays_hidden=space in hidden,
            )
        return found

    def _new(self, name: str, so_far: float) -> int:
        """What was added since the last row."""
        before, self._before[name] = self._before.get(name, 0.0), so_far
        return round(so_far - before)

    def _grow_old(self) -> None:
        """Whose stream was let in a minute ago and is still heard is a listener."""
        young, before = self._worker.young, self._worker.now - LISTENER_S
        while young and (first := next(iter(young.items())))[1].since <= before:
            connection, one = first
            del young[connection]
            channel = self._channels.get(one.space)
            if channel is None or connection.group is None:
                continue
            if one.client is None:
                channel.stayed_unnamed += 1
            else:
                channel.stayed.add(one.client)

    def _added(self, name: str, so_far: Mapping[str, int]) -> dict[str, int]:
        """The same by kind; without those that are zero."""
        return {kind: new for kind, times in so_far.items() if (new := self._new(f"{name}/{kind}", times))}

    def _costliest(self) -> list[tuple[int, int, int]]:
        connection_us = CONNECTION_US if self._worker.tls is None else TLS_US
        found = costliest(*self._worker.addresses.past(), connection_us=connection_us)
        hashed = self._worker.sample.hashed
        return [(0 if source == ALONE else named(hashed(source)), asked, came) for source, asked, came in found]

    def _space(self, space: str, channel: Channel) -> SpaceSecond | None:
        """None once it is over and all has been said of it."""
        before, heard = self._spaces.setdefault(space, _Before()), channel.heard
        hls, counts = channel.hls, channel.counts()
        parts = hls.parts_sent if hls else 0
        last = self._over(channel)
        if last and before.last and parts <= before.parts:
            return None
        before.last = last
        for name in hls.players.listeners() if hls else ():
            self._gate.stayed(channel, name)
        mean, asking_mean = self._means(before, channel)
        found = SpaceSecond(
            sum(counts.values()) - counts["hls"],
            counts["hls"],
            len(channel.outside(self._worker.now)),
            heard.joins - before.heard.joins,
            heard.chunks - before.heard.chunks,
            heard.skipped - before.heard.skipped,
            max(0, parts - before.parts),  # a window that was made anew counts from nothing
            channel.turned_away - before.turned_away,
            channel.clients.grown(),
            channel.unnamed - before.unnamed,
            channel.first_sound.taken(),
            channel.stayed.grown(),
            channel.stayed_unnamed - before.stayed_unnamed,
            channel.players > 0 and hls is not None and hls.players.hidden,
            *channel.told.taken(),
            shares=round(channel.players, 3),
            last=last,
            mean=mean,
            asking_mean=asking_mean,
            entered=channel.entered - before.entered,
            ways={way: new for way, count in channel.ways.items() if (new := count - before.ways.get(way, 0))},
        )
        before.ways = dict(channel.ways)
        before.heard.joins, before.heard.chunks, before.heard.skipped = heard.joins, heard.chunks, heard.skipped
        before.stayed_unnamed = channel.stayed_unnamed
        before.parts, before.turned_away, before.unnamed = parts, channel.turned_away, channel.unnamed
        before.entered = channel.entered
        return found

    def _means(self, before: _Before, channel: Channel) -> tuple[float, float]:
        """How many heard it on the average since the last row, by streams and by HLS; -1 when there was none."""
        now_s, since_s = time.monotonic(), before.at_s
        before_s, listened_s = before.listened_s, channel.heard.listened(now_s)
        before.at_s, before.listened_s = now_s, listened_s
        before.players.look(channel.players)
        played_s, passed_s = before.players.taken(), now_s - since_s
        if passed_s <= SOON_S:
            return -1.0, -1.0
        return round((listened_s - before_s) / passed_s, 2), round(played_s / passed_s, 2)

    def _over(self, channel: Channel) -> bool:
        """Whether nobody hears it any more: streams end with the last chunk, players have fetched all soon after."""
        ended_ms = channel.space.ended_ms
        if channel.window is None or not channel.window.finished or ended_ms is None:
            return False
        return self._worker.clock() > ended_ms / 1000 + PLAYED_S
