"""HTTP Strict Transport Security (RFC 6797): a browser that came by https once comes by https only."""

from __future__ import annotations

from urllib.parse import urlsplit

NAME = "Strict-Transport-Security"
VALUE = "max-age=31536000"
"""A year from the last visit. Not for subdomains: those may be anybody's."""


def value(*addresses: str) -> str:
    """The field's value for a site with these public addresses; empty where it would do harm.

    It holds for a host name with all its ports, so every address has to be https. A computer's own name is left out:
    whoever tries TLS there has other servers beside it.
    """
    parts = [urlsplit(address) for address in addresses]
    local = any((each.hostname or "").rpartition(".")[2] == "localhost" for each in parts)
    return "" if local or any(each.scheme != "https" for each in parts) else VALUE
