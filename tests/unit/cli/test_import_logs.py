"""`stentor evidence import SPACE LOG...`: files, pipes, packed ones, damaged ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from stentor.base.errors import BadInput
from stentor.cli.evidence import evidence

LINE = '192.0.2.{} - - [17/Mar/2030:17:46:{:02} +0000] "GET /s/talk/hls/index.m3u8 HTTP/1.1" 200 99 "-" "VLC"\n'
LOG = "".join(LINE.format(n, n) for n in range(1, 31))


def run(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(evidence, ["import", "talk", *words], input=given, catch_exceptions=False)


def unique(rows: str, tmp_path: Path) -> int:
    file = tmp_path / "rows.jsonl"
    file.write_text(rows)
    said = CliRunner().invoke(evidence, ["counts", str(file), "--json"], catch_exceptions=False).output
    return int(msgspec.json.decode(said)["unique"]["value"])


def test_packed_piped_and_in_pieces_it_is_the_same(tmp_path: Path) -> None:
    """Of files that are given together nobody counts twice."""
    plain, packed = tmp_path / "access.log", tmp_path / "access.log.1.gz"
    plain.write_text(LOG)
    packed.write_bytes(gzip.compress(LOG.encode()))
    for found in (run(str(plain)), run(str(packed)), run("-", given=LOG.encode()), run(str(packed), str(plain))):
        assert 28 <= unique(found.stdout, tmp_path) <= 30


def test_bad_lines_are_counted_once_said_and_not_quoted(tmp_path: Path) -> None:
    """Those read are no bad ones (matomo-log-analytics 198); others at its head do no harm (goaccess 208)."""
    log = tmp_path / "access.log"
    log.write_text("# a comment\nstarting on 192.0.2.99\n\n" + LOG + "192.0.2.99 x\n" + "y" * 200_000 + "\n" + LOG)
    found = run(str(log))
    assert "3 lines could not be read" in found.stderr
    assert f"{log}, line 2" in found.stderr
    assert "192.0.2" not in found.stderr + found.stdout
    assert "60 requests for the space" in found.stderr


def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Logs fetched while they are written are (nodejs/build 679)."""
    log = tmp_path / "access.log.gz"
    log.write_bytes(gzip.compress(LOG.encode())[:-20])
    found = run(str(log))
    assert "cut short or damaged" in found.stderr
    assert unique(found.stdout, tmp_path) > 0


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "are empty"), ("what is this\n" * 9, "9 of 9 lines could not be read"),
     (LOG.replace("/s/talk", "/s/x"), "None of 30")],
)  # fmt: skip
def test_what_is_no_log_of_the_space_is_refused(text: str, told: str, tmp_path: Path) -> None:
    """With what to do."""
    log = tmp_path / "access.log"
    log.write_text(text)
    with pytest.raises(BadInput, match=told):
        run(str(log))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Cannot read"):
        run(str(tmp_path / "none.log"))
