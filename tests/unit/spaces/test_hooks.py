"""Webhooks: types of events, who is told, and what is signed."""

from __future__ import annotations

import base64
from typing import get_args

import msgspec
import pytest

from stentor.base.errors import BadInput
from stentor.people.record import Deed
from stentor.spaces import hooks
from stentor.spaces.events import Event, WentLive
from stentor.spaces.hooks import Webhook
from stentor.spaces.rules import decide
from stentor.spaces.visibility import Visibility
from tests.support.spaces import CREATE, NOW, replayed

HOOK = Webhook(
    number=1, space="", name="x", url="https://example.org/", events=(), private=False, made_ms=0, made_by=""
)
NOW_MS = 1_000
SPACE = replayed(decide(None, CREATE, NOW))


def of(**values: object) -> Webhook:
    return msgspec.structs.replace(HOOK, **values)


def test_no_two_events_have_the_same_type() -> None:
    assert len(set(hooks.TYPES)) == len(get_args(Event)) + len(Deed) + len(hooks.PostDeed) == len(hooks.TYPES)


@pytest.mark.parametrize(
    ("hook", "private", "told"),
    [
        (of(), False, True),
        (of(), True, False),
        (of(private=True), True, True),
        (of(space=SPACE.id), True, True),
        (of(space="another"), False, False),
        (of(events=("space.ended",)), False, False),
        (of(events=("space.ended", "space.went_live")), False, True),
        (of(disabled_ms=1), False, False),
        (of(made_ms=NOW_MS + 1), False, False),
    ],
)
def test_who_is_told(hook: Webhook, private: bool, told: bool) -> None:
    """By what it chose, whose it is, and whether it may know of private spaces."""
    space = msgspec.structs.replace(SPACE, visibility=Visibility.MEMBERS if private else Visibility.PUBLIC)
    assert hooks.is_told(hook, hooks.space_type(WentLive), NOW_MS, space) is told


def test_a_webhook_of_a_space_hears_of_no_account() -> None:
    assert hooks.is_told(HOOK, "account.signed_up", NOW_MS, None)
    assert not hooks.is_told(of(space=SPACE.id), "account.signed_up", NOW_MS, None)
    with pytest.raises(BadInput):
        hooks.checked_events(["account.signed_up"], of_space=True)


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "ftp://example.org/", "https://", "https://a:b@example.org/", "https://example.org/#x",
     "https://example.org:0/", "https://example.org:x/", "https://ex ample.org/", "https://é.example/", "https://[::1",
     "javascript:alert(1)", "https://example.org/" + "x" * 500],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        hooks.checked_url(url)


def test_lanes_are_by_host_and_port() -> None:
    assert hooks.host_of("https://Example.org/a") == "example.org:443"
    assert hooks.host_of("http://example.org:8080/b") == "example.org:8080"


def test_the_signature_is_that_of_the_standard() -> None:
    """With the example of its makers (standard-webhooks, libraries' tests), and with two secrets at once."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    payload, message = b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek"
    made = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert hooks.signature([secret], message, 1614265330, payload) == made
    assert hooks.signature([b"other", secret], message, 1614265330, payload).split()[1] == made


def test_one_event_has_one_id() -> None:
    """The same however often it is sent; another event has another one."""
    assert hooks.message_id("talk", 7) == hooks.message_id("talk", 7) != hooks.message_id("talk", 8)
