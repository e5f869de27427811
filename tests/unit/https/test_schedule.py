"""When the authority is asked, and how failures are told."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from acme import errors, messages

from stentor.base.domain import Asked
from stentor.base.tls import Certificate
from stentor.https import schedule
from stentor.https.complaints import BY_CODE, explained

DAY = 86_400.0
BEGAN = 1_800_000_000.0


def refused(code: str, detail: str, **more: Any) -> messages.Error:
    """As it comes from an authority."""
    found = messages.Error.from_json({"type": f"urn:ietf:params:acme:error:{code}", "detail": detail, **more})
    assert isinstance(found, messages.Error)
    return found


def of_days(days: float, *, self_signed: bool = False) -> Certificate:
    return Certificate(("talk.example.org",), BEGAN, BEGAN + days * DAY, self_signed)


@pytest.mark.parametrize("days", [6, 90, 398])
@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.99])
def test_a_certificate_is_renewed_with_a_third_left(days: float, jitter: float) -> None:
    """Whatever its lifetime; up to a thirtieth of it earlier, so that not all come together."""
    left = (BEGAN + days * DAY - schedule.due_s(of_days(days), jitter)) / (days * DAY)
    assert 1 / 3 <= left <= 1 / 3 + 1 / 30 + 1e-9


def test_without_a_certificate_it_is_due_at_once() -> None:
    """The one to begin with is Stentor's own."""
    assert schedule.next_s(of_days(3650, self_signed=True), Asked(), 0.5, restarted=False) <= BEGAN


def test_failures_are_asked_again_more_and_more_rarely() -> None:
    """Five in the first hour at most, then about once an hour; a restart waits two minutes, and not for ever anew."""
    found, asked, now, tries = of_days(10, self_signed=True), Asked(), BEGAN, []
    while now < BEGAN + 12 * 3600:
        asked = schedule.failed(asked, "no", 0.0, now)
        tries.append(now)
        now = schedule.next_s(found, asked, 0.0, restarted=False)
    assert sum(at < BEGAN + 3600 for at in tries) <= 6
    assert 12 <= len(tries) <= 20
    again = schedule.next_s(found, asked, 0.0, restarted=True)
    assert asked.tried_s + 60 < again <= asked.tried_s + 120


def test_the_authority_says_when_to_come_back() -> None:
    """Nobody comes before, also after a restart, however long ago the certificate was due."""
    asked = schedule.failed(Asked(), "too often", 7 * DAY, BEGAN)
    assert schedule.next_s(of_days(1), asked, 0.0, restarted=True) == BEGAN + 7 * DAY


@pytest.mark.parametrize(("ours", "said"), [(0.0, ""), (3599.0, ""), (-90_000.0, "behind"), (90_000.0, "ahead")])
def test_a_clock_that_is_wrong(ours: float, said: str) -> None:
    """An hour is forgiven: authorities date certificates back by so much."""
    trouble = schedule.clock_trouble(BEGAN, BEGAN + ours)
    assert (said in trouble) if said else trouble == ""


@pytest.mark.parametrize("code", BY_CODE)
def test_each_refusal_is_a_sentence_about_this_domain(code: str) -> None:
    """With what to do, the authority's own words, and nothing of them that a terminal obeys."""
    error = refused(code, "bad\x1b[2J\nthing")
    said = explained(error, "talk.example.org", 8000, "https://ca.example/dir")
    assert said[0].isupper()
    assert ": " in said
    assert "bad [2J thing" in said
    assert not {"{", "}", "\x1b", "\n"} & set(said)


def test_one_of_several_reasons_is_told() -> None:
    """The part that says something of the domain."""
    inner = {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids"}
    outer = refused("compound", "several", subproblems=[inner])
    assert "CAA record" in explained(outer, "talk.example.org", 80, "")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (requests.exceptions.SSLError("certificate has expired"), "clock"),
        (requests.exceptions.SSLError("self-signed certificate in chain"), "STENTOR_ACME_CA"),
        (requests.exceptions.ConnectTimeout(), "reached"),
        (errors.TimeoutError(), "in time"),
        (errors.ClientError("<html>"), "STENTOR_ACME_DIRECTORY"),
    ],
)
def test_trouble_on_the_way_is_told(error: Exception, word: str) -> None:
    """A clock, roots, a network, an address that is none of ACME's."""
    assert word in explained(error, "talk.example.org", 80, "https://ca.example/dir")
