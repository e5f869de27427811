"""Tells browsers of a space, as their people asked (Web Push, RFC 8030): some of one service with each job.

What a browser is told is made now: what is no longer so is not told. Whoever was told is noted before the queue forgets
the job; in between a message has a topic, so that a service keeps one of two, and a tag, so that a browser shows one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from stentor.base import push
from stentor.base.clock import Clock, unix_ms
from stentor.base.push import PushTarget
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.base.texts import Catalogue
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import NOTHING_LEFT, Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.spaces.reminders import News, NewsMark, Way
from stentor.store.reminders import Reminder, RemindersTable

AT_ONCE: Final = 4
"""Requests to one service, of one job."""
NOTED: Final = 20
"""After so many it is written down who was told: who was not is told again when the courier is killed."""
TOKEN_S: Final = 12 * 3600
"""RFC 8292, 2: a day at most."""
LIFE_S: Final = {News.LIVE: 1800, News.LATE: 3600}
"""So long a service keeps a message for a browser that is off."""
LONG_S: Final = 43_200
GONE: Final = frozenset({404, 410})
"""The browser wants nothing more (RFC 8030, 7.3)."""


class PushSender:
    """The handler of jobs ``push``. ``page`` gives the address of a space's page, ``contact`` is the site's."""

    def __init__(
        self,
        table: RemindersTable,
        client: OutsideClient,
        sealing: bytes,
        clock: Clock,
        page: Callable[[str], str],
        contact: str,
    ) -> None:
        self._table, self._client, self._clock, self._page, self._contact = table, client, clock, page, contact
        self._seal, self._key = Seal(sealing), push.key_of(derive(sealing, reminders.VAPID))
        self._catalogue = Catalogue("stentor.spaces")
        self._tokens: dict[str, tuple[float, str]] = {}

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt for all of the job that were not told yet. Raises :class:`Overloaded` without the database,
        :class:`SetupError` for addresses that another key has sealed."""
        payload = job.payload
        mark = NewsMark(News(str(payload["news"])), int(payload["at"]))
        space, made_ms = await self._table.space(str(payload["space"])), int(payload["made"])
        if space is None or not reminders.still_true(mark, space, made_ms, unix_ms(self._clock())):
            return NOTHING_LEFT
        after, told = int(payload["after"]), NOTHING_LEFT
        while True:
            waiting = await self._table.untold(
                space.id, mark.text, made_ms,
                way=Way.PUSH, after=after, most=NOTED, host=job.host, upto=int(payload["upto"]),
            )  # fmt: skip
            if not waiting:
                return told
            after = waiting[-1].number
            told = await self._tell(waiting, space, mark)
            if told.trouble:
                return told

    async def _tell(self, waiting: Sequence[Reminder], space: Space, mark: NewsMark) -> Attempt:
        """Some of them at once; what went wrong is that of the first for whom it did."""
        gate = asyncio.Semaphore(AT_ONCE)
        over: list[int] = []
        wrong: list[Attempt] = []

        async def one(reminder: Reminder) -> None:
            async with gate:
                if wrong:
                    return
                attempt = await self._one(reminder, space, mark)
            if attempt.status in GONE:
                await self._table.take(reminder.number)
            elif attempt.trouble and (attempt.host_ill or attempt.wait_s or attempt.trouble == "try-later"):
                wrong.append(attempt)
            else:  # told; or this one browser's service does not want it: it is not asked again
                over.append(reminder.number)

        async with asyncio.TaskGroup() as group:
            for each in waiting:
                group.create_task(one(each), name="push message")
        await self._table.told(over, mark.text, now_ms=unix_ms(self._clock()))
        return wrong[0] if wrong else Attempt(status=201)

    async def _one(self, reminder: Reminder, space: Space, mark: NewsMark) -> Attempt:
        to = msgspec.json.decode(self._seal.open(reminder.address, Way.PUSH), type=PushTarget)
        body = push.encrypted(self._text(reminder.language, space, mark), to, push.new_key(), os.urandom(16))
        headers = {
            "authorization": self._token(to.endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(LIFE_S.get(mark.news, LONG_S)),
            "topic": f"{mark.news}-{reminder.number}"[:32],
            "urgency": "high" if mark.news is News.LIVE else "normal",
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
                "url": f"{self._page(space.id)}?by=push",
                "tag": f"{space.id}.{mark.text}",
                "lang": language,
            }
        )

    def _token(self, endpoint: str) -> str:
        """One token a service, for half of its life."""
        parts, now_s = urlsplit(endpoint), time.monotonic()
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._tokens.get(origin)
        if known is None or now_s - known[0] > TOKEN_S / 2:
            token = push.vapid(self._key, origin, self._contact, round(self._clock()) + TOKEN_S)
            self._tokens = {name: each for name, each in self._tokens.items() if now_s - each[0] < TOKEN_S / 2}
            known = self._tokens[origin] = now_s, token
        return known[1]
