"""What comes from elsewhere: activities, people and posts, read without a processor of JSON-LD.

Whoever writes ActivityPub may write an object or only its address, and one thing or a list of it: both are read. What
is not understood is left out, what is too deep or too much is refused, and nothing is taken for somebody's that does
not stand on their server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from stentor.base import rsa
from stentor.base.errors import Malformed
from stentor.fediverse import clean
from stentor.fediverse.sites import PUBLIC, server
from stentor.social import text as own_text
from stentor.social.model import Audience

MOST_BYTES: Final = 256 * 1024
"""Of a document. The longest that Mastodon takes is 1 MiB, and the longest post met is a tenth of this."""
DEEPEST: Final = 20
MOST_VALUES: Final = 10_000
MOST_LISTED: Final = 200
"""Addressees, mentions, tags of one object that are looked at."""
MOST_PICTURES: Final = 16
LONGEST_NAME: Final = 200
PEOPLE: Final = frozenset({"Person", "Service", "Application", "Group", "Organization"})
POSTS: Final = frozenset({"Note", "Question", "Article"})
ACTIVITIES: Final = frozenset(
    {"Follow", "Accept", "Reject", "Undo", "Create", "Update", "Delete", "Announce", "Like", "Block", "Flag"}
)
_JOINERS: Final = "\u200c\u200d"
"""Emoji and scripts need them."""
_EVERYBODY: Final = frozenset({PUBLIC, "as:Public", "Public"})

Thing = Mapping[str, Any]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody did. ``object`` is the address of what it was done to, ``inner`` itself, if it came."""

    kind: str
    id: str
    actor: str
    object: str = ""
    inner: Thing | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    at_ms: int | None = None

    @property
    def of(self) -> str:
        """The type of what it was done to; empty where only an address came."""
        return kind(self.inner) if self.inner is not None else ""

    @property
    def audience(self) -> Audience:
        """Of a boost: who may read it."""
        return _audience(self.to, self.cc, "")


class RemoteActor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody elsewhere. ``domain`` is their server, with a port that is not the usual one."""

    uri: str
    domain: str
    handle: str
    name: str
    kind: str
    inbox: str
    shared_inbox: str
    followers: str
    page: str
    key_id: str
    key: str
    approves: bool


class RemotePost(msgspec.Struct, frozen=True, kw_only=True):
    """A post of somebody elsewhere, as it is kept here. ``html`` is harmless."""

    uri: str
    author: str
    page: str
    html: str
    text: str
    warning: str
    language: str
    audience: Audience
    created_ms: int
    reply_to: str
    mentions: tuple[str, ...]
    tags: tuple[str, ...]


def document(body: bytes) -> Thing:
    """A JSON object, neither too large nor too deep. Raises :class:`Malformed`."""
    if len(body) > MOST_BYTES:
        raise Malformed(f"A document has {MOST_BYTES // 1024} KiB at most.")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The document is no JSON.") from error
    if not isinstance(found, dict):
        raise Malformed("The document is no object.")
    waiting: list[tuple[Any, int]] = [(found, 1)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += len(inside)
        if depth > DEEPEST or count > MOST_VALUES:
            raise Malformed("The document is too deep, or has too much in it.")
        waiting += [(each, depth + 1) for each in inside if isinstance(each, dict | list)]
    return found


def activity(found: Thing) -> Activity:
    """An activity. Raises :class:`Malformed` for what is none; one of a type that we do not know is one."""
    what, actor, uri = kind(found), address(found.get("actor")), address(found.get("id"))
    if not what or not actor:
        raise Malformed("An activity has a type and an actor.")
    if uri and server(uri) != server(actor):
        raise Malformed("The activity's id is of another server than its actor.")
    value = _first(found.get("object"))
    return Activity(
        kind=what,
        id=uri,
        actor=actor,
        object=address(value),
        inner=value if isinstance(value, dict) else None,
        to=tuple(addresses(found.get("to"))),
        cc=tuple(addresses(found.get("cc"))),
        at_ms=_time_ms(found.get("published")),
    )


def remote_actor(found: Thing, uri: str) -> RemoteActor:
    """The person whose document stands at ``uri``. Raises :class:`Malformed`."""
    what, own = kind(found), address(found.get("id"))
    host = server(own)
    if what not in PEOPLE or not host or own != uri:
        raise Malformed("There is nobody at this address.")
    inbox = address(found.get("inbox"))
    if not inbox:  # it may be another server's, such as that of a site whose files are at a CDN
        raise Malformed("They have no inbox.")
    handle = _line(found.get("preferredUsername"), 64)
    if not handle or "@" in handle or "/" in handle:
        raise Malformed("They have no name.")
    endpoints, key = found.get("endpoints"), _first(found.get("publicKey"))
    shared = address(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else ""
    pem, key_id = "", ""
    if isinstance(key, dict) and address(key.get("owner")) in (own, ""):
        pem, key_id = _text(key.get("publicKeyPem")), address(key.get("id"))
    if not rsa.usable(pem) or server(key_id) != host:
        raise Malformed("They have no key that can be checked with: RSA with 2048 to 8192 bits, of their own server.")
    followers, page = address(found.get("followers")), _page(found.get("url"))
    return RemoteActor(
        uri=own,
        domain=host,
        handle=handle,
        name=_line(found.get("name"), LONGEST_NAME) or handle,
        kind=what,
        inbox=inbox,
        shared_inbox=shared if server(shared) == server(inbox) else inbox,
        followers=followers if server(followers) == host else "",
        page=page or own,
        key_id=key_id,
        key=pem,
        approves=found.get("manuallyApprovesFollowers") is True,
    )


def remote_post(found: Thing, author: RemoteActor, now_ms: int) -> RemotePost:
    """A post of ``author``. Raises :class:`Malformed` for what is none, or somebody else's."""
    what, uri = kind(found), address(found.get("id"))
    if what not in POSTS:
        raise Malformed(f"A {what or 'thing without a type'} is no post.")
    if address(found.get("attributedTo")) != author.uri or server(uri) != author.domain:
        raise Malformed("The post is somebody else's.")
    page = _page(found.get("url")) or uri
    to, cc = tuple(addresses(found.get("to"))), tuple(addresses(found.get("cc")))
    body = clean.html(_content(found, what, page))
    tags, mentions = list[str](), list[str]()
    for each in _many(found.get("tag")):
        if isinstance(each, dict) and kind(each) == "Hashtag" and (tag := own_text.tag(_line(each.get("name"), 100))):
            tags.append(tag)
        elif isinstance(each, dict) and kind(each) == "Mention" and (href := address(each.get("href"))):
            mentions.append(href)
    languages = found.get("contentMap")
    language = next(iter(languages), "") if isinstance(languages, dict) and len(languages) == 1 else ""
    return RemotePost(
        uri=uri,
        author=author.uri,
        page=page,
        html=body,
        text=clean.plain(body),
        warning=_line(clean.plain(_text(found.get("summary"))), 500) if what != "Article" else "",
        language=language if len(language) <= 40 else "",
        audience=_audience(to, cc, author.followers),
        created_ms=min(_time_ms(found.get("published")) or now_ms, now_ms),
        reply_to=address(found.get("inReplyTo")),
        mentions=tuple(dict.fromkeys([*mentions, *to, *cc])),
        tags=tuple(dict.fromkeys(tags))[: own_text.MOST_TAGS],
    )


