"""What is removed goes from the object store; a crash at any moment leaves nothing that cannot be finished."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from stentor.base import grid
from stentor.base.errors import Overloaded
from stentor.base.rendition import RENDITIONS
from stentor.spaces import sounds, withdrawal
from stentor.spaces.model import Removal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.wire import cue, manifest
from stentor.wire.demux import Demuxer
from tests.support import cues
from tests.support.edge import SPACE
from tests.support.recorded import record

CHUNKS = 60
"""Five segments."""
ALL = Removal(0, None, 9, "host", "Why")


def part(from_s: float, to_s: float) -> Removal:
    return Removal(round(from_s * 1000), round(to_s * 1000), 9, "host", "Why")


def asking(*removals: Removal) -> Withdrawal:
    return Withdrawal(SPACE, removals=list(removals))


async def recorded(objects: Objects) -> dict[str, bytes]:
    """A talk of Ada, with a transcript; the objects by key."""
    await record(objects, CHUNKS, {range(CHUNKS): "ada"})
    await cues.keep(objects, cues.said(1, "before"), cues.said(8, "removed"), cues.said(14, "after"))
    await objects.put(manifest.outline_key(SPACE), b"{}")
    await objects.put(sounds.key(SPACE, "a"), b"pcm")
    await objects.put(f"hold/{SPACE}-0123456789ab", b"loop")
    await objects.put(f"hold/{SPACE}-two-0123456789ab", b"another's")
    return await everything(objects)


async def everything(objects: Objects) -> dict[str, bytes]:
    return {key: await objects.get(key) for key, _ in await objects.list("")}


async def remove(objects: Objects, *removals: Removal) -> Withdrawal:
    return await withdrawals.erase(objects, await withdrawals.withdraw(objects, asking(*removals)))


async def entries(objects: Objects) -> list[manifest.Entry]:
    return manifest.decode_page(await objects.get(manifest.page_key(SPACE, 0)))


async def left(objects: Objects, found: Withdrawal) -> dict[int, bytes]:
    """By chunk the frames that the store still has of it (the first rendition)."""
    frames = {}
    for entry in withdrawal.left(await entries(objects), found):
        stored = entry.renditions["aac-64"]
        if stored.key:
            data = await objects.get(stored.key)
            assert hashlib.sha256(data).hexdigest() == stored.sha256
            assert len(data) == stored.size
            for fragment in Demuxer().feed(data):
                first = fragment.decode_time // grid.CHUNK_SAMPLES
                for number in range(len(fragment.frames) // 15):
                    frames[first + number] = b"".join(fragment.frames[number * 15 : number * 15 + 15])
    return frames


async def test_seconds_go_and_all_others_stay_byte_for_byte() -> None:
    """6 to 10 s: what lies in them is not stored in any form; the manifest and every other frame are the same."""
    objects = Objects.open("memory://")
    before = await recorded(objects)
    sound = await left(objects, Withdrawal(SPACE))
    found = await remove(objects, part(6, 10))
    gone = found.chunks(0, CHUNKS)
    assert gone == set(range(18, 32)), "6 to 10 s, and 0.1 s more on both sides, in whole chunks"
    after = await left(objects, found)
    assert {number: after[number] for number in sound.keys() - gone} == {n: sound[n] for n in sound.keys() - gone}
    stored = b"".join((await everything(objects)).values())
    assert not [number for number in gone if sound[number] in stored]
    assert await objects.get(manifest.page_key(SPACE, 0)) == before[manifest.page_key(SPACE, 0)]
    assert manifest.verify(await entries(objects)) == []


async def test_words_and_outline_go_too() -> None:
    """The transcript lacks what was said there; the outline is made again."""
    objects = Objects.open("memory://")
    await recorded(objects)
    await remove(objects, part(6, 10))
    transcript = cue.decode_transcript(await objects.get(cue.object_key(SPACE)))
    assert [each.text for each in transcript.cues] == ["before", "after"]
    assert await objects.size(manifest.outline_key(SPACE)) is None


async def test_of_a_whole_recording_only_the_manifest_stays() -> None:
    """Numbers, lengths and hashes; who and why are on the list."""
    objects = Objects.open("memory://")
    await recorded(objects)
    found = await remove(objects, ALL)
    assert [key for key in await everything(objects) if key.startswith("recordings")] == [manifest.page_key(SPACE, 0)]
    assert await withdrawals.read(objects, SPACE) == found
    assert found.whole == ALL
    assert await objects.size(sounds.key(SPACE, "a")), "the space itself stays"


async def test_a_removed_space_leaves_nothing_of_its_own() -> None:
    """Its sounds and its hold music go as well, and nobody else's."""
    objects = Objects.open("memory://")
    await recorded(objects)
    wanted = Withdrawal(SPACE, gone=ALL)
    await withdrawals.erase(objects, await withdrawals.withdraw(objects, wanted))
    names = set(await everything(objects))
    assert names == {manifest.page_key(SPACE, 0), withdrawal.key(SPACE), f"hold/{SPACE}-two-0123456789ab"}


