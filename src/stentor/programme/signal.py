"""The sound of one space in every rendition: the loop's own frames while it waits, encoded from the seam on.

The seam is the chunk in which something else than the loop can be heard first: it follows from ``live_ms`` or
``ended_ms``, not from when the news of it came. From there on a new encoder works, which has heard what the loop's own
encoder had heard (``run_up``): it goes on as the loop would. A programme that hears the news late makes what it missed
again, for its encoders only. So two programmes make the same bytes soon after the seam.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.hold import HoldLoop
from stentor.base.rendition import RENDITIONS
from stentor.programme.director import Directed, Director
from stentor.programme.run_up import RunUp
from stentor.wire.tick import Tick

REMEMBERED_CHUNKS: Final = 16
"""So late (5 s) the news of the seam may come: the ticks of so many chunks are kept."""

Frames = dict[str, list[bytes]]


class Signal:
    """One space. :meth:`chunk` for every number in turn; ``joining``: the talk is under way already."""

    def __init__(self, loop: HoldLoop, *, joining: bool = False) -> None:
        self._loop = loop
        self._director = Director(loop, joining=joining)
        self._encoders = [ProgrammeEncoder(rendition) for rendition in RENDITIONS] if joining else []
        self._run_up = RunUp(loop)
        self._past: deque[tuple[int, Sequence[Tick | None]]] = deque(maxlen=REMEMBERED_CHUNKS)

    def waits(self, number: int, *, live: int | None, last: int | None) -> bool:
        """Whether chunk ``number`` is the loop's own: it costs nothing then."""
        seam = _seam(live, last)
        return not self._encoders and (seam is None or number < seam)

    def pass_over(self, number: int, ticks: Sequence[Tick | None]) -> None:
        """Chunk ``number`` was the loop's own; its ticks are kept for a seam that is heard of late."""
        self._past.append((number, ticks))

    def change_loop(self, loop: HoldLoop) -> None:
        """Other music: it fades in, or, while the space waits, plays from the next chunk on."""
        self._loop = loop
        if self._encoders:
            self._director.change_loop(loop)
        else:
            self._director = Director(loop)
            self._run_up = RunUp(loop)

    def prepare(self, number: int) -> None:
        """Does the work of a seam ahead of it, in a thread of its own, as far as the news of one may come late.

        ``number`` is the chunk that is heard now.
        """
        self._run_up.feed(max(0, number - REMEMBERED_CHUNKS))

    def rest(self) -> None:
        """No seam is to be expected soon."""
        self._run_up = RunUp(self._loop)

    def chunk(
        self, number: int, *, live: int | None, last: int | None, ticks: Sequence[Tick | None]
    ) -> tuple[Directed | None, Frames]:
        """What is heard in chunk ``number`` and its frames, about 8 ms; None and the loop's frames while it waits.

        The first chunk from the seam on takes 0.1 s more where it was prepared, else 0.75 s at most.
        """
        if self.waits(number, live=live, last=last):
            self.pass_over(number, ticks)
            return None, self._loop.chunk_frames(number)
        if not self._encoders:
            self._begin(number, live, last)
        return self._make(number, live, last, ticks)

    def _begin(self, number: int, live: int | None, last: int | None) -> None:
        """Encoders that go on at the seam, and have made what was missed since."""
        missed = [past for past in self._past if past[0] >= (_seam(live, last) or 0)]
        seam = missed[0][0] if missed else number
        self._encoders = self._run_up.take(seam)
        for past, ticks in missed:
            self._make(past, live, last, ticks)
        self._past.clear()

    def _make(
        self, number: int, live: int | None, last: int | None, ticks: Sequence[Tick | None]
    ) -> tuple[Directed, Frames]:
        directed = self._director.chunk(number, live=live, last=last, ticks=ticks)
        return directed, {encoder.rendition.name: encoder.encode(directed.pcm) for encoder in self._encoders}


def _seam(live: int | None, last: int | None) -> int | None:
    return min((each for each in (live, last) if each is not None), default=None)
