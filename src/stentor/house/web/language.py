"""In which language, and in which time zone, somebody is spoken to."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from litestar import Request

from stentor.base.texts import LANGUAGES, negotiate

LONGEST_ZONE: Final = 60


def zone_of(request: Request[Any, Any, Any]) -> str:
    """The name of the time zone that a script of the house has told in this browser; empty where none has run."""
    return unquote(request.cookies.get("stentor-zone", ""))[:LONGEST_ZONE]


def language_of(request: Request[Any, Any, Any]) -> str:
    """As the address says, or the reader has chosen before (``web/shared/theme.js``), or the browser likes best."""
    wishes = request.query_params.get("lang", ""), request.cookies.get("stentor-language", "")
    found = [str(wish) for wish in wishes if wish in LANGUAGES]
    return found[0] if found else negotiate(request.headers.get("accept-language", ""))
