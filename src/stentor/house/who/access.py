"""Who asks: the admin by the admin's token, a person of the stage by their invitation, or anyone."""

from __future__ import annotations

import hmac

from stentor.base.clock import Clock
from stentor.base.errors import NotAllowed, NotSignedIn, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.spaces import rights, tokens
from stentor.spaces.rights import Actor
from stentor.spaces.tokens import Invitation

LONGEST_HEADER = 4096
"""Characters of an Authorization header; long invitations have about 300."""


def bearer(authorization: str) -> str:
    """The token of an ``Authorization: Bearer`` header (RFC 6750, 2.1); raises :class:`NotSignedIn`."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(authorization) > LONGEST_HEADER or not token.isascii():
        raise NotSignedIn("Send the token as “Authorization: Bearer <token>”.")
    return token


WRONG = Bucket(burst=10, refill_ms=6000)
"""Wrong tokens of an address: a person who pastes the wrong thing needs two or three at once. Then 600 an hour, against
2^96 tokens or more.
"""


def _too_many(wait_s: float) -> Overloaded:
    said = "Too many wrong tokens came from your address; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-guesses")


class Access:
    """Reads tokens. ``admin_token`` and ``key`` are secrets and never leave it."""

    def __init__(self, admin_token: str, key: bytes, clock: Clock) -> None:
        self._admin = admin_token.encode()
        self._key = key
        self._clock = clock
        self._wrong = RateLimit(WRONG, _too_many)

    def actor(self, authorization: str, *, space: str | None, address: str) -> Actor:
        """Who sends this header about ``space`` (None: about no space) from ``address``.

        Raises :class:`NotSignedIn` for a token that is wrong or expired, :class:`NotAllowed` for an invitation to
        another space, :class:`Overloaded` (429) when wrong ones came too often from the same address. A right one is
        never refused: it cannot be guessed (96 bits at least), and whoever sends wrong ones may be a stranger behind
        the same address.
        """
        if not authorization:
            return rights.ANYONE
        try:
            return self._read(bearer(authorization), space)
        except NotSignedIn as error:
            if error.error_code != "token-expired":  # an old link is no guess
                self._count(address)
            raise

    def invitation(self, authorization: str, *, space: str, address: str) -> Invitation:
        """The seat that this header's invitation is for; raises what :meth:`actor` raises."""
        try:
            return self._invitation(bearer(authorization), space)
        except NotSignedIn as error:
            if error.error_code != "token-expired":
                self._count(address)
            raise

    def holds(self, authorization: str) -> bool:
        """Whether the header carries a token of ours. Only a hint of who comes: what it allows says :meth:`actor`."""
        try:
            self._read(bearer(authorization), None)
        except (NotSignedIn, NotAllowed):
            return False
        return True

    def _count(self, address: str) -> None:
        """A wrong token came; raises :class:`Overloaded` when there were too many."""
        self._wrong.spend(address, self._clock())

    def _read(self, token: str, space: str | None) -> Actor:
        if hmac.compare_digest(token.encode(), self._admin):  # constant time in the content
            return rights.ADMIN
        if "." not in token:
            raise NotSignedIn("This is not the admin's token.", code="token-wrong")
        invitation = self._invitation(token, space)
        return rights.seated(invitation.seat, invitation.generation)

    def _invitation(self, token: str, space: str | None) -> Invitation:
        invitation = tokens.verify(token, self._key, now=self._clock())
        if space is not None and invitation.space != space:
            raise NotAllowed("This invitation is for another space.", code="other-space")
        return invitation
