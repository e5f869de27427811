"""The server's configuration of who may come and do what, made from the table.

Each role has an account of its own, and accounts share only what the table says. Permissions alone would not do: the
server itself sends answers, acknowledgements and what a consumer delivers, to any subject that the one who asks names,
without looking at what that one may publish. In an account of one's own such a subject reaches only oneself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stentor.bus.permissions import (
    DIRECT_GET,
    EDGE,
    NEXT,
    OPERATOR,
    ROLES,
    TABLE,
    Delivery,
    Line,
    may_publish,
    may_subscribe,
    serves,
)

ANSWERS_S = 10
"""How long the server keeps the way of an answer of several messages after the last of them."""
TLS_S = 5
"""A handshake over a long line that is busy takes longer than the half second that NATS allows."""
HUB: Final = "hub"
"""The JetStream domain of the servers that keep the streams. What is asked without it stays in a region."""
_API, _HUB_API = "$JS.API", f"$JS.{HUB}.API"

Users = Mapping[str, tuple[str, str]]
"""By user: its role and its password."""


def accounts(users: Users, *, regions: bool = False) -> str:
    """The ``accounts`` block of a server that keeps the streams; with ``regions`` also for the servers of regions."""
    shared = _shared()
    found = {role: _account(role, users, regions=regions) | shared.get(role, {}) for role in ROLES}
    if regions:
        found[EDGE]["mappings"] = {f"{_HUB_API}.>": f"{_API}.>"}
    return _block(found)


def region(users: Users, hub: Sequence[str], ca: str) -> str:
    """The blocks of a region's server: its edges' account, which over the line to ``hub`` is that of the hub.

    The newest of the edges' users speaks for all of the region. ``ca`` is the file of who has signed the certificates
    of the hub.
    """
    user, password = [(user, password) for user, (role, password) in users.items() if role == EDGE][-1]
    line = {
        "urls": [f"tls://{user}:{password}@{address}" for address in hub],
        "account": EDGE,
        "tls": {"ca_file": ca, "timeout": TLS_S},
    }
    edges = _account(EDGE, users, regions=True) | {"mappings": {f"{_API}.>": f"{_HUB_API}.>"}}
    return _block({EDGE: edges}) + f"leafnodes {json.dumps({'reconnect': 1, 'remotes': [line]}, indent=1)}\n"


def _block(found: Mapping[str, Any]) -> str:
    return f"accounts {json.dumps(found, indent=1)}\n"


def _account(role: str, users: Users, *, regions: bool) -> dict[str, Any]:
    publish = may_publish(role)
    if regions and role == EDGE:
        publish += [get.replace(_API, _HUB_API, 1) for get in publish if get.startswith(f"{_API}.")]
    permissions: dict[str, Any] = {
        "publish": {"allow": publish},
        "subscribe": {"allow": may_subscribe(role)},
    }
    if serves(role):
        permissions["allow_responses"] = True
    own = [{"user": user, "password": password} for user, (theirs, password) in users.items() if theirs == role]
    if role == OPERATOR:
        return {"jetstream": True, "users": own}
    return {"users": [user | {"permissions": permissions} for user in own]}


def _shared() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By account: what it exports and imports."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: {"exports": [], "imports": []})
    takers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for line in TABLE:
        for kind, owner, subject, taker in _shares(line):
            if owner != taker:
                takers[kind, owner, subject].add(taker)
    for (kind, owner, subject), accounts in sorted(takers.items()):
        export: dict[str, Any] = {kind: subject, "accounts": sorted(accounts)}
        whole = subject.startswith(f"{DIRECT_GET}.") and subject.count(".") == 4
        if kind == "service" and (whole or subject.startswith(f"{NEXT}.")):
            export |= {"response_type": "stream", "threshold": f"{ANSWERS_S}s"}
        found[owner]["exports"].append(export)
        for taker in sorted(accounts):
            found[taker]["imports"].append({kind: {"account": owner, "subject": subject}})
    return found


def _shares(line: Line) -> list[tuple[str, str, str, str]]:
    """What one line of the table has accounts share: kind, owner, subject, taker."""
    pairs = [(writer, reader) for writer in line.writers for reader in line.readers]
    if line.way is Delivery.ASKED:
        return [("service", reader, line.subject, writer) for writer, reader in pairs]
    shares = [("stream", writer, line.subject, reader) for writer, reader in pairs if line.heard]
    if line.stream:
        # The operator's account has the streams: if it heard this too, they would take it twice, and acknowledge to
        # whatever subject the writer names.
        shares = [share for share in shares if share[3] != OPERATOR]
        shares += [("service", OPERATOR, line.subject, writer) for writer in line.writers]
        asked = (*line.gets, *line.settles)
        shares += [("service", OPERATOR, each, reader) for each in asked for reader in line.readers]
    return shares
