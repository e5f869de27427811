"""``stentor top``: what an edge exports, on one screen of any size."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from stentor.base.errors import Malformed
from stentor.bus.installation import Installation, ProcessTold
from stentor.bus.status import SpaceStatus, Status
from stentor.cli import top
from stentor.cli.top_sight import InstallationNow, read
from stentor.edge import metrics


def page(edges: int = 2, spaces: int = 1, **numbers: float) -> str:
    """What an edge exports of an installation of that size."""
    seen = {
        f"space-{at}-with-a-rather-long-name": SpaceStatus(
            listeners=10, formats={"aac": 7, "hls": 3}, rung=2, waiting=5
        )
        for at in range(spaces)
    }
    told = {"connections": 12.0, "places_left": 90.0, "places": 100.0, "cpu_ratio": 0.9, "failed": 3.0, **numbers}
    statuses = [Status("edge", f"edge-{at}", 0, 1, seen, told) for at in range(edges)]
    processes = [
        ProcessTold(role, f"{role}-0", {"process_memory_bytes": 5e7, "process_starts": 3.0, "process_cpu": 0.5})
        for role in ("house", "stage", "programme", "archive")
    ]
    lights = {space: {"stage": "red", "recording": "green", "audience": "yellow"} for space in seen}
    both = metrics.ToldByHouses(installation=lambda: Installation(processes, lights))
    return metrics.render(statuses, both).decode()


def screen(found: InstallationNow, width: int = 80, height: int = 24, **errors: float) -> list[str]:
    written = io.StringIO()
    console = Console(file=written, width=width, highlight=False)
    console.print(top.draw(found, errors, 1.5, width=width, height=height))
    return written.getvalue().rstrip("\n").split("\n")


def test_it_reads_what_an_edge_exports() -> None:
    """Spaces with door, ladder and lights; edges; processes; and what should not be."""
    found = read(page())
    space = found.spaces[0]
    assert (space.listeners, space.waiting, space.rung, space.door) == (20, 5, 2, 1.0)
    assert space.lights == {"stage": "red", "recording": "green", "audience": "yellow"}
    assert [(edge.edge, edge.listeners, edge.places_left) for edge in found.edges] == [
        ("edge-0", 10, 90),
        ("edge-1", 10, 90),
    ]
    stage = next(one for one in found.processes if one.role == "stage")
    assert (stage.restarts, stage.memory_bytes, stage.cpu) == (2, 5e7, 0.5)
    assert found.counters["answers 500"] == 6
    assert read(page(failed=5.0)).errors(found) == {"answers 500": 4}
    assert msgspec.json.decode(msgspec.json.encode(found), type=InstallationNow) == found


def test_everything_fits_on_a_screen_of_80_by_24() -> None:
    """However large the installation is; what has no room is counted."""
    for edges, spaces in ((1, 0), (2, 1), (50, 40)):
        lines = screen(read(page(edges, spaces)), answers=4)
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "and 35 more" in text
    assert "edge-0" in text
    assert "stage-0" in text
    assert "just now: 4 answers" in text
    assert len(screen(read(page(50, 40)), height=60)) > 40


def test_what_is_no_stentor_is_refused() -> None:
    """A page of another program, and no page at all."""
    for text in ("up 1\n", "<html>", "{"):
        with pytest.raises(Malformed):
            read(text)
