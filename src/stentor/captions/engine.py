"""The port to a recogniser of speech: what it must do, whoever does it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from stentor.audio.pcm import Samples


class Transcription(NamedTuple):
    """The words of one utterance, empty when there are none, and the language they are in (ISO 639-1)."""

    text: str
    language: str


class Transcriber(Protocol):
    """One recogniser. It is called by one thread at a time, and may take as long as it takes."""

    @property
    def name(self) -> str:
        """For the transcript: what recognised it."""
        ...

    def transcribe(self, samples: Samples, language: str) -> Transcription:
        """The words in ``samples`` (float32, mono, 16 kHz, at most 30 s).

        ``language`` is what people in this space speak as a rule; one that the recogniser does not know is guessed.
        """
        ...
