"""The folder of a report with its proofs: Debian's programs accept it, and whatever is changed is noticed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from stentor.base.detached import Detached
from stentor.base.errors import BadInput
from stentor.base.rendition import Source
from stentor.cli import saved
from stentor.evidence.row import line
from stentor.evidence.signed import Evidence
from stentor.evidence.verdict import Outcome
from stentor.wire import manifest
from stentor.wire.edits import EditList, Kept, encode
from tests.support.nights import replay
from tests.unit.evidence.test_report import NIGHT, made

SIGNER = Detached(b"s" * 32)
DOCUMENT = Path(__file__).parents[3] / "docs" / "howto" / "report.md"


def written(folder: Path, **changes: object) -> Path:
    found = made(**changes)  # type: ignore[arg-type]
    rows = b"".join(map(line, replay(NIGHT).rows))
    files = {"report.json": msgspec.json.encode(found), "report.en.html": b"<p>", "rows.jsonl": rows}
    saved.write(folder / "friday", files, found, "Friday", SIGNER)
    return folder / "friday"


@pytest.mark.skipif(not (shutil.which("minisign") and shutil.which("ssh-keygen")), reason="minisign is not installed")
def test_the_three_lines_of_the_documentation_check_it(tmp_path: Path) -> None:
    """Without anything of Stentor; and each of them refuses what was changed."""
    folder = written(tmp_path)
    found = re.search(r"<!-- check -->\n```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    lines = found[1].strip().split("\n")
    assert len(lines) == 3

    def codes() -> list[int]:
        return [
            subprocess.run(each, shell=True, cwd=folder, capture_output=True, check=False).returncode for each in lines
        ]

    assert codes() == [0, 0, 0]
    evidence = folder / "evidence.json"
    evidence.write_bytes(evidence.read_bytes().replace(b"Friday", b"Monday"))
    (folder / "report.en.html").write_bytes(b"<b>")
    assert 0 not in codes()


def test_ours_accepts_it_with_the_right_key_only(tmp_path: Path) -> None:
    """The key in the folder proves only that all is of one hand."""
    folder = written(tmp_path)
    assert saved.prove(folder, None).wrong == []
    assert saved.prove(folder, SIGNER.public).files == 3
    with pytest.raises(BadInput, match="does not fit"):
        saved.prove(folder, Detached(b"t" * 32).public)


@pytest.mark.parametrize("name", ["report.json", "report.en.html", "rows.jsonl"])
def test_a_changed_or_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """One byte, or all of them."""
    folder = written(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert name in saved.prove(folder, None).wrong[0]
    (folder / name).unlink()
    assert name in saved.prove(folder, None).wrong[0]


def test_a_verdict_that_its_rows_do_not_give_is_noticed(tmp_path: Path) -> None:
    """Also when whoever has the key has signed it."""
    verdict = msgspec.structs.replace(made().verdict, finding=Outcome.POPULARITY)
    folder = written(tmp_path, verdict=verdict)
    assert saved.prove(folder, None).wrong == ["The rows give the verdict ATTACK."]


def test_an_edit_list_of_another_recording_is_noticed(tmp_path: Path) -> None:
    """It names the last hash and the length of the one that it is of."""
    runs = [manifest.Run(Source.STAGE, 0, 12)]
    entry = manifest.chain(manifest.FIRST_HASH, manifest.Entry(number=0, start_ms=1, runs=runs, renditions={}))
    right = EditList(
        space="friday", doors_open_ms=1, last_hash=entry.hash, length_ms=3840, cut_ms=3840, pause_ms=4000,
        kept_pause_ms=1000, kept=[Kept(0, 3840, 0)], left_out=[], rendition="aac-64",
    )  # fmt: skip

    def found(name: str, edits: EditList) -> list[str]:
        pages = {"manifest-0.jsonl": manifest.encode_page([entry]), "edits.json": encode(edits)}
        files = {"report.json": msgspec.json.encode(made())} | pages
        saved.write(tmp_path / name, files, made(), "Friday", SIGNER)
        return saved.prove(tmp_path / name, None).wrong

    assert found("right", right) == []
    assert "another recording" in found("other", msgspec.structs.replace(right, last_hash="0" * 64))[0]
    longer = msgspec.structs.replace(right, length_ms=4000, cut_ms=4000, kept=[Kept(0, 4000, 0)])
    assert "another length" in found("longer", longer)[0]
    assert (
        "does not say where 3.80 s"
        in found("hole", msgspec.structs.replace(right, kept=[Kept(0, 3800, 0), Kept(3820, 3840, 3800)]))[0]
    )


def test_nothing_is_written_over_and_nothing_read_elsewhere(tmp_path: Path) -> None:
    """A folder with something in it is left alone; names that lead out of it are refused, signed or not."""
    folder = written(tmp_path)
    with pytest.raises(BadInput, match="not empty"):
        saved.check_new(folder)
    outside = Evidence(
        space="friday", title="T", until_ms=1, final=True, recording_last_hash=None, sha256={"../secret": "0"}
    )
    signed = msgspec.json.encode(outside)
    (folder / "evidence.json").write_bytes(signed)
    (folder / "evidence.json.minisig").write_bytes(SIGNER.minisign(signed, "x"))
    with pytest.raises(BadInput, match="outside"):
        saved.prove(folder, None)
    with pytest.raises(BadInput, match="cannot be read"):
        saved.prove(tmp_path, None)
