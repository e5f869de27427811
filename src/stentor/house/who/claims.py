"""Signs what the house tells the stage (``spaces.claims``)."""

from __future__ import annotations

import secrets

from stentor.base.clock import Clock
from stentor.base.signing import Signer
from stentor.base.units import SpaceId
from stentor.spaces import claims
from stentor.spaces.claims import Purpose
from stentor.spaces.tokens import Invitation


class Claims:
    """The house's signature; ``seed`` never leaves it."""

    def __init__(self, seed: bytes, clock: Clock) -> None:
        self._signer, self._clock = Signer(seed), clock

    def sign(
        self,
        purpose: Purpose,
        space: SpaceId,
        invitation: Invitation | None = None,
        *,
        about: bytes = b"",
        taken_ms: int = 0,
    ) -> str:
        """A claim of this moment, about the request ``about``."""
        nonce, now = secrets.token_hex(8), self._clock()
        made = claims.claim(purpose, space, invitation, nonce=nonce, now=now, about=about, taken_ms=taken_ms)
        return claims.sign(made, self._signer)
