"""What comes from elsewhere: activities, people and posts, read without a processor of JSON-LD.

Whoever writes ActivityPub may write an object or only its address, and one thing or a list of it: both are read. What
is not understood is left out, what is too deep or too much is refused, and nothing is taken for somebody's that does
not stand on their server.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from stentor.base import rsa
from stentor.base.errors import Malformed
from stentor.fediverse import clean, polls, quoting
from stentor.fediverse.sites import PUBLIC, server
from stentor.fediverse.things import PEOPLE, POSTS, address, addresses, first, kind, line, many, page, text, time_ms
from stentor.social import pictures
from stentor.social import text as own_text
from stentor.social.model import Audience, PostPoll

MOST_PICTURES: Final = 16
LONGEST_NAME: Final = 200
MOST_ALIASES: Final = 20

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
    target: str = ""
    """Where it was done: the list of an ``Add``, where somebody has moved to."""
    result: str = ""
    """What came of it: the stamp of a quote."""
    instrument: str = ""
    instrument_inner: Thing | None = None
    """With what it was done: the post that quotes, or its address, or both."""
    objects: tuple[str, ...] = ()
    """All addresses of what it was done to."""
    content: str = ""
    """What is said with it, as plain text."""

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
    featured: str = ""
    """The list of what they pin."""
    aliases: tuple[str, ...] = ()
    """Addresses that they say are theirs, too."""
    icon: str = ""
    """Where their picture is."""


class RemotePicture(msgspec.Struct, frozen=True):
    """A picture of a post elsewhere. ``link`` is HTML that leads to it."""

    url: str
    alt: str
    link: str


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
    poll: PostPoll | None = None
    quote: str = ""
    """The address of what it quotes."""
    stamp: str = ""
    """The address of what says that it may."""
    pictures: tuple[RemotePicture, ...] = ()
    """To which ``html`` has no links."""


def activity(found: Thing) -> Activity:
    """An activity. Raises :class:`Malformed` for what is none; one of a type that we do not know is one."""
    what, actor, uri = kind(found), address(found.get("actor")), address(found.get("id"))
    if not what or not actor:
        raise Malformed("An activity has a type and an actor.")
    if uri and server(uri) != server(actor):
        raise Malformed("The activity's id is of another server than its actor.")
    value, tool = first(found.get("object")), first(found.get("instrument"))
    return Activity(
        kind=what,
        id=uri,
        actor=actor,
        object=address(value),
        inner=value if isinstance(value, dict) else None,
        to=tuple(addresses(found.get("to"))),
        cc=tuple(addresses(found.get("cc"))),
        at_ms=time_ms(found.get("published")),
        target=address(found.get("target")),
        result=address(found.get("result")),
        instrument=address(tool),
        instrument_inner=tool if isinstance(tool, dict) else None,
        objects=tuple(dict.fromkeys(each for each in addresses(found.get("object")) if each != PUBLIC)),
        content=clean.plain(text(found.get("content")) or text(found.get("summary"))),
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
    handle = line(found.get("preferredUsername"), 64)
    if not handle or "@" in handle or "/" in handle:
        raise Malformed("They have no name.")
    endpoints, key = found.get("endpoints"), first(found.get("publicKey"))
    shared = address(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else ""
    pem, key_id = "", ""
    if isinstance(key, dict) and address(key.get("owner")) in (own, ""):
        pem, key_id = text(key.get("publicKeyPem")), address(key.get("id"))
    if not rsa.usable(pem) or server(key_id) != host:
        raise Malformed("They have no key that can be checked with: RSA with 2048 to 8192 bits, of their own server.")
    followers, shown = address(found.get("followers")), page(found.get("url"))
    listed = address(found.get("featured"))
    return RemoteActor(
        uri=own,
        domain=host,
        handle=handle,
        name=line(found.get("name"), LONGEST_NAME) or handle,
        kind=what,
        inbox=inbox,
        shared_inbox=shared if server(shared) == server(inbox) else inbox,
        followers=followers if server(followers) == host else "",
        page=shown or own,
        key_id=key_id,
        key=pem,
        approves=found.get("manuallyApprovesFollowers") is True,
        featured=listed if server(listed) == host else "",
        aliases=tuple(dict.fromkeys(addresses(found.get("alsoKnownAs"))))[:MOST_ALIASES],
        icon=_attached(first(found.get("icon"))),
    )


def remote_post(found: Thing, author: RemoteActor, now_ms: int) -> RemotePost:
    """A post of ``author``. Raises :class:`Malformed` for what is none, or somebody else's."""
    what, uri = kind(found), address(found.get("id"))
    if what not in POSTS:
        raise Malformed(f"A {what or 'thing without a type'} is no post.")
    if address(found.get("attributedTo")) != author.uri or server(uri) != author.domain:
        raise Malformed("The post is somebody else's.")
    shown, created_ms = page(found.get("url")) or uri, min(time_ms(found.get("published")) or now_ms, now_ms)
    poll = polls.read(found, created_ms) if what == "Question" else None
    to, cc = tuple(addresses(found.get("to"))), tuple(addresses(found.get("cc")))
    body = clean.html(_content(found, what if poll is None else "Note", shown))
    tags, mentions = list[str](), list[str]()
    for each in many(found.get("tag")):
        if isinstance(each, dict) and kind(each) == "Hashtag" and (tag := own_text.tag(line(each.get("name"), 100))):
            tags.append(tag)
        elif isinstance(each, dict) and kind(each) == "Mention" and (href := address(each.get("href"))):
            mentions.append(href)
    languages = found.get("contentMap")
    language = next(iter(languages), "") if isinstance(languages, dict) and len(languages) == 1 else ""
    return RemotePost(
        uri=uri,
        author=author.uri,
        page=shown,
        html=body,
        text=clean.plain(body),
        warning=line(clean.plain(text(found.get("summary"))), 500) if what != "Article" else "",
        language=language if len(language) <= 40 else "",
        audience=_audience(to, cc, author.followers),
        created_ms=created_ms,
        reply_to=address(found.get("inReplyTo")),
        mentions=tuple(dict.fromkeys([*mentions, *to, *cc])),
        tags=tuple(dict.fromkeys(tags))[: own_text.MOST_TAGS],
        poll=poll,
        quote=quoting.quoted(found),
        stamp=address(found.get("quoteAuthorization")),
        pictures=_pictures(found),
    )


