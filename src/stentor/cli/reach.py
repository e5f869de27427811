"""What ``stentor doctor`` finds about the ways in: ports, https, TURN; and whether there are captions."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import msgspec

from stentor import app
from stentor.base import domain, ticket_probe, tls
from stentor.base.clock import wall
from stentor.base.config import Settings
from stentor.base.domain import Asked
from stentor.base.errors import SetupError
from stentor.base.tls import Certificate
from stentor.base.units import counted
from stentor.captions import whisper
from stentor.cli import tables
from stentor.cli.findings import Finding, Verdict
from stentor.client import relay
from stentor.house.spaces.ice import IceServers

FIREWALLS = "Speakers whose network lets no UDP out need a TURN server: docs/howto/network.md."
ONLY_HERE = (
    "Browsers give the microphone to pages over https and on localhost only. For speakers on other computers: "
    "stentor up --domain NAME, or a proxy that ends TLS and STENTOR_PUBLIC_URL (docs/howto/network.md)."
)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order in which they are shown."""
    yield from asyncio.run(_ports(settings))
    yield of_https(settings)
    yield from _certificate(settings)
    yield _udp(settings)
    yield from asyncio.run(turn(settings))
    yield of_captions(settings)


async def _ports(settings: Settings) -> list[Finding]:
    proxied = settings.proxy_protocol == "on"
    found = [
        await of_port("house port", settings, settings.port, "--port"),
        await of_port("audience port", settings, settings.audience_port, "--audience-port", proxied=proxied),
    ]
    if domain.managed(settings):
        found.append(await of_port("port 80", settings, settings.http_port, "--http-port", plain=True))
    return found


async def of_port(
    what: str, settings: Settings, port: int, option: str, *, proxied: bool = False, plain: bool = False
) -> Finding:
    """Whether the port can be had, or Stentor has it already."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except PermissionError as error:
            advice = f"Run Stentor with CAP_NET_BIND_SERVICE, or choose one above 1023 with {option}."
            return Finding(what, Verdict.BAD, f"{port}: {error.strerror}", advice)
        except OSError as error:
            asked = msgspec.structs.replace(settings, tls_cert="") if plain else settings
            if await app.healthy(asked, port, proxied=proxied):
                return Finding(what, Verdict.OK, f"{port}: Stentor answers")
            advice = f"Something else has it: end that, or choose another with {option}."
            return Finding(what, Verdict.BAD, f"{port}: {error.strerror}", advice)
    return Finding(what, Verdict.OK, f"{port} is free")


def of_https(settings: Settings) -> Finding:
    """Whether people on other computers can speak."""
    if settings.house_address.startswith("https:"):
        return Finding("https", Verdict.OK, settings.house_address)
    return Finding("https", Verdict.WARNING, f"{settings.house_address}: speaking works on this machine", ONLY_HERE)


def _certificate(settings: Settings) -> Iterator[Finding]:
    try:
        found = tls.configured(settings, clock=wall)
    except SetupError as error:
        yield Finding("certificate", Verdict.BAD, error.detail, "A running Stentor keeps the last one that fitted.")
        return
    if found is None:
        return
    yield of_tickets(asyncio.run(ticket_probe.trouble(ticket_probe.command(*found.files))))
    if domain.managed(settings):
        yield of_managed(settings, found.certificate)
        return
    names = ", ".join(found.certificate.names) or "no name"
    trouble = found.certificate.trouble(time.time())
    verdict = Verdict.OK if not trouble else Verdict.WARNING if found.left_s() > 0 else Verdict.BAD
    yield Finding("certificate", verdict, f"{names}: {counted(found.left_s() / 86_400, 'day')} left", trouble)


def of_tickets(trouble: str) -> Finding:
    """Whether who comes again with TLS is known at every edge."""
    text = f"good at one edge process only: {trouble}" if trouble else "good at every edge process"
    return Finding("TLS tickets", Verdict.OK, text)


def of_asking(asked: Asked) -> str:
    """Why there is no new certificate, and when the authority wants to be asked again; empty when all is well."""
    if not asked.problem or asked.not_before_s <= wall():
        return asked.problem
    return f"{asked.problem} (not before {tables.local(round(asked.not_before_s * 1000))})"


def of_managed(settings: Settings, found: Certificate) -> Finding:
    """How long the certificate lasts that Stentor gets itself, and what became of asking for another."""
    asked, now = domain.asked(settings), wall()
    if found.self_signed:
        problem = of_asking(asked) or "Stentor asks for one when it runs: stentor up --domain."
        return Finding("certificate", Verdict.BAD, f"{settings.domain}: none yet, browsers warn", problem)
    left = f"{settings.domain}: {counted((found.ends_s - now) / 86_400, 'day')} left, renewed by itself"
    if now >= found.ends_s:
        return Finding("certificate", Verdict.BAD, left, of_asking(asked) or "Start Stentor: it asks for another.")
    return Finding("certificate", Verdict.WARNING if asked.problem else Verdict.OK, left, of_asking(asked))


def _udp(settings: Settings) -> Finding:
    try:
        ports = settings.udp_range
    except SetupError as error:
        return Finding("UDP ports", Verdict.BAD, error.detail, "Set STENTOR_UDP_PORTS=40000-40100, or unset it.")
    if ports is None:
        advice = "Behind a firewall set STENTOR_UDP_PORTS=40000-40100 and open that range for the speakers."
        return Finding("UDP ports", Verdict.OK, "any free port", advice)
    return Finding("UDP ports", Verdict.OK, f"{ports[0]} to {ports[1]}: {ports[1] - ports[0] + 1} for speakers")


async def turn(settings: Settings) -> list[Finding]:
    """Whether each TURN server gives a relay to whoever has the credentials that speakers get."""
    try:
        servers = IceServers(settings, wall).now()
    except SetupError as error:
        return [Finding("TURN", Verdict.BAD, error.detail)]
    asked = [
        (url, server["username"], server["credential"])
        for server in servers
        if "credential" in server
        for url in ([server["urls"]] if isinstance(server["urls"], str) else server["urls"])
    ]
    if not asked:
        return [Finding("TURN", Verdict.OK, "no server is set", FIREWALLS)]
    troubles = await asyncio.gather(*(relay.trouble(*each) for each in asked))
    advice = "Look at that server, its firewall, and whether its secret or password is the same there and here."
    return [
        Finding("TURN", Verdict.BAD, f"{url}: {trouble}", advice)
        if trouble
        else Finding("TURN", Verdict.OK, f"{url} gives a relay")
        for (url, *_), trouble in zip(asked, troubles, strict=True)
    ]


def of_captions(settings: Settings) -> Finding:
    """Whether what is said becomes text."""
    if settings.captions == "off":
        return Finding("captions", Verdict.OK, "turned off (STENTOR_CAPTIONS)")
    if whisper.installed():
        return Finding("captions", Verdict.OK, f"installed; model: {settings.captions_model or whisper.NAME}")
    verdict = Verdict.BAD if settings.captions == "on" else Verdict.WARNING
    return Finding("captions", verdict, "not installed: nobody can read what is said", whisper.EXTRA)
