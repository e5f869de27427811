"""Splices many seams between a loop's own frames and encoded sound, and measures what they add to the codec's error.

``python -m tests.support.seams [--seams 1000] [--seed 1]``. At each seam a space that waits goes live, and the loop
plays on, so that it is known what should be heard. The sound around the seam is decoded and compared with the loop; so
is an encoding in one piece. At every tenth seam a second programme, which has prepared nothing, hears of it two
seconds later, while somebody speaks: three seconds after the seam both must give the same bytes. Exits with 1 if a seam
is heard or twins differ.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from stentor.audio import hold, music
from stentor.audio.encoder import AAC_DELAY_SAMPLES, OPUS_DELAY_SAMPLES, ProgrammeEncoder
from stentor.audio.hold import HoldLoop
from stentor.audio.pcm import Samples, from_int16, level_dbfs, to_int16
from stentor.base import grid
from stentor.base.grid import CHUNK_SAMPLES
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.programme.signal import Frames, Signal
from stentor.wire.tick import Tick
from tests.support.speech import voice

NOTHING: list[Tick | None] = [None] * grid.TICKS_PER_CHUNK
BEFORE, AFTER = 6, 4
"""Chunks around a seam that are decoded."""
LATE_CHUNKS = 7
"""2.2 s: the second programme hears of the seam so much later."""
SAME_AFTER_CHUNKS = 9
"""2.9 s after the seam."""
MORE_SHARE, MORE_RMS = 1.15, 1e-4
"""A seam is not heard when its error is no more than so much of the codec's own, and so little more (-80 dBFS)."""
QUIET_DBFS = -40.0
LOOPS = ("music", "reader", "cards", "music-half", "reader-half", "cards-half")
"""The music that is shipped, and speech with its pauses; ``-half`` is moved by half a chunk, for other seams."""
TWINS_EVERY = 10


class Found(NamedTuple):
    """One seam in one rendition; errors are RMS, full scale 1."""

    loop: str
    seam: int
    rendition: str
    quiet: bool
    spliced: float
    in_one: float
    apart: float
    """Between the spliced sound and the encoding in one piece."""

    @property
    def heard(self) -> bool:
        return self.spliced > MORE_SHARE * self.in_one + MORE_RMS


