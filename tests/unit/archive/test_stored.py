"""A recording in the store, and how it is taken up again."""

from __future__ import annotations

import msgspec
import pytest

from stentor.archive.recorder import SealedSegment
from stentor.archive.stored import RecordingStore, salvage
from stentor.base.errors import NotFound
from stentor.base.rendition import Source
from stentor.spaces import names, pulse
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.manifest import FIRST_HASH, PAGE_ENTRIES, Entry, Run, StoredObject
from tests.support.recorded import heard

PAGE = manifest.page_key("talk", 0)


def chained(count: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(count):
        previous = entries[-1].hash if entries else FIRST_HASH
        runs = [Run(Source.STAGE, number * 12, number * 12 + 12)]
        stored = {"aac-64": StoredObject(f"k{number}", 1, "0" * 64)}
        entry = Entry(number=number, start_ms=number * 3840, runs=runs, renditions=stored)
        entries.append(manifest.chain(previous, entry))
    return entries


async def shelved(count: int) -> tuple[Objects, list[Entry]]:
    """A store with a recording of ``count`` segments."""
    objects = Objects.open("memory://")
    shelf, entries = RecordingStore(objects, "talk"), chained(count)
    for entry in entries:
        await shelf.keep(SealedSegment(entry, {f"k{entry.number}": b"x"}))
    return objects, entries


async def test_pages_follow_each_other() -> None:
    """A page is full after 256 entries, and everything is read again, in order."""
    objects, entries = await shelved(PAGE_ENTRIES + 3)
    assert manifest.decode_page(await objects.get(manifest.page_key("talk", 1))) == entries[PAGE_ENTRIES:]
    assert await RecordingStore(objects, "talk").load() == (entries, False)
    assert await objects.get(manifest.init_key("talk", "opus-24"))


async def test_a_second_writer_goes_on() -> None:
    """After a load the next entry stands behind the others, also at the border of a page."""
    for count in (3, PAGE_ENTRIES - 1, PAGE_ENTRIES):
        objects, _ = await shelved(count)
        shelf, entries = RecordingStore(objects, "talk"), chained(count + 1)
        await shelf.load()
        await shelf.keep(SealedSegment(entries[-1], {}))
        assert (await RecordingStore(objects, "talk").load()).entries == entries


async def test_what_waits_is_listed_later() -> None:
    """With a segment that comes after it, with a full page, or when somebody says so; nothing is left out."""
    objects, entries = Objects.open("memory://"), chained(PAGE_ENTRIES + 2)
    shelf = RecordingStore(objects, "talk")

    async def listed() -> int:
        return len((await RecordingStore(objects, "talk").load()).entries)

    for entry in entries:
        await shelf.keep(SealedSegment(entry, {}), listed=entry.number == 2)
        assert await listed() == (0 if entry.number < 2 else 3 if entry.number < PAGE_ENTRIES - 1 else PAGE_ENTRIES)
    await shelf.list_kept()
    assert (await RecordingStore(objects, "talk").load()).entries == entries


async def test_names_stand_beside_the_sound() -> None:
    """Before the segment that they are for; also of a second writer, and one that was erased stays so."""
    objects, entries = Objects.open("memory://"), chained(2)
    shelf = RecordingStore(objects, "talk")
    chunk = heard(1, "ada")
    assert b"Ada" not in shelf.unnamed(chunk).pulse
    await shelf.keep(SealedSegment(entries[0], {}))
    known = names.decode(await objects.get(names.key("talk")))
    assert names.given(pulse.read(shelf.unnamed(chunk).pulse), known) == pulse.read(chunk.pulse)
    second = RecordingStore(objects, "talk")
    await second.load()
    await objects.put(names.key("talk"), names.encode(known.renamed({"ada": "Deleted person 17"})))
    second.unnamed(msgspec.structs.replace(chunk, pulse=chunk.pulse.replace(b"Bob", b"Eve")))
    await second.keep(SealedSegment(entries[1], {}))
    found = names.decode(await objects.get(names.key("talk")))
    assert [each.name for each in found.names] == ["Deleted person 17", "Bob", "Eve"]


@pytest.mark.parametrize("keep", [0, 1, 500, 1500])
async def test_a_torn_page_is_used_as_far_as_it_proves_itself(keep: int) -> None:
    """Cut anywhere: whole entries count, the rest is recorded anew, and the damaged page is kept aside."""
    objects, entries = await shelved(5)
    whole = await objects.get(PAGE)
    await objects.put(PAGE, whole[:keep] + b"\x00garbage")
    loaded = await RecordingStore(objects, "talk").load()
    assert loaded.damaged
    assert loaded.entries == entries[: whole[:keep].count(b"\n")]
    assert [key for key, _ in await objects.list("recordings/talk/manifest") if key.endswith(".damaged")]


async def test_a_changed_entry_breaks_the_chain_there() -> None:
    """An entry that is not what its hash says, and all behind it, do not count."""
    objects, entries = await shelved(5)
    page = (await objects.get(PAGE)).replace(b'"size":1', b'"size":2')
    lines = (await objects.get(PAGE)).splitlines(keepends=True)
    await objects.put(PAGE, b"".join(lines[:2]) + b"".join(page.splitlines(keepends=True)[2:]))
    assert await RecordingStore(objects, "talk").load() == (entries[:2], True)


async def test_a_new_recording_is_empty_and_sound() -> None:
    """Nothing there is no damage."""
    objects = Objects.open("memory://")
    assert await RecordingStore(objects, "talk").load() == ([], False)
    with pytest.raises(NotFound):
        await objects.get(PAGE)


def test_salvage_reads_up_to_the_first_bad_line() -> None:
    """What is no entry ends the reading."""
    entries = chained(3)
    page = manifest.encode_page(entries)
    assert salvage(page) == entries
    assert salvage(page[:-5]) == entries[:2]
    assert salvage(b"\xff\xfe") == []
