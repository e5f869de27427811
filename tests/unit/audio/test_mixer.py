"""The mixer: everybody heard, nobody hears himself, nothing clicks, nothing clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.loudness import integrated_lufs
from stentor.audio.mixer import MIXER_DELAY_SAMPLES, Mix, Mixer
from stentor.audio.pcm import SILENCE, Block, Samples, level_dbfs
from tests.support.speech import voice

STEADY = (0.25 * np.sin(2 * np.pi * 300 * np.arange(960 * 600) / 48_000)).astype(np.float32)
STEEPEST = 2 * np.pi * 300 / 48_000


def block_of(samples: Samples, tick: int) -> Block:
    return samples[tick * 960 : tick * 960 + 960]


def play(mixer: Mixer, ticks: int, **seats: Samples) -> list[Mix]:
    return [mixer.tick({seat: block_of(samples, tick) for seat, samples in seats.items()}) for tick in range(ticks)]


def full(mixes: list[Mix]) -> Samples:
    return np.concatenate([mix.full for mix in mixes])


def clicks(samples: Samples, loudest: float = 1.0) -> bool:
    return bool(np.max(np.abs(np.diff(samples))) > 1.5 * loudest * STEEPEST)


def likeness(heard: Samples, said: Samples) -> float:
    size = said.size - MIXER_DELAY_SAMPLES
    return float(np.corrcoef(heard[MIXER_DELAY_SAMPLES:], said[:size])[0, 1])


def test_two_talkers_are_both_in_the_mix_and_neither_hears_himself() -> None:
    """The full mix is alike to both voices; each mix-minus only to the other's."""
    one, other = voice("reader")[: 960 * 400], np.tile(voice("cards"), 2)[: 960 * 400]
    mixes = play(Mixer(), 400, reader=one, cards=other)
    heard = full(mixes)
    assert likeness(heard, one) > 0.4
    assert likeness(heard, other) > 0.4
    both = [tick for tick, mix in enumerate(mixes) if mix.talking == {"reader", "cards"}]
    assert len(both) > 100
    minus = np.concatenate([mixes[tick].minus["reader"] for tick in both])
    delayed = np.concatenate((np.zeros(MIXER_DELAY_SAMPLES, dtype=np.float32), one))
    own = np.concatenate([block_of(delayed, tick) for tick in both])
    assert abs(float(np.corrcoef(minus, own)[0, 1])) < 0.05


def test_one_curve_for_every_mix() -> None:
    """With two talkers what one hears and what the other hears add up to the full mix, limited or not."""
    mixes = play(Mixer(), 100, a=3 * STEADY, b=2 * voice("cards"))
    both = [mix for mix in mixes if mix.talking == {"a", "b"}]
    assert len(both) > 20
    assert all(np.allclose(mix.minus["a"] + mix.minus["b"], mix.full, atol=1e-5) for mix in both)
    assert all(mix.shared is mix.full for mix in mixes)
    assert all(mix.minus.keys() == mix.talking for mix in mixes)


def test_a_seat_alone_hears_nothing() -> None:
    """The mix without the only one there is silence, whether they talk or their room hums."""
    mixes = play(Mixer(), 50, a=STEADY) + play(Mixer(), 50, a=0.001 * STEADY)
    assert all(level_dbfs(mix.minus["a"]) == -96 for mix in mixes)


def test_silent_seats_are_not_talking() -> None:
    """Silence, and None, get no mix of their own."""
    mixer = Mixer()
    for tick in range(40):
        mix = mixer.tick({"a": block_of(STEADY, tick), "b": SILENCE, "c": None})
    assert mix.talking == {"a"}
    assert mix.levels_dbfs["b"] == mix.levels_dbfs["c"] == -96
    assert mix.levels_dbfs["a"] > -30


def test_seats_keep_their_state_when_others_come_and_go() -> None:
    """Whoever stays is known by their noise and their loudness; one who is new is not."""
    mixer, fan, voice_of = Mixer(), np.resize(STEADY, 960 * 200) * 0.03, voice("reader")
    play(mixer, 190, fan=fan, gone=fan, reader=voice_of)
    levels = mixer.tick({"fan": block_of(fan, 190), "gone": SILENCE, "reader": block_of(voice_of, 190)}).levels_dbfs
    mixes = [
        mixer.tick({"reader": block_of(voice_of, tick), "new": block_of(fan, tick), "fan": block_of(fan, tick)})
        for tick in (191, 192)
    ]
    assert mixes[1].talking == {"reader", "new"}
    assert mixes[0].levels_dbfs["fan"] == pytest.approx(levels["fan"], abs=0.1)


def test_joining_and_leaving_do_not_click() -> None:
    """A seat that comes, is gone, gives nothing and comes back: only fades, at every one of these moments."""
    mixer, mixes = Mixer(), []
    for tick in range(200):
        here = {"a": block_of(STEADY, tick)} if tick % 40 < 25 else {}
        giving = block_of(STEADY, tick + 7) if tick % 30 < 20 else None
        mixes.append(mixer.tick({"b": giving, **here}))
    assert not clicks(full(mixes))
    assert level_dbfs(full(mixes)) > -30


def test_a_leaver_is_faded_not_cut() -> None:
    """The last 5 ms of who left are heard, falling to nothing."""
    mixer = Mixer()
    play(mixer, 50, a=STEADY)
    after = mixer.tick({})
    assert level_dbfs(after.full[:240]) > -25
    assert not after.full[240:].any()
    assert abs(after.full[239]) < 0.01


