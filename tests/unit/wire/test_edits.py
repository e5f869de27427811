"""Edit lists: they cover a recording exactly, and both ways through them lead back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import edits
from stentor.wire.edits import CutOut, CutReason, EditList, Kept, Timeline


def listed(lengths: list[tuple[int, bool]]) -> EditList:
    """Of stretches (ticks, kept)."""
    spans, at = [], 0
    for length, kept in lengths:
        spans.append((at, at + length, None if kept else CutReason.SILENCE))
        at += length
    kept_spans, left_out = edits.of_spans(spans)
    return EditList(
        space="talk", doors_open_ms=0, last_hash="x", length_ms=at * 20,
        cut_ms=sum(each.to_ms - each.from_ms for each in kept_spans), pause_ms=4000, kept_pause_ms=1000,
        kept=kept_spans, left_out=left_out, rendition="aac-64",
    )  # fmt: skip


STRETCHES = st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=1, max_size=20)


@given(STRETCHES, st.floats(0, 1))
def test_there_and_back(lengths: list[tuple[int, bool]], where: float) -> None:
    """Each moment of the cut is one of what is kept, and the order stays."""
    found = listed(lengths)
    assert edits.faults(found) == []
    assert edits.decode(edits.encode(found)) == found
    timeline, at = Timeline(found), where * found.cut_ms
    if found.cut_ms:
        there = timeline.back(at)
        assert any(each.from_ms <= there <= each.to_ms for each in found.kept)
        assert timeline.at(there) == pytest.approx(at, abs=1e-6)
    for each in found.left_out:
        assert not timeline.heard(each.from_ms, each.to_ms)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kept": [Kept(0, 200, 0), Kept(420, 600, 200)]}, "where 0.40 s to 0.42 s went"),
        ({"left_out": [CutOut(180, 400, CutReason.OUTAGE)]}, "0.18 s to 0.20 s twice"),
        ({"length_ms": 620}, "ends at 0.60 s, the recording at 0.62 s"),
        ({"cut_ms": 420}, "The cut has 0.40 s, not 0.42 s"),
        ({"kept": [Kept(0, 200, 0), Kept(400, 600, 210)]}, "said to be at 0.21 s"),
    ],
)
def test_nothing_is_missing_or_twice(change: dict[str, object], said: str) -> None:
    """A list that hides a second, or has one twice, is refused with the place."""
    whole = listed([(10, True), (10, False), (10, True)])
    wrong = msgspec.structs.replace(whole, **change)
    assert any(said in each for each in edits.faults(wrong))
    with pytest.raises(Malformed):
        edits.decode(edits.encode(wrong))
