"""A role at the bus: as whom it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from stentor.base import keys
from stentor.base.config import Settings
from stentor.bus import server
from stentor.bus.connection import FIRST_CONNECT_S, Bus, connect


@asynccontextmanager
async def join(settings: Settings, role: str, *, name: str, within_s: float = FIRST_CONNECT_S) -> AsyncIterator[Bus]:
    """The bus of the settings as ``role``: with the password in the address, else with that of the role's key file.

    Raises :class:`SetupError` as :func:`connect` does.
    """
    url = settings.nats_url or server.address(settings)
    login = None if urlsplit(url.partition(",")[0]).username else lambda: keys.login(settings, role)
    async with connect(
        url,
        name=name,
        role=role,
        login=login,
        ca=settings.nats_ca,
        own_user=server.embedded(settings, url),
        within_s=within_s,
    ) as bus:
        yield bus
