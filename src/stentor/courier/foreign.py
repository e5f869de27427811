"""What servers of the fediverse say when they are asked: people, posts, names. Every question is signed by the site."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.rsa import RsaKey
from stentor.base.seal import Seal
from stentor.courier.client import MOST_DOCUMENT_BYTES, MOST_REDIRECTS, Answer, NoAnswer, OutsideClient, target
from stentor.fediverse import reading, things
from stentor.fediverse.reading import RemoteActor, Thing
from stentor.fediverse.signatures import signed, signed_standard
from stentor.fediverse.sites import SITE, Home, server
from stentor.fediverse.writing import ACCEPT, TYPE
from stentor.store.actor_keys import SEALED, ActorKeys
from stentor.store.domain_policies import DomainPolicies
from stentor.store.remote_actors import blocked_server
from stentor.store.signing_hosts import MOST, SigningHosts

KEYS: Final = 500
"""Of people here that are kept open; each is some kilobytes."""
_JRD: Final = "application/jrd+json, application/json"
_DOCUMENTS: Final = (TYPE, "application/ld+json")


class Signing:
    """Signs as people here, with keys that the database holds sealed."""

    def __init__(self, keys: ActorKeys, hosts: SigningHosts, seal: Seal, home: Home, clock: Clock) -> None:
        self._keys, self._hosts, self._seal, self._home, self._clock = keys, hosts, seal, home, clock
        self._open: OrderedDict[int, RsaKey] = OrderedDict()
        self._standard: dict[str, None] | None = None
        """Hosts that want RFC 9421, the oldest first; None before it was read which. All others are signed to as the
        draft says."""

    async def headers(self, actor: int, method: str, url: str, body: bytes | None = None) -> dict[str, str]:
        """The fields that sign a request now, in the way that its host is known to want. Raises :class:`Overloaded`
        for who has no key."""
        return (await self.signer(actor, method, url, body))()

    async def signer(
        self, actor: int, method: str, url: str, body: bytes | None = None
    ) -> Callable[[], dict[str, str]]:
        """What makes those fields, when they are sent: nobody signs for a host that is not reached."""
        key, key_id, host = await self._key(actor), self._home.key(actor), server(url)
        standard = host in await self._known()

        def sign() -> dict[str, str]:
            now = self._clock()
            if standard:
                uri = f"{url.partition('://')[0]}://{host}{target(url)}"
                return signed_standard(key, key_id, method=method, uri=uri, authority=host, now=now, body=body)
            return signed(key, key_id, method=method, authority=host, target=target(url), now=now, body=body)

        return sign

    async def learn(self, url: str, fields: Mapping[str, str], status: int, *, again: bool) -> bool:
        """What the answer to a request with such ``fields`` says of how its host wants to be signed to: whether to try
        the other way, once, and then ``again`` what came of that. The draft comes first, for most understand nothing
        else, and some say nothing when they do not understand. What a host took is kept, also for after a restart."""
        known, host, tried = await self._known(), server(url), "signature-input" in fields
        if status == 401:  # the other way, or back
            self._turn(known, host, standard=not tried)
        elif again:
            await self._keep(host, standard=tried)
        return status == 401 and not again

    async def heard(self, host: str, *, standard: bool) -> None:
        """A host has signed so itself, and it held. Only that it does as the draft says tells how it wants to be
        signed to: who writes RFC 9421 mostly reads both."""
        known = await self._known()
        if not standard and host in known:
            self._turn(known, host, standard=False)
            await self._keep(host, standard=False)

    def _turn(self, known: dict[str, None], host: str, *, standard: bool) -> None:
        known.pop(host, None)
        if standard:
            known[host] = None
        if len(known) > MOST:
            del known[next(iter(known))]

    async def _keep(self, host: str, *, standard: bool) -> None:
        if standard:
            await self._hosts.keep(host, now_ms=unix_ms(self._clock()))
        else:
            await self._hosts.drop(host)

    async def _known(self) -> dict[str, None]:
        if self._standard is None:
            found = dict.fromkeys(await self._hosts.all())
            self._standard = self._standard or found  # another was quicker
        return self._standard

    async def _key(self, actor: int) -> RsaKey:
        found = self._open.get(actor)
        if found is None:
            sealed = await self._keys.secret(actor)
            if sealed is None:
                raise Overloaded("There is no key to sign with yet.", retry_after_s=5.0)
            found = self._open[actor] = RsaKey.load(self._seal.open(sealed, SEALED))
            if len(self._open) > KEYS:
                self._open.popitem(last=False)
        self._open.move_to_end(actor)
        return found


class ForeignServers:
    """Asks other servers. Methods raise :class:`NotFound` for what is not there, :class:`Malformed` for what is none,
    :class:`NoAnswer` for what may be mended."""

    def __init__(self, client: OutsideClient, signing: Signing, policies: DomainPolicies, *, scheme: str) -> None:
        self._client, self._signing, self._policies, self._scheme = client, signing, policies, scheme

    async def heard(self, host: str, *, standard: bool) -> None:
        """As :meth:`Signing.heard`."""
        await self._signing.heard(host, standard=standard)

    async def actor(self, uri: str) -> RemoteActor:
        """The person at an address, or whose key is there."""
        found = await self.document(uri)
        own = things.address(found.get("id"))
        if own != uri.partition("#")[0] and (owner := things.address(found.get("owner")) or own):
            found = await self.document(owner)  # the key stood alone, or the document has another name
            own = owner
        return reading.remote_actor(found, own)

    async def post(self, uri: str) -> tuple[Thing, str]:
        """A post at an address, and whose it says it is; its id is that address, or it is asked for there."""
        found = await self.standing(uri)
        return found, self.owner(found)

    async def standing(self, uri: str) -> Thing:
        """What stands at an address: its id is that address, or it is asked for there, on the same server."""
        found = await self.document(uri)
        own = things.address(found.get("id"))
        if own != uri:
            if server(own) != server(uri):
                raise Malformed("The post is another one's.")
            found = await self.document(own)
            if things.address(found.get("id")) != own:
                raise Malformed("The post is at another address.")
        return found

    @staticmethod
    def owner(found: Thing) -> str:
        """Whose a post says it is."""
        owner = things.address(found.get("attributedTo"))
        if server(owner) != server(things.address(found.get("id"))):
            raise Malformed("The post says to be of somebody of another server.")
        return owner

    async def named(self, handle: str, host: str) -> str:
        """The address of somebody's document, by WebFinger (RFC 7033)."""
        resource = quote(f"acct:{handle}@{host}", safe="")
        url = f"{self._scheme}://{host}/.well-known/webfinger?resource={resource}"
        answer = await self._follow(url, _JRD, sign=False)
        return reading.webfinger(things.document(answer.body))

    async def document(self, uri: str) -> Thing:
        """A document of ActivityPub. Only what says it is one is taken: others' pictures and texts are not theirs."""
        answer = await self._follow(uri.partition("#")[0], ACCEPT, sign=True)
        if answer.content_type.partition(";")[0].strip().lower() not in _DOCUMENTS:
            raise Malformed("What stands there is no document of ActivityPub.")
        return things.document(answer.body)

    async def _follow(self, url: str, accept: str, *, sign: bool) -> Answer:
        """Goes where it is sent to. What is signed stays on its server: there stands what that says of itself. A name
        may be looked up elsewhere, for what it leads to is asked for again."""
        began = server(url)
        for _ in range(MOST_REDIRECTS + 1):
            if not server(url) or (sign and server(url) != began):
                raise Malformed("The document is of another server.")
            if await self._policies.blocks(url):
                raise blocked_server()
            fields: dict[str, Any] = await self._signing.headers(SITE, "GET", url) if sign else {}
            answer = await self._client.get(url, {**fields, "accept": accept})
            if sign and await self._signing.learn(url, fields, answer.status, again=False):
                fields = await self._signing.headers(SITE, "GET", url)
                answer = await self._client.get(url, {**fields, "accept": accept})
                await self._signing.learn(url, fields, answer.status, again=True)
            if answer.status not in (301, 302, 303, 307, 308):
                return _checked(answer)
            url = urljoin(url, answer.location)
        raise Malformed("The document is sent from place to place.")


def _checked(answer: Answer) -> Answer:
    if answer.status in (404, 410):
        raise NotFound("There is nothing at this address.")
    if not 200 <= answer.status < 300:
        said = f"Their server answered {answer.status}."
        raise NoAnswer(said, "not-taken", answer.duration_ms, answer)
    if len(answer.body) > MOST_DOCUMENT_BYTES:
        raise Malformed("The document is too large.")
    return answer
