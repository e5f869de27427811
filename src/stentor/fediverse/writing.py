"""What goes out: posts as notes, and activities. Everything is a plain mapping that becomes JSON as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import msgspec

from stentor.fediverse import polls, quoting
from stentor.fediverse.sites import PUBLIC, SITE, Home
from stentor.social import pictures
from stentor.social.model import Audience, Picture, PostPoll
from stentor.wire.ways import FEDIVERSE, link

CONTEXT: Final = "https://www.w3.org/ns/activitystreams"
TYPE: Final = "application/activity+json"
"""What our documents say they are; the longer name of the same is taken, too."""
ACCEPT: Final = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
_TERMS: Final = {
    "Hashtag": "as:Hashtag",
    "sensitive": "as:sensitive",
    "toot": "http://joinmastodon.org/ns#",
    "blurhash": "toot:blurhash",
    "votersCount": "toot:votersCount",
    "featured": {"@id": "toot:featured", "@type": "@id"},
} | quoting.TERMS

_ADDRESS: Final = re.compile(r"https?://[^\s<>]+")

Thing = Mapping[str, Any]


class Named(msgspec.Struct, frozen=True):
    """Somebody whom a post names: their address, and their name as others write it (``@ada@example.org``)."""

    uri: str
    name: str


class NotedPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post of somebody here, with all that its note says. Times are ms since 1970 (UTC)."""

    id: int
    author: int
    handle: str
    audience: Audience
    html: str
    warning: str = ""
    language: str = ""
    created_ms: int
    edited_ms: int | None = None
    reply_to: str = ""
    """The address of what it answers."""
    named: tuple[Named, ...] = ()
    media: tuple[Picture, ...] = ()
    space: str | None = None
    told: tuple[str, str] = ("", "")
    """Of the space: its title, and a sentence about how it is."""
    poll: PostPoll | None = None
    quote: str = ""
    """The address of what it quotes."""
    stamp: str = ""
    """The address of what says that it may."""


def note(home: Home, post: NotedPost) -> Thing:
    """The note of a post, as it stands in a ``Create``; :func:`whole` makes a document of it."""
    to, cc = _addressed(home, post.author, post.audience, post.named)
    page = f"{home.files}/@{post.handle}/{post.id}"
    html = post.html.replace('href="/', f'href="{home.files}/') + _about(home, post)
    found: dict[str, Any] = {
        "id": home.post(post.id),
        "type": "Note",
        "attributedTo": home.actor(post.author),
        "content": html,
        "summary": post.warning or None,
        "sensitive": bool(post.warning),
        "published": stamp(post.created_ms),
        "url": page,
        "to": to,
        "cc": cc,
        "inReplyTo": post.reply_to or None,
        "tag": [{"type": "Mention", "href": each.uri, "name": each.name} for each in post.named],
        "attachment": [_picture(home, each) for each in post.media],
        "interactionPolicy": quoting.policy(home.actor(post.author), post.audience),
    }
    if post.language:
        found["contentMap"] = {post.language: html}
    if post.edited_ms is not None:
        found["updated"] = stamp(post.edited_ms)
    if post.space and post.told[0]:
        found["attachment"] += [
            {"type": "Link", "href": link(f"{home.files}/s/{post.space}", FEDIVERSE)},
            {"type": "Link", "href": home.event(post.space), "mediaType": TYPE, "name": post.told[0] or None},
        ]
    if post.poll is not None:
        found |= {**polls.question(post.poll), "endTime": stamp(post.poll.ends_ms)}
    if post.quote:
        found |= {"quote": post.quote, "quoteUri": post.quote}
        found |= {"quoteAuthorization": post.stamp} if post.stamp else {}
    return found


def whole(found: Thing) -> Thing:
    """A document of its own: with the context that says what its words mean."""
    return {"@context": [CONTEXT, _TERMS], **found}


def create(home: Home, post: NotedPost) -> Thing:
    made = note(home, post)
    return {
        "id": f"{made['id']}#create",
        "type": "Create",
        "actor": made["attributedTo"],
        "published": made["published"],
        "to": made["to"],
        "cc": made["cc"],
        "object": made,
    }


def message(home: Home, name: str, to: tuple[str, str], lines: Sequence[str], language: str, at_ms: int) -> Thing:
    """The activity by which the site itself tells one person something: ``to`` is their address and their name."""
    uri, actor = f"{home.files}/ap/reminders/{name}", home.actor(SITE)
    named = f'<a class="u-url mention" href="{escape(to[0])}">{escape(to[1])}</a>'
    html = f"<p>{named} " + "</p><p>".join(_linked(each) for each in lines) + "</p>"
    made = {
        "id": uri,
        "type": "Note",
        "attributedTo": actor,
        "content": html,
        "contentMap": {language: html},
        "published": stamp(at_ms),
        "to": [to[0]],
        "cc": [],
        "tag": [{"type": "Mention", "href": to[0], "name": to[1]}],
    }
    return {
        "id": f"{uri}#create",
        "type": "Create",
        "actor": actor,
        "published": made["published"],
        "to": made["to"],
        "cc": [],
        "object": made,
    }