@cache
def loop_of(name: str) -> HoldLoop:
    """One of :data:`LOOPS`."""
    kind, _, half = name.partition("-")
    if kind == "music" and not half:
        return music.default_loop()
    pcm = from_int16(music.default_loop().pcm) if kind == "music" else hold.fit_loop(voice(kind))
    return hold.build(np.roll(pcm, -CHUNK_SAMPLES // 2 if half else 0), name)


def decoded(rendition: Rendition, frames: list[bytes]) -> Samples:
    """What a listener hears, at its place on the grid."""
    decoder = av.CodecContext.create("aac" if rendition.codec is Codec.AAC else "libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate, decoder.layout = grid.SAMPLE_RATE_HZ, "mono"
    if rendition.codec is Codec.AAC:
        decoder.extradata = ProgrammeEncoder(rendition).aac_config()
    found = [np.ravel(frame.to_ndarray()) for each in frames for frame in decoder.decode(av.Packet(each))]
    delay = AAC_DELAY_SAMPLES if rendition.codec is Codec.AAC else OPUS_DELAY_SAMPLES
    heard = np.concatenate(found)[delay:]
    full_scale = 32768.0 if heard.dtype == np.int16 else 1.0
    return heard.astype(np.float32) / np.float32(full_scale)


def spoken(number: int) -> list[Tick | None]:
    """The ticks of a chunk in which somebody speaks."""
    pcm = to_int16(voice("reader")[number * CHUNK_SAMPLES : (number + 1) * CHUNK_SAMPLES])
    size = grid.TICK_SAMPLES * 2
    first = number * grid.TICKS_PER_CHUNK
    return [Tick(first + n, 40, 1, pcm[n * size : (n + 1) * size]) for n in range(grid.TICKS_PER_CHUNK)]


def splice(name: str, live: int) -> Iterator[Found]:
    """A seam at chunk ``live``, in each rendition."""
    loop, signal = loop_of(name), Signal(loop_of(name))
    numbers = range(live - BEFORE, live + AFTER)
    made = [signal.chunk(number, live=live, last=None, ticks=NOTHING)[1] for number in numbers]
    sound = np.concatenate([loop.chunk_pcm(number) for number in numbers])
    seam = BEFORE * CHUNK_SAMPLES
    place = slice(seam - 2 * AAC_DELAY_SAMPLES, seam + CHUNK_SAMPLES)
    for rendition in RENDITIONS:
        whole = [loop.chunk_frames(number) for number in numbers]
        spliced, in_one = (
            decoded(rendition, [frame for chunk in source for frame in chunk[rendition.name]])[place]
            for source in (made, whole)
        )
        true = sound[place][: in_one.size]
        errors = (_rms(spliced - true), _rms(in_one - true), _rms(spliced - in_one))
        yield Found(name, live, rendition.name, level_dbfs(true) < QUIET_DBFS, *errors)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def programme(loop: HoldLoop, live: int, heard_at: int, end: int, *, prepares: bool) -> dict[int, Frames]:
    """What a programme makes that hears at chunk ``heard_at`` that the space is live from ``live`` on."""
    signal, made = Signal(loop), {}
    for number in range(live - BEFORE, end):
        known = live if number >= heard_at else None
        if prepares and known is None:
            signal.prepare(number)
        ticks = spoken(number - live) if number > live + 1 else NOTHING
        made[number] = signal.chunk(number, live=known, last=None, ticks=ticks)[1]
    return made


def twins_agree(name: str, live: int) -> bool:
    """Whether two programmes give the same bytes from three seconds after the seam on."""
    loop, same = loop_of(name), live + SAME_AFTER_CHUNKS
    early = programme(loop, live, live - 1, same + 3, prepares=True)
    late = programme(loop, live, live + LATE_CHUNKS, same + 3, prepares=False)
    if all(early[number] == late[number] for number in range(live, live + LATE_CHUNKS)):
        raise AssertionError("The second programme was to hear of the seam late.")
    return all(early[number] == late[number] for number in range(same, same + 3))


def seams(count: int, seed: int) -> list[tuple[str, int]]:
    """So many places in the loops, each once as long as there are enough."""
    places = [(name, number + grid.HOLD_CHUNKS) for name in LOOPS for number in range(grid.HOLD_CHUNKS)]
    chosen = random.Random(seed)
    found: list[tuple[str, int]] = []
    while len(found) < count:
        found += chosen.sample(places, min(len(places), count - len(found)))
    return found


def _look(place: tuple[str, int]) -> list[Found]:
    return list(splice(*place))


def _twins(place: tuple[str, int]) -> bool:
    return twins_agree(*place)


def table(found: list[Found]) -> str:
    """By rendition and loudness: how many seams, the codec's own error, and the seam's as a multiple of it."""
    groups: defaultdict[tuple[str, bool], list[Found]] = defaultdict(list)
    for each in found:
        groups[each.rendition, each.quiet].append(each)
    lines = [
        "| rendition | places | seams | own error | same sound | largest error | apart, 99 of 100 | over |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (rendition, quiet), group in sorted(groups.items()):
        ratios = [each.spliced / max(each.in_one, 1e-9) for each in group]
        own_db = 20 * np.log10(max(float(np.median([each.in_one for each in group])), 1e-9))
        apart = np.quantile([each.apart / max(each.in_one, 1e-9) for each in group], 0.99)
        lines.append(
            f"| {rendition} | {'quiet' if quiet else 'loud'} | {len(group)} | {own_db:.1f} dBFS "
            f"| {sum(each.apart == 0 for each in group)} | {max(ratios):.2f} | {apart:.2f} "
            f"| {sum(each.heard for each in group)} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seams", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    places = seams(given.seams, given.seed)
    with ProcessPoolExecutor(2) as pool:
        found = [each for seam in pool.map(_look, places, chunksize=10) for each in seam]
        agree = list(pool.map(_twins, places[::TWINS_EVERY], chunksize=5))
    heard = [each for each in found if each.heard]
    print(table(found))
    after_s = SAME_AFTER_CHUNKS * grid.CHUNK_S
    print(f"{sum(agree)} of {len(agree)} pairs of programmes agree {after_s:.1f} s after the seam.")
    for each in heard:
        print("over the limit:", each)
    for place, same in zip(places[::TWINS_EVERY], agree, strict=True):
        if not same:
            print("twins differ:", *place)
    return int(bool(heard) or not all(agree))


if __name__ == "__main__":
    sys.exit(main())
