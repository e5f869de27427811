"""Public addresses as browsers write them (URL Standard): lower case, IDNA, no default port, nothing behind."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(address: str) -> str:
    """Scheme, host and port of an address. Raises ValueError for what is none."""
    parts = urlsplit(address)
    scheme, name, port = parts.scheme.lower(), parts.hostname or "", parts.port
    if scheme not in DEFAULT_PORTS or not name:
        raise ValueError("an address begins with http:// or https:// and a host name")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise ValueError(f"{name} is no host name") from error
    elif ":" in name:
        name = f"[{name}]"
    return f"{scheme}://{name}" if port in (None, DEFAULT_PORTS[scheme]) else f"{scheme}://{name}:{port}"


def domain(name: str) -> str:
    """A domain as certificates name it: lower case, IDNA. Raises ValueError for what authorities give none for."""
    host = urlsplit(origin(f"https://{name}")).hostname or ""
    if set(":/?#@") & set(name) or not re.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]*", host):
        raise ValueError("a domain is a public name, without port and path")
    return host


def public(address: str) -> str:
    """The origin of a site's public address. Raises ValueError, with a sentence, for more than that: pages, cookies and
    passkeys of a site count on all of its host.
    """
    parts = urlsplit(address)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it may have no path, query or fragment; give Stentor a host name or a port of its own")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it may have no user name or password")
    return origin(address)
