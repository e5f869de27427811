"""What the captions hear of a room."""

import msgspec
import numpy as np

from stentor.audio import pcm
from stentor.audio.pcm import Block
from stentor.base import grid
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role, Seat, Space, State
from stentor.stage.tap import Tap
from stentor.wire import speech
from stentor.wire.speech import Speech

TICKS = grid.TICKS_PER_CHUNK
ADA = Seat(SeatId("ada"), "Ada", Role.HOST)
LIVE = Space(
    id=SpaceId("talk"), title="Talk", state=State.LIVE, doors_open_ms=0, live_ms=0, seats={"ada": ADA}
)  # fmt: skip
SOUND: Block = np.sin(np.arange(grid.TICK_SAMPLES) / 10).astype(np.float32)


class Wire:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Speech]] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        self.sent.append((subject, speech.decode(payload)))

    @property
    def chunks(self) -> list[int]:
        return [each.chunk for _, each in self.sent]


async def perform(space: Space, talks: dict[int, range], *, chunks: int = 10, wanted: bool = True) -> Wire:
    """Ten chunks with Ada on the stage, talking in the given ticks of the given chunks."""
    wire = Wire()
    tap = Tap(wire, wanted=lambda: wanted)
    for number in range(chunks * TICKS + 1):
        chunk, place = divmod(number, TICKS)
        talking = frozenset({"ada"} if place in talks.get(chunk, range(0)) else ())
        await tap.hear(space, number, {"ada": SOUND, "bob": SOUND}, talking)
    return wire


async def test_talk_is_sent_with_what_is_around_it() -> None:
    """The chunk before has the beginning of the word, the one behind the end; silence costs nothing."""
    wire = await perform(LIVE, {5: range(4, 16), 6: range(2)})
    assert wire.chunks == [4, 5, 6, 7]
    assert {subject for subject, _ in wire.sent} == {"speech.talk.ada"}
    assert [each.talking for _, each in wire.sent] == [0, 0xFFF0, 0b11, 0]


async def test_the_sound_is_the_seats_own() -> None:
    """At 16 kHz, as loud as it came."""
    wire = await perform(LIVE, {5: range(16)})
    samples = pcm.from_int16(wire.sent[1][1].samples)
    assert abs(float(np.sqrt(np.mean(samples**2))) - float(np.sqrt(np.mean(SOUND**2)))) < 0.02


async def test_the_green_room_is_nobodys_business() -> None:
    """Before the audience hears the stage, nothing leaves it."""
    talks = {chunk: range(16) for chunk in range(10)}
    assert (await perform(msgspec.structs.replace(LIVE, state=State.DOORS_OPEN, live_ms=None), talks)).chunks == []
    assert (await perform(msgspec.structs.replace(LIVE, live_ms=3 * grid.CHUNK_MS), talks)).chunks == list(range(4, 10))


async def test_a_muted_seat_is_silent() -> None:
    """What the audience does not hear stands in no caption: not even the moment before the talking."""
    muted = msgspec.structs.replace(LIVE, seats={"ada": msgspec.structs.replace(ADA, muted=True)})
    wire = await perform(muted, {5: range(16)})
    assert all(not any(each.samples) for _, each in wire.sent)


async def test_nobody_wants_it() -> None:
    """Without captions the stage sends nothing."""
    assert (await perform(LIVE, {5: range(16)}, wanted=False)).chunks == []
