"""One seat's sound on the bus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import speech
from stentor.wire.speech import CHUNK_SAMPLES, Speech

SOUND = bytes(range(256)) * (CHUNK_SAMPLES // 128)


@given(st.integers(0, 2**63), st.integers(0, 0xFFFF))
def test_comes_back(chunk: int, talking: int) -> None:
    """What was sent is what is read."""
    sent = Speech(chunk, talking, SOUND)
    assert speech.decode(speech.encode(sent)) == sent


@given(
    st.binary(max_size=64) | st.binary().map(lambda data: (data + bytes(speech.MESSAGE_BYTES))[: speech.MESSAGE_BYTES])
)
def test_anything_else_is_malformed(data: bytes) -> None:
    """No other bytes pass, and no other error comes."""
    if data[:3] != b"SV\x01" or len(data) != speech.MESSAGE_BYTES:
        with pytest.raises(Malformed):
            speech.decode(data)


def test_only_whole_chunks_are_sent() -> None:
    """Fewer samples, or a seventeenth tick, are a mistake of ours."""
    for wrong in (Speech(1, 0, SOUND[2:]), Speech(1, 1 << 16, SOUND)):
        with pytest.raises(ValueError, match="16 ticks"):
            speech.encode(wrong)
