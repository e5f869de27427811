"""WHIP (RFC 9725) at the house's door: HTTP in, one request over the bus to the stage that holds the space, HTTP out.

Who asks is the house's to check: tokens stay here, and a signed claim goes to the stage (``spaces.claims``). All other
meaning is the stage's. Here are the things of HTTP: methods, the size of a body, and what to say when no stage answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath

from stentor.base import log, units
from stentor.base.clock import unix_ms
from stentor.base.errors import BadInput, Malformed, NotAllowed, Overloaded, StentorError
from stentor.bus.connection import Bus
from stentor.house.spaces.ice import IceServers
from stentor.house.spaces.service import Spaces
from stentor.house.web import problems
from stentor.house.web.problems import MethodRefused
from stentor.spaces import commands as c
from stentor.spaces import setting
from stentor.spaces.claims import PURPOSES, Purpose
from stentor.spaces.rights import Actor
from stentor.spaces.tokens import Invitation
from stentor.wire.whip import WhipReply, WhipRequest, decode_reply, encode

MAX_BODY_BYTES = 64 * 1024
"""A browser's offer for one microphone has about 2 kB; with every codec and candidate there is, 10 kB."""
ANSWER_S = 6.0
"""The stage gathers its candidates and makes a certificate's handshake possible; it needs 0.05 to 0.3 s."""
RESTART_S = 2.0
"""So long is a request kept for a stage that has just died and is on its way back: a speaker is heard again sooner than
by trying again."""
LOOK_S = 0.1
TAKEN = "Seat-Taken"
"""The header of a POST that says when this device took the seat: ms since 1970, by the house's clock. The same for all
connections that follow from one press of a button; of two devices the one with the later time keeps the seat."""
RECORDED = {"Seat-Recorded": "yes"}
"""Said before an offer (OPTIONS) and with its answer: everybody hears what is sent, and where a space is recorded it
is, too."""
AGREED = "Seat-Agreed"
"""The header of a POST by which its person agrees to being recorded: the version of the text that they have read."""
LATEST_MS = 2**53
ALL = list(HttpMethod)
"""Every method comes here, so that refusals say what the standard wants them to say."""
CORS = {
    # RFC 9725, 4.1 lets pages of other origins in; the token is a header that only their own script can set.
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Location, ETag, Link, Accept-Patch, Retry-After, Seat-Recorded",
}
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_Request = Request[Any, Any, Any]
Entering = Callable[[_Request, str], Awaitable[Invitation]]
"""The seat of a space that is theirs who ask; raises for anybody else."""
Checking = Callable[[_Request, str], Awaitable[None]]
"""Raises what keeps whoever asks from the stage of a space."""


def routes(spaces: Spaces, entering: Entering, may_check: Checking, ice: IceServers) -> Router:
    """The addresses ``/whip/{space}``, ``/whip/{space}/{session}``, and ``/echo/{space}`` to check one's sound."""

    @route("/{space:str}", http_method=ALL, request_max_body_size=MAX_BODY_BYTES, include_in_schema=False)
    async def endpoint(request: _Request, space: FromPath[str]) -> Response[bytes]:
        return await answer(request, space, None, "POST, OPTIONS")

    @route("/{space:str}/{session:str}", http_method=ALL, request_max_body_size=MAX_BODY_BYTES, include_in_schema=False)
    async def resource(request: _Request, space: FromPath[str], session: FromPath[str]) -> Response[bytes]:
        return await answer(request, space, session, "PATCH, DELETE, OPTIONS")

    async def answer(request: _Request, space: str, session: str | None, allow: str) -> Response[bytes]:
        if request.method == "OPTIONS":
            return Response(b"", status_code=200, headers=preflight(allow))
        if request.method not in allow.split(", "):
            raise MethodRefused(f"This address knows {allow}; see RFC 9725.", allow=allow)
        subject = f"stage.whip.{units.space_id(space)}"
        said = request.headers.get(AGREED, "")
        try:
            seat = await entering(request, space)
            if request.method == "POST":
                await require_agreed(spaces, seat, said)
        except StentorError as error:
            refused = problems.response(error)
            refused.headers.update(CORS)
            return refused
        reply = await carry(spaces, subject, request, space, session, PURPOSES[request.method], seat)
        if reply.status_code == 201:
            reply.headers["link"] = ", ".join(filter(None, (reply.headers.get("link"), *ice.links())))
            reply.headers.update(RECORDED)
            if said:
                reply.background = BackgroundTask(agree, spaces, seat, int(said))
        return reply

    @post("/echo/{space:str}", request_max_body_size=MAX_BODY_BYTES, include_in_schema=False)
    async def echo(request: _Request, space: FromPath[str]) -> Response[bytes]:
        await may_check(request, space)
        return await carry(spaces, "stage.echo", request, space, None, "echo", None)

    return Router("/", route_handlers=[Router("/whip", route_handlers=[endpoint, resource]), echo])


