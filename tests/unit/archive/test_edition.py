"""The listener cut of a recording: what it is made of, and that it is made once, whatever happens meanwhile."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stentor.archive import cut_proof
from stentor.audio import edition
from stentor.audio.loudness import integrated_lufs
from stentor.audio.pcm import Samples
from stentor.base.errors import Overloaded, Removed
from stentor.spaces.model import Removal, Trim
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import editions, withdrawals
from stentor.store.objects import Objects
from stentor.wire import edits as wire
from stentor.wire import movie
from stentor.wire.edits import CutOut, CutReason, EditList, Kept
from tests.support import evening
from tests.support.edge import SPACE
from tests.support.encoded import probe
from tests.support.match import correlation

RATE = 48_000


class CountingObjects(Objects):
    """Says what was written, and fails when ``left`` more were."""

    def __init__(self) -> None:
        super().__init__(Objects.open("memory://").store, "memory://")
        self.written: list[str] = []
        self.left = 10**9

    async def put(self, key: str, data: bytes) -> None:
        if self.left <= 0:
            raise Overloaded("The store is full.", retry_after_s=1.0)
        self.left -= 1
        self.written.append(key)
        await super().put(key, data)


async def heard(objects: Objects, found: EditList) -> Samples:
    """The cut as a player gives it, between the marks that its index sets."""
    pieces = [
        edition.decode(await objects.get(editions.piece_key(SPACE, found.removals, found.mark, number)))
        for number in range(len(found.pieces))
    ]
    samples = found.cut_ms * RATE // 1000
    head = movie.head(edition.RENDITION, [piece.sizes for piece in pieces], samples=samples, skip=2048)
    sound = probe(head + b"".join(piece.frames for piece in pieces)).samples
    assert samples <= sound.size < samples + 1024
    return sound[:samples]


async def test_the_talk_is_kept_and_every_second_accounted_for() -> None:
    """Music, silence, outage and gap are out; each voice stands where the list says, at -16 LUFS."""
    objects = Objects.open("memory://")
    await evening.record(objects)
    found = await evening.cut(objects)
    assert wire.faults(found) == []
    assert [each.why for each in found.left_out] == evening.LEFT_OUT
    assert found.cut_ms == sum(each.to_ms - each.from_ms for each in found.kept)
    silence = next(each for each in found.left_out if each.why is CutReason.SILENCE)
    assert silence.to_ms - silence.from_ms == pytest.approx(30 * 320 - found.kept_pause_ms, abs=500)
    sound, original = await heard(objects, found), evening.sound()
    assert integrated_lufs(sound) == pytest.approx(-16.0, abs=0.5)
    assert found.loudness is not None
    assert found.loudness.after_lufs == pytest.approx(integrated_lufs(sound), abs=0.2)
    assert float(np.max(edition.true_peaks(sound))) < 1.0
    for kept in found.kept:
        there = original[max(0, kept.from_ms * 48 - 2048) : kept.to_ms * 48 - 2048]  # as a decoder gives it
        here = sound[kept.at_ms * 48 : (kept.at_ms + kept.to_ms - kept.from_ms) * 48]
        score = float(np.corrcoef(there[960:-960], here[960:-960])[0, 1])
        assert score > 0.9, (kept, score)


async def test_who_begins_again_does_the_rest_only_with_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails stops it as a kill would: what was kept stays, nothing is there twice."""
    monkeypatch.setattr(edition, "PIECE_CHUNKS", 30)
    monkeypatch.setattr(edition, "PIECE_TICKS", 30 * 16)
    whole, broken = CountingObjects(), CountingObjects()
    for objects in (whole, broken):
        await evening.record(objects)
        objects.written.clear()
    found = await evening.cut(whole)
    assert len(found.pieces) > 2
    done = 0
    while broken.left != 10**9:
        broken.left = 2 if done == 0 else 10**9
        done += 1
        try:
            again = await evening.cut(broken)
        except Overloaded:
            continue
    assert sorted(broken.written) == sorted(set(broken.written))
    assert broken.written == whole.written
    assert again.pieces == found.pieces
    whole.written.clear()
    assert await evening.cut(whole) == found
    assert whole.written == []


