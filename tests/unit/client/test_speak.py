"""What a speaker says."""

from __future__ import annotations

from pathlib import Path

import pytest

from stentor.base.errors import BadInput
from stentor.client.speak import VOICES, read_voice, recorded_voice, speak
from tests.support.sound import correlation
from tests.support.speech import SPEECH


@pytest.mark.parametrize("name", VOICES)
def test_a_recorded_voice_comes_with_stentor(name: str) -> None:
    """Both voices are in the package, and they are two."""
    voice = recorded_voice(name)
    assert voice.size > 8 * 48_000
    other = recorded_voice(VOICES[1 - VOICES.index(name)])
    assert not correlation(voice, other).found


def test_files_are_said_one_after_the_other() -> None:
    """Several files are joined with a pause; no file at all is the reader; a voice's name is that voice."""
    one, two = SPEECH / "cards-001.flac", SPEECH / "cards-002.flac"
    both = read_voice([one, two])
    assert both.size == read_voice([one]).size + read_voice([two]).size + round(0.6 * 48_000)
    assert correlation(read_voice([two]), both).found
    assert read_voice([]).size == recorded_voice("reader").size
    assert read_voice(["cards"]).size == recorded_voice("cards").size


def test_a_file_that_is_not_there_or_no_sound_is_refused(tmp_path: Path) -> None:
    """A sentence names the file."""
    with pytest.raises(BadInput, match=r"nowhere\.wav"):
        read_voice(["nowhere.wav"])
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(BadInput):
        read_voice([tmp_path / "text.wav"])
    with pytest.raises(BadInput, match="no voice"):
        recorded_voice("nobody")


async def test_a_space_has_a_proper_name() -> None:
    """A space id that is none is refused before anybody is asked."""
    with pytest.raises(BadInput, match="space id"):
        await speak("http://127.0.0.1:9", "No Such/Space", name="x", token="t")
