"""Documents about this site and its people: actors, lists, WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from stentor.fediverse.sites import SITE, Home
from stentor.fediverse.writing import CONTEXT, TYPE
from stentor.social.public import PersonCard

JRD: Final = "application/jrd+json"
XRD: Final = "application/xrd+xml; charset=utf-8"
NODEINFO: Final = 'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/{}#"'
NODEINFO_VERSIONS: Final = ("2.0", "2.1")
"""What is told is in both; apps ask for the first."""
_SECURITY: Final = "https://w3id.org/security/v1"
_TERMS: Final = {
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "toot": "http://joinmastodon.org/ns#",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
}

Thing = Mapping[str, Any]


def person(home: Home, card: PersonCard) -> Thing:
    """An actor."""
    own = home.actor(card.number)
    found: dict[str, Any] = {
        "@context": [CONTEXT, _SECURITY, _TERMS],
        "id": own,
        "type": "Person",
        "preferredUsername": card.handle,
        "name": card.name or card.handle,
        "summary": "".join(f"<p>{escape(each)}</p>" for each in card.bio.split("\n") if each.strip()),
        "url": f"{home.files}{card.page}",
        "inbox": home.inbox(card.number),
        "outbox": f"{own}/outbox",
        "followers": home.followers(card.number),
        "following": f"{own}/following",
        "featured": home.featured(card.number),
        "manuallyApprovesFollowers": card.approves,
        "discoverable": not card.state.limited,
        "endpoints": {"sharedInbox": home.shared_inbox},
        "publicKey": _key(home, card.number, card.key),
    }
    if card.aliases:
        found["alsoKnownAs"] = list(card.aliases)
    if card.moved_to:
        found["movedTo"] = card.moved_to
    if card.picture_ms is not None:
        found["icon"] = {"type": "Image", "mediaType": "image/jpeg", "url": f"{own}/icon?v={card.picture_ms}"}
    return found


def site(home: Home, key: str, name: str) -> Thing:
    """The site as an actor: it signs what is fetched, and follows nobody."""
    own = home.actor(SITE)
    return {
        "@context": [CONTEXT, _SECURITY, _TERMS],
        "id": own,
        "type": "Application",
        "preferredUsername": home.name,
        "name": name or home.name,
        "url": f"{home.files}/",
        "inbox": home.shared_inbox,
        "outbox": f"{own}/outbox",
        "manuallyApprovesFollowers": True,
        "endpoints": {"sharedInbox": home.shared_inbox},
        "publicKey": _key(home, SITE, key),
    }


def collection(uri: str, items: Sequence[Any] | None) -> Thing:
    """A list, the newest first. None: it is there, but what is in it is nobody's business."""
    found: dict[str, Any] = {"@context": CONTEXT, "id": uri, "type": "OrderedCollection"}
    return found if items is None else found | {"orderedItems": list(items)}


def webfinger(home: Home, handle: str, number: int, page: str) -> Thing:
    own = home.actor(number)
    return {
        "subject": f"acct:{handle}@{home.name}",
        "aliases": [page, own],
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": page},
            {"rel": "self", "type": TYPE, "href": own},
        ],
    }


def host_meta(home: Home) -> bytes:
    template = f"{home.files}/.well-known/webfinger?resource={{uri}}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
        f'<Link rel="lrdd" type="{JRD}" template="{escape(template)}"/></XRD>\n'
    ).encode()


def nodeinfo_links(home: Home) -> Thing:
    rel = "http://nodeinfo.diaspora.software/ns/schema/"
    links = [{"rel": f"{rel}{each}", "href": f"{home.files}/nodeinfo/{each}"} for each in NODEINFO_VERSIONS]
    return {"links": links}


def nodeinfo(schema: str, version: str, name: str) -> Thing:
    """How many people are here and what they do is told nobody: the numbers are not asked of us, only their place."""
    return {
        "version": schema,
        "software": {"name": "stentor", "version": version},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {}},
        "metadata": {"nodeName": name},
    }


def _key(home: Home, number: int, pem: str) -> Thing:
    return {"id": home.key(number), "owner": home.actor(number), "publicKeyPem": pem}
