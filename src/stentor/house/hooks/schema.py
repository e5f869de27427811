"""What the REST API says and takes about webhooks."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Name, Time
from stentor.spaces.hooks import MOST_ADDRESS, TYPES, Webhook
from stentor.store.deliveries import DeliveryRow, DeliveryState

HookAddress = Annotated[
    str,
    Meta(
        max_length=MOST_ADDRESS,
        extra_json_schema={"pattern": "^https?://[A-Za-z0-9-]{1,60}(\\.[A-Za-z0-9-]{1,60})*(/[A-Za-z0-9/_-]*)?$"},
    ),
]
EventTypes = Annotated[list[str], Meta(max_length=len(TYPES), description="Types; none stands for all.")]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook to be made."""

    url: HookAddress
    name: Name = "Webhook"
    events: EventTypes = []
    private: bool = False
    """Whether one of the site may know of private spaces. One of a space knows of its own."""


class WebhookChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays."""

    url: HookAddress | None = None
    name: Name | None = None
    events: EventTypes | None = None
    private: bool | None = None
    enabled: bool | None = None


class WebhookView(msgspec.Struct, frozen=True):
    """A webhook."""

    number: int
    space: str
    name: str
    url: str
    events: list[str]
    private: bool
    enabled: bool
    trouble: str
    """Why it was turned off by itself: ``failing`` for five days, or ``gone`` (it answered 410). Empty otherwise."""
    made_ms: Time
    failing_ms: Time | None
    old_until_ms: Time | None


class WebhookSecret(msgspec.Struct, frozen=True):
    """A webhook with its secret, which is shown this once."""

    webhook: WebhookView
    secret: str


class WebhookList(msgspec.Struct, frozen=True):
    webhooks: list[WebhookView]


class DeliveryView(msgspec.Struct, frozen=True):
    """One event on its way to one webhook, with the newest attempt."""

    id: str
    type: str
    state: DeliveryState
    attempts: int
    status: int
    """Of the answer; 0 when there was none."""
    trouble: str
    duration_ms: int
    made_ms: Time
    at_ms: Time
    due_ms: Time | None
    """When it is tried again."""


class DeliveryList(msgspec.Struct, frozen=True):
    deliveries: list[DeliveryView]


class HookJobOrdered(msgspec.Struct, frozen=True):
    """It was handed over; what became of it is in the list of deliveries soon."""

    id: str


def view(hook: Webhook) -> WebhookView:
    """A webhook as the API says it."""
    return WebhookView(
        number=hook.number,
        space=hook.space,
        name=hook.name,
        url=hook.url,
        events=list(hook.events),
        private=hook.private,
        enabled=hook.disabled_ms is None,
        trouble=hook.trouble,
        made_ms=hook.made_ms,
        failing_ms=hook.failing_ms,
        old_until_ms=hook.old_until_ms,
    )


def delivery(row: DeliveryRow) -> DeliveryView:
    """A delivery as the API says it."""
    return DeliveryView(
        id=row.key,
        type=row.what,
        state=row.state,
        attempts=row.attempts,
        status=row.status,
        trouble=row.trouble,
        duration_ms=row.duration_ms,
        made_ms=row.made_ms,
        at_ms=row.at_ms,
        due_ms=row.due_ms if row.state is DeliveryState.WAITING else None,
    )
