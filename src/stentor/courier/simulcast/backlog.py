"""What one destination of a simulcast has not got yet, and when it gets it. Pure: times are monotonic, in seconds.

Sound waits until the other side has confirmed it, also while there is no connection: it is put off, and only what is
older than :data:`KEPT_MS` is lost. Pictures give way as soon as a line is slow. What a destination missed it gets a
little faster than it is heard, or as fast as that (decision 0034).
"""

from __future__ import annotations

from collections import deque
from typing import Final

from stentor.courier.simulcast.line import Sent

LATE_S: Final = 2.0
"""A line that is so far behind its plan is slow: it gets no more pictures until it has caught up."""
KEPT_MS: Final = 600_000
"""So much sound waits for a destination: 7 MB, once for all of them, since they wait for the same."""
GAP_MS: Final = 10_000
"""So much of the oldest is left out at once where more would wait: one gap every few minutes, not a chopped voice."""
WHOLE_MS: Final = 60_000
"""While no more waits, all pictures do, too; beyond that those that stand alone."""
KEPT_PICTURES_BYTES: Final = 16 * 1024 * 1024
"""Of pictures that wait; if they take more, all of them give way."""


class DestinationQueue:
    """Of one destination, for as long as it is wanted."""

    def __init__(self) -> None:
        self._queue: deque[Sent] = deque()
        self._under_way: deque[tuple[Sent, int]] = deque()
        """What a line was given that nobody has confirmed, with its size; ``-1`` of what it has not taken whole."""
        self._speed = 1.0
        self._plan: tuple[float, int] | None = None
        """When what was heard at a time (in ms) was to go; what comes after it keeps the distance."""
        self._newest = 0.0, 0
        """What came last: when, and its time."""
        self._open = self._slow = False
        self._no_pictures = True
        """Until one comes that stands alone."""
        self._left_out = False
        """That is so since the line is slow, or was gone for long."""
        self._picture_bytes = 0
        self.dropped = 0
        """Pictures that were left out."""
        self.lost_ms = 0
        """Sound that was."""

    @property
    def empty(self) -> bool:
        """The other side has confirmed all there was."""
        return not self._queue and not self._under_way

    @property
    def behind_ms(self) -> int:
        """By how much what is to go next is older than what came last."""
        head = self._head
        return max(0, self._newest[1] - head.at_ms) if head is not None else 0

    def put(self, sent: Sent, now_s: float, *, late: bool = False) -> None:
        """Takes what is heard or seen; ``late``: the line says itself that it can take no pictures."""
        self._newest = now_s, sent.at_ms
        head = self._head
        if late or (self._open and head is not None and self._late_s(head, now_s) > LATE_S):
            self._give_way()
            self._slow = not late
        elif self._slow and self.behind_ms <= LATE_S * 1000:
            self._slow = False
        if sent.picture is None:
            self._queue.append(sent)
            if sent.at_ms - self._queue[0].at_ms > KEPT_MS:
                self._lose()
        elif self._wanted(sent, late=late):
            self._no_pictures = self._left_out = False
            self._picture_bytes += len(sent.picture.data)
            self._queue.append(sent)
            if self._picture_bytes > KEPT_PICTURES_BYTES:
                self._give_way()

    def begin(self, now_s: float, speed: float) -> None:
        """There is a (new) connection, which may be sent to ``speed`` times as fast as one hears: it gets what was not
        confirmed once more."""
        self._queue.extendleft(sent for sent, _ in reversed(self._under_way))
        self._under_way.clear()
        self._picture_bytes = sum(_size(each) for each in self._queue)
        self._strip()
        self._no_pictures = self._no_pictures or not self._picture_bytes
        self._open, self._slow, self._speed = True, False, speed
        self._plan = (now_s, self._queue[0].at_ms) if self._queue else None

    def end(self) -> None:
        """There is no connection any more."""
        self._open = False

    def wait_s(self, now_s: float) -> float | None:
        """How long the next waits; None where there is none."""
        return max(0.0, self._due_s(self._queue[0]) - now_s) if self._queue else None

    def take(self) -> Sent:
        """The next, which is on its way from now on."""
        sent = self._queue.popleft()
        self._picture_bytes -= _size(sent)
        self._under_way.append((sent, -1))
        return sent

    def sent(self, size: int, now_s: float) -> None:
        """The line has taken what was taken last: ``size`` bytes."""
        sent, _ = self._under_way.pop()
        self._under_way.append((sent, size))
        if self._late_s(sent, now_s) > LATE_S:
            self._plan = now_s, sent.at_ms

    def confirmed(self, waiting: int) -> None:
        """The other side has confirmed all that the line has taken but the last ``waiting`` bytes."""
        size = sum(max(0, each) for _, each in self._under_way)
        while self._under_way and self._under_way[0][1] >= 0 and size - self._under_way[0][1] >= waiting:
            size -= self._under_way.popleft()[1]

    @property
    def _head(self) -> Sent | None:
        """What is being sent, or would be next."""
        if self._under_way and self._under_way[-1][1] < 0:
            return self._under_way[-1][0]
        return self._queue[0] if self._queue else None

    def _due_s(self, sent: Sent) -> float:
        if self._plan is None:
            return 0.0
        at_s, at_ms = self._plan
        return at_s + (sent.at_ms - at_ms) / 1000 / self._speed

    def _late_s(self, sent: Sent, now_s: float) -> float:
        came_s, at_ms = self._newest
        return now_s - max(self._due_s(sent), came_s - (at_ms - sent.at_ms) / 1000)

    def _wanted(self, sent: Sent, *, late: bool) -> bool:
        assert sent.picture is not None
        if self._slow or late or (not sent.picture.key and self.behind_ms > WHOLE_MS):
            self._no_pictures = self._left_out = True
        elif sent.picture.key or not self._no_pictures:
            return True
        self.dropped += self._left_out
        return False

    def _give_way(self) -> None:
        """Of what waits, the sound stays."""
        waiting = len(self._queue)
        self._queue = deque(each for each in self._queue if each.picture is None)
        self.dropped += waiting - len(self._queue)
        self._picture_bytes = 0
        self._no_pictures = self._left_out = True

    def _lose(self) -> None:
        """The oldest sound is lost, with its pictures, and there is a gap in the times."""
        until_ms = self._queue[0].at_ms + GAP_MS
        while self._queue[0].at_ms < until_ms:
            self._picture_bytes -= _size(self._queue.popleft())
        self.lost_ms += GAP_MS
        self._strip()

    def _strip(self) -> None:
        """Pictures go on with one that stands alone, or they are none."""
        kept, keyed = deque[Sent](), False
        for each in self._queue:
            keyed = keyed or (each.picture is not None and each.picture.key)
            if each.picture is None or keyed:
                kept.append(each)
            else:
                self.dropped += 1
                self._picture_bytes -= _size(each)
        self._queue = kept


def _size(sent: Sent) -> int:
    return len(sent.picture.data) if sent.picture is not None else 0
