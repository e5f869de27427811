"""The role https as a process: asks the authority in time, writes what it gives, and answers on port 80.

Nothing of a talk depends on it. House and edges read the file that it writes (:mod:`stentor.base.tls`) and drop
nobody.
"""

from __future__ import annotations

import asyncio
import random
import socket
from typing import Final

from stentor.base import domain, log
from stentor.base.clock import Clock, wall
from stentor.base.config import Settings
from stentor.base.drain import Drain, until
from stentor.base.errors import SetupError
from stentor.https import schedule
from stentor.https.authority import Authority
from stentor.https.complaints import NoCertificate
from stentor.https.port80 import Port80

LOOK_S: Final = 30.0
"""At most between looks at clock and file: the clock may be set, the file be put back from a backup."""
BACKLOG: Final = 512


async def run(settings: Settings, *, instance: str, drain: Drain | None = None, clock: Clock = wall) -> None:
    """For ever. Raises :class:`SetupError` for a port that cannot be had."""
    drain = drain or Drain()
    await until(drain.asked(), _work(settings, instance, clock))


async def _work(settings: Settings, instance: str, clock: Clock) -> None:
    port = Port80(settings.house_address)
    keeper = Keeper(settings, port, clock)
    server = await asyncio.get_running_loop().create_server(port.connection, sock=_listen(settings), backlog=BACKLOG)
    log.get("https").info("https-up", instance=instance, domain=settings.domain, port=settings.http_port)
    async with server:
        await keeper.run()


class Keeper:
    """Keeps the certificate of the domain. ``clock`` is wall-clock seconds."""

    def __init__(self, settings: Settings, port: Port80, clock: Clock) -> None:
        self._settings = settings
        self._authority = Authority(settings, port.publish, clock)
        self._clock = clock
        self._jitter = random.random()
        self._log = log.get("https")

    async def run(self) -> None:
        """For ever."""
        restarted = True
        while True:
            wait = self.next_s(restarted=restarted) - self._clock()
            if wait > 0:
                await asyncio.sleep(min(wait, LOOK_S))
                continue
            restarted = False
            await self.ask()

    def next_s(self, *, restarted: bool) -> float:
        """When the authority is asked next."""
        asked = domain.asked(self._settings)
        try:
            found = domain.certificate(self._settings)
        except SetupError:  # somebody took the file away
            domain.begin(self._settings)
            found = domain.certificate(self._settings)
        return schedule.next_s(found, asked, self._jitter, restarted=restarted)

    async def ask(self) -> None:
        """Asks once; what becomes of it is kept and logged."""
        settings, asked = self._settings, domain.asked(self._settings)
        try:
            made = await asyncio.to_thread(self._authority.certificate)
        except NoCertificate as error:
            domain.note(settings, schedule.failed(asked, error.detail, error.retry_after_s, self._clock()))
            self._log.warning("no-certificate", reason=error.detail, failures=asked.failures + 1)
        else:
            domain.replace(settings, made)
            domain.note(settings, domain.Asked(tried_s=self._clock()))
            self._log.info("certificate-renewed", domain=settings.domain)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.http_port))
    except OSError as error:
        listener.close()
        detail = f"Port {settings.http_port} cannot be had ({error.strerror}): see STENTOR_HTTP_PORT."
        raise SetupError(detail) from error
    return listener
