"""The collector of circles at an edge: nothing of a lost connection waits for it, and it is calm where few listen."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from stentor.base import collector
from stentor.edge import worker
from stentor.edge.protocol import Connection
from tests.support.certificates import Authority
from tests.support.edge import edge
from tests.support.wait import eventually

ASKED = (
    "/s/friday/live.aac",
    "/s/friday/hls/aac-64.m3u8",
    "/s/friday/hls/aac-64.m3u8?_HLS_msn=3&_HLS_part=0",  # held, and given up
    "/s/friday/door.json",
    "/there/is/nothing",
)


@pytest.fixture
def by_hand() -> Iterator[None]:
    """The collector does nothing by itself, and is as it was afterwards."""
    before = gc.get_threshold()
    gc.collect()
    gc.disable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def connections() -> int:
    return sum(type(each) is Connection for each in gc.get_objects())  # others may be proxies of what is gone


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_a_lost_connection_is_free_at_once(secure: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it asked for: with TLS each holds 20 kB of OpenSSL's."""
    authority = Authority(tmp_path)
    if secure:
        authority.issue()
    with_tls = {"tls": authority.tls(), "trust": authority.trust()} if secure else {}
    async with edge(chunks=36, **with_tls) as rig:  # type: ignore[arg-type]
        monkeypatch.setattr(rig.worker.taking, "add", lambda *_: None)  # keeps a list of those it looks at later
        before = connections()
        lines = [await rig.open(target) for target in ASKED]
        for reader, _ in lines[:2] + lines[3:]:
            await reader.readline()
        await eventually(lambda: connections() == before + len(ASKED), "all are there")
        rig.publish()
        for _, writer in lines:
            writer.close()
        await eventually(lambda: rig.worker.open == 0, "all are lost")
        await eventually(lambda: connections() == before, "nothing is left of them")


async def test_whoever_is_connected_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also who listens by HLS or waits: only streams are listeners to a worker."""
    told: list[bool] = []
    monkeypatch.setattr(collector, "look", lambda *, calm: told.append(calm))
    monkeypatch.setattr(worker, "FEW", 1)
    async with edge() as rig:
        _, writer = await rig.open("/s/friday/door.json")
        await eventually(lambda: rig.worker.open == 1, "somebody is connected")
        rig.worker.tick()
        writer.close()
        await eventually(lambda: rig.worker.open == 0, "nobody is")
        rig.worker.tick()
    assert (told[0], told[-1]) == (False, True)
