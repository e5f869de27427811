"""Tells apps of notifications by push messages, as Mastodon's apps read them: one app with each job.

What is told is read now: of what was taken back meanwhile, or is for nobody's eyes any more, nothing is sent.
"""

from __future__ import annotations

import os
from typing import Final

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
from stentor.courier.push import ServiceTokens
from stentor.courier.reminding import GONE
from stentor.social import alerts
from stentor.social.alerts import SEALED, AppTarget
from stentor.spaces import reminders
from stentor.store.alerts import AlertsTable, PushSubscription
from stentor.store.single_notices import SingleNotice, SingleNotices
from stentor.store.work import Work

LIFE_S: Final = 48 * 3600
"""So long a service keeps a message for a telephone that is off."""
MOST_SIGNS: Final = 140
"""Of what a post says; Mastodon's number."""
MOST_TITLE: Final = 100
PLAIN: Final = "/studio/now/avatar.png"
"""Stands for a picture of somebody who has none."""


class AlertSender:
    """The handler of jobs ``alert``. ``house`` is the address of the house, ``contact`` that of the site."""

    def __init__(
        self, work: Work, client: OutsideClient, sealing: bytes, clock: Clock, *, contact: str, house: str
    ) -> None:
        self._table, self._notices, self._client, self._clock = AlertsTable(work), SingleNotices(work), client, clock
        self._seal, self._key = Seal(sealing), push.key_of(derive(sealing, reminders.VAPID))
        self._tokens = ServiceTokens(self._key, contact, clock)
        self._catalogue, self._house = Catalogue("stentor.social"), house

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database, :class:`SetupError` for an address that another
        key has sealed."""
        found = await self._table.get(int(job.payload["subscription"]))
        now_ms = unix_ms(self._clock())
        notice = await self._notices.one(found.actor, int(job.payload["notice"]), now_ms=now_ms) if found else None
        if found is None or notice is None or now_ms - notice.at_ms > alerts.LATE_MS:
            return NOTHING_LEFT
        app = msgspec.json.decode(self._seal.open(found.address, SEALED), type=AppTarget)
        to = PushTarget(app.endpoint, app.public, app.auth)
        body, headers = self._message(found, to, self._text(found, notice, app.token))
        headers |= {"content-type": "application/octet-stream", "ttl": str(LIFE_S), "urgency": "normal"}
        try:
            attempt = of_answer(await self._client.post(to.endpoint, body, headers))
        except NoAnswer as error:
            return of_silence(error)
        if attempt.status in GONE:
            await self._table.drop(number=found.number)
            return NOTHING_LEFT
        if attempt.trouble == "not-taken":  # it will not take it later either
            return msgspec.structs.replace(attempt, again=False)
        return attempt

    def _message(self, found: PushSubscription, to: PushTarget, text: bytes) -> tuple[bytes, dict[str, str]]:
        key, salt, token = push.new_key(), os.urandom(push.SALT_BYTES), self._tokens.token(to.endpoint)
        if found.standard:
            body = push.encrypted(text, to, key, salt)
            return body, {"content-encoding": "aes128gcm", "authorization": token}
        drafted = push.drafted(text, to, key, salt, site=self._key)
        return drafted.body, {**drafted.headers, "authorization": push.drafted_vapid(token)}

    def _text(self, found: PushSubscription, notice: SingleNotice, token: str) -> bytes:
        """What apps of Mastodon read. ``notification_id`` is a number there."""
        by = notice.by
        title = self._catalogue.text(found.language[:2], f"alert.{notice.kind}", name=by.name or by.handle)
        return msgspec.json.encode(
            {
                "access_token": token,
                "preferred_locale": found.language,
                "notification_id": notice.id,
                "notification_type": alerts.TYPES[notice.kind],
                "icon": self._icon(notice),
                "title": title[:MOST_TITLE],
                "body": _words(notice),
            }
        )

    def _icon(self, notice: SingleNotice) -> str:
        by = notice.by
        if by.picture_ms is None or by.account is None:
            return f"{self._house}{PLAIN}"
        return f"{self._house}/api/v1/accounts/{by.handle}/picture?v={by.picture_ms}"


def _words(notice: SingleNotice) -> str:
    """What the post says, its warning if it has one, else nothing."""
    if notice.post is None:
        return f"@{notice.by.address}"
    post = (notice.post.boost or notice.post).post
    said = post.before or post.text
    said = " ".join(said.split())
    return said if len(said) <= MOST_SIGNS else f"{said[: MOST_SIGNS - 1]}…"
