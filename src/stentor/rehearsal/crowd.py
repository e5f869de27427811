"""Thousands of listeners in one process: each follows his script, over real lines, and is measured.

One thread and one epoll; a listener costs a socket and a small object, sound is counted and thrown away. It runs as
``python -m stentor.rehearsal.crowd``: a :class:`CrowdOrder` as JSON on standard input, each second a line with a
:class:`CrowdTally` on standard output.
"""

from __future__ import annotations

import gc
import random
import resource
import sys
import time
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base.errors import Malformed
from stentor.rehearsal.agenda import Agenda
from stentor.rehearsal.behaviour import RETRY_S, Get, GotSound, HttpAnswer, Leave, Rest, Script, StartStream, listen
from stentor.rehearsal.lines import Lines
from stentor.rehearsal.order import CrowdOrder, CrowdTally, Format, Moment
from stentor.rehearsal.visitor import Visitor, draw

SOUND_BYTES: Final = 1000
"""Of a stream: more than any header of a container, so the listener hears something."""
PLAYED_S: Final = 3.0
"""Whoever played for less has no pauses worth counting."""
REJOIN_S: Final = (0.5, 3.0)
"""After a cut, at random: as the listener's page does."""
MOST_TRIES: Final = 20
PATIENCE_S: Final = 2.0
LEAVING_A_SECOND: Final = 0.058
"""Nobody leaves before two seconds without sound; then this share in each second (Krishnan and Sitaraman, 2012)."""
RELOADING: Final = 0.6
RELOAD_S: Final = (1.0, 5.0)
"""Of those who leave for want of sound, how many load the page once more, and when. Assumed."""
SILENCE_S: Final = 5.0
"""So long without a byte of a stream, and the page loads it again."""
LOOK_S: Final = 1.0
OPENINGS: Final = 200
"""New lines between two looks at those that are open: 20 ms of work."""
ALL_STREAMS: Final = (Format.AAC, Format.OPUS, Format.MP4)


