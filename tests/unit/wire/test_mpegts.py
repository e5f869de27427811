"""The transport stream: what FFmpeg reads out of it is what was put in, at its times."""

from __future__ import annotations

import io
import itertools
from collections import defaultdict

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.audio import music
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.video import VideoEncoder
from stentor.spaces.model import State
from stentor.wire import adts
from stentor.wire.mpegts import BEHIND_MS, PACKET_BYTES, PICTURE, TransportStream

AGAIN_MS = (1 << 33) // 90
"""So long after its beginning the clock is at zero again: 26.5 hours."""


@pytest.mark.parametrize("first_ms", [0, AGAIN_MS - 1500])
def test_what_was_put_in_comes_out(first_ms: int) -> None:
    """Every frame and every picture, each at its time, also where the clock begins anew."""
    stream, encoder, out = TransportStream(), VideoEncoder(), bytearray()
    planes = ScenePicture("#e2a03f", {State.LIVE: "LIVE"}).planes
    frames = [music.default_loop().chunk_frames(number)["aac-64"] for number in range(10)]
    pictures = [encoder.encode(planes) for _ in range(32)]
    for at_ms in sorted({*range(0, 3200, 320), *range(0, 3200, 100)}):
        if at_ms % 320 == 0:
            out += stream.sound(first_ms + at_ms, frames[at_ms // 320])
        if at_ms % 100 == 0:
            picture = pictures[at_ms // 100]
            out += stream.picture(first_ms + at_ms, picture.data, key=picture.key)
    found: dict[str, list[tuple[int, bool, bytes]]] = defaultdict(list)
    with av.open(io.BytesIO(bytes(out)), mode="r", format="mpegts") as container:
        for packet in container.demux():
            if packet.pts is not None:
                found[packet.stream.type].append((packet.pts, packet.is_keyframe, bytes(packet)))
    assert b"".join(data for _, _, data in found["audio"]) == adts.pack(frame for chunk in frames for frame in chunk)
    assert [key for _, key, _ in found["video"]] == [each.key for each in pictures]
    for (_, _, data), picture in zip(found["video"], pictures, strict=True):
        assert data.endswith(picture.data)
    times = [at for at, _, _ in found["video"]]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [9000] * 31
    assert found["audio"][0][0] == times[0]
    assert times[0] % (1 << 33) == (first_ms + BEHIND_MS) * 90


@given(st.binary(min_size=1, max_size=600), st.booleans())
def test_packets_are_whole(data: bytes, key: bool) -> None:
    """Of 188 bytes each and counted, however much there is to fill."""
    made = TransportStream().picture(0, data, key=key)
    assert len(made) % PACKET_BYTES == 0
    rest = b""
    for number, at in enumerate(range(0, len(made), PACKET_BYTES)):
        packet = made[at : at + PACKET_BYTES]
        assert packet[0] == 0x47
        assert int.from_bytes(packet[1:3]) & 0x1FFF == PICTURE
        assert packet[3] & 0xF == number & 0xF
        rest += packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]
    assert rest.endswith(data)
