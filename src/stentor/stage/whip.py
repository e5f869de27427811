"""What WHIP (RFC 9725) means here: every request to a session and its reply; docs/decisions/0003 has the choices.

========================== ====== =====================================================================
what                       status
========================== ====== =====================================================================
POST, offer taken          201    answer; Location, ETag, Link to ICE servers
PATCH, candidates          204    RFC 8840 fragment
PATCH, new credentials     200    ICE restart; our new credentials and candidates, new ETag
DELETE                     200    also when the session has ended already
a seat that was taken away 403    whose seat it is the house has checked
no such session            404
other method               405
space over                 409    also an ICE restart before the connection is up
displaced                  409    another device has taken the seat since; whoever hears that does not come again
If-Match does not match    412
body too large             413
other content type         415    Accept-Post, Accept-Patch say which
no Opus, does not send     422
PATCH without If-Match     428
all seats taken            503    Retry-After
somebody is heard there    503    Retry-After; only to senders that do not say when they took the seat
no or wrong claim          503    house and stage disagree, which no speaker can mend; with Retry-After
========================== ====== =====================================================================

Errors are problem documents (RFC 9457) with stable codes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import (
    PROBLEM_TYPE,
    BadInput,
    CallerError,
    Conflict,
    Malformed,
    NotSupported,
    Overloaded,
    StentorError,
    problem,
)
from stentor.spaces.claims import PURPOSES, RETRY_S, Checker, Claim
from stentor.spaces.model import OVER
from stentor.stage import offer as sdp
from stentor.stage.room import Room
from stentor.stage.seat import SeatSession
from stentor.wire.sdp import IceFragment, ask_for_fec, check_offer, parse_fragment, render_fragment
from stentor.wire.whip import WhipReply, WhipRequest, decode_request, encode

OFFER_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
METHODS = "POST, PATCH, DELETE, OPTIONS"


class Whip:
    """Answers the WHIP requests for one space."""

    def __init__(self, room: Room, *, checker: Checker, clock: Clock, links: tuple[str, ...] = ()) -> None:
        self._room = room
        self._checker = checker
        self._clock, self._since = clock, clock()
        self._links = links

    async def serve(self, message: bytes) -> bytes:
        """The reply to a message from the bus, as it travels there. Never raises for what a caller may send."""
        try:
            reply = await self.answer(decode_request(message))
        except Malformed as error:
            reply = not_understood(error)
        return encode(reply)

    async def answer(self, request: WhipRequest) -> WhipReply:
        """The reply to a request; errors are problem documents."""
        try:
            return await self._method(request)(request)
        except StentorError as error:
            return refusal(error)

    def _method(self, request: WhipRequest) -> Callable[[WhipRequest], Awaitable[WhipReply]]:
        if request.method == "POST" and request.session is None:
            return self._post
        if request.method == "PATCH" and request.session is not None:
            return self._patch
        if request.method == "DELETE" and request.session is not None:
            return self._delete
        raise CallerError(f"{request.method} is not possible here.", code="method-not-allowed", status=405)

    async def _post(self, request: WhipRequest) -> WhipReply:
        claim = self._claim(request)
        if self._room.space.state in OVER:
            raise Conflict("This space is over.", code="not-on-air")
        session, answer = await self._room.join(claim.invitation, offered(request), claim.taken_ms)
        headers = {
            "Content-Type": OFFER_TYPE,
            "Location": f"/whip/{self._room.space.id}/{session.id}",
            "ETag": f'"{session.etag}"',
            "Accept-Patch": FRAGMENT_TYPE,
        }
        if self._links:
            headers["Link"] = ", ".join(self._links)
        return WhipReply(201, headers, ask_for_fec(answer).encode())

    async def _patch(self, request: WhipRequest) -> WhipReply:
        session = self._session(request)
        _expect(request, FRAGMENT_TYPE)
        _check_match(request.if_match, session)
        peer = session.peer
        fragment = parse_fragment(request.body.decode(errors="replace"))
        if peer is None:
            raise Conflict("The session is not ready yet.")
        candidates = [candidate for _, candidate in fragment.candidates]
        if not fragment.ufrag or fragment.ufrag == peer.remote_ufrag:
            if request.if_match.strip() == "*":
                raise BadInput('If-Match: "*" asks for an ICE restart, which needs new credentials.')
            await peer.trickle(candidates, complete=fragment.complete)
            return WhipReply(204, {"ETag": f'"{session.etag}"'}, b"")
        ice = await peer.restart(fragment.ufrag, fragment.password, candidates, complete=fragment.complete)
        session.renew_etag()
        mid = peer.offer.sections[peer.offer.audio].first("mid")
        body = render_fragment(
            IceFragment(
                ufrag=ice.local_username,
                password=ice.local_password,
                candidates=[(mid, candidate.to_sdp()) for candidate in ice.local_candidates],
                complete=True,
            )
        )
        return WhipReply(200, {"Content-Type": FRAGMENT_TYPE, "ETag": f'"{session.etag}"'}, body.encode())

    async def _delete(self, request: WhipRequest) -> WhipReply:
        self._room.leave(request.session or "", self._claim(request).seat)
        return WhipReply(200, {}, b"")

    def _session(self, request: WhipRequest) -> SeatSession:
        return self._room.session(request.session or "", self._claim(request).seat)

    def _claim(self, request: WhipRequest) -> Claim:
        purpose = PURPOSES[request.method]
        return self._checker.check(
            request.claim,
            purposes=(purpose,),
            space=self._room.space.id,
            now=self._clock(),
            about=request.signed(),
            since=self._since,
        )


def offered(request: WhipRequest) -> sdp.SpeakerOffer:
    """The offer in a POST; raises what the table above says for one that cannot be taken."""
    _expect(request, OFFER_TYPE)
    text = request.body.decode(errors="replace")  # in a title, say; what matters is ASCII
    check_offer(text)
    return sdp.read(text)


def not_understood(error: Malformed) -> WhipReply:
    """The reply to a house of another version, which may be replaced soon: a speaker's page comes again."""
    return refusal(Overloaded(error.detail, retry_after_s=RETRY_S, code="no-stage"))


def refusal(error: StentorError) -> WhipReply:
    """The problem document of an error, with the headers that its status asks for."""
    headers = {"Content-Type": PROBLEM_TYPE}
    if error.status == 405:
        headers["Allow"] = METHODS
    elif error.status == 415:
        headers |= {"Accept-Post": OFFER_TYPE, "Accept-Patch": FRAGMENT_TYPE}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return WhipReply(error.status, headers, msgspec.json.encode(problem(error)))


def _expect(request: WhipRequest, content_type: str) -> None:
    if request.content_type.partition(";")[0].strip().lower() != content_type:
        raise NotSupported(f"The body must be {content_type}.", code="content-type")


def _check_match(if_match: str, session: SeatSession) -> None:
    """The precondition of a PATCH (RFC 9725, 4.3.1)."""
    if not if_match:
        raise CallerError(
            'A PATCH needs If-Match: the session\'s ETag, or "*" to restart ICE.',
            code="precondition-required",
            status=428,
        )
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    if "*" not in tags and session.etag not in tags:
        raise CallerError(
            "If-Match names an older ICE session; candidates of it are of no use any more.",
            code="precondition-failed",
            status=412,
        )
