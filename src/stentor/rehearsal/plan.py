"""What a rehearsal does: whom it sends where, when, and for how long."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from stentor.base.errors import BadInput
from stentor.rehearsal.arrival import CURVES, ListenerVisit, visits
from stentor.rehearsal.order import CrowdMix, Format, Storm

MOST_LISTENERS: Final = 1_000_000
PAGE_MIX: Final = CrowdMix(
    {Format.LOW_LATENCY: 4.0, Format.AAC: 3.0, Format.HLS: 1.0, Format.OPUS: 1.0, Format.MP4: 1.0},
    slow=0.02,
    slow_bps=40_000.0,
)
"""Half of them browsers that play HLS as the page does, half players and programs that take a plain stream; one in
fifty has a line that carries less than the sound. Assumed: no public figure says how a radio's listeners are split."""


class Target(NamedTuple):
    """A listener's page, taken apart."""

    secure: bool
    host: str
    port: int
    space: str

    @property
    def address(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"


class RehearsalPlan(msgspec.Struct, frozen=True, kw_only=True):
    """``listeners`` come to a listener's page, all within ``within_s`` seconds, for ``for_s`` seconds in all.

    The same plan gives the same crowd, wherever it is read.
    """

    page: str
    listeners: int
    curve: str = "flash"
    within_s: float
    for_s: float
    seed: int = 1
    mix: CrowdMix = PAGE_MIX
    storm: Storm | None = None

    @property
    def target(self) -> Target:
        """Where they go. Raises :class:`BadInput` for an address that is no listener's page."""
        return taken_apart(self.page)

    def check(self) -> None:
        """Raises :class:`BadInput` for what makes no sense."""
        taken_apart(self.page)
        if self.curve not in CURVES:
            raise BadInput(
                f"There is no arrival curve {self.curve!r}; choose one of {', '.join(CURVES)}.", field="arrive"
            )
        if not 0 < self.listeners <= MOST_LISTENERS or not 0 < self.within_s <= self.for_s:
            raise BadInput("A rehearsal has 1 to 1,000,000 listeners, who come within its time.", field="listeners")
        mix, storm = self.mix, self.storm
        if min(mix.ways.values(), default=0.0) < 0 or sum(mix.ways.values()) <= 0:
            raise BadInput("The ways to listen have weights, and one of them is more than 0.", field="ways")
        if not all(0 <= share <= 1 for share in (mix.slow, mix.shared)) or mix.slow_bps < 1000:
            raise BadInput("Shares of the crowd are from 0 to 1, and a slow line has 1 kbit/s or more.", field="mix")
        if storm is not None and not (0 < storm.share <= 1 and 0 < storm.at_s < self.for_s):
            raise BadInput("A storm breaks a share of the streams while the rehearsal runs.", field="storm")

    def visits(self) -> list[ListenerVisit]:
        """Everybody who comes, in order."""
        return visits(
            self.listeners, self.curve, within_s=self.within_s, for_s=self.for_s, seed=self.seed, stay=self.mix.stay
        )


def taken_apart(page: str) -> Target:
    """A listener's page. Raises :class:`BadInput` for an address that is none."""
    parts = urlsplit(page)
    folder, _, space = parts.path.strip("/").partition("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or folder != "s" or not space or "/" in space:
        raise BadInput(f"{page!r} is no listener's page; it looks like http://localhost:8081/s/evening.", field="page")
    secure = parts.scheme == "https"
    return Target(secure, parts.hostname, parts.port or (443 if secure else 80), space)
