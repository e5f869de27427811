"""``stentor verify ADDRESS`` against a real edge with a recording: what is right, what is wrong, what is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from stentor.base.detached import Detached
from stentor.base.errors import BadInput, NotFound
from stentor.cli import online
from stentor.evidence import signed
from stentor.evidence.report import RecordingState, kept_key
from stentor.wire import manifest
from stentor.wire.manifest import Entry
from tests.support.edge import SECRET, SPACE, Rig, edge
from tests.support.recorded import record, recorded_space
from tests.unit.evidence.test_report import made

SIGNER = Detached(SECRET)


@asynccontextmanager
async def site(signer: Detached = SIGNER) -> AsyncIterator[tuple[Rig, list[Entry], str]]:
    """An edge that shows a recording with its signed report: the edge, the manifest, and the space's address."""
    async with edge(chunks=1) as rig:
        await record(rig.objects, 50, {range(50): "ada"})
        rig.channel.update(recorded_space())
        entries = manifest.decode_page(await rig.objects.get(manifest.page_key(SPACE, 0)))
        found = made(space=SPACE, recording=RecordingState(len(entries), entries[-1].hash, 0), final=True)
        told = msgspec.json.encode(found)
        both = signed.sign(found, "T", {signed.REPORT: told}, signer)
        await rig.objects.put(kept_key(SPACE), told)
        await rig.objects.put(signed.kept_key(SPACE), msgspec.json.encode(both))
        yield rig, entries, f"http://127.0.0.1:{rig.port}/s/{SPACE}"


async def verified(address: str, **asked: object) -> online.Seen:
    def work() -> online.Seen:
        with online.site(address) as found:
            return online.verify(found, online.CheckOptions(**asked))  # type: ignore[arg-type]

    return await asyncio.to_thread(work)


async def test_what_is_as_it_was_signed_is_right() -> None:
    """Key, report, chain and every segment; a hash that somebody wrote down; and what nobody can check is said."""
    async with site() as (_, entries, address):
        seen = await verified(address, key=SIGNER.fingerprint, witnessed=entries[2].hash)
        assert seen.wrong == []
        said = "\n".join(seen.good)
        assert SIGNER.fingerprint in said
        assert f"{len(entries)} of {len(entries)} segments of aac-64" in said
        assert "hash is that of segment 3" in said
        assert any("rows" in each for each in seen.open)
        assert not any("Whose key" in each for each in seen.open)
        seen = await verified(f"{address}/report?lang=de", audio=False)
        assert any("Whose key" in each for each in seen.open)
        assert any("not fetched" in each for each in seen.open)


async def test_what_was_changed_is_wrong() -> None:
    """A segment, the report, the chain, and a hash that was never in it; another's key is refused."""
    async with site() as (rig, entries, address):
        stored = entries[1].renditions["aac-64"]
        await rig.objects.put(stored.key, b"other sound")
        seen = await verified(address, witnessed="0" * 64)
        assert [each.partition(" of ")[0] for each in seen.wrong] == [
            "The witnessed hash is not in the recording's chain: it was changed since, or is another's.",
            "Segment 1",
        ]
        await rig.objects.put(kept_key(SPACE), msgspec.json.encode(made(space=SPACE, final=True)))
        await rig.objects.put(
            manifest.page_key(SPACE, 0),
            manifest.encode_page([msgspec.structs.replace(entries[0], start_ms=5), *entries[1:]]),
        )
        rig.site.replays.forget(SPACE)
        rig.site._reports._read.clear()
        seen = await verified(address, audio=False)
        assert seen.wrong == ["The report is not the one that was signed.", "Segment 0 is not what its hash says."]
        with pytest.raises(BadInput, match="does not fit"):
            await verified(address, key=Detached(b"t" * 32).public)


async def test_what_is_no_such_address_is_said() -> None:
    """Nothing there, a host that does not answer, and what is no address of the web."""
    async with edge(chunks=1) as rig:
        with pytest.raises(NotFound):
            await verified(f"http://127.0.0.1:{rig.port}/s/{SPACE}")
    with pytest.raises(BadInput, match="cannot be fetched"):
        await verified("http://127.0.0.1:1/s/friday")
    for wrong in ("ftp://a/s/b", "https://user@a/s/b", "https:///s/b"):
        with pytest.raises(BadInput, match="no address"):
            await verified(wrong)
