"""The documents of the fediverse as files: people, notes, WebFinger, NodeInfo. Made of public documents as pages are.

Whoever's post is carried far and wide is asked for by ten thousand servers within a minute: none of them reaches the
house or the database.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

import stentor
from stentor.base.clock import Clock
from stentor.base.errors import BadInput, NotFound, Removed
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document
from stentor.edge.thread import PageReader
from stentor.fediverse import documents, events, quoting, writing
from stentor.fediverse.events import SpaceEvent
from stentor.fediverse.sites import SITE, Home
from stentor.fediverse.writing import Named, NotedPost, Thing
from stentor.people import app_scopes
from stentor.social import ids
from stentor.social.model import Audience
from stentor.social.public import PersonCard, PublicPost
from stentor.spaces.model import State
from stentor.wire.http import Request

CACHE: Final = "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=600"
EVENT: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=3, stale-if-error=30"
"""What changes with its space."""
FIXED: Final = "public, max-age=3600"
"""What changes with an upgrade only."""
_LISTS: Final = ("outbox", "featured", "followers", "following")
_ASKED: Final = ("ap-person", "ap-page", "ap-event")
"""Documents that other servers ask for by the address of a page."""


def asks(key: tuple[str, ...]) -> bool:
    """Whether a document was asked for by the address of a page."""
    return key[0] in _ASKED


def elsewhere(key: tuple[str, ...], request: Request, files: FediverseFiles | None) -> str | None:
    """Where a server that signs is sent for a post that is no file: the house looks whether it is for them."""
    signed = files is not None and key[0] == "ap-post" and "signature" in request.headers
    return f"{files.home.house}/inbox/posts/{key[2]}" if files is not None and signed else None


class FediverseFiles:
    """Says which document an address is, and makes it."""

    def __init__(self, home: Home, pages: ListenerPages, clock: Clock) -> None:
        self.home, self._pages, self._clock = home, pages, clock

    def key(self, path: list[str], request: Request) -> tuple[str, ...] | None:
        """The name of the document at an address; None for what is none of these."""
        match path:
            case ["ap", "actors", number] if ids.parse(number):
                return "ap-actor", "", number
            case ["ap", "actors", number, name] if ids.parse(number) and name in _LISTS:
                return "ap-list", "", number, name
            case ["ap", "posts" | "stamps" as kind, post] if ids.parse(post):
                return f"ap-{kind.removesuffix('s')}", "", post
            case ["ap", "spaces", space] if space:
                return "ap-space", "", space[:64]
            case ["s", space] if space and _wants(request):
                return "ap-event", "", space[:64]
            case [".well-known", "webfinger"]:
                return "ap-finger", "", request.query.get("resource", "")[:500]
            case [".well-known", "host-meta" | "nodeinfo" | "oauth-authorization-server" as name]:
                return "ap-fixed", "", name
            case ["nodeinfo", name] if name in documents.NODEINFO_VERSIONS:
                return "ap-fixed", "", name
            case [name] if name[:1] == "@" and _wants(request):
                return "ap-person", "", name[1:].lower()
            case [name, post] if name[:1] == "@" and ids.parse(post) and _wants(request):
                return "ap-page", "", post
        return None

    async def document(self, reading: PageReader, kind: str, *names: str) -> Document:
        """A document. Raises :class:`NotFound`, :class:`Removed`, :class:`BadInput`."""
        match kind, names:
            case "ap-actor", (number,):
                return self._made(await self._actor(reading, int(number)))
            case "ap-list", (number, name):
                return self._made(await self._list(reading, int(number), name))
            case "ap-post" | "ap-page", (post,):
                return self._made(writing.whole(await self._thing(reading, int(post))), f"p{post}")
            case "ap-stamp", (post,):
                return self._made(writing.whole(await self._stamp(reading, int(post))), f"p{post}")
            case "ap-space" | "ap-event", (space,):
                return self._made(await self._event(reading, space), cache=EVENT)
            case "ap-person", (handle,):
                return self._made(self._person(await reading.require_person(handle)))
            case "ap-finger", (resource,):
                return self._made(await self._finger(reading, resource), kind=documents.JRD)
            case _, ("host-meta",):
                return Document(documents.host_meta(self.home), documents.XRD, FIXED, now=self._clock())
            case _, ("oauth-authorization-server",):  # apps ask for it by the name in people's handles
                return self._made(app_scopes.metadata(self.home.house), kind="application/json", cache=FIXED)
            case _, ("nodeinfo",):
                return self._made(documents.nodeinfo_links(self.home), kind="application/json", cache=FIXED)
        name, schema = self._pages.look.name or self.home.name, names[0]
        told = documents.nodeinfo(schema, stentor.__version__, name)
        return self._made(told, kind=documents.NODEINFO.format(schema), cache=FIXED)

    def _made(self, found: Thing, tag: str = "", *, kind: str = writing.TYPE, cache: str = CACHE) -> Document:
        """``tag`` is that by which a cache may be told to drop it."""
        tags = {"Cache_Tag": tag, "Surrogate_Key": tag} if tag else {}
        return Document(msgspec.json.encode(found), kind, cache, now=self._clock(), **tags)

    async def _actor(self, reading: PageReader, number: int) -> Thing:
        card = await reading.person(number)
        if number == SITE and card.key:
            return documents.site(self.home, card.key, self._pages.look.name)
        return self._person(card)

    def _person(self, card: PersonCard) -> Thing:
        if not card.key:
            raise _nobody()
        return documents.person(self.home, card)

    async def _list(self, reading: PageReader, number: int, name: str) -> Thing:
        """The newest posts, or those that somebody has pinned. Who follows whom is told nobody."""
        card, uri = await reading.person(number), f"{self.home.actor(number)}/{name}"
        if not card.key or number == SITE:
            raise _nobody()
        if name in ("followers", "following"):
            return documents.collection(uri, None)
        page = await reading.listed(number)
        found: list[Any] = []
        for each in page.pinned if name == "featured" else page.ids:
            try:
                found.append(await self._thing(reading, each, activity=name == "outbox"))
            except (NotFound, Removed):
                continue
        return documents.collection(uri, found)

    async def _thing(self, reading: PageReader, number: int, *, activity: bool = False) -> Thing:
        """A post as its note, or as what somebody did; a boost is always that."""
        post = await reading.post(number)
        card = await reading.person(post.author)
        if not card.key:
            raise _nobody()
        if post.boost_of is None:
            noted = await self._noted(reading, post, card)
            return writing.create(self.home, noted) if activity else writing.note(self.home, noted)
        carried = await reading.any_post(post.boost_of)
        uri, owner = carried.uri or self.home.post(carried.id), "" if carried.uri else self.home.actor(carried.author)
        return writing.announce(self.home, post.id, post.author, uri, owner, post.created_ms, _audience(post))

    async def _stamp(self, reading: PageReader, number: int) -> Thing:
        """What says that a post may quote one of ours; it is gone when consent is."""
        quoting_post = await reading.any_post(number)
        if quoting_post.quote_of is None:
            raise NotFound("This post may not quote that one.", code="no-such-page")
        quoted = await reading.post(quoting_post.quote_of)
        uri = quoting_post.uri or self.home.post(number)
        return quoting.stamp(self.home, number, uri, self.home.post(quoted.id), self.home.actor(quoted.author))

    async def _event(self, reading: PageReader, name: str) -> Thing:
        """A space that everybody may know of; raises :class:`NotFound`."""
        found = await reading.space(name, "")
        if found is None:
            raise NotFound("The audience knows no such space.", code="no-such-space")
        space = found.card.space
        begins = [space.scheduled_ms, space.live_ms, space.doors_open_ms]
        return events.event(
            self.home,
            SpaceEvent(
                id=space.id, title=space.title, said=found.said, about=space.description, language=space.language,
                created_ms=space.created_ms, start_ms=next((each for each in begins if each is not None), None),
                end_ms=space.ended_ms, cancelled=space.state is State.CANCELLED,
            ),
        )  # fmt: skip

    async def _noted(self, reading: PageReader, post: PublicPost, card: PersonCard) -> NotedPost:
        above = self.home.post(post.reply_to) if post.reply_to is not None else ""
        quote, stamp, said = post.quotes, post.stamp, ("", "")
        if not quote and post.quote_of is not None:
            quote, stamp = self.home.post(post.quote_of), self.home.stamp(post.id)
        if post.space is not None and (space := await reading.space(post.space, post.language)) is not None:
            said = (space.card.space.title, space.said)
        return NotedPost(
            id=post.id, author=post.author, handle=card.handle, audience=_audience(post), html=post.html,
            warning=post.warning, language=post.language, created_ms=post.created_ms, edited_ms=post.edited_ms,
            reply_to=post.answers or above, named=tuple(Named(uri, name) for uri, name in post.named),
            media=post.media, space=post.space, poll=post.poll, quote=quote, stamp=stamp, told=said,
        )  # fmt: skip

    async def _finger(self, reading: PageReader, resource: str) -> Thing:
        """Who has a name here (RFC 7033), by ``acct:name@here`` or by an address of theirs."""
        name, _, host = resource.removeprefix("acct:").removeprefix("@").rpartition("@")
        number = self.home.actor_at(resource)
        if number == SITE or (name == host == self.home.name):
            await reading.person(SITE)
            return documents.webfinger(self.home, self.home.name, SITE, f"{self.home.files}/")
        if number is None:
            page = resource.removeprefix(f"{self.home.files}/@")
            if page == resource and not (name and host.lower() == self.home.name):
                if resource:
                    raise _nobody()
                raise BadInput("Ask with ?resource=acct:name@server.", field="resource")
            card = await reading.require_person((page if page != resource else name).lower())
        else:
            card = await reading.person(number)
        if not card.key:
            raise _nobody()
        return documents.webfinger(self.home, card.handle, card.number, f"{self.home.files}{card.page}")


def _audience(post: PublicPost) -> Audience:
    return Audience.PUBLIC if post.listed else Audience.UNLISTED


def _wants(request: Request) -> bool:
    """Whether a server asks, and no browser."""
    accept = request.headers.get("accept", "").lower()
    known = "application/activity+json" in accept or ("application/ld+json" in accept and "activitystreams" in accept)
    return known and "text/html" not in accept


def _nobody() -> NotFound:
    return NotFound("There is nobody at this address.", code="no-such-page")