async def require_agreed(spaces: Spaces, seat: Invitation, said: str) -> None:
    """Raises :class:`NotAllowed` (``consent-needed``) for whoever has not agreed to be recorded where a space is.

    Who says it with the offer is taken at their word, and the database is not asked: sound waits for nothing of it.
    """
    if said == str(setting.TEXT):
        return
    space = await spaces.load(seat.space)
    if said or not setting.may_speak(space, seat.seat):
        raise NotAllowed(
            "This space is recorded, and you have not agreed to that. Open the stage's page and agree there, or send "
            f"{AGREED}: {setting.TEXT} when you have read what it says.",
            code="consent-needed",
        )


async def agree(spaces: Spaces, seat: Invitation, text: int) -> None:
    """Keeps that somebody has agreed to be recorded; where a space is not, there is nothing to agree to."""
    try:
        if (await spaces.load(seat.space)).records:
            actor = Actor(seat=seat.seat, generation=seat.generation)
            await spaces.change(seat.space, c.AgreeToRecording(seat.seat, text), actor)
    except StentorError as error:
        log.get("house").warning("agreement-not-kept", space=seat.space, reason=error.detail)


def preflight(allow: str) -> dict[str, str]:
    """The headers of an answer to OPTIONS (RFC 9725, 4.1 and 4.3: 200 with Accept-Post or Accept-Patch)."""
    accept = (
        {"accept-post": "application/sdp"}
        if allow.startswith("POST")
        else {"accept-patch": "application/trickle-ice-sdpfrag"}
    )
    return {
        **CORS,
        **RECORDED,
        **accept,
        "allow": allow,
        "access-control-allow-methods": allow,
        "access-control-allow-headers": f"Authorization, Content-Type, If-Match, {TAKEN}, {AGREED}",
        "access-control-max-age": "86400",
    }


async def carry(
    spaces: Spaces,
    subject: str,
    request: _Request,
    space: str,
    session: str | None,
    purpose: Purpose,
    seat: Invitation | None,
) -> Response[bytes]:
    """One request to the stage and its reply back; raises :class:`Overloaded` when no stage serves ``subject``."""
    message = WhipRequest(
        method=request.method,
        space=space,
        session=session,
        claim="",
        content_type=request.headers.get("content-type", ""),
        body=await request.body(),
        if_match=request.headers.get("if-match", ""),
    )

    taken_ms = taken(request.headers.get(TAKEN, ""), unix_ms(spaces.clock()))

    def asked() -> bytes:  # a claim holds once: each try has its own
        about = message.signed()
        claim = spaces.claims.sign(purpose, units.space_id(space), seat, about=about, taken_ms=taken_ms)
        return encode(msgspec.structs.replace(message, claim=claim))

    async def missing() -> None:  # before the doors a stage has a room for those only who want onto it
        if purpose == "join":
            await spaces.open_stage(space)

    try:
        reply = decode_reply(await _ask(spaces.bus, subject, asked, missing))
        if reply.status == 400 and b'"code":"malformed"' in reply.body:
            raise Malformed("The stage does not read what this house sends.")
    except Overloaded as error:
        raise Overloaded(
            "No stage holds this space now; try again in a moment.", retry_after_s=1.0, code="no-stage"
        ) from error
    except Malformed as error:  # a stage of another version: not the speaker's fault, and it may be replaced soon
        raise Overloaded("The stage's answer is not understood.", retry_after_s=1.0, code="no-stage") from error
    return response(reply)


def taken(header: str, now_ms: int) -> int:
    """When a device took its seat (ms), as its POST says; 0 without the header. Raises :class:`BadInput`.

    A time to come counts as now: nobody keeps a seat from the device that takes it next.
    """
    if not header:
        return 0
    if not (header.isascii() and header.isdigit() and len(header) <= len(str(LATEST_MS))):
        raise BadInput(f"{TAKEN} is a time in whole milliseconds since 1970.", field=TAKEN)
    return min(int(header), now_ms)


async def _ask(bus: Bus, subject: str, asked: Callable[[], bytes], missing: Callable[[], Awaitable[None]]) -> bytes:
    """Asks the stage, again and again while there is none, which is said once. Raises :class:`Overloaded`."""
    loop = asyncio.get_running_loop()
    patient_until, said = loop.time() + RESTART_S, False
    while True:
        began = loop.time()
        try:
            return await bus.request(subject, asked(), timeout_s=ANSWER_S)
        except Overloaded:
            # A refusal comes at once; after a silence the stage may have heard us, and is not asked twice.
            if loop.time() > patient_until or loop.time() - began > LOOK_S:
                raise
        if not said:
            said = True
            await missing()
        await asyncio.sleep(LOOK_S)


def response(reply: WhipReply) -> Response[bytes]:
    """The stage's reply as it goes out, without what belongs to the connection (RFC 9110, 7.6.1)."""
    headers = {name.lower(): value for name, value in reply.headers.items() if name.lower() not in _HOP_BY_HOP}
    return Response(reply.body, status_code=reply.status, headers={**CORS, "cache-control": "no-store", **headers})
