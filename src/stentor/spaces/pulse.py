"""The pulse: what listeners are told about a space, as ``pulse.json``, and inside the audio once a second and when
somebody comes, goes or begins to talk.

Version 1 is a JSON object: ``v`` 1, ``space``, ``title``, ``state``, ``chunk`` (the number it belongs to), ``at`` (ms),
``source`` (``wire.chunk.Source``), ``delay`` (ms from a speaker's packet at the stage to its place on the grid),
``listeners``, ``pinned`` (when the pins of ``door.json`` changed last, ms), ``asked`` (the same of polls and
questions, ``asked.json``), ``seats``: who is on the stage now, in the
order of their seats, with ``id``, ``name``, ``role``, ``talking``, ``muted`` and ``level`` (whole dBFS, -96 to 0), and
``reactions``: how often each was given (``spaces.reactions``). For ten seconds every ten minutes ``witness``: the hash
of the newest entry of the recording's manifest, for whoever wants to prove later what was recorded by then
(``stentor verify --witnessed``). Readers ignore fields they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from stentor.base.errors import Malformed
from stentor.base.rendition import Source
from stentor.spaces.model import Role, Space, State

SILENCE_DBFS = -96.0


class SeatOnStage(Protocol):
    """A seat as the stage sees it (``bus.status.SeatStatus`` is one)."""

    @property
    def id(self) -> str: ...
    @property
    def talking(self) -> bool: ...
    @property
    def muted(self) -> bool: ...
    @property
    def self_muted(self) -> bool: ...
    @property
    def level_dbfs(self) -> float: ...


class PulseSeat(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: Role
    talking: bool
    muted: bool
    level: int
    """dBFS, -96 to 0."""


class Pulse(msgspec.Struct, frozen=True):
    """The document; fields as in the module's description."""

    v: int
    space: str
    title: str
    state: State
    chunk: int
    at: int
    source: str
    listeners: int
    seats: list[PulseSeat]
    delay: int = 0
    pinned: int = 0
    asked: int = 0
    reactions: dict[str, int] = {}
    witness: str | msgspec.UnsetType = msgspec.UNSET


WITNESS_CHUNKS = 1875
"""Ten minutes."""
WITNESSED_CHUNKS = 32
"""Ten seconds: who looks every five sees it, and the sound is hardly larger."""


def witnesses(chunk: int) -> bool:
    """Whether the pulse of this chunk tells the recording's hash."""
    return chunk >= WITNESS_CHUNKS and chunk % WITNESS_CHUNKS < WITNESSED_CHUNKS


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Pulse)


def read(data: bytes) -> Pulse:
    """The pulse in a JSON document; raises :class:`Malformed`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a pulse: {error}") from error


def encode(told: Pulse) -> bytes:
    """As JSON."""
    return _encoder.encode(told)


def build(
    space: Space,
    *,
    chunk: int,
    at_ms: int,
    source: str,
    listeners: int,
    seats: Iterable[SeatOnStage],
    delay_ms: int = 0,
    reactions: Mapping[str, int] = {},
    music: bool = False,
    witness: str = "",
) -> bytes:
    """The pulse of one chunk as JSON; about 150 bytes and 100 more a seat.

    Names and roles are those of the space, not of the stage; a seat the space does not know (removed a moment ago) is
    left out. Nobody talks while ``music`` is heard: what is said in the green room is not for the audience, and a stage
    that is lost is still told of for some seconds. Never raises for odd levels.
    """
    on_stage = {seat.id: seat for seat in seats}
    # The stage may miss a tenth of a second and is heard all the same; when it misses a second, music comes.
    heard = source == Source.STAGE or (source == Source.FILLER and space.state is State.LIVE and not music)
    pulse = Pulse(
        v=1,
        space=space.id,
        title=space.title,
        state=space.state,
        chunk=chunk,
        at=at_ms,
        source=source,
        listeners=listeners,
        seats=[
            PulseSeat(
                seat.id,
                seat.name,
                seat.role,
                heard and now.talking,
                now.muted or now.self_muted,
                _level(now.level_dbfs, heard=heard),
            )
            for seat in space.seats.values()
            if (now := on_stage.get(seat.id)) is not None
        ],
        delay=delay_ms,
        pinned=space.pinned_ms,
        asked=space.ballots.changed_ms,
        reactions=dict(reactions),
        witness=witness if witness and witnesses(chunk) else msgspec.UNSET,
    )
    return _encoder.encode(pulse)


def restamped(data: bytes, chunk: int, at_ms: int) -> bytes:
    """The same pulse for another chunk: nothing else has changed. What is no pulse stays as it is."""
    try:
        return _encoder.encode(msgspec.structs.replace(read(data), chunk=chunk, at=at_ms))
    except Malformed:
        return data


def gist(data: bytes) -> bytes:
    """What a pulse says that people care for: all but the times, the loudness and the counts.

    Two pulses with the same gist need not both be told. What is no pulse is its own gist.
    """
    try:
        pulse = read(data)
    except Malformed:
        return data
    seats = [msgspec.structs.replace(seat, level=0) for seat in pulse.seats]
    return _encoder.encode(
        msgspec.structs.replace(
            pulse, chunk=0, at=0, listeners=0, delay=0, seats=seats, reactions={}, witness=msgspec.UNSET
        )
    )


def _level(level_dbfs: float, *, heard: bool) -> int:
    """Whole dBFS; not a number counts as silence."""
    return round(min(0.0, level_dbfs)) if heard and level_dbfs > SILENCE_DBFS else round(SILENCE_DBFS)
