"""Cues: what was said, by whom and when. One JSON document a cue on the bus, all of a space in one object.

Times are milliseconds from the opening of the doors, the origin of the grid: a cue belongs to the sound of chunk
``start_ms // 320`` and to the same place in the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from stentor.base.errors import Malformed
from stentor.base.units import SeatId, SpaceId

MAX_TEXT = 400
"""Letters of one cue: nobody says more in the 10 s that a recogniser gets at once."""
MAX_CUE_BYTES = 4096
MOST_CUES = 20_000
"""Of one space: a cue every 4 s for a whole day."""
LINGER_S = 30.0
"""After the end of a space: until then everything that waits is recognised or left out."""
LINE_LETTERS = 84
"""Two lines of 42, what a caption shows at most (the usage of television: EBU-TT-D, BBC and Netflix guidelines)."""
SENTENCE_ENDS = ".?!…。？！"
PAUSES = ",;:–"


class Correction(msgspec.Struct, frozen=True):
    """Somebody of the space has put a cue right."""

    by: str
    """The id of their seat; the rank of somebody without one."""
    at_ms: int
    """Wall clock."""
    was: str
    """What was recognised, however often it was corrected since."""


class Cue(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody's words from ``start_ms`` to ``end_ms``. ``seat`` is empty when nobody knows who spoke."""

    space: SpaceId
    doors_open_ms: int
    """Which run of the space it belongs to; wall clock."""
    start_ms: int
    end_ms: int
    seat: SeatId
    name: str
    text: str
    language: str
    made_ms: int
    """When it was recognised; wall clock."""
    corrected: Correction | None = None

    @property
    def version(self) -> tuple[int, str]:
        """Of two cues of one place the higher counts: the newest correction, else what was recognised."""
        return (self.corrected.at_ms, self.text) if self.corrected else (-1, "")


class Transcript(msgspec.Struct, frozen=True):
    """All cues of a space, as they are kept in the object store."""

    v: int
    doors_open_ms: int
    engine: str
    """What recognised them."""
    cues: list[Cue]


_encoder = msgspec.json.Encoder()
_cues = msgspec.json.Decoder(Cue)
_transcripts = msgspec.json.Decoder(Transcript)


def subject(space: str) -> str:
    return f"cue.{space}"


def correction_subject(space: str) -> str:
    """Where the house says a cue again as somebody has corrected it."""
    return f"correction.{space}"


def object_key(space: str) -> str:
    """Under which the transcript stands in the object store."""
    return f"recordings/{space}/captions.json"


def encode(cue: Cue) -> bytes:
    """The message for the bus."""
    return _encoder.encode(cue)


def decode(message: bytes) -> Cue:
    """The cue in a message from the bus; raises :class:`Malformed` for anything else."""
    if len(message) > MAX_CUE_BYTES:
        raise Malformed(f"A cue of {len(message)} bytes is over the limit of {MAX_CUE_BYTES}.")
    try:
        cue = _cues.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a cue: {error}") from error
    if not 0 <= cue.start_ms < cue.end_ms or not 0 < len(cue.text) <= MAX_TEXT:
        raise Malformed("A cue has a beginning, a later end, and some words.")
    if cue.corrected is not None and (cue.corrected.at_ms < 0 or len(cue.corrected.was) > MAX_TEXT):
        raise Malformed("A correction has a time, and what was there before.")
    return cue


def encode_transcript(transcript: Transcript) -> bytes:
    """As it is kept in the object store."""
    return _encoder.encode(transcript)


def decode_transcript(data: bytes) -> Transcript:
    """Raises :class:`Malformed`."""
    try:
        return _transcripts.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a transcript: {error}") from error


def document(space: str, cues: Sequence[Cue], *, at_ms: int) -> bytes:
    """``captions.json``, version 1: the cues without what is the same in all; ``at_ms`` is when it was made."""
    return _encoder.encode(
        {
            "v": 1,
            "space": space,
            "doors_open_ms": cues[0].doors_open_ms if cues else None,
            "at": at_ms,
            "cues": [
                {
                    "start_ms": cue.start_ms,
                    "end_ms": cue.end_ms,
                    "seat": cue.seat,
                    "name": cue.name,
                    "text": cue.text,
                    "language": cue.language,
                    "made_ms": cue.made_ms,
                    **({"corrected": True} if cue.corrected else {}),
                }
                for cue in cues
            ],
        }
    )


class Collection:
    """The cues of one space in the order of their times, each once, however often and in whatever order it comes.

    ``changes`` rises with everything that is new.
    """

    def __init__(self, cues: Iterable[Cue] = ()) -> None:
        self.changes = 0
        self._cues: dict[tuple[int, str], Cue] = {}
        self._sorted: list[Cue] | None = None
        for cue in cues:
            self.add(cue)

    def add(self, cue: Cue) -> bool:
        """Whether it is new, or corrects one that is there; beyond :data:`MOST_CUES` no other is taken."""
        key = cue.start_ms, cue.seat
        known = self._cues.get(key)
        if cue.version <= known.version if known else len(self._cues) >= MOST_CUES:
            return False
        self._cues[key] = cue
        self._sorted = None
        self.changes += 1
        return True

    def get(self, start_ms: int, seat: str) -> Cue | None:
        """What that seat said from then on."""
        return self._cues.get((start_ms, seat))

    def __len__(self) -> int:
        return len(self._cues)

    @property
    def all(self) -> list[Cue]:
        """By their times; do not change the list."""
        if self._sorted is None:
            self._sorted = [self._cues[key] for key in sorted(self._cues)]
        return self._sorted

    def since(self, start_ms: int) -> list[Cue]:
        """Those that end after ``start_ms``, or were corrected after it: who has them already gets them once more."""
        return [cue for cue in self.all if cue.end_ms > start_ms or _corrected_ms(cue) > start_ms]


def corrected(cue: Cue, text: str, *, by: str, at_ms: int) -> Cue:
    """The cue with these words; itself when they are there already. A correction is newer than the one before it."""
    if text == cue.text:
        return cue
    before = cue.corrected
    made = Correction(by, max(at_ms, before.at_ms + 1), before.was) if before else Correction(by, at_ms, cue.text)
    return msgspec.structs.replace(cue, text=text, corrected=made)


def _corrected_ms(cue: Cue) -> int:
    """When it was corrected, from the opening of the doors."""
    return cue.corrected.at_ms - cue.doors_open_ms if cue.corrected else -1


def lines(text: str, start_ms: int, end_ms: int) -> list[tuple[int, int, str]]:
    """``text`` in pieces that fit a caption, with their times: each as much of the time as it has letters.

    Cut behind a sentence, else behind a comma, else between words; a word that is longer than a caption is cut.
    """
    pieces = []
    rest = " ".join(text.split())
    while rest:
        at = len(rest) if len(rest) <= LINE_LETTERS else _cut(rest)
        pieces.append(rest[:at].strip())
        rest = rest[at:].strip()
    letters = sum(map(len, pieces))
    timed, before = [], 0
    for piece in pieces:
        start = start_ms + (end_ms - start_ms) * before // letters
        before += len(piece)
        timed.append((start, max(start + 1, start_ms + (end_ms - start_ms) * before // letters), piece))
    return timed


def _cut(text: str) -> int:
    """Where the first caption of a longer text ends."""
    spaces = [at for at in range(LINE_LETTERS // 3, LINE_LETTERS + 1) if text[at] == " "]
    for signs in (SENTENCE_ENDS, PAUSES):
        ends = [at for at in spaces if text[at - 1] in signs]
        if ends:
            return ends[-1]
    return spaces[-1] if spaces else LINE_LETTERS
