"""Addresses of pictures that not everybody may see, for apps: these load pictures without saying who they are.

A pass names the picture and who may look; whether they still may is asked each time. It ends after a day or two.
"""

from __future__ import annotations

import hmac
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.signing import derive, to_text
from stentor.social import ids

LASTS_MS: Final = 86_400_000
"""An address is the same for so long, so that apps keep the picture, and good for as long again."""


class MediaPasses:
    """``secret`` is that of the installation."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._key, self._clock = derive(secret, "media passes"), clock

    def given(self, url: str, media: int, viewer: int | None) -> str:
        """An address with a pass; as it is for nobody."""
        if viewer is None:
            return url
        until = unix_ms(self._clock()) // LASTS_MS + 2
        return f"{url}{'&' if '?' in url else '?'}pass={until}.{viewer}.{self._signed(media, viewer, until)}"

    def viewer(self, text: str, media: int) -> int | None:
        """Whose pass that is; None for one that is none, or has ended."""
        parts = text.split(".")
        if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdecimal():
            return None
        until, viewer = int(parts[0][:9]), ids.parse(parts[1])
        if viewer is None or not hmac.compare_digest(self._signed(media, viewer, until).encode(), parts[2].encode()):
            return None
        return viewer if unix_ms(self._clock()) // LASTS_MS < until else None

    def _signed(self, media: int, viewer: int, until: int) -> str:
        return to_text(hmac.digest(self._key, f"{media} {viewer} {until}".encode(), "sha256")[:18])
