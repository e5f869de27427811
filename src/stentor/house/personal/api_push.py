"""Push messages for apps: one subscription a token. Couriers send them (``courier.alerts``)."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from stentor.base import push
from stentor.base.errors import NotFound
from stentor.base.push import PushTarget
from stentor.base.seal import Seal
from stentor.house.clients.asking import Ask
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.web.language import language_of
from stentor.house.who.app_tokens import app_token_of
from stentor.social.alerts import ALERTS, SEALED, AlertPolicy, AppTarget
from stentor.spaces import hooks
from stentor.store.alerts import AlertsTable, PushSubscription

PATH: Final = "/v1/push/subscription"
PUSH: Final = "push"


class KeysWish(msgspec.Struct, frozen=True):
    p256dh: str
    auth: str


class SubscriptionWish(msgspec.Struct, frozen=True):
    endpoint: str
    keys: KeysWish
    standard: bool = False
    """Whether the app reads RFC 8291; else it reads its draft."""


class AlertsWish(msgspec.Struct, frozen=True):
    alerts: dict[str, Any] = {}
    policy: Literal["all", "followed", "follower", "none"] | None = None


class NewSubscription(msgspec.Struct, frozen=True):
    subscription: SubscriptionWish
    data: AlertsWish = AlertsWish()
    policy: Literal["all", "followed", "follower", "none"] | None = None


class SubscriptionChange(msgspec.Struct, frozen=True):
    data: AlertsWish = AlertsWish()
    policy: Literal["all", "followed", "follower", "none"] | None = None


class PushWays:
    """``key`` is the site's public key, ``sealing`` seals addresses."""

    def __init__(self, shapes: StatusShapes, key: str, seal: Seal) -> None:
        self.desk, self._key, self._seal = shapes.desk, key, seal
        self.table = AlertsTable(shapes.desk.table.work)

    def ways(self) -> list[AppWay]:
        return [
            AppWay("POST", PATH, PUSH, self.subscribe),
            AppWay("GET", PATH, PUSH, self.look),
            AppWay("PUT", PATH, PUSH, self.change),
            AppWay("DELETE", PATH, PUSH, self.unsubscribe),
        ]

    async def subscribe(self, ask: Ask) -> dict[str, Any]:
        """In the place of what the app had before. Where it leads is seen when something is sent."""
        wish = ask.wish(NewSubscription)
        to, url = _target(wish.subscription), hooks.checked_url(wish.subscription.endpoint)
        token = app_token_of(ask.request.headers.get("authorization", "")) or ""
        app = AppTarget(to.endpoint, to.public, to.auth, token)
        made = PushSubscription(
            number=0, token=ask.token.id, actor=ask.me, host=hooks.host_of(url)[:255],
            address=self._seal.close(msgspec.json.encode(app), SEALED), alerts=_alerts(wish.data),
            policy=AlertPolicy(wish.data.policy or wish.policy or "all"), standard=wish.subscription.standard,
            language=language_of(ask.request)[:8], made_ms=self.desk.now_ms,
        )  # fmt: skip
        return self._told(await self.table.keep(made))

    async def look(self, ask: Ask) -> dict[str, Any]:
        return self._told(await self._one(ask))

    async def change(self, ask: Ask) -> dict[str, Any]:
        """Which notifications, and whose."""
        wish, now = ask.wish(SubscriptionChange), await self._one(ask)
        policy = AlertPolicy(wish.data.policy or wish.policy or now.policy)
        found = await self.table.change(ask.token.id, _alerts(wish.data), policy)
        return self._told(found or now)

    async def unsubscribe(self, ask: Ask) -> dict[str, Any]:
        await self.table.drop(token=ask.token.id)
        return {}

    async def _one(self, ask: Ask) -> PushSubscription:
        found = await self.table.of_token(ask.token.id)
        if found is None:
            raise NotFound("Record not found", code="subscription-not-found")
        return found

    def _told(self, found: PushSubscription) -> dict[str, Any]:
        """Its id is a number."""
        app = msgspec.json.decode(self._seal.open(found.address, SEALED), type=AppTarget)
        return {
            "id": found.number,
            "endpoint": app.endpoint,
            "standard": found.standard,
            "alerts": {each: each in found.alerts for each in ALERTS},
            "policy": found.policy.value,
            "server_key": self._key,
        }


def _alerts(wish: AlertsWish) -> frozenset[str]:
    on = {name for name, value in wish.alerts.items() if str(value).lower() in ("true", "1", "on", "yes")}
    return frozenset(on & set(ALERTS))


def _target(wish: SubscriptionWish) -> PushTarget:
    """Apps write keys in either alphabet of base64, with and without padding."""
    public, auth = (
        each.strip().rstrip("=").replace("+", "-").replace("/", "_") for each in (wish.keys.p256dh, wish.keys.auth)
    )
    return push.target(wish.endpoint, public, auth)