class ListenerCrowd:
    """The listeners of one process."""

    def __init__(self, order: CrowdOrder) -> None:
        self.tally = CrowdTally()
        self._order = order
        self._chance = random.Random(order.seed)
        self._lines = Lines(order, self)
        self._agenda = Agenda()
        self._all: list[Visitor] = []
        port = "" if order.port == (443 if order.secure else 80) else f":{order.port}"
        self._head = f" HTTP/1.1\r\nHost: {order.host}{port}\r\nUser-Agent: stentor-rehearse\r\n\r\n".encode()
        self._begin = 0.0

    def run(self, told: Callable[[CrowdTally], None]) -> None:
        """Until the time is over; calls ``told`` once a second and at the end."""
        order = self._order
        self._begin = begin = time.monotonic() + order.at - time.time()
        for visit in order.visits:
            visitor = draw(order, begin + visit.at_s, visit.stays_s, self._chance)
            self._agenda.plan(visitor.due, self._come, visitor)
        end, tell_at = begin + order.for_s, begin
        storm_at = begin + order.storm.at_s if order.storm else end + 1
        while (now := time.monotonic()) < end:
            self._act(now)
            if now >= storm_at:
                storm_at = end + 1
                self._storm(now)
            self._lines.poll(max(0.0, min(self._agenda.next_at(end), tell_at, storm_at, end) - time.monotonic()))
            if now >= tell_at:
                self._look(now)
                told(self.tally)
                tell_at = now + LOOK_S
        told(self._final())

    def _act(self, now: float) -> None:
        """What is due, but not so much at once that those who are there must wait."""
        for act, visitor in self._agenda.due(now, OPENINGS):
            try:
                act(visitor, now)
            except (OSError, Malformed):
                self.broken(visitor, now)

    def _look(self, now: float) -> None:
        tally = self.tally
        tally.moments.append(
            Moment(
                round(now - self._begin, 2), tally.come, tally.playing, tally.waiting, tally.heard, tally.refused,
                tally.cut, tally.stalls, tally.received,
            )
        )  # fmt: skip

    def _final(self) -> CrowdTally:
        tally = self.tally
        self._look(time.monotonic())
        played = [each for each in self._all if each.heard_at - each.first_at >= PLAYED_S]
        tally.pause_s = [each.pause_s for each in played if each.way in ALL_STREAMS and not each.slow]
        unheard = [each for each in self._all if not each.first_at]
        tally.left_waiting = sum(each.waited for each in unheard)
        tally.unheard = sum(
            not each.waited and not each.slow and each.leaves - each.due >= PATIENCE_S for each in unheard
        )
        tally.stalled = sum(each.stalls > 0 for each in self._all if not each.slow)
        tally.slow_stalled = sum(each.stalls > 0 for each in self._all if each.slow)
        tally.last = True
        return tally

    # What a listener does.

    def _come(self, visitor: Visitor, now: float) -> None:
        """For the first time."""
        self.tally.come += 1
        self.tally.late_s.append(now - visitor.due)
        self._all.append(visitor)
        self._agenda.plan(visitor.leaves, self._leave, visitor, whatever=True)
        self._load(visitor, now, page=True)

    def _load(self, visitor: Visitor, now: float, *, page: bool) -> None:
        """A new page, or the same one's new attempt: the script from its beginning."""
        self._hang_up(visitor)
        visitor.dry_at = 0.0
        visitor.script = self._script(visitor, page=page)
        if not visitor.first_at and not visitor.reloaded:
            patience_s = PATIENCE_S + self._chance.expovariate(LEAVING_A_SECOND)
            self._agenda.plan(now + patience_s, self._lose_patience, visitor)
        self._go_on(visitor, None, now)

    def _script(self, visitor: Visitor, *, page: bool) -> Script:
        return listen(self._order.space, visitor.way, self._chance, page=page, straight=self._order.mix.straight)

    def _load_page(self, visitor: Visitor, now: float) -> None:
        self._load(visitor, now, page=True)

    def _come_back(self, visitor: Visitor, now: float) -> None:
        self._load(visitor, now, page=False)

    def _leave(self, visitor: Visitor, now: float) -> None:
        """For good: the script is thrown away."""
        self._hang_up(visitor)
        self._waits(visitor, told=False)
        visitor.script = None
        visitor.leaves = now

    def _lose_patience(self, visitor: Visitor, now: float) -> None:
        """Nothing was heard, and nobody said why."""
        if visitor.first_at or visitor.waiting or now >= visitor.leaves:
            return
        visitor.reloaded = True
        if self._chance.random() < RELOADING:
            self._hang_up(visitor)
            self.tally.reloads += 1
            self._agenda.plan(now + self._chance.uniform(*RELOAD_S), self._load_page, visitor)
        else:
            self.tally.impatient += 1
            self._leave(visitor, now)

    def _look_after(self, visitor: Visitor, now: float) -> None:
        """Loads a stream again that has been silent for long."""
        if not visitor.playing:
            return
        silent_s = now - visitor.heard_at
        if silent_s >= SILENCE_S and not visitor.slow:
            self.tally.reloads += 1
            visitor.cut_at = now
            self._come_back(visitor, now)
        else:
            self._agenda.plan(now + max(0.1, SILENCE_S - silent_s), self._look_after, visitor)

    def _go_on(self, visitor: Visitor, answer: HttpAnswer | None, now: float) -> None:
        """Runs the script until it waits for something. Raises :class:`Malformed`."""
        while visitor.script is not None:
            want = visitor.script.send(answer)  # type: ignore[arg-type]  # None where nobody looks
            answer = None
            match want:
                case GotSound(seconds):
                    self.tally.stalls += visitor.sound(seconds, now) and not visitor.slow
                    self._hears(visitor, now)
                case Rest(seconds):
                    self._agenda.plan(now + seconds, self._rested, visitor)
                    return
                case Leave(seconds, told):
                    self._turned_away(visitor, now, seconds, told=told)
                    return
                case Get() | StartStream():
                    visitor.want = want
                    self._ask(visitor, now)
                    return

    def _rested(self, visitor: Visitor, now: float) -> None:
        self._go_on(visitor, None, now)

    def _ask(self, visitor: Visitor, now: float) -> None:
        """Sends what he wants, over the line that he has or, when it stands, a new one."""
        if visitor.line is None:
            try:
                self._lines.open(visitor)
            except OSError:
                self.broken(visitor, now)
        elif isinstance(visitor.want, Get | StartStream):
            visitor.line.send(b"GET " + visitor.want.target.encode() + self._head)

    def _hang_up(self, visitor: Visitor) -> None:
        visitor.turn += 1
        if visitor.playing:
            self.tally.playing -= 1
        visitor.playing = visitor.streaming = False
        visitor.buffer = b""
        self._lines.close(visitor)

    def _waits(self, visitor: Visitor, *, told: bool) -> None:
        if told and not visitor.waited:
            visitor.waited = True
            self.tally.waited += 1
        self.tally.waiting += told - visitor.waiting
        visitor.waiting = told

    def _turned_away(self, visitor: Visitor, now: float, wait_s: float, *, told: bool) -> None:
        """Not now: comes again in the same script, but without being told to not for ever."""
        self._hang_up(visitor)
        self._waits(visitor, told=told)
        if not told:
            self.tally.refused += 1
            visitor.tries += 1
        if visitor.tries >= MOST_TRIES:
            self.tally.given_up += 1
            self._leave(visitor, now)
        else:
            self._agenda.plan(now + wait_s, self._rested, visitor)

    def _storm(self, now: float) -> None:
        """A share of those who hear something lose their line at once."""
        share = self._order.storm.share if self._order.storm else 0.0
        for visitor in [each for each in self._lines if each.playing and self._chance.random() < share]:
            self.tally.stormed += 1
            self.tally.cut -= not visitor.slow  # it is counted as a storm's, not as the server's
            self.broken(visitor, now)

    # What the lines say (:class:`stentor.rehearsal.lines.Ends`).

    def stands(self, visitor: Visitor, now: float) -> None:
        """Asks for what he wants."""
        self._ask(visitor, now)

    def came(self, visitor: Visitor, data: memoryview, now: float) -> None:
        """A reply, or a piece of one."""
        self.tally.received += len(data)
        answer = visitor.answer(bytes(data))
        if answer is None:
            return
        if isinstance(visitor.want, StartStream) and answer.status == 200:
            visitor.streaming = True
            visitor.tries = 0
            self._begins(visitor, len(answer.body), now)
        else:
            self._go_on(visitor, answer, now)

    def more(self, visitor: Visitor, size: int, now: float) -> None:
        """Only the clocks move."""
        self.tally.received += size
        if not visitor.playing:
            self._begins(visitor, size, now)
        elif visitor.more(now) and not visitor.slow:
            self.tally.stalls += 1

    def paused(self, visitor: Visitor, size: int, now: float) -> None:
        """As long as a line of that rate takes for it."""
        self._agenda.plan(now + size * 8 / self._order.mix.slow_bps, self._read_on, visitor)

    def broken(self, visitor: Visitor, now: float) -> None:
        """Whoever was playing comes back soon; whoever was not is refused, and begins again."""
        if visitor.playing:
            self.tally.cut += not visitor.slow  # an edge closes what takes nothing for long
            self._hang_up(visitor)
            visitor.cut_at = now
            self._agenda.plan(now + self._chance.uniform(*REJOIN_S), self._come_back, visitor)
            return
        self._turned_away(visitor, now, self._chance.uniform(*RETRY_S), told=False)
        if visitor.script is not None:
            visitor.script = self._script(visitor, page=not visitor.first_at)

    def _read_on(self, visitor: Visitor, now: float) -> None:
        self._lines.read_on(visitor)

    def _begins(self, visitor: Visitor, size: int, now: float) -> None:
        """The first bytes of a stream; from then on only their times matter."""
        if size >= SOUND_BYTES or visitor.slow:
            visitor.heard_at = now
            self._hears(visitor, now)

    def _hears(self, visitor: Visitor, now: float) -> None:
        if visitor.playing:
            return
        visitor.playing, visitor.tries = True, 0
        tally = self.tally
        tally.playing += 1
        self._waits(visitor, told=False)
        if visitor.cut_at:
            tally.again_s.append(now - visitor.cut_at)
            visitor.cut_at = 0.0
        if not visitor.first_at:
            tally.heard += 1
            tally.slow += visitor.slow
            tally.ways[visitor.way] = tally.ways.get(visitor.way, 0) + 1
            visitor.first_at = now
            if not visitor.slow:
                tally.first.append((round(now - self._begin, 3), now - visitor.due))
        self._agenda.plan(now + SILENCE_S, self._look_after, visitor)


def main() -> None:
    """The process. It lives for minutes and makes no cycles: looking for some would stop all listeners at once."""
    gc.disable()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=CrowdOrder)
    encoder = msgspec.json.Encoder()

    def tell(tally: CrowdTally) -> None:
        short = msgspec.structs.replace(tally, first=[], again_s=[], late_s=[], moments=[])
        sys.stdout.buffer.write(encoder.encode(tally if tally.last else short) + b"\n")
        sys.stdout.buffer.flush()

    ListenerCrowd(order).run(tell)


if __name__ == "__main__":
    main()
