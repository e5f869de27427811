"""Webhooks as people manage them, and the jobs by which couriers tell them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound
from stentor.base.seal import Seal
from stentor.bus.jobs import JobQueue, Payload
from stentor.crowd import pace
from stentor.house.hooks import schema
from stentor.house.pace.budget import ArrivalBudget
from stentor.spaces import checks, hooks
from stentor.spaces.hooks import PostDeed, Webhook
from stentor.store.deliveries import Deliveries, DeliveryRow
from stentor.store.jobs import Job
from stentor.store.webhooks import TELL, Webhooks

_OF_POSTS = ("post", "done", "author", "at")


class WebhookDesk:
    """Makes and changes webhooks, and hands events over to the couriers."""

    def __init__(
        self, store: Webhooks, deliveries: Deliveries, queue: JobQueue, seal: Seal, clock: Clock,
        budget: ArrivalBudget,
    ) -> None:  # fmt: skip
        self.store, self._deliveries, self._queue = store, deliveries, queue
        self.seal, self._clock, self._budget = seal, clock, budget

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {TELL: self.tell}

    async def make(self, wish: schema.NewWebhook, *, space: str, by: str) -> tuple[Webhook, str]:
        """A webhook and its secret, which is shown this once."""
        secret = secrets.token_bytes(hooks.SECRET_BYTES)
        hook = Webhook(
            number=0,
            space=space,
            name=checks.name(wish.name),
            url=hooks.checked_url(wish.url),
            events=hooks.checked_events(wish.events, of_space=bool(space)),
            private=wish.private,
            made_ms=unix_ms(self._clock()),
            made_by=by,
        )
        made = await self.store.add(hook, self.seal.close(secret, hooks.SEALED))
        return made, hooks.secret_text(secret)

    async def change(self, hook: Webhook, wish: schema.WebhookChange) -> Webhook:
        """What is left out stays; one that is turned on again begins anew."""
        changed = msgspec.structs.replace(
            hook,
            url=hook.url if wish.url is None else hooks.checked_url(wish.url),
            name=hook.name if wish.name is None else checks.name(wish.name),
            private=hook.private if wish.private is None else wish.private,
            events=hook.events if wish.events is None else hooks.checked_events(wish.events, of_space=bool(hook.space)),
        )
        if wish.enabled is not None:
            off_ms = None if wish.enabled else hook.disabled_ms or unix_ms(self._clock())
            changed = msgspec.structs.replace(changed, disabled_ms=off_ms, trouble="", failing_ms=None)
        await self.store.change(changed)
        return changed

    async def rotate(self, hook: Webhook) -> str:
        """A new secret, shown this once; the old one signs for another day, too."""
        secret = secrets.token_bytes(hooks.SECRET_BYTES)
        until_ms = unix_ms(self._clock()) + hooks.ROTATION_MS
        await self.store.rotate(hook.number, self.seal.close(secret, hooks.SEALED), until_ms=until_ms)
        return hooks.secret_text(secret)

    async def find(self, number: str) -> Webhook:
        """Raises :class:`NotFound`."""
        plain = number.isascii() and number.isdigit() and len(number) < 10
        found = await self.store.find(int(number)) if plain else None
        if found is None:
            raise NotFound("There is no such webhook.", code="webhook-not-found")
        return found

    async def test(self, hook: Webhook) -> str:
        """Sends a message of the type ``webhook.test``, now; the id of its delivery."""
        message = hooks.message_id("test", hook.number, secrets.token_hex(8))
        return await self._put(hook, message, hooks.TEST, {}, again=secrets.token_hex(4))

    async def log(self, hook: Webhook) -> Sequence[DeliveryRow]:
        """The newest deliveries."""
        return await self._deliveries.of(_subject(hook))

    async def resend(self, hook: Webhook, key: str) -> str:
        """Sends once more what was sent, with the same message id; raises :class:`NotFound`."""
        row = await self._deliveries.get(hooks.JOB, key)
        if row is None or row.subject != _subject(hook) or row.what == hooks.TEST:
            raise NotFound("There is no such delivery.", code="delivery-not-found")
        payload = _what(key)
        message = hooks.message_id(*payload.values())
        return await self._put(hook, message, row.what, payload, again=secrets.token_hex(4))

    async def tell(self, job: Job) -> None:
        """Hands what happened over, once for each webhook that is told of it."""
        payload = job.payload
        if "deed" in payload:
            await self._tell_deed(int(payload["deed"]))
            return
        if "post" in payload:
            await self._tell_post(payload)
            return
        space = str(payload["space"])
        hearing = await self.store.that_hear(space)
        for version in range(int(payload["first"]), int(payload["last"]) + 1) if hearing else ():
            found = await self.store.event(space, version)
            if found is None:
                continue
            kind = hooks.space_type(type(found[1]))
            message = hooks.message_id(space, version)
            told = [each for each in hearing if hooks.is_told(each, kind, found[1].at_ms, found[0])]
            calls = kind in hooks.CALLS and not found[0].private
            moments = await self._budget.moments([pace.HOOK_PEOPLE] * len(told)) if calls else [0] * len(told)
            for hook, due_ms in zip(told, moments, strict=True):
                await self._put(hook, message, kind, {"space": space, "version": version}, due_ms=due_ms)

    async def _tell_deed(self, number: int) -> None:
        entry = await self.store.deed(number)
        if entry is None:
            return
        kind = hooks.deed_type(entry.deed)
        for hook in await self.store.that_hear(""):
            if hooks.is_told(hook, kind, entry.at_ms, None):
                await self._put(hook, hooks.message_id(number), kind, {"deed": number})

    async def _tell_post(self, payload: Payload) -> None:
        kind = PostDeed(str(payload["done"])).type
        for hook in await self.store.that_hear(""):
            if hooks.is_told(hook, kind, int(payload["at"]), None):
                await self._put(hook, hooks.message_id(*payload.values()), kind, payload)

    async def _put(
        self, hook: Webhook, message: str, kind: str, payload: Payload, *, again: str = "", due_ms: int = 0
    ) -> str:
        """Orders a delivery, whose key names the webhook and the event: ordered twice, it is one."""
        key = ".".join([str(hook.number), _about(payload), *([again] if again else [])])
        await self._queue.put(
            hooks.JOB,
            key,
            {"hook": hook.number, "message": message, **payload},
            host=hooks.host_of(hook.url),
            now_ms=unix_ms(self._clock()),
            due_ms=due_ms,
            subject=_subject(hook),
            what=kind,
        )
        return key


def _about(payload: Payload) -> str:
    """What a message is about, as a part of its delivery's key: a space's event, a deed, a post, or a test."""
    if "deed" in payload:
        return f"d.{payload['deed']}"
    if "post" in payload:
        return ".".join(["p", *(str(payload[name]) for name in _OF_POSTS)])
    return f"s.{payload['space']}.{payload['version']}" if payload else "t"


def _what(key: str) -> Payload:
    """What stands behind a key that :func:`_about` made."""
    _, kind, name, *rest = key.split(".")
    if kind == "p":
        return dict(zip(_OF_POSTS, (name, *rest), strict=False)) | {"at": int(rest[2])}
    return {"deed": int(name)} if kind == "d" else {"space": name, "version": int(rest[0])}


def _subject(hook: Webhook) -> str:
    return f"webhook {hook.number}"
