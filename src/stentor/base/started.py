"""How the last ``stentor up`` of a data folder was started: for commands on this machine that are not told it again.

Without that a command beside a site on other ports would talk to whatever has the usual ones.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stentor.base import keys
from stentor.base.config import Settings

FILE: Final = "started.json"
KEPT: Final = ("domain", "host", "port", "audience_port", "http_port", "tls_cert", "tls_key")
"""What is said on the command line, and leads to the house and the edges."""


def remember(settings: Settings) -> None:
    """Keeps what is not as usual."""
    usual = Settings()
    values = {name: getattr(settings, name) for name in KEPT if getattr(settings, name) != getattr(usual, name)}
    keys.put(settings.folder / FILE, msgspec.json.encode(values))


def remembered(settings: Settings) -> dict[str, Any]:
    """What a command adds to its settings where it is told nothing else; empty where nothing was started."""
    try:
        found = msgspec.json.decode((settings.folder / FILE).read_bytes(), type=dict[str, str | int])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {name: value for name, value in found.items() if name in KEPT}
