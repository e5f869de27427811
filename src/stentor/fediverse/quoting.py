"""Quotes with consent, across servers (FEP-044f).

Whoever quotes asks (``QuoteRequest``); whoever is quoted answers (``Accept`` with a stamp, or ``Reject``). The stamp, a
``QuoteAuthorization``, stands on the server of the quoted post, names both posts, and is gone when consent is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stentor.fediverse.sites import PUBLIC, Home, server
from stentor.fediverse.things import STAMP, address, kind
from stentor.social.model import OPEN, Audience

Thing = Mapping[str, Any]
TERMS: Final = {
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
    "gts": "https://gotosocial.org/ns#",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
    "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
}


def policy(author: str, audience: Audience) -> Thing:
    """Who may quote a post: its author at once, and others once the author agrees, where everybody may read it."""
    asked = [PUBLIC] if audience in OPEN else []
    return {"canQuote": {"automaticApproval": [author], "manualApproval": asked}}


def request(home: Home, actor: int, quoting: Thing, quoted: str, owner: str) -> Thing:
    """Somebody here asks whether ``quoting``, a note of theirs, may quote the post at ``quoted`` of ``owner``."""
    return {
        "id": f"{quoting['id']}#quote",
        "type": "QuoteRequest",
        "actor": home.actor(actor),
        "to": [owner],
        "object": quoted,
        "instrument": quoting,
    }


def answer(home: Home, actor: int, post: int, asked: Thing, owner: str, *, grant: bool) -> Thing:
    """What somebody here says to ``owner``, whose post (with the number ``post`` here) quotes theirs."""
    verb, me = ("Accept" if grant else "Reject"), home.actor(actor)
    found = {"id": f"{me}#{verb.lower()}s-quote/{post}", "type": verb, "actor": me, "to": [owner], "object": asked}
    return found | ({"result": home.stamp(post)} if grant else {})


def stamp(home: Home, post: int, quoting: str, quoted: str, author: str) -> Thing:
    """The stamp for the post at ``quoting``, which has the number ``post`` here."""
    return {
        "id": home.stamp(post),
        "type": STAMP,
        "attributedTo": author,
        "interactingObject": quoting,
        "interactionTarget": quoted,
    }


def revoke(home: Home, actor: int, post: int, owner: str) -> Thing:
    """Consent is taken back: the stamp is gone."""
    uri, me = home.stamp(post), home.actor(actor)
    return {"id": f"{uri}#delete", "type": "Delete", "actor": me, "to": [PUBLIC, owner], "object": uri}


def quoted(found: Thing) -> str:
    """The address of the post that a note quotes, by any of the names that this has; empty for none."""
    names = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
    return next((uri for name in names if (uri := address(found.get(name)))), "")


def holds(found: Thing, uri: str, quoting: str, target: str, owner: str) -> bool:
    """Whether what stands at ``uri`` is a stamp of ``owner`` for just these two posts, on the owner's server."""
    return (
        kind(found) == STAMP
        and address(found.get("id")) == uri
        and server(uri) == server(owner)
        and address(found.get("attributedTo")) == owner
        and address(found.get("interactingObject")) == quoting
        and address(found.get("interactionTarget")) == target
    )
