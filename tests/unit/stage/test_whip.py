"""WHIP: every request and the status it gets (RFC 9725)."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from stentor.base.signing import Signer
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import claims
from stentor.spaces.model import Role, Space, State
from stentor.spaces.tokens import Invitation
from stentor.stage.ice import Ice, IceSettings, parse_servers
from stentor.stage.peer import DtlsCertificate
from stentor.stage.room import Room
from stentor.stage.whip import FRAGMENT_TYPE, OFFER_TYPE, Whip
from stentor.wire.sdp import IceFragment, parse_fragment, render_fragment
from stentor.wire.tick import Tick
from stentor.wire.whip import WhipReply, WhipRequest, decode_reply, encode
from tests.support.caller import Caller, calling, spoken
from tests.support.wait import eventually

KEY = b"k" * 32
PACKETS = spoken(np.zeros(48_000, np.float32))


SIGNER = Signer(KEY)


def asked(method: str, session: str | None = None, **fields: Any) -> WhipRequest:
    """A request with the house's claim for ``seat``, or with the ``claim`` that is given."""
    request = WhipRequest(
        method=method,
        space="talk",
        session=session,
        claim="",
        content_type=fields.get("content_type", OFFER_TYPE if method == "POST" else FRAGMENT_TYPE),
        body=fields.get("body", b""),
        if_match=fields.get("if_match", ""),
    )
    claim = fields.get("claim")
    if claim is None:
        seat, space = fields.get("seat", "ann"), SpaceId(fields.get("space", "talk"))
        whose = Invitation(space, SeatId(seat), seat, Role.SPEAKER, 0)
        about = {"about": request.signed(), "taken_ms": fields.get("taken_ms", 0)}
        now, purpose = time.time() - fields.get("ago_s", 0.0), claims.PURPOSES.get(method, "join")
        made = claims.claim(purpose, space, whose, nonce=secrets.token_hex(8), now=now, **about)
        claim = claims.sign(made, fields.get("signer", SIGNER))
    return msgspec.structs.replace(request, claim=claim)


async def nobody(_: Tick) -> None:
    """Publishes to nobody."""


@dataclass
class StageRig:
    """A room that ticks, and WHIP to it."""

    room: Room
    whip: Whip

    async def ask(self, method: str, session: str | None = None, **fields: Any) -> WhipReply:
        return decode_reply(await self.whip.serve(encode(asked(method, session, **fields))))

    async def join(self, caller: Caller, seat: str = "ann", *, taken_ms: int = 0) -> tuple[str, WhipReply]:
        reply = await self.ask("POST", seat=seat, body=(await caller.offer()).encode(), taken_ms=taken_ms)
        assert reply.status == 201, reply.body
        await caller.take(reply.body.decode())
        await eventually(lambda: caller.connected and self.room.seats[seat].arrived, "connected")
        return reply.headers["Location"].rpartition("/")[2], reply


@asynccontextmanager
async def stage(*, state: State = State.LIVE, max_seats: int = 13, servers: str = "") -> AsyncIterator[StageRig]:
    space = Space(id=SpaceId("talk"), title="Talk", state=state, doors_open_ms=1000, max_seats=max_seats)
    room = Room(space, publish=nobody, ice=IceSettings(), certificate=DtlsCertificate())
    ticking = asyncio.create_task(room.run())
    try:
        yield StageRig(
            room, Whip(room, checker=claims.Checker(SIGNER.public), clock=time.time, links=parse_servers(servers).links)
        )
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])


