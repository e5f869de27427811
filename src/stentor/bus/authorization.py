"""The server's configuration of who may come and do what, made from the table.

Each role has an account of its own, and accounts share only what the table says. Permissions alone would not do: the
server itself sends answers, acknowledgements and what a consumer delivers, to any subject that the one who asks names,
without looking at what that one may publish. In an account of one's own such a subject reaches only oneself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from stentor.bus.permissions import OPERATOR, ROLES, TABLE, Line, Way, may_publish, may_subscribe, serves

ANSWERS_S = 10
"""How long the server keeps the way of an answer of several messages after the last of them."""

Users = Mapping[str, tuple[str, str]]
"""By user: its role and its password."""


def accounts(users: Users) -> str:
    """The ``accounts`` block of a server that keeps the streams."""
    shared = _shared()
    return _block({role: _account(role, users) | shared.get(role, {}) for role in ROLES})


def region(users: Users, role: str, hub: list[str]) -> str:
    """The blocks of a region's server: one role's account, which is that of the hub over the line to ``hub``.

    The newest of the role's users speaks for all of the region.
    """
    name, (_, password) = [each for each in users.items() if each[1][0] == role][-1]
    urls = [f"{scheme}://{name}:{password}@{rest}" for scheme, _, rest in (url.partition("://") for url in hub)]
    leaf = {"reconnect": 1, "remotes": [{"urls": urls, "account": role}]}
    return _block({role: _account(role, users)}) + f"leafnodes {json.dumps(leaf, indent=1)}\n"


def _block(found: Mapping[str, Any]) -> str:
    return f"accounts {json.dumps(found, indent=1)}\n"


def _account(role: str, users: Users) -> dict[str, Any]:
    permissions: dict[str, Any] = {
        "publish": {"allow": may_publish(role)},
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
        if kind == "service" and subject.startswith("$JS.API.DIRECT.GET.") and subject.count(".") == 4:
            export |= {"response_type": "stream", "threshold": f"{ANSWERS_S}s"}
        found[owner]["exports"].append(export)
        for taker in sorted(accounts):
            found[taker]["imports"].append({kind: {"account": owner, "subject": subject}})
    return found


def _shares(line: Line) -> list[tuple[str, str, str, str]]:
    """What one line of the table has accounts share: kind, owner, subject, taker."""
    pairs = [(writer, reader) for writer in line.writers for reader in line.readers]
    if line.way is Way.ASKED:
        return [("service", reader, line.subject, writer) for writer, reader in pairs]
    shares = [("stream", writer, line.subject, reader) for writer, reader in pairs if line.heard]
    if line.stream:
        # The operator's account has the streams: if it heard this too, they would take it twice, and acknowledge to
        # whatever subject the writer names.
        shares = [share for share in shares if share[3] != OPERATOR]
        shares += [("service", OPERATOR, line.subject, writer) for writer in line.writers]
        shares += [("service", OPERATOR, get, reader) for get in line.gets for reader in line.readers]
    return shares
