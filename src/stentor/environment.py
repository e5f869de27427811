"""What each process that `stentor up` starts is told: the settings that it reads, and what a program needs of a system.

The environment of `stentor up` may hold passwords: of the database, of the object store, of TURN servers. A process
that does not need one does not get it, so that who breaks into an edge does not have the database.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from stentor.base.config import PREFIX, Settings

EVERY: Final = (
    "data",
    "keys",
    "log_json",
    "log_level",
    "nats_ca",
    "nats_port",
    "nats_url",
    "recordings_url",
    "secret_file",
)
"""Settings of all roles."""
READS: Final[dict[str, tuple[str, ...]]] = {
    "archive": ("bus_hours", "database_url"),
    "captions": ("captions_model",),
    "courier": (
        "audience_port", "audience_url", "courier_networks", "database_url", "federation", "port", "public_url",
        "tls_cert", "websub_hub", "x_month_budget", "x_post_cost",
    ),
    "edge": (
        "address_connections", "address_requests", "attack_file", "audience_port", "audience_url", "bus_hours",
        "database_url", "drain_s", "edge_listeners", "edges", "federation", "host", "house_url", "line_mbps",
        "metrics_token_file", "overflow_url", "port", "proxy_protocol", "public_url", "tls_cert", "tls_key",
        "trusted_proxies", "websub_hub",
    ),
    "house": (
        "account_gb", "account_spaces", "account_spaces_day", "address_connections", "audience_port", "audience_url",
        "backups", "bus_hours", "comments_listeners", "comments_words", "create_spaces", "database_url", "end_after",
        "federation", "guest_comments", "host", "ice_servers", "keep_comments", "keep_events", "keep_recordings",
        "keep_sounds", "language", "max_seats", "new_account_hours", "new_poster_days", "new_poster_links",
        "new_poster_mentions", "new_poster_posts", "oidc_client_id", "oidc_groups", "oidc_issuer",
        "oidc_name", "oidc_roles", "oidc_scope", "oidc_secret_file", "oidc_sign_up", "port", "public_url", "quota_gb",
        "removals_url", "sign_up", "tls_cert", "tls_key", "trusted_proxies", "turn_secret_file", "turn_servers",
        "websub_hub", "x_client_id", "x_month_budget", "x_post_cost",
    ),
    "https": (
        "acme_ca", "acme_directory", "acme_email", "audience_port", "audience_url", "domain", "host", "http_port",
        "port", "public_url", "tls_cert",
    ),
    "programme": (),
    "stage": ("ice_servers", "udp_ports"),
}  # fmt: skip
"""What each role reads besides. Archive and edges look at the disk of the database, where it is one of this machine."""
STARTS_WITH: Final = (
    "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "LC_", "LD_", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON",
    "SSL_CERT_", "XDG_",
)  # fmt: skip
SYSTEM: Final = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LOGNAME", "NO_COLOR", "PATH", "SHELL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER"}
    | {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "all_proxy", "https_proxy", "http_proxy", "no_proxy"}
)
"""With what :data:`STARTS_WITH` names: the variables that any program may need."""
LIBRARIES: Final[dict[str, tuple[str, ...]]] = {
    "captions": ("CT2_", "CUDA_", "HF_"),
    "courier": ("PG",),
    "house": ("PG",),
}
"""How variables begin that a role's libraries read: recognisers and their models; PostgreSQL's."""
OBJECT_STORE: Final = "AWS_"


def role_environment(role: str, settings: Settings, own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a role's process. ``own`` is this one's."""
    settings_all = settings.environment()
    told = {name: settings_all[name] for name in (PREFIX + each.upper() for each in (*EVERY, *READS[role]))}
    if role not in ("courier", "house") and (address := told.get(f"{PREFIX}DATABASE_URL")):
        told[f"{PREFIX}DATABASE_URL"] = _without_password(address)
    libraries = LIBRARIES.get(role, ())
    stores = role not in ("courier", "https")
    if stores and any(told.get(f"{PREFIX}{name}", "").startswith("s3:") for name in ("RECORDINGS_URL", "REMOVALS_URL")):
        libraries += (OBJECT_STORE,)
    return system(own) | {name: value for name, value in own.items() if name.startswith(libraries)} | told


def system(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What any program may need, and unbuffered output: no setting, no password."""
    kept = {name: value for name, value in own.items() if name in SYSTEM or name.startswith(STARTS_WITH)}
    return kept | {"PYTHONUNBUFFERED": "1"}


def command_environment(settings: Settings, own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a command of the operator's, such as `stentor speak`: all of this one's, and the settings."""
    return {**own, **settings.environment(), "PYTHONUNBUFFERED": "1"}


def _without_password(address: str) -> str:
    """Of a database elsewhere only its kind; a file's path says nothing that its reader may not know."""
    scheme = urlsplit(address).scheme
    return address if scheme == "sqlite" else f"{scheme}://"
