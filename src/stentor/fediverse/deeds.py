"""What goes out besides posts: blocks, reports, moves, pins, votes, and what becomes of somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stentor.fediverse.sites import PUBLIC, SITE, Home

Thing = Mapping[str, Any]


def block(home: Home, actor: int, target: int, uri: str, at_ms: int) -> Thing:
    """Somebody here blocks the person at ``uri``, who has the number ``target`` here, since ``at_ms``."""
    me = home.actor(actor)
    return {"id": f"{me}#blocks/{target}/{at_ms}", "type": "Block", "actor": me, "to": [uri], "object": uri}


def flag(home: Home, number: int, uri: str, posts: Sequence[str], says: str) -> Thing:
    """The site reports somebody to their own server, with posts of theirs; nobody learns who has reported them here.

    ``object`` is a list even of one: Mastodon reads no other (its issue 28159).
    """
    me = home.actor(SITE)
    return {
        "id": f"{me}#flags/{number}", "type": "Flag", "actor": me, "to": [uri], "object": [uri, *posts],
        "content": says,
    }  # fmt: skip


def move(home: Home, actor: int, target: str, at_ms: int) -> Thing:
    """Somebody here is the person at ``target`` from now on, who says so, too."""
    me = home.actor(actor)
    return {
        "id": f"{me}#moves/{at_ms}", "type": "Move", "actor": me, "object": me, "target": target,
        "to": [home.followers(actor)],
    }  # fmt: skip


def pin(home: Home, actor: int, post: int, *, on: bool, at_ms: int) -> Thing:
    """A post is pinned, or not any more."""
    me, verb = home.actor(actor), "Add" if on else "Remove"
    return {
        "id": f"{me}#{verb.lower()}s/{post}-{at_ms}", "type": verb, "actor": me, "object": home.post(post),
        "target": home.featured(actor), "to": [PUBLIC], "cc": [home.followers(actor)],
    }  # fmt: skip


def vote(home: Home, actor: int, post: int, number: int, answer: str, uri: str, owner: str) -> Thing:
    """Somebody here votes for an ``answer``, the one with that number, of the poll at ``uri``."""
    me = home.actor(actor)
    made = {
        "id": f"{me}#votes/{post}/{number}", "type": "Note", "attributedTo": me, "name": answer, "inReplyTo": uri,
        "to": [owner],
    }  # fmt: skip
    return {"id": f"{made['id']}/create", "type": "Create", "actor": me, "to": [owner], "object": made}


def changed(home: Home, actor: int, person: Thing, at_ms: int) -> Thing:
    """How somebody is from now on."""
    me = home.actor(actor)
    return {"id": f"{me}#updates/{at_ms}", "type": "Update", "actor": me, "to": [PUBLIC], "object": person}


def gone(home: Home, actor: int) -> Thing:
    """Somebody is not here any more: whoever keeps something of theirs deletes it."""
    me = home.actor(actor)
    return {"id": f"{me}#delete", "type": "Delete", "actor": me, "to": [PUBLIC], "object": me}
