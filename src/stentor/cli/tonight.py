"""``stentor tonight``: doctor, preflight and a rehearsal in a space of its own: whether this evening will do."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import click
import msgspec

from stentor.base.config import Settings
from stentor.base.errors import StentorError
from stentor.cli import doctor, options, preflight
from stentor.cli.findings import Finding, Verdict, tell
from stentor.cli.house import House
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed

MOST: Final = 5000
"""Of one machine, by its own loopback network: a larger crowd wants machines of its own (``stentor rehearse``)."""
WITHIN_S, FOR_S = 10.0, 30.0
HOURS: Final = 3.0
OPEN_S: Final = 3.0
"""So long after its doors have opened everybody knows of a space."""
LOOKED: Final = 0.2
"""The part of the work that is looking; the rest is the rehearsal."""


@click.command()
@click.option(
    "--listeners", type=click.IntRange(0, MOST), default=50, show_default=True, help="How many come; 0: none."
)
@click.option("--space", "space_id", metavar="SPACE", help="Look at this space, too: the one of tonight.")
@options.data
@options.as_json
def tonight(listeners: int, space_id: str | None, data: str | None, as_json: bool) -> None:
    """Look at machine and space, and rehearse on this machine in a space of its own; Ctrl-C stops it.

    With --json there is one object a line: how far it is (0 to 1), the space of the rehearsal, then what was found.
    """
    settings = options.settings(data=data, log_level="ERROR")

    def say(**told: object) -> None:
        if as_json:
            click.echo(msgspec.json.encode(told))

    findings: list[Finding] = []
    with House(settings) as house:
        for finding in _look(settings, house, space_id, listeners or None):
            findings.append(finding)
            say(finding=finding)
        say(progress=LOOKED)
        if listeners:
            rehearsed = asyncio.run(_rehearse(settings, house, listeners, say))
            findings += rehearsed
            for finding in rehearsed:
                say(finding=finding)
    if not as_json:
        tell(findings, as_json=False)


def _look(settings: Settings, house: House, space: str | None, listeners: int | None) -> Iterator[Finding]:
    yield from doctor.examine(settings)
    processes = house.get("/processes")["processes"]
    if space is None:
        yield from preflight.of_roles(processes)
        yield preflight.of_capacity(processes, listeners)
        return
    view = house.get(f"/spaces/{space}")
    for finding in preflight.examine(settings, house.url, view, processes, listeners=listeners, hours=HOURS):
        if finding.what not in ("bus", "recordings", "open files", "not looked at"):  # seen already
            yield finding
    yield preflight.of_quota(house.get("/storage")["site"], HOURS)


async def _rehearse(settings: Settings, house: House, listeners: int, say: Any) -> list[Finding]:
    """What came of it; stopped by SIGTERM or Ctrl-C, the space is ended and nothing is found."""
    if settings.proxy_protocol == "on":
        said = "every connection must begin with the PROXY protocol here, which listeners of a rehearsal do not speak"
        return [Finding("rehearsal", Verdict.WARNING, said, "Rehearse through the proxy: stentor rehearse SPACE.")]
    found: list[Finding] = []

    async def work() -> None:
        with _own_space(house) as space:
            say(space=space)
            await asyncio.sleep(OPEN_S)
            plan = RehearsalPlan(page=_here(settings, space), listeners=listeners, within_s=WITHIN_S, for_s=FOR_S)
            began = time.monotonic()

            def on_progress(report: Rehearsed, playing: int) -> None:
                part = min(1.0, (time.monotonic() - began) / FOR_S)
                say(progress=round(LOOKED + (1 - LOOKED) * part, 3), come=report.come, playing=playing)

            found.extend(_judged(await rehearse(plan, on_progress=on_progress)))

    await options.until_told(work())
    return found


@contextmanager
def _own_space(house: House) -> Iterator[str]:
    """A space that stands in no list, with its doors open; it is ended and removed afterwards."""
    space = f"rehearsal-{secrets.token_hex(4)}"
    house.post("/spaces", {"id": space, "title": "Rehearsal", "language": "en"})
    try:
        house.patch(f"/spaces/{space}", {"listed": False})
        house.post(f"/spaces/{space}/doors")
        yield space
    finally:
        for verb, body in (("end", {}), ("remove", {"reason": "rehearsal"})):
            with suppress(StentorError):  # whoever asked hears of worse; the next look finds it in the list
                house.post(f"/spaces/{space}/{verb}", body)


def _here(settings: Settings, space: str) -> str:
    """The listener's page at this machine's loopback address: no network, no proxy, no cache has to carry the crowd."""
    host = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(settings.host, settings.host)
    return f"{settings.scheme}://{host}:{settings.audience_port}/s/{space}"


def _judged(report: Rehearsed) -> Iterator[Finding]:
    first = f", first sound after {report.first_sound_ms.p95:.0f} ms (95 %)" if report.first_sound_ms else ""
    found = f"{report.heard:,} of {report.come:,} listeners were carried{first}"
    if not report.complaints:
        yield Finding("rehearsal", Verdict.OK, found)
    verdict = Verdict.WARNING if report.heard == report.come else Verdict.BAD  # of few listeners one is a large share
    for complaint in report.complaints:
        yield Finding("rehearsal", verdict, f"{found}: {complaint}", "Rehearse again with fewer.")
