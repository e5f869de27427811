"""What is mended in the code of others that pages load (``hatch_build.py``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_build import PARTS, Part, mend

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.package)
def test_what_pages_load_is_mended(part: Part) -> None:
    """What was wrong stands nowhere in the package, and what is right once."""
    for name, (wrong, right) in part.mends.items():
        text = (ROOT / part.folder / name).read_text("utf-8")
        assert (text.count(wrong), text.count(right)) == (0, 1)


def test_it_is_mended_once_and_only_where_it_is_wrong(tmp_path: Path) -> None:
    """Doing it again changes nothing; another version of the file fails the build and says what to look at."""
    part = Part("player", tmp_path, {"a.js": "a.js"}, {"a.js": ("x || -1", "x ?? -1")})
    (tmp_path / "a.js").write_text("const n = x || -1;")
    for _ in range(2):
        mend(tmp_path, part)
        assert (tmp_path / "a.js").read_text() == "const n = x ?? -1;"
    (tmp_path / "a.js").write_text("const n = y;")
    with pytest.raises(RuntimeError, match=r"a\.js of player is not as it was"):
        mend(tmp_path, part)
