"""What the playlist of a recording that still grows costs an edge: ``python -m bench.growing [--hours 2]``.

Processor time in ms, the median of the last hundred segments: for each a playlist is rendered, and put into the replies
that people get, plain and zipped; and how much of it is zipping.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import time

from bench.kept import head, keep, watched
from stentor.base.grid import CHUNK_S, CHUNKS_PER_SEGMENT
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.edge import reply, vod
from stentor.edge.shown import ShownManifest, ShownRecording
from stentor.spaces.withdrawal import Withdrawal
from stentor.wire import playlist
from stentor.wire.manifest import Entry, Run, StoredObject

AAC = RENDITIONS[0]
START_MS = 1_900_000_000_000
SEGMENT_MS = round(CHUNKS_PER_SEGMENT * CHUNK_S * 1000)
STEPS = 100


def recorded(count: int) -> list[Entry]:
    """A talk without a gap."""
    stored = {AAC.name: StoredObject("k", 1, "")}
    return [
        Entry(
            number=number, start_ms=START_MS + number * SEGMENT_MS, renditions=stored, hash=f"{number}",
            runs=[Run(Source.STAGE, number * CHUNKS_PER_SEGMENT, (number + 1) * CHUNKS_PER_SEGMENT)],
        )
        for number in range(count)
    ]  # fmt: skip


def measure(hours: float) -> dict[str, object]:
    """The medians, and how large the playlist is."""
    entries = recorded(round(hours * 3_600_000 / SEGMENT_MS))
    media, found = vod.MediaPlaylists(), Withdrawal(SpaceId("friday"))
    whole, zipped = [], []
    for count in range(len(entries) - STEPS, len(entries)):
        so_far = entries[:count]
        recording = ShownRecording(ShownManifest(so_far, False, 0.0), found, None, so_far, so_far)
        began = time.process_time()
        text = media.render("friday", AAC, recording)
        reply.Document(text, playlist.CONTENT_TYPE, "max-age=2", now=1.0)
        whole.append(time.process_time() - began)
        began = time.process_time()
        small = gzip.compress(text, reply.zip_level(len(text)), mtime=0)
        zipped.append(time.process_time() - began)
    took = {
        "a segment more": round(statistics.median(whole) * 1000, 3),
        "zipping": round(statistics.median(zipped) * 1000, 3),
    }
    return {"hours": hours, "ms": took, "bytes": len(text), "zipped_bytes": len(small)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    figure: dict[str, object] = {}
    hours = parser.parse_args().hours
    with watched(figure):
        figure |= measure(hours)
    print(figure)
    keep("growing", head() | figure)


if __name__ == "__main__":
    main()