def kind(value: Any) -> str:
    """The type of a thing; where it has several, the first that we know."""
    found = [each for each in _many(value.get("type")) if isinstance(each, str)] if isinstance(value, dict) else []
    known = PEOPLE | POSTS | ACTIVITIES
    return next((each for each in found if each in known), found[0] if found else "")[:64]


def address(value: Any) -> str:
    """The address of a thing, or of the first of a list; empty without one that is of the web."""
    first = _first(value)
    found = first.get("id") if isinstance(first, dict) else first
    return found if isinstance(found, str) and server(found) else ""


def addresses(value: Any) -> Iterator[str]:
    """All addresses of a value; those of everybody as one."""
    for each in _many(value):
        if isinstance(each, str) and each in _EVERYBODY:
            yield PUBLIC
        elif found := address(each):
            yield found


def webfinger(found: Thing) -> str:
    """The address of the person that an answer of WebFinger (RFC 7033) is about. Raises :class:`Malformed`."""
    for link in _many(found.get("links")):
        fits = isinstance(link, dict) and link.get("rel") == "self" and "json" in _text(link.get("type"))
        if fits and (href := address(link.get("href"))):
            return href
    raise Malformed("Nobody of the fediverse has this name there.")


def _content(found: Thing, what: str, page: str) -> str:
    """HTML of a post, of which nothing is trusted yet."""
    content = _text(found.get("content"))
    if not content and isinstance(found.get("contentMap"), dict):
        content = next((each for each in found["contentMap"].values() if isinstance(each, str)), "")
    parts = [content]
    if what == "Article":
        title = escape(_line(found.get("name"), 300))
        parts = [f"<p><strong>{title}</strong></p>", content or _text(found.get("summary")), _link(page, page)]
    if what == "Question":
        answers = [each for each in _many(found.get("oneOf") or found.get("anyOf")) if isinstance(each, dict)]
        listed = "".join(f"<li>{escape(_line(each.get('name'), LONGEST_NAME))}</li>" for each in answers[:20])
        parts += [f"<ul>{listed}</ul>", _link(page, page)]
    for each in _many(found.get("attachment"))[:MOST_PICTURES]:
        if isinstance(each, dict) and (href := _page(each.get("url")) or _page(each.get("href"))):
            parts.append(_link(href, _line(each.get("name"), 1500) or urlsplit(href).path.rpartition("/")[2] or href))
    return "".join(parts)


def _link(href: str, said: str) -> str:
    return f'<p><a href="{escape(href)}">{escape(said)}</a></p>'


def _audience(to: tuple[str, ...], cc: tuple[str, ...], followers: str) -> Audience:
    if PUBLIC in to:
        return Audience.PUBLIC
    if PUBLIC in cc:
        return Audience.UNLISTED
    return Audience.FOLLOWERS if followers and followers in (*to, *cc) else Audience.MENTIONED


def _page(value: Any) -> str:
    """Where a person looks: an address, or a link to one; of several the one that is HTML."""
    links = _many(value)
    best = [each for each in links if isinstance(each, dict) and each.get("mediaType") == "text/html"]
    for each in [*best, *links]:
        found = each.get("href") if isinstance(each, dict) else each
        if isinstance(found, str) and server(found):
            return found
    return ""


def _first(value: Any) -> Any:
    return next(iter(value), None) if isinstance(value, list) else value


def _many(value: Any) -> list[Any]:
    return value[:MOST_LISTED] if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return value.replace("\0", "").encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


def _line(value: Any, most: int) -> str:
    """One line without what turns text around or is no text."""
    kept = "".join(each for each in _text(value) if each.isprintable() or each.isspace() or each in _JOINERS)
    return " ".join(kept.split())[:most]


def _time_ms(value: Any) -> int | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) < 40 else None
        return round(found.timestamp() * 1000) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
