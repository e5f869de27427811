"""``stentor preflight``: everything that can be checked before the doors open, from outside where listeners are.

``doctor`` looks at a machine; this looks at one space and at the addresses that people will use for it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import click
from rich.console import Console

from stentor.base import disk
from stentor.base.config import Settings
from stentor.base.descriptors import RESERVED_DESCRIPTORS
from stentor.base.units import counted
from stentor.cli import doctor, options, outside, tables
from stentor.cli.doctor import MORE_DESCRIPTORS, WANTED_DESCRIPTORS
from stentor.cli.findings import Finding, Verdict, of_disk, tell
from stentor.cli.house import TIMEOUT_S, House
from stentor.crowd import pace
from stentor.crowd.admission import TARGET
from stentor.rehearsal import certificate
from stentor.rehearsal.certificate import ReadinessCertificate
from stentor.rehearsal.configuration import Configuration, current, differences
from stentor.spaces import forecast
from stentor.spaces.model import ON_AIR, OVER

CERTIFICATE_DAYS: Final = 7.0
ADDRESSES: Final = {
    "house address": "STENTOR_PUBLIC_URL",
    "audience address": "STENTOR_PUBLIC_URL (or STENTOR_AUDIENCE_URL, if you use one)",
    "overflow address": "STENTOR_OVERFLOW_URL",
}
WANTED: Final = {"house": 1, "stage": 1, "programme": 2, "archive": 1, "edge": 1}
"""Processes of each role: a second programme goes on within 2 s when the first one dies."""

Json = Mapping[str, Any]


@click.command()
@options.space
@click.option("--listeners", type=click.IntRange(min=1), help="How many you expect; else those who wait to be told.")
@click.option("--hours", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="How long it may last.")
@options.data
@options.as_json
def preflight(space_id: str, listeners: int | None, hours: float, data: str | None, as_json: bool) -> None:
    """Check everything about SPACE before its doors open, and say what to do."""
    settings = options.settings(data=data)
    with Console(stderr=True).status("Looking at the processes and the public addresses …"), House(settings) as house:
        view = house.get(f"/spaces/{space_id}")
        processes, reach = house.get("/processes")["processes"], house.get(f"/spaces/{space_id}/reach")
        reminded, listeners = of_reminders(reach), listeners or reach["expected"] or None
        findings = list(examine(settings, house.url, view, processes, listeners=listeners, hours=hours))
        findings.append(reminded)
        findings.append(of_quota(house.get("/storage")["site"], hours))
        now = current(settings, processes, str(view["audience"]["page"]))
        findings.append(of_certificate(certificate.newest(settings), now, listeners))
    tell(findings, as_json=as_json)


def examine(
    settings: Settings, house: str, view: Json, processes: Sequence[Json], *, listeners: int | None, hours: float
) -> Iterator[Finding]:
    """All findings; ``view`` and ``processes`` are what the house says."""
    yield of_state(view)
    yield from of_roles(processes)
    yield of_capacity(processes, listeners)
    yield of_descriptors(processes)
    yield from of_disks(settings, hours)
    yield from of_parts(settings)
    yield of_address("house address", settings.public_url or house)
    yield of_address("audience address", str(view["audience"]["page"]))
    if settings.overflow_url:
        yield of_address("overflow address", settings.overflow_url)
    yield from outside.examine(view["audience"])
    yield outside.of_house(settings.house_address if settings.public_url else house)
    yield Finding("not looked at", Verdict.OK, "a crowd at the door; the speakers' microphones and networks")


def of_state(view: Json) -> Finding:
    """Whether the space can still take place, and who is there."""
    state = view["state"]
    if state in OVER:
        return Finding(
            "space", Verdict.BAD, f"{view['title']}: {tables.phase(view)}", "Make another: stentor space create TITLE."
        )
    away = [seat["name"] for seat in view["seats"] if seat["state"] != "connected"]
    seats = len(view["seats"])
    found = f"{view['title']}: {tables.phase(view)}, {seats} {'seat' if seats == 1 else 'seats'}"
    if state in ON_AIR and away:
        advice = f"Not on the stage yet: {', '.join(away)}. The talk can begin without them."
        return Finding("space", Verdict.WARNING, found, advice)
    return Finding("space", Verdict.OK, found)


def of_roles(processes: Sequence[Json]) -> Iterator[Finding]:
    """Whether every role is there, and what the processes complain of."""
    there = {role: sum(process["role"] == role for process in processes) for role in WANTED}
    found = ", ".join(f"{count} {role}" for role, count in there.items())
    missing = [role for role, count in there.items() if count == 0]
    few = [role for role, count in there.items() if 0 < count < WANTED[role]]
    if missing:
        advice = f"Nothing was heard of {', '.join(missing)} for 3 s: look at its log, and start it again."
        yield Finding("processes", Verdict.BAD, found, advice)
    elif few:
        yield Finding("processes", Verdict.WARNING, found, f"Without a second {few[0]} nobody takes over when it dies.")
    else:
        yield Finding("processes", Verdict.OK, found)
    for process in processes:
        if process["problem"]:
            yield Finding(process["instance"], Verdict.WARNING, process["problem"], "Look at its log.")


def of_capacity(processes: Sequence[Json], listeners: int | None) -> Finding:
    """Listeners that the edges take together, beside what is expected."""
    most = sum(int(process["numbers"].get("places", 0)) for process in processes if process["role"] == "edge")
    found = f"places for {most:,} listeners at the edges, the door becomes narrow at {round(TARGET * most):,}"
    if listeners is None:
        return Finding("capacity", Verdict.OK, found, "Say how many you expect: --listeners.")
    found = f"{listeners:,} listeners expected; {found}"
    if listeners <= TARGET * most:
        return Finding("capacity", Verdict.OK, found)
    advice = (
        "Start edges on more machines, raise their limit of open files, or rehearse with more listeners if a readiness "
        "certificate or STENTOR_EDGE_LISTENERS sets the places."
    )
    return Finding("capacity", Verdict.BAD if listeners > most else Verdict.WARNING, found, advice)


def of_reminders(reach: Json) -> Finding:
    """How many wait to be told, how many of them come, and how long it takes to tell them."""
    waiting = {way: int(told["waiting"]) for way, told in reach["ways"].items() if told["waiting"]}
    people, needed_s = sum(waiting.values()), float(reach["needed_s"])
    if not people:
        return Finding("reminders", Verdict.OK, "nobody waits to be told")
    on = f"measured on {reach['measured_on']:,} people" if reach["measured_on"] else "assumed: nothing was measured yet"
    found = (
        f"{people:,} wait to be told ({', '.join(f'{many:,} by {way}' for way, many in waiting.items())}); about "
        f"{reach['expected']:,} come ({reach['rate']:.0%}, {on}); to tell them takes {needed_s / 60:.1f} min"
    )
    if needed_s * 1000 <= pace.AHEAD_MS - pace.LAST_MS:
        return Finding("reminders", Verdict.OK, found)
    advice = "The last are told after it has begun: run more edges, rehearse with more joins a second, or open earlier."
    return Finding("reminders", Verdict.WARNING, found, advice)


def of_descriptors(processes: Sequence[Json]) -> Finding:
    """Connections that the edge with the fewest open files takes."""
    edges = [process for process in processes if process["role"] == "edge"]
    fewest = min((int(process["numbers"].get("capacity", 0)) for process in edges), default=0)
    found = f"{fewest:,} connections at each edge" if edges else "no edge"
    if fewest >= WANTED_DESCRIPTORS - RESERVED_DESCRIPTORS:
        return Finding("open files", Verdict.OK, found)
    return Finding("open files", Verdict.WARNING, found, MORE_DESCRIPTORS)


def of_parts(settings: Settings) -> Iterator[Finding]:
    """The bus and the object store; the embedded ones can be looked at on their own machine only."""
    here = settings.folder.is_dir()
    for what, elsewhere, look in (
        ("bus", settings.nats_url, doctor.bus),
        ("recordings", settings.recordings_url, doctor.recordings),
    ):
        if here or elsewhere:
            yield asyncio.run(look(settings))
        else:
            yield Finding(what, Verdict.WARNING, "the data folder is not here", "Look on the house's own machine.")


def of_certificate(shown: ReadinessCertificate | None, now: Configuration, listeners: int | None) -> Finding:
    """What was rehearsed, and whether it still holds; ``shown`` is the newest certificate."""
    if shown is None:
        advice = "Drive it before people do: stentor rehearse SPACE --listeners N."
        return Finding("certificate", Verdict.WARNING, "nothing was rehearsed here", advice)
    found = f"{shown.listeners:,} listeners carried on {tables.day(shown.at_ms)}"
    if changed := differences(shown.configuration, now):
        return Finding("certificate", Verdict.WARNING, f"{found}; void: {', '.join(changed)}", "Rehearse again.")
    if listeners is not None and listeners > shown.listeners:
        guess = shown.extrapolation
        reaches = f"; by extrapolation {guess.listeners:,} ± {guess.error:.0%}" if guess else ""
        return Finding("certificate", Verdict.WARNING, f"{found}{reaches}", f"Rehearse with {listeners:,}.")
    return Finding("certificate", Verdict.OK, found)


def of_quota(room: Json, hours: float) -> Finding:
    """Whether recordings may have as much more as a talk of ``hours`` takes; one that is on is never cut."""
    used, most = float(room["used_bytes"]), room["most_bytes"]
    found = f"{used / 1e9:.1f} GB of recordings"
    if most is None:
        return Finding("quota", Verdict.OK, f"{found}, without a limit")
    found = f"{found} of {most / 1e9:.1f} GB"
    if used >= most:
        advice = "No space can be opened: remove old recordings, or raise STENTOR_QUOTA_GB."
        return Finding("quota", Verdict.BAD, found, advice)
    if used + hours * 3600 * forecast.SPACE_BYTES_S > most:
        advice = "It ends above the limit, and the next one cannot be opened: raise STENTOR_QUOTA_GB."
        return Finding("quota", Verdict.WARNING, found, advice)
    return Finding("quota", Verdict.OK, found)


def of_disks(settings: Settings, hours: float) -> Iterator[Finding]:
    """Room for a talk of ``hours``, three times over, when the data folder is on this machine."""
    if not settings.folder.is_dir():
        yield Finding("disk space", Verdict.WARNING, "the data folder is not here", "Look on the house's own machine.")
        return
    for each in disk.look(disk.places(settings)):
        yield of_disk(each, 3 * hours, hours, settings.bus_hours)


def of_address(what: str, url: str) -> Finding:
    """Whether a public address can be found from elsewhere, and how long its certificate is good."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        return Finding(what, Verdict.BAD, f"{host}: {error.strerror}", "Correct the name or its DNS entry.")
    text = f"{parts.scheme}://{parts.netloc} is {', '.join(sorted(addresses))}"
    if all(ipaddress.ip_address(address).is_loopback for address in addresses):
        name = ADDRESSES[what]
        return Finding(what, Verdict.WARNING, text, f"Only this machine reaches it: set {name} for everybody else.")
    if not secure:
        return Finding(what, Verdict.WARNING, text, "Browsers give a microphone to https pages only.")
    try:
        days = _certificate_days(host, port)
    except (OSError, ssl.SSLError) as error:
        return Finding(what, Verdict.BAD, f"{text}: {error}", "Renew the certificate, or correct its names.")
    soon = days <= CERTIFICATE_DAYS
    found = f"{text}, certificate for {counted(days, 'day')}"
    return Finding(what, Verdict.WARNING if soon else Verdict.OK, found, "Renew it." if soon else "")


def _certificate_days(host: str, port: int) -> float:
    """Until it expires; raises what the handshake raises."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert()
    if not certificate:
        raise ssl.SSLError(f"{host} shows no certificate")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return (until - datetime.now(UTC)).total_seconds() / 86_400
