"""Tells browsers of a space, as their people asked (Web Push, RFC 8030). A message has a topic, so that a service keeps
one of two, and a tag, so that a browser shows one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from stentor.base import push
from stentor.base.clock import Clock
from stentor.base.push import PushTarget, SiteKey
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.base.texts import Catalogue
from stentor.courier.attempt import Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.reminders import Reminder
from stentor.wire import ways

TOKEN_S: Final = 12 * 3600
"""RFC 8292, 2: a day at most."""
LIFE_S: Final = {News.SOON: 1800, News.LIVE: 1800, News.LATE: 3600}
"""So long a service keeps a message for a browser that is off."""
LONG_S: Final = 43_200


class ServiceTokens:
    """What shows services of push messages who sends (RFC 8292): one token a service, for half of its life."""

    def __init__(self, key: SiteKey, contact: str, clock: Clock) -> None:
        self._key, self._contact, self._clock = key, contact, clock
        self._known: dict[str, tuple[float, str]] = {}

    def token(self, endpoint: str) -> str:
        """The header ``Authorization`` for the service of an address."""
        parts, now_s = urlsplit(endpoint), time.monotonic()
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._known.get(origin)
        if known is None or now_s - known[0] > TOKEN_S / 2:
            token = push.vapid(self._key, origin, self._contact, round(self._clock()) + TOKEN_S)
            self._known = {name: each for name, each in self._known.items() if now_s - each[0] < TOKEN_S / 2}
            known = self._known[origin] = now_s, token
        return known[1]


class PushSender:
    """Tells one browser. ``page`` gives the address of a space's page, ``contact`` is the site's."""

    def __init__(
        self,
        client: OutsideClient,
        sealing: bytes,
        clock: Clock,
        page: Callable[[str], str],
        contact: str,
    ) -> None:
        self._client, self._clock, self._page = client, clock, page
        self._seal = Seal(sealing)
        self._tokens = ServiceTokens(push.key_of(derive(sealing, reminders.VAPID)), contact, clock)
        self._catalogue = Catalogue("stentor.people")

    async def tell(self, reminder: Reminder, space: Space, mark: NewsMark) -> Attempt:
        """One attempt. Raises :class:`SetupError` for an address that another key has sealed."""
        to = msgspec.json.decode(self._seal.open(reminder.address, Way.PUSH), type=PushTarget)
        body = push.encrypted(self._text(reminder.language, space, mark), to, push.new_key(), os.urandom(16))
        headers = {
            "authorization": self._tokens.token(to.endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(LIFE_S.get(mark.news, LONG_S)),
            "topic": f"{mark.news}-{reminder.number}"[:32],
            "urgency": "high" if mark.news in (News.SOON, News.LIVE) else "normal",
        }
        try:
            return of_answer(await self._client.post(to.endpoint, body, headers))
        except NoAnswer as error:
            return of_silence(error)

    def _text(self, language: str, space: Space, mark: NewsMark) -> bytes:
        """What the site's worker shows; it puts the time in as its people read it."""
        return msgspec.json.encode(
            {
                "title": space.title[:200],
                "body": self._catalogue.text(language, f"reminder.{mark.news}"),
                "at": mark.at_ms or space.scheduled_ms or 0,
                "url": ways.link(self._page(space.id), Way.PUSH),
                "tag": f"{space.id}.{mark.text}",
                "lang": language,
            }
        )
