"""The kernel's counters, read from the real /proc/net, by one process of a network namespace."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stentor.edge.kernel import FOLDER, KernelCounters


@pytest.mark.skipif(not (FOLDER / "netstat").exists(), reason="another system")
def test_connections_of_this_second_are_seen_by_one_reader_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another reads nothing until the first has gone. (A name of the test's own: an edge may run on this machine.)"""
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    one, other = KernelCounters(), KernelCounters()
    assert one.second() is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(5):
            socket.create_connection(server.getsockname()).close()
    seen = one.second()
    assert seen is not None
    assert seen.passive_opens >= 5
    assert other.second() is other.second() is None
    one.close()
    assert other.second() is None
    assert other.second() is not None
    other.close()


def test_where_the_kernel_says_nothing_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_001)
    counters = KernelCounters(tmp_path)
    assert counters.second() is None
    assert counters.second() is None
    counters.close()
