"""Sound files as people have them: what can be heard is kept, and what was left out is said."""

from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.file import LeftOut, read
from stentor.audio.pcm import Samples, level_dbfs
from stentor.base.errors import BadInput
from tests.support.sound import correlation
from tests.support.sound_files import ape, encoded, flipped, id3, mp3, ogg_pages, tone, wav, without_length

TONE_DBFS = -10.97
MP3 = mp3()
FLAC = encoded("flac", "flac")
OPUS = encoded("ogg", "libopus", tone(3.0), page_duration="200000")
FORMATS = {
    "wav": wav(), "float-5.1": wav(*[tone()] * 6, extensible=True), "24 bit": encoded("wav", "pcm_s24le"),
    "a-law": encoded("wav", "pcm_alaw", rate=8000), "192 kHz": encoded("wav", "pcm_s32le", rate=192_000),
    "adpcm": encoded("wav", "adpcm_ms", rate=22_050), "rf64": encoded("wav", "pcm_s16le", rf64="always"),
    "mp3": MP3, "mp3 of 8 kHz": encoded("mp3", "libmp3lame", rate=8000), "mp2": encoded("mp2", "mp2"), "flac": FLAC,
    "opus": encoded("ogg", "libopus"), "aac": encoded("adts", "aac"), "m4a": encoded("mp4", "aac"),
    "m4a, index first": encoded("mp4", "aac", movflags="faststart"),
    "m4a in fragments": encoded("mp4", "aac", movflags="frag_keyframe+empty_moov"), "alac": encoded("ipod", "alac"),
    "webm": encoded("webm", "libopus"), "matroska": encoded("matroska", "pcm_s16le"),
    "aiff": encoded("aiff", "pcm_s16be"), "caf": encoded("caf", "pcm_s16le"),
}  # fmt: skip


def heard(data: bytes, *left_out: LeftOut, longest_s: float = 60.0) -> Samples:
    """The samples of a file, of which just this was left out."""
    sound = read(data, longest_s)
    assert sound.left_out == left_out
    return sound.samples


