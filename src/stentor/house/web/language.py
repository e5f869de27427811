"""In which language somebody is spoken to."""

from __future__ import annotations

from typing import Any

from litestar import Request

from stentor.base.texts import LANGUAGES, negotiate


def language_of(request: Request[Any, Any, Any]) -> str:
    """As the address says, or the reader has chosen before (``web/shared/theme.js``), or the browser likes best."""
    wishes = request.query_params.get("lang", ""), request.cookies.get("stentor-language", "")
    found = [str(wish) for wish in wishes if wish in LANGUAGES]
    return found[0] if found else negotiate(request.headers.get("accept-language", ""))