def refused(reply: WhipReply, status: int, code: str) -> WhipReply:
    """Asserts that the reply is the problem document of that code."""
    problem = msgspec.json.decode(reply.body)
    assert (reply.status, problem["status"], problem["code"]) == (status, status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"
    return reply


async def test_an_offer_is_answered_with_a_session() -> None:
    """201, where the session is, its ETag, the ICE servers, and an answer that asks for FEC."""
    async with stage(servers="stun:stun.example.org:3478") as at, calling(PACKETS) as caller:
        session, reply = await at.join(caller)
        assert reply.headers["Location"] == f"/whip/talk/{session}"
        assert reply.headers["Content-Type"] == OFFER_TYPE
        assert reply.headers["ETag"].startswith('"')
        assert 'rel="ice-server"' in reply.headers["Link"]
        assert b"minptime=10;useinbandfec=1" in reply.body


async def test_a_title_in_another_encoding_is_no_fault() -> None:
    """SDP is UTF-8, and what matters in it ASCII."""
    async with stage() as at, calling(PACKETS) as caller:
        offer = (await caller.offer()).encode()
        assert (await at.ask("POST", body=offer.replace(b"s=-", b"s=Caf\xe9"))).status == 201


async def test_each_refusal_has_its_status_and_code() -> None:
    """Everything that can be wrong with a POST, in the order in which it is looked at."""
    async with stage() as at, calling(PACKETS) as caller:
        offer = (await caller.offer()).encode()
        for_this: dict[str, Any] = {"body": offer}
        assert refused(await at.ask("POST", claim="", **for_this), 503, "claim-wrong").headers["Retry-After"] == "1"
        refused(await at.ask("POST", claim="wrong.claim", **for_this), 503, "claim-wrong")
        refused(await at.ask("POST", signer=Signer(b"x" * 32), **for_this), 503, "claim-wrong")
        refused(await at.ask("POST", ago_s=31, **for_this), 503, "claim-expired")
        refused(await at.ask("POST", ago_s=25, **for_this), 503, "claim-expired")  # from before this stage
        refused(await at.ask("POST", space="other", **for_this), 503, "claim-wrong")
        wrong_type = refused(await at.ask("POST", content_type="text/plain", **for_this), 415, "content-type")
        assert wrong_type.headers["Accept-Post"] == OFFER_TYPE
        refused(await at.ask("POST", body=b"hello"), 400, "not-sdp")
        refused(await at.ask("POST", body=b"\xff\xfe"), 400, "not-sdp")
        refused(await at.ask("POST", body=b"v=0\n" * 20_000), 413, "too-large")
        refused(await at.ask("POST", body=offer.replace(b"opus/48000/2", b"speex/16000")), 422, "no-opus")
        refused(await at.ask("POST", body=offer.replace(b"a=sendrecv", b"a=recvonly")), 422, "no-audio")
        refused(await at.ask("GET", **for_this), 405, "method-not-allowed")
        assert at.room.seats == {}
        refused(WhipReply(*msgspec.structs.astuple(decode_reply(await at.whip.serve(b"?")))), 503, "no-stage")


async def test_a_space_that_is_over_takes_nobody() -> None:
    """409, not an error of the server."""
    async with stage(state=State.ENDED) as at, calling(PACKETS) as caller:
        refused(await at.ask("POST", body=(await caller.offer()).encode()), 409, "not-on-air")


async def test_a_full_stage_says_when_to_come_back() -> None:
    """503 with Retry-After: a seat may be free in a moment, and nothing is wrong with the request."""
    async with stage(max_seats=2) as at, calling(PACKETS) as ann, calling(PACKETS) as bob:
        await at.join(ann)
        reply = await at.ask("POST", seat="bob", body=(await bob.offer()).encode())
        assert refused(reply, 503, "stage-full").headers["Retry-After"] == "10"


async def test_candidates_trickle_and_preconditions_hold() -> None:
    """204 for candidates; without If-Match 428, with an older one 412, no session 404, another type 415."""
    async with stage() as at, calling(PACKETS) as caller:
        session, reply = await at.join(caller)
        peer = at.room.sessions[session].peer
        assert peer is not None
        candidates = [("0", "1 1 udp 2130706431 127.0.0.1 50000 typ host")]
        body = render_fragment(IceFragment(peer.offer.ufrag, peer.offer.password, candidates)).encode()
        etag = reply.headers["ETag"]
        assert (await at.ask("PATCH", session, body=body, if_match=etag)).status == 204
        refused(await at.ask("PATCH", session, body=body), 428, "precondition-required")
        refused(await at.ask("PATCH", session, body=body, if_match='"old"'), 412, "precondition-failed")
        refused(await at.ask("PATCH", "nothing", body=body, if_match=etag), 404, "not-found")
        refused(await at.ask("PATCH", session, seat="bob", body=body, if_match=etag), 404, "not-found")
        refused(await at.ask("PATCH", session, body=body, if_match=etag, content_type=OFFER_TYPE), 415, "content-type")
        refused(await at.ask("PATCH", session, body=body, if_match="*"), 400, "bad-input")


async def test_ice_restarts_with_new_credentials() -> None:
    """200 with our new credentials and candidates, and a new ETag; the old ETag is of no use any more."""
    async with stage() as at, calling(PACKETS) as caller:
        session, reply = await at.join(caller)
        fresh = Ice(IceSettings())
        body = render_fragment(IceFragment(fresh.local_username, fresh.local_password)).encode()
        restarted = await at.ask("PATCH", session, body=body, if_match="*")
        assert restarted.status == 200
        assert restarted.headers["ETag"] != reply.headers["ETag"]
        ours = parse_fragment(restarted.body.decode())
        assert f"a=ice-ufrag:{ours.ufrag}".encode() not in reply.body
        assert ours.candidates
        assert ours.complete
        refused(await at.ask("PATCH", session, body=body, if_match=reply.headers["ETag"]), 412, "precondition-failed")


async def test_leaving_is_idempotent() -> None:
    """DELETE twice is 200 twice; a session that never was is 404; a token is needed."""
    async with stage() as at, calling(PACKETS) as caller:
        session, _ = await at.join(caller)
        refused(await at.ask("DELETE", session, claim=""), 503, "claim-wrong")
        refused(await at.ask("DELETE", "never"), 404, "not-found")
        assert (await at.ask("DELETE", session)).status == 200
        assert (await at.ask("DELETE", session)).status == 200
        assert at.room.seats == {}


async def test_an_old_session_ends_nothing_after_a_new_one() -> None:
    """The late DELETE of a page that was reloaded does not take the seat from the new page."""
    async with stage() as at, calling(PACKETS) as first, calling(PACKETS) as second:
        old, _ = await at.join(first, taken_ms=1)
        new, _ = await at.join(second, taken_ms=2)
        await eventually(lambda: old not in at.room.sessions, "the old session is over")
        assert (await at.ask("DELETE", old)).status == 200
        assert new in at.room.sessions
        assert "ann" in at.room.seats


async def test_a_device_that_was_displaced_is_told_so() -> None:
    """409 says that it is final; an encoder that does not say when it took the seat is told to come again."""
    async with stage() as at, calling(PACKETS) as phone, calling(PACKETS) as other:
        await at.join(phone, taken_ms=2)
        offer = (await other.offer()).encode()
        refused(await at.ask("POST", body=offer, taken_ms=1), 409, "displaced")
        busy = refused(await at.ask("POST", body=offer), 503, "seat-in-use")
        assert busy.headers["Retry-After"] == "2"