def reason(data: bytes, **options: object) -> str:
    """Why a file is refused."""
    with pytest.raises(BadInput) as refused:
        read(data, 60.0, **options)  # type: ignore[arg-type]
    return str(refused.value.fields["reason"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(name: str) -> None:
    """A second of a tone is a second of that tone, whatever carries it, and nothing is missing."""
    samples = heard(FORMATS[name])
    assert samples.size == pytest.approx(48_000, abs=3000)
    assert samples.dtype == np.float32
    score = correlation(tone(0.5), samples).score
    assert score > 0.95
    if "5.1" not in name:
        assert level_dbfs(samples[4800:43_200]) == pytest.approx(TONE_DBFS, abs=0.7)


@pytest.mark.parametrize(
    "data",
    [
        id3(10 << 20) + MP3, id3(900) + id3(30) + bytes(700) + MP3, b"ID3\4\0\0\x7f\x7f\x7f\x7f" + MP3,
        MP3 + b"TAG" + b"x" * 125, MP3 + ape(5000) + b"TAG" + b"x" * 125, MP3 + bytes(30_000), bytes(9000) + MP3,
        b"no sound \xff\xfb\xff here " * 400 + MP3, id3(2000) + FLAC, FLAC + b"TAG" + b"x" * 125, bytes(5000) + FLAC,
        bytes(300) + FORMATS["m4a"], b"\r\n" + FORMATS["wav"], wav(size=0), wav(size=0xFFFF_FFFF), wav(size=400),
        FLAC[:18] + bytes([0x0B, 0xB8, 0, FLAC[21] & 0xF0]) + bytes(4) + FLAC[26:],
    ],
    ids=range(17),
)  # fmt: skip
def test_what_is_around_the_sound_is_passed_over(data: bytes) -> None:
    """Tags of any size before and after, padding, and lengths that are not known: all of the second is there."""
    assert 47_000 < read(data, 60.0).samples.size < 52_000


@pytest.mark.parametrize(
    ("data", "seconds", "left_out"),
    [
        (flipped(MP3, 0.5), (0.65, 1.01), {LeftOut.DAMAGED}), (MP3 + b"words " * 1100, (0.99, 1.06), {LeftOut.DAMAGED}),
        (MP3[: len(MP3) // 2], (0.4, 0.6), {LeftOut.CUT}), (flipped(FLAC, 0.5), (0.85, 0.95), {LeftOut.DAMAGED}),
        (FLAC[: len(FLAC) // 2], (0.1, 0.6), {LeftOut.CUT, LeftOut.DAMAGED}),
        (wav()[:100_000], (0.51, 0.53), {LeftOut.CUT}), (wav(size=500_000), (0.99, 1.01), {LeftOut.CUT}),
        (encoded("mp4", "aac", tone(3.0), movflags="faststart")[:20_000], (1.0, 2.9), {LeftOut.CUT}),
        (OPUS[: len(OPUS) // 2], (1.3, 1.7), {LeftOut.CUT}), (flipped(OPUS, 0.5), (2.7, 3.01), {LeftOut.DAMAGED}),
        (FORMATS["webm"][:5000], (0.3, 0.6), {LeftOut.CUT}), (FORMATS["aiff"][:48_000], (0.45, 0.55), {LeftOut.CUT}),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_left_of_a_damaged_file_is_kept(
    data: bytes, seconds: tuple[float, float], left_out: set[LeftOut]
) -> None:
    """Cut, damaged in the middle or with something else behind: what is whole is there, and what is missing is said."""
    sound = read(data, 60.0)
    assert seconds[0] < sound.samples.size / 48_000 < seconds[1]
    assert sound.left_out
    assert set(sound.left_out) <= left_out | {LeftOut.DAMAGED}
    assert np.abs(sound.samples).max() < 0.8  # no bang


def test_streams_that_were_joined_are_all_there() -> None:
    """MP3 and Ogg one after the other, also when rate and number of channels change."""
    low = tone(1.0, 300.0)
    both = heard(MP3 + id3(300) + mp3(low, low))
    assert both.size == pytest.approx(96_000, abs=6000)
    assert correlation(tone(1.0, 300.0)[:24_000], both[52_000:]).score > 0.95
    chained = OPUS + encoded("ogg", "libopus", low, low)
    assert heard(chained).size == pytest.approx(4 * 48_000, abs=2500)
    lost = bytearray(chained)
    lost[ogg_pages(chained)[-1] + 22] ^= 0xFF
    assert heard(bytes(lost), LeftOut.DAMAGED).size == pytest.approx(4 * 48_000, abs=2500)
    faster = mp3(low, rate=44_100)
    assert heard(MP3 + faster).size == pytest.approx(96_000, abs=6000)


LOW = tone(1.0, 300.0)
FOLLOWING = {
    "wav": wav(LOW), "mp3": mp3(LOW), "tagged mp3": id3(900) + mp3(LOW), "flac": encoded("flac", "flac", LOW),
    "opus": encoded("ogg", "libopus", LOW), "aac": encoded("adts", "aac", LOW), "m4a": encoded("mp4", "aac", LOW),
    "webm": encoded("webm", "libopus", LOW), "aiff": encoded("aiff", "pcm_s16be", LOW),
    "caf": encoded("caf", "pcm_s16le", LOW),
}  # fmt: skip


@pytest.mark.parametrize("name", [*FORMATS, "webm without a length"])
def test_whole_files_that_were_joined_are_all_there(name: str) -> None:
    """Whatever the first is and whatever follows it, also where the first has no length or something lies between."""
    first = {**FORMATS, "webm without a length": without_length(FORMATS["webm"])}[name]
    for second in FOLLOWING.values():
        both = heard(first + second)
        assert both.size == pytest.approx(96_000, abs=10_000)  # at 8 kHz MP3's paddings are long
        assert correlation(LOW[:24_000], both[48_000:]).score > 0.9
    assert read(first + b"between " * 40 + FOLLOWING["flac"], 60.0).samples.size == pytest.approx(96_000, abs=6000)


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "aac", "webm", "matroska", "aiff", "caf"])
def test_a_file_that_was_cut_off_does_not_swallow_the_next(name: str) -> None:
    """Its head says that it goes on, beyond the beginning of what follows."""
    first = FORMATS[name]
    samples = read(first[: len(first) * 2 // 3] + FOLLOWING["flac"], 60.0).samples
    assert correlation(LOW[:24_000], samples[-48_000:]).score > 0.9


@pytest.mark.parametrize("name", ["wav", "24 bit", "mp3", "flac", "opus", "aac", "m4a", "webm", "aiff", "caf"])
def test_what_follows_and_is_no_sound_is_said(name: str) -> None:
    """Text and anything else behind a file; zeros are padding, of which nobody needs to hear."""
    whole = read(FORMATS[name], 60.0).samples.size
    for rest in (b"only words, nothing else. " * 300, b"PK\3\4" + np.random.default_rng(1).bytes(60_000)):
        assert heard(FORMATS[name] + rest, LeftOut.DAMAGED).size == pytest.approx(whole, abs=3000)
    assert heard(FORMATS[name] + bytes(100_000)).size == pytest.approx(whole, abs=3000)


def test_chunks_of_a_wav_that_are_not_filled_up() -> None:
    """Some writers forget the byte after a chunk of odd length; a second chunk of sound is left out, and said."""
    head, sound = wav()[:12], wav()[12:]
    for filling in (b"", b"\0"):
        assert heard(head + b"LIST\5\0\0\0abcde" + filling + sound).size == 48_000
    assert heard(wav() + b"data" + struct.pack("<I", 9600) + bytes(range(1, 97)) * 100, LeftOut.DAMAGED).size == 48_000


def test_an_inverted_channel_is_heard() -> None:
    """What cancels itself out in the mean is heard from one channel; a file may be so in a part only."""
    left = tone(2.0)
    assert level_dbfs(heard(wav(left, -left))) == pytest.approx(TONE_DBFS, abs=0.1)
    right = np.concatenate([left[:48_000], -left[48_000:]])
    samples = heard(wav(left, right))
    assert level_dbfs(samples[60_000:]) == pytest.approx(TONE_DBFS, abs=0.1)
    assert np.abs(np.diff(samples)).max() < 0.04  # no click where it changes
    surround = [tone() * 0, tone() * 0, tone(), tone(1.0, 60.0, 0.9), tone() * 0, tone() * 0]
    middle = heard(wav(*surround, extensible=True))  # a voice in the middle, no bass effects
    assert level_dbfs(middle) == pytest.approx(TONE_DBFS - 3, abs=0.1)


def test_what_is_more_than_one_sound() -> None:
    """Of several tracks and of a film one sound is taken, and that is said; a cover picture is nothing to speak of."""
    sample = wav(tone(3.0))
    assert heard(sample, longest_s=3.0).size == 144_000
    assert reason(wav(tone(61.0))) == "too-long"
    rest = read(wav(tone(61.0)), 5.0, whole=False)
    assert (rest.samples.size, rest.left_out) == (5 * 48_000, (LeftOut.REST,))


def test_what_is_not_a_number_is_silence() -> None:
    """A float file may hold anything."""
    strange = tone()
    strange[100:200], strange[300], strange[400] = np.nan, np.inf, 1e30
    samples = heard(wav(strange))
    assert np.all(np.isfinite(samples))
    assert np.abs(samples).max() <= 4.0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not-sound"), (b"ffconcat version 1.0\nfile 'a.wav'\n", "not-sound"), (b"#EXTM3U\na.wav\n", "not-sound"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n", "not-sound"), (b"\xff" * 5000, "not-sound"),
        (b"\0" * 5000, "not-sound"),
        (b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(5000), "not-sound"),
        (wav()[:44], "damaged"), (FORMATS["m4a"][:5000], "damaged"),
        (OPUS[ogg_pages(OPUS)[4] :], "damaged"), (b"RIFF\0\0\0\0WAVE", "damaged"),
        (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 136, b"WAVE", b"fmt ", 16, 1, 1, 1, 2, 2, 16, b"data", 100)
         + bytes(100), "damaged"),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, why: str) -> None:
    """Text that names other files, what is no sound, and what nothing is left of: refused with a reason."""
    assert reason(data) == why


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.sampled_from([b"", *(data[:300] for data in FORMATS.values()), b"\xff\xfb\x90\0"]))
def test_any_bytes_are_sound_or_refused(data: bytes, head: bytes) -> None:
    """Behind any beginning."""
    with suppress(BadInput):
        assert np.all(np.isfinite(read(head + data, 60.0).samples))