def test_mute_and_gain_are_ramped() -> None:
    """A host's switch does not click, and acts within a tick."""
    mixer = Mixer()
    mixes = play(mixer, 50, a=STEADY)
    mixer.set_muted("a", True)
    muted = [mixer.tick({"a": block_of(STEADY, 50 + tick)}) for tick in range(20)]
    mixer.set_muted("a", False)
    mixer.set_gain("a", 0.1)
    low = [mixer.tick({"a": block_of(STEADY, 70 + tick)}) for tick in range(20)]
    assert not clicks(full(mixes + muted + low))
    assert level_dbfs(muted[-1].full) == -96
    assert not muted[-1].talking
    assert level_dbfs(low[-1].full) == pytest.approx(level_dbfs(mixes[-1].full) - 20, abs=3)


def test_gain_is_bounded_and_forgotten_with_the_seat() -> None:
    """No factor over 4 or below 0; a forgotten seat starts neutral."""
    mixer = Mixer()
    mixer.set_gain("a", -5)
    assert level_dbfs(play(mixer, 20, a=STEADY)[-1].full) == -96
    mixer.forget("a")
    assert level_dbfs(play(mixer, 20, a=STEADY)[-1].full) > -25


@pytest.mark.parametrize("shift_db", [-8, 6])
def test_speakers_are_levelled(shift_db: float) -> None:
    """A quiet and a loud voice both come to about -16 LUFS."""
    signal = np.tile(voice("reader"), 2)[: 960 * 1200] * np.float32(10 ** (shift_db / 20))
    heard = full(play(Mixer(), 1200, a=signal))
    assert integrated_lufs(heard[960 * 300 :]) == pytest.approx(-16, abs=2)


def test_noise_is_not_pumped_up() -> None:
    """A room's noise ends lower in the mix than it came in, talker or not."""
    noise = (np.random.default_rng(4).standard_normal(960 * 500) * 0.003).astype(np.float32)
    heard = full(play(Mixer(), 500, a=noise))
    assert level_dbfs(heard[-96_000:]) < level_dbfs(noise)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 13), st.floats(0, 30))
def test_nothing_ever_clips(seed: int, seats: int, loudness: float) -> None:
    """Any number of seats, as loud as they like, coming and going, even not-a-number: every mix within ±0.97."""
    rng = np.random.default_rng(seed)
    mixer = Mixer()
    for _ in range(8):
        inputs: dict[str, Block | None] = {}
        for seat in range(seats):
            block = (rng.standard_normal(960) * loudness).astype(np.float32)
            block[rng.integers(0, 960)] = rng.choice([0.0, np.nan, np.inf, 1e30])
            if rng.random() < 0.8:
                inputs[str(seat)] = None if rng.random() < 0.2 else block
        mix = mixer.tick(inputs)
        for out in (mix.full, *mix.minus.values()):
            assert out.shape == (960,)
            assert np.all(np.abs(out) <= 0.97)


@pytest.mark.parametrize("seats", [1, 3])
def test_ticks_that_are_mixed_at_once_are_those_mixed_one_by_one(seats: int) -> None:
    """Also where a seat comes, goes, falls silent or is played to in the middle of them."""
    one_by_one, at_once, speech = Mixer(), Mixer(), np.tile(voice("reader"), 2)
    for first in range(0, 400, 8):
        inputs: list[dict[str, Block | None]] = []
        for tick in range(first, first + 8):
            here = [seat for seat in range(seats) if (tick + 60 * seat) % 150 > 20]
            given = {str(seat): block_of(3 * speech, tick + 97 * seat) for seat in here}
            inputs.append({seat: block if (tick + int(seat)) % 70 > 5 else None for seat, block in given.items()})
        played = [block_of(STEADY, tick) if tick % 100 > 70 else SILENCE for tick in range(first, first + 8)]
        singles = [one_by_one.tick(*each) for each in zip(inputs, played, strict=True)]
        for single, mix in zip(singles, at_once.ticks(inputs, played), strict=True):
            assert (mix.talking, mix.minus.keys()) == (single.talking, single.minus.keys())
            assert mix.levels_dbfs == pytest.approx(single.levels_dbfs, abs=1e-3)
            for own, alone in [(mix.full, single.full), *((mix.minus[seat], single.minus[seat]) for seat in mix.minus)]:
                np.testing.assert_allclose(own, alone, atol=1e-6)


def test_an_empty_stage_is_silence() -> None:
    """No seats: a tick of nothing, not an error."""
    mix = Mixer().tick({})
    assert not mix.full.any()
    assert (mix.minus, mix.talking, mix.levels_dbfs) == ({}, frozenset(), {})


def test_a_block_has_960_samples() -> None:
    """Anything else is the caller's mistake."""
    with pytest.raises(ValueError, match="960"):
        Mixer().tick({"a": np.zeros(480, dtype=np.float32)})


def test_what_is_played_is_heard_by_everybody_as_it_is() -> None:
    """In the audience's mix and in every talker's own, at the same place and as loud as it was."""
    mixer, speech = Mixer(), voice("reader")
    heard = [
        mixer.tick({"anna": block_of(speech, tick), "ben": SILENCE}, played=block_of(STEADY, tick))
        for tick in range(200)
    ]
    own = np.concatenate([mix.minus.get("anna", mix.full) for mix in heard[100:]])
    talked = [mix for mix in heard[100:] if "anna" in mix.minus]
    assert talked, "anna talks"
    minus = np.concatenate([mix.minus["anna"] for mix in talked])
    assert np.sqrt(np.mean(minus**2)) == pytest.approx(np.sqrt(np.mean(STEADY[:960] ** 2)), rel=0.1)
    assert own.size
    alone = full(play_sound(Mixer(), 50))
    assert likeness(alone, STEADY[: alone.size]) > 0.999


def play_sound(mixer: Mixer, ticks: int) -> list[Mix]:
    return [mixer.tick({}, played=block_of(STEADY, tick)) for tick in range(ticks)]