async def test_what_is_removed_or_not_shown_is_in_no_cut() -> None:
    """The cut from before a removal goes with it; the next one says why it lacks these seconds."""
    objects = Objects.open("memory://")
    await evening.record(objects)
    before = await evening.cut(objects)
    removal = Removal(23_000, 24_000, 9, "host", "Bob asked")
    found = await withdrawals.withdraw(objects, Withdrawal(SPACE, removals=[removal]))
    await withdrawals.erase(objects, found)
    assert not [key for key, _ in await objects.list(f"recordings/{SPACE}") if "/cut/" in key or "/measured/" in key]
    after = await evening.cut(objects, Trim(7_000, None))
    assert wire.faults(after) == []
    reasons = {each.why: each for each in after.left_out}
    assert reasons[CutReason.REMOVED].from_ms <= 22_900
    assert reasons[CutReason.REMOVED].to_ms >= 24_100
    assert (reasons[CutReason.TRIMMED].from_ms, reasons[CutReason.TRIMMED].to_ms) == (0, 7_000)
    assert before.cut_ms > after.cut_ms > 0
    sound = await heard(objects, after)
    bob = evening.sound()[round(22.95 * RATE) - 2048 : round(24.05 * RATE) - 2048]
    assert correlation(bob, sound).score < 0.5
    gone = await withdrawals.withdraw(objects, Withdrawal(SPACE, gone=Removal(0, None, 9, "host", "All asked")))
    await withdrawals.erase(objects, gone)
    assert all("/manifest/" in key for key, _ in await objects.list(f"recordings/{SPACE}"))
    with pytest.raises(Removed):
        await evening.cut(objects)


async def test_a_full_disk_is_left_to_what_is_live() -> None:
    """Nothing is written of a cut that would take the room of a talk, and the order says so."""
    objects = CountingObjects()
    await evening.record(objects)
    objects.written.clear()
    with pytest.raises(Overloaded, match="too little room"):
        await evening.cut(objects, free_bytes=1_000_000)
    assert [key for key in objects.written if "/cut/" in key] == []


async def test_whoever_checks_finds_what_was_changed() -> None:
    """A cut proves itself; one that lacks a word, has another sound or hides a second does not, and says where."""
    objects = Objects.open("memory://")
    await evening.record(objects)
    found = await evening.cut(objects)
    key = editions.edits_key(SPACE, 0)

    async def wrong(changed: EditList) -> str:
        await objects.put(key, wire.encode(changed))
        proof = await cut_proof.prove(objects, SPACE)
        assert proof is not None
        return " ".join(proof.wrong)

    proof = await cut_proof.prove(objects, SPACE)
    assert proof is not None
    assert proof.wrong == []
    assert proof.compared_s == pytest.approx(found.cut_ms / 1000)
    first, *kept = found.kept
    lied = [CutOut(first.from_ms, first.from_ms + 2000, CutReason.SILENCE), *found.left_out]
    moved = [Kept(first.from_ms + 2000, first.to_ms, 0), *(Kept(*bounds(each), each.at_ms - 2000) for each in kept)]
    hides = msgspec.structs.replace(found, kept=moved, left_out=lied, cut_ms=found.cut_ms - 2000)
    assert f"{first.from_ms / 1000:.2f} s to" in await wrong(hides)
    assert "another sound" in await wrong(hides)
    piece = msgspec.structs.replace(found.pieces[0], sha256="0" * 64)
    assert "Piece 0" in await wrong(msgspec.structs.replace(found, pieces=[piece, *found.pieces[1:]]))
    assert "another recording" in await wrong(msgspec.structs.replace(found, last_hash="0" * 64))


def bounds(kept: Kept) -> tuple[int, int]:
    return kept.from_ms, kept.to_ms
