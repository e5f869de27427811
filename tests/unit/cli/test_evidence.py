"""`stentor evidence counts ROWS.jsonl`: the numbers of a space from a file of rows, without a bus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stentor.base.errors import BadInput
from stentor.cli.evidence import evidence
from stentor.evidence.row import EdgeSecond, SpaceSecond, line

ROWS = [
    EdgeSecond("edge-0", 1_900_000_000_000 + 1000 * second, spaces={"friday": SpaceSecond(hearing=second)})
    for second in range(5)
]


def numbers(file: Path) -> dict[str, Any]:
    found = CliRunner().invoke(evidence, ["counts", str(file), "--json"], catch_exceptions=False)
    assert found.exit_code == 0
    return json.loads(found.output)  # type: ignore[no-any-return]


def test_a_file_of_rows_is_counted(tmp_path: Path) -> None:
    """As the rows on the bus are; in a table, too."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(map(line, ROWS)))
    found = numbers(file)
    assert (found["space"], found["peak"]["value"], found["peak"]["at_ms"]) == ("friday", 4, 1_900_000_003_000)
    table = CliRunner().invoke(evidence, ["counts", str(file)]).output
    assert "4 at 2030-03-17 17:46:43Z" in table
    assert "5 rows of 1 edges" in table


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "of one space"),
        (line(ROWS[0]) + b"{}\n", "Line 2 of"),
        (line(ROWS[0])[:-20], "Line 1 of"),
        (line(ROWS[0]) + line(EdgeSecond("a", 1, spaces={"other": SpaceSecond()})), "of one space"),
        (None, "Cannot read"),
    ],
)
def test_what_is_no_file_of_rows_is_refused(tmp_path: Path, text: bytes | None, says: str) -> None:
    """With the line, and how such a file is made."""
    file = tmp_path / "rows.jsonl"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(BadInput, match=says):
        CliRunner().invoke(evidence, ["counts", str(file)], catch_exceptions=False)


def test_a_verdict_is_made_of_a_file_of_rows(tmp_path: Path) -> None:
    """In words and for programs; rows of an older version say too little for one."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(map(line, ROWS)))
    told = CliRunner().invoke(evidence, ["verdict", str(file)], catch_exceptions=False).output
    assert told.startswith("UNKNOWN. ")
    found = CliRunner().invoke(evidence, ["verdict", str(file), "--json"], catch_exceptions=False).output
    assert (json.loads(found)["finding"], json.loads(found)["accuses"]) == ("UNKNOWN", False)
