"""What accounts may be called, where people are led, whose requests count, and what is stored of secrets."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput, NotAllowed
from stentor.people import checks, digests, origin, rights
from stentor.people.model import Account, Creators, SignUp, SiteRole


@pytest.mark.parametrize("text", ["a", "ada", "a-b_c", "0" * 30])
def test_handles(text: str) -> None:
    """What may stand in an address."""
    assert checks.handle(text) == text


@pytest.mark.parametrize("text", ["", "A", "-a", "a_", "a b", "a" * 31, "ä", "a\n", "a/b", 'a"', "a\r\nb"])
def test_no_handles(text: str) -> None:
    """What may not."""
    with pytest.raises(BadInput):
        checks.handle(text)


@pytest.mark.parametrize("text", ["short", "aaaaaaaaaaaa", "Ada Lovelace", "x" * 201])
def test_weak_passwords(text: str) -> None:
    """Too short, too long, one sign over and over, or the person's own name."""
    with pytest.raises(BadInput):
        checks.password(text, about=("ada", "ada lovelace"))


def test_a_password_is_what_is_seen() -> None:
    """The same signs, however a keyboard writes them, are the same password."""
    assert checks.password("pa\u0308sse zusammen", about=()) == checks.normal("p\u00e4sse zusammen")


@pytest.mark.parametrize("path", ["/", "/stage/talk", "/account", "/stage/talk?t=x.y", "/a/b/"])
def test_own_paths(path: str) -> None:
    """Where one may be led after signing in."""
    assert checks.local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\r\nX: y", "/%0d\n",
     "javascript:x", "/\t/evil.example", "/a//../" + "x" * 600, "@evil", "/ x", "/a b"],
)  # fmt: skip
def test_no_way_out(path: str) -> None:
    """An address of another site, or what a browser could take for one, leads home."""
    assert checks.local_path(path) == "/"


@pytest.mark.timeout(20)
def test_a_long_path_is_read_once() -> None:
    """One that fits until its last sign is refused at once: tried in all ways it would take for ever."""
    assert checks.local_path("/" + "a" * 400 + '"') == "/"
    assert checks.local_path("/" + "a/" * 200 + '"') == "/"


@given(st.text(alphabet="/\\.:@ev\r\n\t ?#%", max_size=12))
def test_never_another_site(text: str) -> None:
    """Whatever is written, it stays one slash and no sign that browsers skip or turn."""
    found = checks.local_path(text)
    assert found.startswith("/")
    assert not found.startswith("//")
    assert not set(found) & set("\\\r\n\t ")


HOUSE = "https://talk.example"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, True),
        ({"sec-fetch-site": "cross-site", "origin": HOUSE}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": HOUSE, "host": "inside:8080"}, True),
        ({"origin": "http://localhost:8080", "host": "localhost:8080"}, True),
        ({"origin": "http://localhost:8081", "host": "localhost:8080"}, False),
        ({"origin": "https://talk.example.evil", "host": "talk.example"}, False),
        ({"origin": "null", "host": ""}, False),
        ({}, True),
    ],
    ids=str,
)
def test_whose_request(headers: dict[str, str], ours: bool) -> None:
    """Only our own pages act by a cookie; reading is free, for a browser does not show it to other pages."""
    assert origin.own("POST", headers, HOUSE) is ours
    assert origin.own("GET", headers, HOUSE)


@given(st.binary(min_size=digests.RECOVERY_BYTES, max_size=digests.RECOVERY_BYTES))
def test_recovery_codes(random: bytes) -> None:
    """Four groups of four, and whoever copies one by hand is understood."""
    code = digests.recovery_code(random)
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert set(code) <= set(string.ascii_lowercase + "234567-")
    typed = code.upper().replace("-", " ").replace("O", "0").replace("L", "1")
    assert digests.recovery_digest(typed) == digests.recovery_digest(code)
    assert code not in digests.recovery_digest(code)


def test_who_may_invite_and_make_spaces() -> None:
    """Nobody raises anybody above themselves; members invite where the site lets them."""
    assert rights.invites(SiteRole.ADMIN, SignUp.CLOSED) == set(SiteRole)
    assert rights.invites(SiteRole.MODERATOR, SignUp.CLOSED) == {SiteRole.MEMBER}
    assert rights.invites(SiteRole.MEMBER, SignUp.CLOSED) == set()
    assert rights.invites(SiteRole.MEMBER, SignUp.INVITATION) == {SiteRole.MEMBER}
    with pytest.raises(NotAllowed):
        rights.require_invite(SiteRole.MODERATOR, SiteRole.MODERATOR, SignUp.OPEN)
    assert [rights.creates(role, Creators.ADMINS) for role in SiteRole] == [True, True, False]
    assert rights.creates(SiteRole.MEMBER, Creators.MEMBERS)
    rights.require_admin(None)
    with pytest.raises(NotAllowed):
        rights.require_admin(Account(id="x", handle="x", name="x", role=SiteRole.MODERATOR, created_ms=0))
