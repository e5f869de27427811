"""48 kHz to 16 kHz."""

import numpy as np
import pytest

from stentor.audio.narrow import Narrower
from stentor.audio.pcm import Samples


def tone(hertz: float, count: int = 48_000) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(count) / 48_000).astype(np.float32)


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("length", [3, 999, 15_360])
def test_pieces_give_what_the_whole_gives(length: int) -> None:
    """It remembers where it was: no click at the borders, however long the pieces are."""
    sound = tone(440)
    whole, pieces = Narrower().narrow(sound), Narrower()
    parts = [pieces.narrow(sound[at : at + length]) for at in range(0, sound.size, length)]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-6)
    assert whole.size == sound.size // 3


@pytest.mark.parametrize("hertz", [100, 1000, 4000])
def test_speech_passes(hertz: float) -> None:
    """As loud as it was."""
    assert rms(Narrower().narrow(tone(hertz))) == pytest.approx(np.sqrt(0.5), rel=0.05)


@pytest.mark.parametrize("hertz", [10_000, 12_000, 16_000, 20_000])
def test_what_would_fold_back_is_gone(hertz: float) -> None:
    """A tone beyond the half of 16 kHz is not heard as another one."""
    assert rms(Narrower().narrow(tone(hertz))[100:]) < 0.001


def test_samples_come_in_threes() -> None:
    """Else the next piece would begin at the wrong place."""
    with pytest.raises(ValueError, match="multiple of 3"):
        Narrower().narrow(tone(440, 100))
