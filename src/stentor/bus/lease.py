"""Leases: one of several processes does a thing, and another takes over when it dies.

KV bucket ``leases``: a key has a holder and a revision; renewing writes a new revision, taking over is a
compare-and-set on the last one. Whether a holder is alive is judged by whether the revision still changes, each
process on its own monotonic clock, so that wrong clocks do not matter.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import nats.errors
import nats.js.errors
from nats.js.kv import KeyValue

from stentor.base.errors import Overloaded
from stentor.bus.calm import Calm
from stentor.bus.connection import RECONNECT_S, Bus, heed_cancel
from stentor.bus.stored import bucket
from stentor.bus.streams import LEASES

CALM_TTL_S = 12.0
"""Of a lease whose work can wait so long: nobody hears or loses anything meanwhile."""
UNCONFIRMED_S = 0.1
"""How soon to look again whether a lease of ours is confirmed."""
LIVELY_ROUNDS = 16
"""So often a lease is renewed at the quick pace after it got calm: others may hear of it later than its holder."""

_FAILED = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class Lease:
    """The right to be the one. ``held`` is True while it is ours beyond doubt.

    The same ``holder`` name takes its own lease again at once (a restarted process); others wait until it has not
    been renewed for ``ttl_s`` seconds during which the bus answered them. Renewed every ``ttl_s / 4``. While the work
    is ``calm`` that is :data:`CALM_TTL_S`, and a third of it; who waits for it counts anew when that ends. Who has
    never seen the holder renew it waits ``newcomer_s`` longer, so that another who was there before goes first.
    """

    def __init__(
        self,
        bus: Bus,
        key: str,
        *,
        holder: str,
        ttl_s: float = 1.5,
        calm: Calm | None = None,
        newcomer_s: float = 0.0,
    ) -> None:
        self.bus = bus
        self.key = key
        self.holder = holder.encode()
        self._lively_ttl_s = ttl_s
        self._calm = calm or Calm()
        self._calm_rounds = 0
        self._taken = asyncio.Event()
        self._confirmed = -1e9
        self._revision: int | None = None
        self._seen: tuple[int, float] = (-1, 0.0)
        self._newcomer_s = newcomer_s
        self._running = False
        self.term = 0
        """Rises with every taking. While it stays the same nobody else has held the lease in between, even when
        ``held`` was False for a while because the bus was slow."""

    @property
    def ttl_s(self) -> float:
        """How long it lasts without being renewed."""
        return CALM_TTL_S if self._calm else self._lively_ttl_s

    @property
    def held(self) -> bool:
        """False as soon as another process might have taken it."""
        return self._revision is not None and time.monotonic() - self._confirmed < self.ttl_s

    @property
    def kept(self) -> bool:
        """Ours as far as we know: it was taken and nobody is known to have taken it since.

        Unlike ``held`` this outlasts a bus that confirms nothing for a while, as a cluster that elects a leader
        (4 to 9 s). Two processes may believe it for a moment: for work that does no harm when it is done twice.
        """
        return self._revision is not None

    async def until_kept(self, timeout_s: float) -> None:
        """Returns when it is ours, or after so long; soon when it is ours and only not confirmed."""
        if self.kept:
            await asyncio.sleep(min(timeout_s, UNCONFIRMED_S))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._taken.wait()

    async def run(self) -> None:
        """Tries and renews for ever; gives the lease up when cancelled."""
        self._running = True
        try:
            while True:
                heed_cancel()
                started = time.monotonic()
                try:
                    await self.bus.while_connected(self._step(started))
                except (Overloaded, *_FAILED):
                    self._seen = (-1, 0.0)  # its holder could not renew it either
                    await asyncio.sleep(RECONNECT_S)
                else:
                    await self._pause()
        finally:
            self._running = False
            await self._release()

    async def _pause(self) -> None:
        """Until the next attempt."""
        lively_s = self._lively_ttl_s / 4
        if self._calm:
            self._calm_rounds += 1
        if self._calm_rounds <= LIVELY_ROUNDS and self._revision is not None:
            await asyncio.sleep(lively_s)
        else:
            await self._calm.sleep(lively_s, CALM_TTL_S / 3)
        if not self._calm and self._calm_rounds:
            self._calm_rounds, self._seen = 0, (-1, 0.0)  # its holder renews it quickly from now on

    async def _step(self, now: float) -> None:
        """One attempt. ``now`` (monotonic seconds) was read before asking, so that ``held`` errs on the safe side."""
        kv = bucket(self.bus, LEASES)
        if self._revision is not None:
            await self._renew(kv, self._revision, now)
            return
        try:
            try:
                entry = await kv.get(self.key)
            except nats.js.errors.KeyNotFoundError:
                self._take(await kv.create(self.key, self.holder), now)
                return
            revision = entry.revision or 0
            seen, since = self._seen
            if seen not in (-1, revision):
                self._newcomer_s = 0.0
            answered = time.monotonic()  # while the bus owed us this answer, the holder could not renew it either
            self._seen = (revision, answered if seen != revision else since + answered - now)
            if entry.value == self.holder or not entry.value or now - self._seen[1] > self.ttl_s + self._newcomer_s:
                self._take(await kv.update(self.key, self.holder, last=revision), now)
        except nats.js.errors.KeyWrongLastSequenceError:
            return  # somebody was quicker

    async def _renew(self, kv: KeyValue, revision: int, now: float) -> None:
        try:
            try:
                renewed = await kv.update(self.key, self.holder, last=revision)
            except nats.js.errors.KeyWrongLastSequenceError:
                entry = await kv.get(self.key)
                if entry.value != self.holder:
                    raise
                # the last renewal was ours too: its answer was lost with a connection
                renewed = await kv.update(self.key, self.holder, last=entry.revision or 0)
        except (nats.js.errors.KeyWrongLastSequenceError, nats.js.errors.KeyNotFoundError):
            self._revision = None
            self._taken.clear()
            self.bus.log.warning("lease-lost", key=self.key)
        else:
            if self._running:  # an attempt may outlast its cancellation, see heed_cancel
                self._revision, self._confirmed = renewed, now

    def _take(self, revision: int, now: float) -> None:
        if not self._running:
            return
        self._revision, self._confirmed = revision, now
        self.term += 1
        self._taken.set()
        self.bus.log.info("lease-taken", key=self.key, term=self.term)

    async def _release(self) -> None:
        revision, self._revision = self._revision, None
        self._taken.clear()
        if revision is None:
            return
        try:
            async with asyncio.timeout(0.5):
                kv = bucket(self.bus, LEASES)
                try:
                    await kv.update(self.key, b"", last=revision)
                except nats.js.errors.KeyWrongLastSequenceError:
                    entry = await kv.get(self.key)
                    if entry.value == self.holder:  # a renewal was under way when we were told to go
                        await kv.update(self.key, b"", last=entry.revision or 0)
        except (Overloaded, *_FAILED):
            return  # it runs out by itself
