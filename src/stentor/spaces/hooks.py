"""Webhooks: which events there are, who is told which of them, and what a message says.

Every event of a space, every deed of the record of accounts and all that is done to public posts has a type. What is
sent is signed as Standard Webhooks 1.0.0 says, so that receivers check it with libraries that are there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from stentor.base.errors import BadInput
from stentor.people.record import Deed, RecordEntry
from stentor.spaces.events import Event
from stentor.spaces.model import Space

MOST_HOOKS: Final = 50
"""Of a site, and of a space."""
MOST_ADDRESS: Final = 500
ROTATION_MS: Final = 24 * 3_600_000
"""So long after a new secret was made the old one signs, too."""
FAILING_MS: Final = 5 * 86_400_000
"""A webhook that took nothing for so long is turned off."""
TEST: Final = "webhook.test"
SECRET_BYTES: Final = 32
SEALED: Final = "webhook"
"""What its secret is sealed as (``base.seal``)."""
JOB: Final = "webhook"
"""The kind of the couriers' jobs: ``hook``, ``message``, and ``deed``, or ``space`` and ``version``, or a ``post``
and what was done to it."""
_PREFIX = "whsec_"
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's server that is told of events. Times are ms since 1970 (UTC)."""

    number: int
    space: str
    """Of whose events it is told; empty: of the whole site's."""
    name: str
    url: str
    events: tuple[str, ...]
    """The types that it is told of; none stands for all."""
    private: bool
    """Whether it may know of private spaces."""
    made_ms: int
    made_by: str
    """An account's id; empty for the admin token, or the person of a link."""
    old_until_ms: int | None = None
    """So long the secret before the newest signs, too."""
    failing_ms: int | None = None
    """Since when it takes nothing."""
    disabled_ms: int | None = None
    """Since when it is told nothing."""
    trouble: str = ""
    """Why it was turned off, when nobody did it: ``failing`` or ``gone`` (it answered 410)."""


def space_type(kind: type[Event]) -> str:
    """The type of a space's event, such as ``space.went_live``."""
    return f"space.{_WORDS.sub('_', kind.__name__).lower().removeprefix('space_')}"


def deed_type(deed: Deed) -> str:
    """The type of a deed, such as ``account.signed_up``."""
    return f"account.{deed.value.replace('-', '_')}"


class PostDeed(StrEnum):
    """What happens to a post that everybody may read."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"

    @property
    def type(self) -> str:
        return f"post.{self.value}"


POST_TYPES: Final = tuple(each.type for each in sorted(PostDeed))
SPACE_TYPES: Final = tuple(sorted(space_type(kind) for kind in get_args(Event)))
DEED_TYPES: Final = tuple(sorted(deed_type(deed) for deed in Deed))
CALLS: Final = frozenset({"space.doors_opened", "space.went_live", "space.replay_opened"})
"""Who hands these on sends people here."""
TYPES: Final = (*DEED_TYPES, *POST_TYPES, *SPACE_TYPES)
"""All of them, in alphabetical order."""


def is_told(hook: Webhook, kind: str, at_ms: int, space: Space | None) -> bool:
    """Whether a webhook is told of an event of this type and time; ``space`` is as it is now, None otherwise.

    What happened before a webhook was made it is not told.
    """
    if hook.disabled_ms is not None or at_ms < hook.made_ms or (hook.events and kind not in hook.events):
        return False
    if space is None:
        return not hook.space
    return hook.space == space.id or (not hook.space and (hook.private or not space.private))


def checked_events(chosen: Collection[str], *, of_space: bool) -> tuple[str, ...]:
    """The types that somebody has chosen, once each; raises :class:`BadInput` for what is none."""
    known = SPACE_TYPES if of_space else TYPES
    if wrong := sorted(set(chosen) - set(known)):
        raise BadInput(
            f"There is no event {wrong[0][:60]!r} to be told of here; the documents list all.", field="events"
        )
    return tuple(sorted(set(chosen)))


def checked_url(url: str) -> str:
    """An address to which something can be sent; raises :class:`BadInput`. Whether it may be reached is seen then."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput("This is no address of the web.", field="url", reason="hook-url") from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MOST_ADDRESS
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadInput("An address begins with https:// and a host name, in ASCII.", field="url", reason="hook-url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadInput("An address here has no user name, password or fragment.", field="url", reason="hook-url")
    return url


def host_of(url: str) -> str:
    """Whose lane an address is in: ``name:port``."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def message_id(*parts: object) -> str:
    """The id of a message: the same for the same event, however often and to whomever it is sent."""
    return "msg_" + hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:32]


def body(kind: str, at_ms: int, data: Mapping[str, Any]) -> bytes:
    """What is sent: ``type``, ``timestamp`` (ISO 8601, UTC) and ``data``."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data})


def of_event(space: Space, version: int, event: Event, address: str) -> bytes:
    """The message of an event of a space; ``version`` is the space's after it, ``address`` that of its page."""
    said = msgspec.to_builtins(event)
    said.pop("kind")
    about = {"space": space.id, "title": space.title, "url": address, "state": space.state.value, "version": version}
    return body(space_type(type(event)), event.at_ms, {**about, "event": said})


def of_deed(entry: RecordEntry) -> bytes:
    """The message of a deed."""
    data = {"id": entry.id, "handle": entry.handle, "by": entry.by, "detail": entry.detail, "at_ms": entry.at_ms}
    return body(deed_type(entry.deed), entry.at_ms, data)


def of_post(done: PostDeed, post: str, author: str, at_ms: int, said: Mapping[str, Any]) -> bytes:
    """The message of what happened to a post; of one that was deleted ``said`` is empty."""
    return body(done.type, at_ms, {"post": post, "author": author, **said})


def secret_text(secret: bytes) -> str:
    """The secret as people copy it, and as libraries of Standard Webhooks take it."""
    return _PREFIX + base64.b64encode(secret).decode()


def secret_of(text: str) -> bytes:
    """The secret of what people copy. Raises :class:`BadInput` for what no library of Standard Webhooks takes."""
    try:
        found = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise BadInput("This is no secret of a webhook.", field="signing", reason="webhook-secret") from error
    if not 24 <= len(found) <= 64:
        raise BadInput("A secret has 24 to 64 bytes.", field="signing", reason="webhook-secret")
    return found


def signature(secrets: Sequence[bytes], message: str, at_s: int, payload: bytes) -> str:
    """The header ``webhook-signature``: one ``v1`` for each secret (HMAC-SHA256 of id, time and body)."""
    signed = f"{message}.{at_s}.".encode() + payload
    macs = [base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets]
    return " ".join(f"v1,{mac}" for mac in macs)
