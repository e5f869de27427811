"""What the house and the stage say to each other about WHIP (RFC 9725) over the bus.

The house ends HTTP and carries each request to the stage that holds the space; the stage decides everything and the
house copies its reply through. MessagePack through msgspec.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import Malformed

MAX_MESSAGE_BYTES = 128 * 1024
"""An SDP offer has at most 64 kB; headers and claim need a few more."""


_encoder = msgspec.msgpack.Encoder()


class WhipRequest(msgspec.Struct, frozen=True):
    """A request as it came over HTTP. ``session`` is None for the POST that begins one; ``claim`` is what the house
    says of who asks (``spaces.claims``), about :meth:`signed`; ``if_match`` the header's value or "".
    """

    method: str
    space: str
    session: str | None
    claim: str
    content_type: str
    body: bytes
    if_match: str

    def signed(self) -> bytes:
        """What the claim is about: all of the request besides the claim."""
        return _encoder.encode(msgspec.structs.replace(self, claim=""))


class WhipReply(msgspec.Struct, frozen=True):
    """The whole reply: the house adds nothing but what belongs to the connection."""

    status: int
    headers: dict[str, str]
    body: bytes


_requests = msgspec.msgpack.Decoder(WhipRequest)
_replies = msgspec.msgpack.Decoder(WhipReply)


def encode(message: WhipRequest | WhipReply) -> bytes:
    """The message for the bus; raises :class:`Malformed` when it is over 128 kB, so that a refusal is an answer."""
    data = _encoder.encode(message)
    _limit(data)
    return data


def decode_request(message: bytes) -> WhipRequest:
    """The request in a message from the bus; raises :class:`Malformed` for anything else."""
    _limit(message)
    try:
        return _requests.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a WHIP request: {error}") from error


def decode_reply(message: bytes) -> WhipReply:
    """The reply in a message from the bus; raises :class:`Malformed` for anything else, also an absurd status."""
    _limit(message)
    try:
        reply = _replies.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a WHIP reply: {error}") from error
    if not 200 <= reply.status <= 599:
        raise Malformed(f"A WHIP reply has no status {reply.status}.")
    return reply


def _limit(message: bytes) -> None:
    if len(message) > MAX_MESSAGE_BYTES:
        raise Malformed(f"A WHIP message of {len(message)} bytes is over the limit of {MAX_MESSAGE_BYTES}.")