def webfinger(found: Thing) -> str:
    """The address of the person that an answer of WebFinger (RFC 7033) is about. Raises :class:`Malformed`."""
    for link in many(found.get("links")):
        fits = isinstance(link, dict) and link.get("rel") == "self" and "json" in text(link.get("type"))
        if fits and (href := address(link.get("href"))):
            return href
    raise Malformed("Nobody of the fediverse has this name there.")


def _content(found: Thing, what: str, shown: str) -> str:
    """HTML of a post, of which nothing is trusted yet."""
    content = text(found.get("content"))
    if not content and isinstance(found.get("contentMap"), dict):
        content = next((each for each in found["contentMap"].values() if isinstance(each, str)), "")
    parts = [content]
    if what == "Article":
        title = escape(line(found.get("name"), 300))
        parts = [f"<p><strong>{title}</strong></p>", content or text(found.get("summary")), _link(shown, shown)]
    if what == "Question":
        answers = [each for each in many(found.get("oneOf") or found.get("anyOf")) if isinstance(each, dict)]
        listed = "".join(f"<li>{escape(line(each.get('name'), LONGEST_NAME))}</li>" for each in answers[:20])
        parts += [f"<ul>{listed}</ul>", _link(shown, shown)]
    here = {each.url for each in _pictures(found)}
    for each in many(found.get("attachment"))[:MOST_PICTURES]:
        if isinstance(each, dict) and (href := _attached(each)) and href not in here:
            parts.append(_link(href, line(each.get("name"), 1500) or urlsplit(href).path.rpartition("/")[2] or href))
    return "".join(parts)


def _pictures(found: Thing) -> tuple[RemotePicture, ...]:
    """The first pictures of a post."""
    shown: dict[str, RemotePicture] = {}
    for each in many(found.get("attachment"))[:MOST_PICTURES]:
        if not isinstance(each, dict) or not (href := _attached(each)):
            continue
        if kind(each) == "Image" or text(each.get("mediaType")).startswith("image/"):
            alt = line(each.get("name"), pictures.LONGEST_ALT)
            said = alt or urlsplit(href).path.rpartition("/")[2] or href
            shown.setdefault(href, RemotePicture(href, alt, clean.html(_link(href, said))))
    return tuple(shown.values())[: pictures.MOST]


def _attached(each: Any) -> str:
    """Where an attachment or a portrait is."""
    return page(each.get("url")) or page(each.get("href")) if isinstance(each, dict) else page(each)


def _link(href: str, said: str) -> str:
    return f'<p><a href="{escape(href)}">{escape(said)}</a></p>'


def _audience(to: tuple[str, ...], cc: tuple[str, ...], followers: str) -> Audience:
    if PUBLIC in to:
        return Audience.PUBLIC
    if PUBLIC in cc:
        return Audience.UNLISTED
    return Audience.FOLLOWERS if followers and followers in (*to, *cc) else Audience.MENTIONED
