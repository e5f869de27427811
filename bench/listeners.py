"""The crowd of ``listeners.c``, from Python: ordered, followed line by line, and what it met as a struct."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from bench.program import compiled


class Second(msgspec.Struct, kw_only=True):
    """How it stands; counts of listeners."""

    at_s: float
    come: int
    connected: int
    answered_200: int
    heard: int
    """Some sound at least."""
    playing: int
    refused: int
    cut: int
    sound_bytes: int
    last: bool = False
    """The crowd is gone; then the line has all of :class:`Met`."""


class Quantiles(msgspec.Struct):
    """Nearest rank, over all to whom it happened."""

    least: float
    p50: float
    p95: float
    p99: float
    p999: float
    most: float


class Met(Second, kw_only=True):
    """What all of them met, to the end."""

    first_sound_s: Quantiles | None
    """From the moment at which a listener was due, so that a crowd that is late itself cannot hide it."""
    pause_s: Quantiles | None
    """Of each listener the longest time between two arrivals of sound, or from the last one to the end."""
    sound_bps: Quantiles | None
    """From the second arrival to the last, so without what came at once."""
    late_s: Quantiles | None
    """The crowd's own lateness in sending a listener."""
    statuses: dict[str, int]
    """Answers that were not 200."""
    errors: dict[str, int]
    """What the system said of lines that broke."""
    joins: int
    """Times that somebody began to hear."""
    people: int
    """Who did."""
    refusals: int
    """Times that somebody was told to come back, and how many were."""
    told: int
    let_in: int
    """Of those who heard it afterwards."""
    waited_s: float
    """From the first time that each was told so until it heard something, or was told last; summed."""
    minute: int
    """Who has heard it for a minute in one go."""
    heard_s: float
    """Summed: of a stream whole frames, else what comes at once and the time after it; of HLS whole segments."""
    peak: int
    """The most that heard it in a second of the wall clock, on its average."""


def listen(
    stream: str,
    count: int,
    rate: float,
    seconds: float,
    on_second: Callable[[int, Second], None] = lambda pid, now: None,
    *,
    stay_s: float = 0.0,
    again_s: float = 0.0,
    frames: bool = False,
) -> Met:
    """``count`` listeners come to ``stream`` on 127.0.0.1, ``rate`` a second, and stay ``seconds`` more than the last.

    With ``stay_s`` each leaves after half to one and a half of that; with ``again_s`` who is sent away or cut off comes
    again. With ``frames`` a stream of AAC in ADTS is added up frame by frame. ``on_second`` gets the number of the
    first of the crowd's processes, and how it stands, about once a second.
    """
    parts = urlsplit(stream)
    with compiled("listeners") as program:
        command = [program, str(parts.port), parts.path, str(count), str(rate), str(seconds), str(stay_s), str(again_s)]
        command += ["frames"] if frames else []
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            line = b""
            for line in process.stdout:
                second = msgspec.json.decode(line, type=Second)
                if not second.last:
                    on_second(process.pid, second)
    if process.returncode:
        raise SystemExit(f"The crowd ended with code {process.returncode}.")
    return msgspec.json.decode(line, type=Met)
