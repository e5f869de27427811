"""One listener of a crowd, as the crowd keeps him: his script, his line, and what he has heard so far. No I/O."""

from __future__ import annotations

import random
import re
from typing import Final

from stentor.rehearsal.behaviour import HttpAnswer, Script, StartStream, Want
from stentor.rehearsal.line import PlayerSocket
from stentor.rehearsal.order import CrowdOrder, Format

MOST_HEAD_BYTES: Final = 1 << 14
BUFFER_S: Final = 3.2
"""Sound that a player of a progressive stream holds: what an edge gives at once. A longer pause is a stall."""
_LENGTH: Final = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_RETRY: Final = re.compile(rb"\r\nRetry-After: *(\d+)", re.IGNORECASE)


class Visitor:
    """``due`` is when he means to come and ``leaves`` when he goes, in monotonic seconds."""

    __slots__ = (
        "buffer",
        "cut_at",
        "dry_at",
        "due",
        "first_at",
        "heard_at",
        "leaves",
        "line",
        "pause_s",
        "playing",
        "reloaded",
        "script",
        "slow",
        "source",
        "stalls",
        "streaming",
        "tries",
        "turn",
        "waited",
        "waiting",
        "want",
        "way",
    )

    def __init__(self, way: Format, due: float, leaves: float, *, slow: bool, source: str) -> None:
        self.way, self.due, self.leaves, self.slow, self.source = way, due, leaves, slow, source
        self.script: Script | None = None
        self.want: Want | None = None
        """What he is waiting for, or will ask for when his line stands."""
        self.line: PlayerSocket | None = None
        self.buffer = b""
        self.turn = 0
        """Counts his lines: what was planned for an earlier one is not done."""
        self.playing = self.streaming = False
        """Hears something; hears it from a stream without end."""
        self.waiting = self.waited = False
        self.reloaded = False
        self.first_at = self.heard_at = self.cut_at = self.dry_at = 0.0
        self.pause_s = 0.0
        self.stalls = 0
        self.tries = 0

    def sound(self, seconds: float, now: float) -> bool:
        """``seconds`` more of HLS came; whether his player had run dry before."""
        dry = 0 < self.dry_at < now
        self.dry_at = max(self.dry_at, now) + seconds
        self.heard_at = now
        self.stalls += dry
        return dry

    def more(self, now: float) -> bool:
        """More of a stream came; whether his player had run dry before."""
        pause_s = now - self.heard_at
        self.heard_at = now
        if pause_s <= self.pause_s:
            return False
        self.pause_s = pause_s
        dry = pause_s > BUFFER_S
        self.stalls += dry
        return dry

    def answer(self, data: bytes) -> HttpAnswer | None:
        """Takes what came; the answer when it is complete. Raises ``ConnectionResetError`` for what is no reply.

        Of a stream without end the answer is what came of it after the head, a 200.
        """
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(self.buffer) > MOST_HEAD_BYTES:
                raise ConnectionResetError
            return None
        status = int(head[9:12]) if head[9:12].isdigit() else 0
        if not (isinstance(self.want, StartStream) and status == 200):
            length = _LENGTH.search(head)
            if length is None:
                raise ConnectionResetError
            if len(body) < int(length[1]):
                return None
        self.buffer = b""
        retry = _RETRY.search(head)
        return HttpAnswer(status, float(retry[1]) if retry else None, body)


def draw(order: CrowdOrder, due: float, stays_s: float, chance: random.Random) -> Visitor:
    """Who comes at ``due``, drawn from the order's mix."""
    mix, network = order.mix, order.network
    [way] = chance.choices(list(mix.ways), list(mix.ways.values()))
    source = ""
    if network is not None:
        # .0.1 is the carrier's; the others are spread over the rest of the network.
        own = f"127.{network}.{chance.randrange(1, 255)}.{chance.randrange(1, 255)}"
        source = f"127.{network}.0.1" if chance.random() < mix.shared else own
    return Visitor(way, due, due + stays_s, slow=chance.random() < mix.slow, source=source)
