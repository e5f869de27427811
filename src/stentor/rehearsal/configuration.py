"""What a certificate holds for: version, machine, processes and the settings that change what can be carried."""

from __future__ import annotations

import hashlib
import os
import platform
import resource
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec
import psutil

from stentor.base.config import Settings

MATTER: Final = ("max_seats", "proxy_protocol", "line_mbps", "udp_ports")
"""Settings that are taken as they are; of addresses only their kind matters."""


class Configuration(msgspec.Struct, frozen=True):
    """The same configuration has the same hash."""

    version: str
    machine: dict[str, Any]
    """The one that the rehearsal was started on, which is the house's."""
    processes: dict[str, int]
    """By role."""
    capacity: int
    """Connections that the edges take together."""
    settings: dict[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of it as JSON with sorted keys, as hexadecimal digits."""
        return hashlib.sha256(msgspec.json.encode(msgspec.to_builtins(self), order="sorted")).hexdigest()


def current(settings: Settings, processes: Sequence[Mapping[str, Any]], page: str) -> Configuration:
    """What is now: ``processes`` as the house lists them, ``page`` a listener's."""
    return Configuration(
        version=version("stentor"),
        machine={
            "processors": os.cpu_count() or 1,
            "architecture": platform.machine(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        },
        processes=dict(sorted(Counter(str(process["role"]) for process in processes).items())),
        capacity=sum(
            round(process["numbers"].get("capacity", 0)) for process in processes if process["role"] == "edge"
        ),
        settings={
            **{name: getattr(settings, name) for name in MATTER},
            "tls": page.startswith("https:"),
            "database": "postgresql" if settings.database_url else "sqlite",
            "recordings": settings.recordings_address.partition(":")[0],
        },
    )


def differences(then: Configuration, now: Configuration) -> list[str]:
    """What has changed, in words; empty when a certificate of ``then`` still holds."""
    before, after = (msgspec.to_builtins(one) for one in (then, now))
    return [f"{name}: {one} → {other}" for name, one, other in _changed(before, after)]


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _changed(one, other, f"{path}{name} ")
        elif one != other:
            found.append((path + name, one, other))
    return found
