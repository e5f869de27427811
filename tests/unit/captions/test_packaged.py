"""The packaged model: nothing of it is loaded but what we know."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from stentor.base.errors import SetupError
from stentor.captions import whisper


def test_the_packaged_model_is_the_one_we_know() -> None:
    """Weights, tokenizer, vocabulary and configuration have their hashes."""
    assert set(whisper.packaged()) == set(whisper.SHA256)


@pytest.mark.parametrize("name", [*sorted(set(whisper.SHA256) - {whisper.MODEL}), "model.bin.part1", "model.bin.part2"])
def test_a_changed_file_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more in any file, and the sentence names it."""
    for package in whisper.PACKAGES:
        (tmp_path / package / "data").mkdir(parents=True)
        for file in (resources.files(package) / "data").iterdir():
            copy = tmp_path / package / "data" / file.name
            if file.name == name:
                copy.write_bytes(file.read_bytes() + b" ")
            else:
                copy.symlink_to(Path(str(file)))
    monkeypatch.setattr(resources, "files", lambda package: tmp_path / package)
    with pytest.raises(SetupError, match=name.removesuffix(".part1").removesuffix(".part2")):
        whisper.packaged()
