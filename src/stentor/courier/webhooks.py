"""Tells a webhook of one event: the job holds which, the words and the secret are read now."""

from __future__ import annotations

from stentor.base.clock import Clock, unix_ms
from stentor.base.seal import Seal
from stentor.bus.jobs import OutgoingJob
from stentor.courier.attempt import Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient
from stentor.spaces import hooks
from stentor.spaces.hooks import FAILING_MS, TEST, PostDeed, Webhook
from stentor.store.webhooks import Webhooks

GONE = 410
WITHDRAWN = Attempt(trouble="withdrawn")
"""The webhook, the event or the right to know of it is gone since."""


class WebhookSender:
    """The handler of jobs ``webhook``; ``site`` is where pages are."""

    def __init__(self, store: Webhooks, client: OutsideClient, seal: Seal, clock: Clock, site: str) -> None:
        self._store, self._client, self._seal, self._clock, self._site = store, client, seal, clock, site

    async def send(self, job: OutgoingJob) -> Attempt:
        """One attempt. Raises :class:`Overloaded` without the database, :class:`SetupError` for a lost secret."""
        found = await self._store.with_secrets(int(job.payload["hook"]))
        if found is None:
            return WITHDRAWN
        hook, sealed, old = found
        body = await self._body(hook, job)
        if body is None:
            return WITHDRAWN
        now_ms = unix_ms(self._clock())
        secrets = [self._seal.open(sealed, hooks.SEALED)]
        if old and hook.old_until_ms is not None and now_ms < hook.old_until_ms:
            secrets.append(self._seal.open(old, hooks.SEALED))
        message, at_s = str(job.payload["message"]), now_ms // 1000
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(at_s),
            "webhook-signature": hooks.signature(secrets, message, at_s, body),
        }
        try:
            attempt = of_answer(await self._client.post(hook.url, body, headers))
        except NoAnswer as error:
            attempt = of_silence(error)
        return await self._learn(hook, attempt, now_ms)

    async def _body(self, hook: Webhook, job: OutgoingJob) -> bytes | None:
        """What is sent; None when there is nothing more to say, or it must not be said to this webhook any more."""
        payload = job.payload
        if job.what == TEST:
            return hooks.body(TEST, job.made_ms, {"webhook": hook.number, "name": hook.name})
        if "deed" in payload:
            entry = await self._store.deed(int(payload["deed"]))
            told = entry is not None and hooks.is_told(hook, hooks.deed_type(entry.deed), entry.at_ms, None)
            return hooks.of_deed(entry) if entry is not None and told else None
        if "post" in payload:
            return await self._of_post(hook, PostDeed(str(payload["done"])), job)
        found = await self._store.event(str(payload["space"]), int(payload["version"]))
        if found is None:
            return None
        space, event = found
        if not hooks.is_told(hook, hooks.space_type(type(event)), event.at_ms, space):
            return None
        return hooks.of_event(space, int(payload["version"]), event, f"{self._site}/s/{space.id}")

    async def _of_post(self, hook: Webhook, done: PostDeed, job: OutgoingJob) -> bytes | None:
        """What everybody may read of it now; None when that is nothing any more."""
        number, at_ms = str(job.payload["post"]), int(job.payload["at"])
        if not hooks.is_told(hook, done.type, at_ms, None):
            return None
        author, found = await self._store.post(int(number), int(job.payload["author"]))
        if done is PostDeed.DELETED:
            return hooks.of_post(done, number, author, at_ms, {})
        if found is None:
            return None
        post = found.post
        said: dict[str, str | None] = {"url": f"{self._site}/@{author}/{number}", "text": post.text}
        said |= {
            "visibility": post.visibility.name.lower(),
            "warning": post.warning,
            "language": post.language,
            "space": post.space if found.space or hook.private else None,
        }
        said["reply_to"] = f"{post.reply_to}" if post.reply_to is not None else None
        return hooks.of_post(done, number, author, at_ms, said)

    async def _learn(self, hook: Webhook, attempt: Attempt, now_ms: int) -> Attempt:
        """Remembers how the webhook is; turns it off when it says that it is gone, or has failed for days."""
        if not attempt.trouble:
            if hook.failing_ms is not None:
                await self._store.well(hook.number)
            return attempt
        if attempt.status == GONE:
            await self._store.turn_off(hook.number, "gone", now_ms=now_ms)
            return Attempt(trouble="gone", status=GONE, duration_ms=attempt.duration_ms)
        if hook.failing_ms is None:
            await self._store.failed(hook.number, now_ms=now_ms)
        elif now_ms - hook.failing_ms > FAILING_MS:
            await self._store.turn_off(hook.number, "failing", now_ms=now_ms)
        return attempt