def update(home: Home, post: NotedPost, at_ms: int) -> Thing:
    """``at_ms`` tells one change from the next."""
    made = create(home, post)
    return {**made, "id": f"{home.post(post.id)}#update-{at_ms}", "type": "Update", "published": stamp(at_ms)}


def delete(home: Home, author: int, post: int) -> Thing:
    """It says nothing of what the post was but its address; whoever was told of the post may know that it is gone."""
    uri = home.post(post)
    return {
        "id": f"{uri}#delete",
        "type": "Delete",
        "actor": home.actor(author),
        "to": [PUBLIC],
        "object": {"id": uri, "type": "Tombstone"},
    }


def announce(home: Home, boost: int, author: int, uri: str, owner: str, created_ms: int, audience: Audience) -> Thing:
    """Somebody here carries on the post at ``uri``, which ``owner`` wrote."""
    to, cc = _addressed(home, author, audience, ())
    return {
        "id": home.post(boost),
        "type": "Announce",
        "actor": home.actor(author),
        "published": stamp(created_ms),
        "to": to,
        "cc": [*cc, *([owner] if owner else [])],
        "object": uri,
    }


def like(home: Home, actor: int, post: int, uri: str, at_ms: int) -> Thing:
    """``post`` is the number that the post at ``uri`` has here, ``at_ms`` since when they like it, also where it is
    taken back: some servers take no activity twice."""
    me = home.actor(actor)
    return {"id": f"{me}#likes/{post}" + since(at_ms), "type": "Like", "actor": me, "object": uri}


def since(at_ms: int) -> str:
    """What tells an activity from the same one before; nothing for one that is older than that was written down."""
    return f"/{at_ms}" if at_ms else ""


def follow(home: Home, follower: int, followee: int, uri: str, at_ms: int) -> Thing:
    """``at_ms`` is when they began to, also where it is taken back."""
    return {
        "id": home.follow(follower, followee, at_ms),
        "type": "Follow",
        "actor": home.actor(follower),
        "object": uri,
        "to": [uri],
    }


def answer(home: Home, followee: int, follower: int, uri: str, follow_uri: str, *, grant: bool) -> Thing:
    """What somebody here says to the person at ``uri`` who has asked to follow with the activity ``follow_uri``."""
    verb, me = ("Accept" if grant else "Reject"), home.actor(followee)
    return {
        "id": f"{me}#{verb.lower()}s/{follower}",
        "type": verb,
        "actor": me,
        "to": [uri],
        "object": {"id": follow_uri, "type": "Follow", "actor": uri, "object": me},
    }


def undo(home: Home, actor: int, done: Thing) -> Thing:
    """Takes an activity back."""
    kept = {name: value for name, value in done.items() if name in ("id", "type", "actor", "object")}
    found: dict[str, Any] = {"id": f"{done['id']}#undo", "type": "Undo", "actor": home.actor(actor), "object": kept}
    return found | {name: done[name] for name in ("to", "cc") if name in done}


def _about(home: Home, post: NotedPost) -> str:
    """Of a space what is so, and where it is: there is nothing else that others show of it."""
    if not post.space or not post.told[0]:
        return ""
    (title, said), page = post.told, f"{home.files}/s/{post.space}"
    return (
        f"<p><strong>{escape(title)}</strong><br>{escape(said)}</p>"
        f'<p><a href="{escape(page)}">{escape(page.partition("://")[2])}</a></p>'
    )


def stamp(ms: int) -> str:
    """A time as ActivityStreams writes it."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"


def encode(found: Thing) -> bytes:
    return msgspec.json.encode(found)


def _linked(line: str) -> str:
    """A line of text, with its addresses as links."""
    return _ADDRESS.sub(lambda found: f'<a href="{escape(found[0])}">{escape(found[0])}</a>', escape(line, quote=False))


def _addressed(home: Home, author: int, audience: Audience, named: tuple[Named, ...]) -> tuple[list[str], list[str]]:
    followers, people = home.followers(author), [each.uri for each in named]
    match audience:
        case Audience.PUBLIC:
            return [PUBLIC], [followers, *people]
        case Audience.UNLISTED:
            return [followers], [PUBLIC, *people]
        case Audience.FOLLOWERS:
            return [followers], people
        case Audience.MENTIONED:
            return people, []
        case Audience.WITHHELD:
            return [], []


def _picture(home: Home, media: Picture) -> Thing:
    return {
        "type": "Document",
        "mediaType": pictures.TYPE,
        "url": f"{home.files}{pictures.address(media.key)}",
        "name": media.alt or None,
        "blurhash": media.blurhash,
        "width": media.width,
        "height": media.height,
    }
