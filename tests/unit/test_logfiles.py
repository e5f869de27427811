"""Log files that are appended to, bounded, and shown."""

from __future__ import annotations

from pathlib import Path

from stentor.logfiles import Tail, bound


def test_a_file_that_has_grown_too_large_starts_anew(tmp_path: Path) -> None:
    """Its process goes on writing to it, the newest lines are kept once, and older ones are forgotten."""
    file = tmp_path / "house-0.log"
    with file.open("ab", buffering=0) as process:
        for text in (b"first\n", b"second\n", b"third\n"):
            process.write(text)
            bound(tmp_path, most_bytes=5)
        process.write(b"new\n")
        bound(tmp_path, most_bytes=5)
    assert file.read_bytes() == b"new\n"
    assert (tmp_path / "house-0.log.1").read_bytes() == b"third\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_terminal_shows_whole_lines_once(tmp_path: Path) -> None:
    """From now on, of every file, also one that is new or has started anew."""
    (tmp_path / "house-0.log").write_text("before\n")
    tail = Tail(tmp_path)
    with (tmp_path / "house-0.log").open("a") as house, (tmp_path / "edge-0.log").open("a") as edge:
        assert tail.new() == ""
        house.write("one\ntw")
        edge.write("edge\n")
        house.flush()
        edge.flush()
        assert tail.new() == "edge\none\n"
        house.write("o\n")
        house.flush()
        assert tail.new() == "two\n"
    bound(tmp_path, most_bytes=1)
    (tmp_path / "house-0.log").write_text("anew\n")
    assert tail.new() == "anew\n"
