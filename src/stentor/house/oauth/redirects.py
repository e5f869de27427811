"""Where apps may have people sent back to."""

from __future__ import annotations

import re
from typing import Final

from stentor.base.errors import BadInput

OOB: Final = "urn:ietf:wg:oauth:2.0:oob"
"""Nowhere: the code is shown, and its person carries it over."""
MOST: Final = 10
LONGEST: Final = 2000
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,80}:[!-~]+")
_FORBIDDEN: Final = (
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "mailto",
    "urn",
    "view-source",
    "filesystem",
)
"""Schemes that run something, or lead to no app."""


def checked(text: str | list[str]) -> tuple[str, ...]:
    """The addresses of an app, from a text with one a line or a list. Each is printable ASCII with a scheme, which may
    be the app's own, such as ``com.example.App:/back``. Raises :class:`BadInput`."""
    found = [each.strip() for each in (text.split() if isinstance(text, str) else text)]
    found = list(dict.fromkeys(each for each in found if each))
    if not 1 <= len(found) <= MOST or not all(_good(each) for each in found):
        raise BadInput(
            "Redirect URI must be an absolute address of the app.", field="redirect_uris", code="bad-redirect"
        )
    return tuple(found)


def _good(address: str) -> bool:
    if address == OOB:
        return True
    scheme = address.partition(":")[0].lower()
    fits = len(address) <= LONGEST and _ADDRESS.fullmatch(address) and "#" not in address
    return bool(fits) and scheme not in _FORBIDDEN and not (scheme in ("http", "https") and "//" not in address)


def policy_of(address: str) -> str:
    """What a page's policy (CSP, ``form-action``) must name so that its form may lead there."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() not in ("http", "https"):
        return f"{scheme.lower()}:"
    host = rest.removeprefix("//").partition("/")[0].partition("?")[0].rpartition("@")[2]
    return f"{scheme.lower()}://{host}" if re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host) else "'self'"