async def test_a_second_removal_in_the_same_segment_counts() -> None:
    """5 to 5.5 s, then 6 to 6.5 s: both are silent, and what lies between is still there."""
    objects = Objects.open("memory://")
    await recorded(objects)
    sound = await left(objects, Withdrawal(SPACE))
    await remove(objects, part(5, 5.5))
    wanted = withdrawal.joined(Withdrawal(SPACE, removals=[part(5, 5.5)]), asking(part(6.5, 6.6)))
    listed = await withdrawals.withdraw(objects, wanted)
    assert listed.piece(1) == {}, "until it is done nobody gets what was left before"
    found = await withdrawals.erase(objects, listed)
    stored = b"".join((await everything(objects)).values())
    assert not [number for number in found.chunks(0, CHUNKS) if sound[number] in stored]
    assert (await left(objects, found))[18] == sound[18]
    pieces = [key for key in await everything(objects) if "/aac-64/1." in key]
    assert pieces == [found.pieces[1].renditions["aac-64"].key]


class Failing(Objects):
    """A store whose process dies at write or deletion number ``at``."""

    def __init__(self, whole: Objects, at: int) -> None:
        super().__init__(whole.store, whole.address)
        self.at, self.done = at, 0

    def _step(self) -> None:
        self.done += 1
        if self.done > self.at:
            raise Overloaded("gone", retry_after_s=1)

    async def put(self, key: str, data: bytes) -> None:
        self._step()
        await super().put(key, data)

    async def delete(self, key: str) -> None:
        self._step()
        await super().delete(key)


async def test_a_crash_at_any_step_ends_in_the_same_state() -> None:
    """Done again, everything is as if nothing had happened; and from the list on nobody is served what is on it."""
    plain = Objects.open("memory://")
    await recorded(plain)
    sound = await left(plain, Withdrawal(SPACE))
    wanted = await remove(plain, part(6, 10))
    expected, at = await everything(plain), 0
    while True:
        objects = Objects.open("memory://")
        await recorded(objects)
        failing = Failing(objects, at)
        try:
            await remove(failing, part(6, 10))
        except Overloaded:
            listed = await withdrawals.read(objects, SPACE)
            if listed is not None:
                served = await left(objects, listed)
                assert not [number for number in wanted.chunks(0, CHUNKS) if served.get(number) == sound[number]], at
            await remove(objects, part(6, 10))
            assert await everything(objects) == expected, at
            at += 1
            continue
        break
    assert at > 3 * len(RENDITIONS), "it really failed in the middle"


async def test_the_list_never_loses_anything() -> None:
    """An older list adds nothing and takes nothing away."""
    objects = Objects.open("memory://")
    newest = await withdrawals.withdraw(objects, asking(part(1, 2), part(3, 4)))
    assert await withdrawals.withdraw(objects, asking(part(1, 2))) == newest
    assert [each async for each in withdrawals.each(objects)] == [newest]


async def test_a_damaged_list_is_said_and_does_not_stop_the_others() -> None:
    """One that cannot be read is left out."""
    objects = Objects.open("memory://")
    await objects.put(withdrawal.key("another"), b"{")
    found = await withdrawals.withdraw(objects, asking(ALL))
    assert [each async for each in withdrawals.each(objects)] == [found]


def test_the_list_is_read_as_it_was_written() -> None:
    """Numbers of segments are numbers again."""
    found = Withdrawal(SPACE, 3, [ALL], None, {7: withdrawal.Piece(1, {"aac-64": manifest.StoredObject("k", 1, "h")})})
    assert withdrawal.decode(withdrawal.encode(found)) == found
    assert msgspec.json.decode(withdrawal.encode(found))["pieces"]["7"]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "there"), [(0, 5900, True), (5901, 6000, False), (10_100, 12_000, True)]
)
def test_words_at_the_edge_of_what_is_removed_go(start_ms: int, end_ms: int, there: bool) -> None:
    """A tenth of a second on both sides belongs to it."""
    assert (asking(part(6, 10)).at(start_ms, end_ms) is None) is there
