"""What ``stentor doctor`` finds about the ways in: ports, https, TURN; and whether there are captions."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

from stentor import app
from stentor.base import tls
from stentor.base.clock import wall
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.captions import whisper
from stentor.cli.findings import Finding, Verdict
from stentor.client import relay
from stentor.house.spaces.ice import IceServers

FIREWALLS = "Speakers whose network lets no UDP out need a TURN server: docs/howto/network.md."
ONLY_HERE = (
    "Browsers give the microphone to pages over https and on localhost only: speakers on other computers need https "
    "(--tls-cert and --tls-key, or a proxy that ends TLS and STENTOR_PUBLIC_URL)."
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
    return [
        await of_port("house port", settings, settings.port, "--port"),
        await of_port("audience port", settings, settings.audience_port, "--audience-port", proxied=proxied),
    ]


async def of_port(what: str, settings: Settings, port: int, option: str, *, proxied: bool = False) -> Finding:
    """Whether the port can be had, or Stentor has it already."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except PermissionError as error:
            advice = f"Run Stentor with CAP_NET_BIND_SERVICE, or choose one above 1023 with {option}."
            return Finding(what, Verdict.BAD, f"{port}: {error.strerror}", advice)
        except OSError as error:
            if await app.healthy(settings, port, proxied=proxied):
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
    names = ", ".join(found.certificate.names) or "no name"
    trouble = found.certificate.trouble(time.time())
    verdict = Verdict.OK if not trouble else Verdict.WARNING if found.left_s() > 0 else Verdict.BAD
    yield Finding("certificate", verdict, f"{names}: {found.left_s() / 86_400:.0f} days left", trouble)


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
