"""Whether a request that changes something comes from our own pages (cross-site request forgery); pure.

Browsers say in ``Sec-Fetch-Site`` where a request comes from, older ones at least in ``Origin``. A request with neither
does not come from a browser, and what is no browser carries nobody's cookie by accident. docs/decisions/0012 says why
this and no token in every form.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from stentor.base import address as address_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def own(method: str, headers: Mapping[str, str], house: str) -> bool:
    """Whether a request may count on its cookie. ``headers`` has lower-case names, ``house`` is our own address."""
    if method in SAFE:
        return True
    site = headers.get("sec-fetch-site", "")
    if site:
        return site == "same-origin"
    origin = headers.get("origin", "")
    if not origin:
        return True
    if origin == origin_of(house):
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""


def origin_of(address: str) -> str:
    """The origin of an address as browsers write it (RFC 6454)."""
    return address_of.origin(address)
