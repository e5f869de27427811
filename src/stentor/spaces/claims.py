"""Claims: what the house says to the stage about a request, signed with its own key (Ed25519).

The house checks who asks; the token stays there, and a claim travels over the bus instead. It holds for half a minute,
for one purpose and one request of one space, and once: who reads it on the bus can do nothing else with it. A claim is
``<base64url JSON>.<base64url signature>``.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded
from stentor.base.signing import Signer, from_text, to_text, verified
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role
from stentor.spaces.tokens import Invitation

LASTS_S: Final = 30.0
"""The house asks for at most eight seconds, and clocks of machines differ."""
AGREE_S: Final = 1.0
"""So far may the clocks of house and stage differ before a stage that has just begun refuses claims of now. It begins
later than that after another one has died: its lease lasts 1.5 s, and a process takes as long to start."""
MOST_CHARACTERS: Final = 2000
MOST_REMEMBERED: Final = 10_000
"""Of claims that were taken; at 300 a second for half a minute."""
RETRY_S: Final = 1.0
"""Who asked did nothing wrong: house and stage are of different versions for a moment, or a clock is wrong."""
_PURPOSE: Final = b"stentor claim 1\0"

Order = Literal["remove", "mute", "unmute", "self-mute", "self-unmute", "aside", "aside-end"]
Purpose = Literal["join", "patch", "delete", "echo"] | Order
PURPOSES: Final[dict[str, Purpose]] = {"POST": "join", "PATCH": "patch", "DELETE": "delete"}
"""By WHIP's methods."""
ORDERS: Final[tuple[Order, ...]] = ("remove", "mute", "unmute", "self-mute", "self-unmute", "aside", "aside-end")
"""What the house tells a stage of its own accord, or for a speaker who has switched the own microphone off or on,
or speaks to those on the stage alone."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What the house vouches for. ``about`` is the hash of the request that it goes with, ``nonce`` its own."""

    purpose: Purpose
    space: SpaceId
    nonce: str
    issued_ms: int
    expires_ms: int
    seat: SeatId = SeatId("")
    name: str = ""
    role: Role = Role.SPEAKER
    generation: int = 0
    about: str = ""
    taken_ms: int = 0
    """Of a join: when its device took the seat, by the house's clock; 0 for a sender that does not say."""

    @property
    def invitation(self) -> Invitation:
        """The seat that it names."""
        return Invitation(self.space, self.seat, self.name, self.role, self.expires_ms, self.generation)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Claim)


def claim(
    purpose: Purpose,
    space: SpaceId,
    invitation: Invitation | None = None,
    *,
    nonce: str,
    now: float,
    about: bytes = b"",
    taken_ms: int = 0,
) -> Claim:
    """A claim of this moment (``now`` in wall-clock seconds)."""
    made = Claim(
        purpose=purpose,
        space=space,
        nonce=nonce,
        issued_ms=unix_ms(now),
        expires_ms=unix_ms(now + LASTS_S),
        about=hashlib.sha256(about).hexdigest(),
        taken_ms=taken_ms,
    )
    if invitation is None:
        return made
    return msgspec.structs.replace(
        made,
        seat=invitation.seat,
        name=invitation.name,
        role=invitation.role,
        generation=invitation.generation,
    )


def sign(claim: Claim, signer: Signer) -> str:
    """The claim as it travels."""
    body = to_text(_encoder.encode(claim))
    return f"{body}.{signer.sign(_PURPOSE + body.encode())}"


class Checker:
    """Checks claims with the house's public key, each once."""

    def __init__(self, public: str) -> None:
        self._public = public
        self._taken: dict[str, int] = {}

    def check(
        self,
        text: str,
        *,
        purposes: tuple[Purpose, ...],
        space: str | None,
        now: float,
        about: bytes = b"",
        since: float = 0.0,
    ) -> Claim:
        """The claim in ``text``; ``space`` is None for what belongs to none.

        ``since`` is when this process began to answer: what was issued before may have been taken by another, whose
        memory died with it, and is refused. Half a minute later such claims are too old in any case.

        Raises :class:`Overloaded` (``claim-wrong`` or ``claim-expired``): a speaker's page comes again by itself.
        """
        wrong = Overloaded(
            "The stage does not take the house's word; try again in a moment.",
            retry_after_s=RETRY_S,
            code="claim-wrong",
        )
        body, _, signature = text.partition(".")
        if len(text) > MOST_CHARACTERS or not text.isascii():
            raise wrong
        if not verified(self._public, signature, _PURPOSE + body.encode()):
            raise wrong
        try:
            found = _decoder.decode(from_text(body))
        except (ValueError, msgspec.DecodeError) as error:  # signed by another version
            raise wrong from error
        if (
            found.purpose not in purposes
            or (space is not None and found.space != space)
            or found.about != hashlib.sha256(about).hexdigest()
            or found.nonce in self._taken
        ):
            raise wrong
        now_ms, lasts_ms = unix_ms(now), round(LASTS_S * 1000)
        if (
            not now_ms - lasts_ms < found.issued_ms < now_ms + lasts_ms
            or now_ms >= found.expires_ms
            or (since <= now < since + LASTS_S and found.issued_ms < unix_ms(since - AGREE_S))
        ):
            raise Overloaded(
                "The clocks of house and stage differ too much; try again in a moment.",
                retry_after_s=RETRY_S,
                code="claim-expired",
            )
        self._remember(found, now_ms)
        return found

    def _remember(self, found: Claim, now_ms: int) -> None:
        if len(self._taken) >= MOST_REMEMBERED:
            self._taken = {nonce: expires for nonce, expires in self._taken.items() if expires > now_ms}
        self._taken[found.nonce] = found.expires_ms
