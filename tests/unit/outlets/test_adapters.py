"""What is said to each outlet, by the documents it is built to, and what its answers mean."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from stentor.base.errors import BadInput
from stentor.base.texts import Catalogue
from stentor.base.times import day
from stentor.base.units import SpaceId
from stentor.house.outlets.newsletters import DOCUMENT, DOCUMENT_OF
from stentor.outlets import words
from stentor.outlets.bluesky import tid
from stentor.outlets.contract import (
    BrowserOutlet,
    Conversation,
    Granted,
    Outcome,
    OutletAnswer,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    ReadableOutlet,
    Repeat,
    challenge,
    said,
)
from stentor.outlets.kinds import OUTLETS, SHARE, SHARED, WEIGHTS, shares
from stentor.outlets.webhooks import template
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.hooks import secret_of
from stentor.spaces.model import Space, State
from stentor.wire.ways import WAYS

DOCS = Path(__file__).parents[3] / "docs"
LINK = "https://talk.example/s/friday?by=mastodon&at=live"
POST = OutletPost(
    text=f"Grüße 👋\n\n{LINK}", link=LINK, language="de", key="friday-3-live", made_ms=1_900_000_000_123
)  # fmt: skip
SECRETS: dict[str, dict[str, str]] = {
    "mastodon": {"server": "https://social.example/about", "token": "T"},
    "bluesky": {"server": "https://bsky.social", "handle": "@ada.example", "password": "P"},
    "telegram": {"server": "https://api.telegram.org", "token": "1:A", "chat": "@channel"},
    "discord": {"hook": "https://discord.com/api/webhooks/1/abc?thread_id=3"},
    "slack": {"hook": "https://hooks.slack.com/services/T/B/x"},
    "x": {"server": "https://api.x.com", "client_id": "C", "token": "T"},
    "hookshot": {"hook": "https://matrix.example/webhook/abc"},
    "matrix": {"server": "https://matrix.example/there", "token": "M", "room": "!r:example"},
    "webhook": {"hook": "https://chat.example/hooks/abc", "body": '{"text": "{text}"}', "signing": ""},
}
SILENT = {"slack", "hookshot", "webhook"}
"""Those whose answers say nothing but that all is well."""
Reply = tuple[int, Any]
T = TypeVar("T")


def talked(talk: Conversation, *replies: Reply) -> tuple[Outcome, list[OutletRequest]]:
    """Answers one request after the other; what became of it, and what was asked."""
    return stepped(talk, *replies)


def stepped(talk: Generator[OutletRequest, OutletAnswer, T], *replies: Reply) -> tuple[T, list[OutletRequest]]:
    """The same of a step of connecting in the browser."""
    try:
        asked = [next(talk)]
    except StopIteration as end:
        return end.value, []
    for status, body in replies:
        try:
            asked.append(
                talk.send(OutletAnswer(status, body if isinstance(body, bytes) else json.dumps(body).encode()))
            )
        except StopIteration as end:
            return end.value, asked
    raise AssertionError("it asks for more")


def posted(kind: str, *replies: Reply) -> tuple[Outcome, list[OutletRequest]]:
    return talked(OUTLETS[kind].post(SECRETS[kind], POST), *replies)


def body(request: OutletRequest) -> Any:
    return json.loads(request.body)


def test_mastodon() -> None:
    """At the server's origin, whatever address was filled in; with a key by which two are one."""
    outcome, [request] = posted("mastodon", (200, {"id": "7", "url": "https://social.example/@ada/7"}))
    assert outcome == Posted("7", "https://social.example/@ada/7")
    assert (request.method, request.url) == ("POST", "https://social.example/api/v1/statuses")
    assert request.headers["authorization"] == "Bearer T"
    assert request.headers["idempotency-key"] == f"{POST.key}-0"
    assert body(request) == {"status": POST.text, "visibility": "public", "language": "de"}
    outcome, _ = talked(OUTLETS["mastodon"].check(SECRETS["mastodon"]), (200, {"id": "1", "acct": "ada"}))
    assert outcome == Posted("@ada@social.example")


@pytest.mark.parametrize(
    "page", [b"", b" <!DOCTYPE html><title>Attention Required! | Cloudflare</title>", b"error code: 1020"]
)
def test_a_protection_in_front_of_a_network_is_not_its_api(page: bytes) -> None:
    """Truth Social's is Cloudflare: a new token would not help. What an API says stays what it is, Slack's word too."""
    assert posted("mastodon", (403, page))[0] == OutletRefusal("outlet-blocked")
    assert posted("mastodon", (403, {"error": "This action is outside the authorized scopes"}))[0] == OutletRefusal(
        "outlet-token", "This action is outside the authorized scopes"
    )
    assert posted("slack", (403, b"invalid_token"))[0] == OutletRefusal("outlet-token", "invalid_token")
    assert posted("mastodon", (401, page))[0] != OutletRefusal("outlet-blocked")
    assert "Truth Social" in SHARED, "its host may copy and open"


def test_mastodon_in_the_browser() -> None:
    """With PKCE where the server says that it knows it, and only there; what is not needed any more is not kept."""
    outlet = OUTLETS["mastodon"]
    assert isinstance(outlet, BrowserOutlet)
    begun = {"server": "https://social.example", "name": "Talk", "back": "https://talk.example/account/outlets/back",
             "state": "S", "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}  # fmt: skip
    assert challenge(begun["verifier"]) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "RFC 7636, appendix B"
    app = (200, {"client_id": "C", "client_secret": "X"})
    for known, pkce in (((200, {"code_challenge_methods_supported": ["plain", "S256"]}), True), ((404, b""), False)):
        granted, asked = stepped(outlet.register(begun), known, app)
        assert isinstance(granted, Granted)
        assert body(asked[1]) == {
            "client_name": "Talk", "redirect_uris": begun["back"], "website": "https://talk.example",
            "scopes": "read:accounts read:statuses write:statuses",
        }  # fmt: skip
        assert (outlet.allow(begun), outlet.connected(granted.secret)) == ("", False)
        assert ("code_challenge=E9Melhoa" in outlet.allow(granted.secret)) == pkce
        assert outlet.allow(granted.secret).startswith("https://social.example/oauth/authorize?response_type=code&")
        with_code = {**granted.secret, "code": "K"}
        done, [exchange] = stepped(outlet.exchange(with_code), (200, {"access_token": "T"}))
        assert done == Granted({"server": "https://social.example", "token": "T"})
        assert (b"code_verifier=" in exchange.body) == pkce
        denied = stepped(outlet.exchange(with_code), (400, {"error": "invalid_grant"}))[0]
        assert denied == OutletRefusal("outlet-denied", "invalid_grant")
    for odd_one in (b"", b"[]", b'{"client_id": 1}', b"\xff"):
        assert isinstance(stepped(outlet.register(begun), (200, odd_one), (200, odd_one))[0], OutletRefusal)


def test_mastodon_looks_whether_it_is_there() -> None:
    """By the link, which servers keep; older posts, and those of other moments, are others."""
    outlet = OUTLETS["mastodon"]
    assert isinstance(outlet, ReadableOutlet)
    asked = msgspec.structs.replace(POST, since_ms=1_900_000_000_000, known=frozenset({"5"}))

    def status(number: str, at: str, content: str) -> dict[str, str]:
        return {"id": number, "url": f"https://x/{number}", "created_at": at, "content": content}

    link = f'<p><a href="{LINK.replace("&", "&amp;")}">talk</a></p>'
    there = [
        status("9", "2030-03-17T17:46:41.000Z", "<p>Something else</p>"),
        status("5", "2030-03-17T17:46:41.000Z", link),
        status("3", "2020-01-01T00:00:00.000Z", link),
    ]
    me = (200, {"id": "1 2", "acct": "ada"})
    outcome, requests = talked(outlet.look(SECRETS["mastodon"], asked), me, (200, there))
    assert outcome == OutletRefusal("outlet-not-found")
    assert "/api/v1/accounts/1%202/statuses" in requests[1].url
    outcome, _ = talked(
        outlet.look(SECRETS["mastodon"], asked), me, (200, [status("8", "2030-03-17T17:46:41.000Z", link), *there])
    )
    assert outcome == Posted("8", "https://x/8")
    later = [
        status(f"{at}", "2030-03-17T17:46:41.000Z", link.replace("at=live", "at=doors")) for at in range(40, 20, -1)
    ]
    full, last = (200, later), (200, [status("8", "2030-03-17T17:46:41.000Z", link)])
    outcome, requests = talked(outlet.look(SECRETS["mastodon"], asked), me, full, last)
    assert (outcome, requests[2].url) == (Posted("8", "https://x/8"), f"{requests[1].url}&max_id=21"), (
        "a page further on"
    )
    unsure = OutletRefusal("outlet-unsure")
    assert talked(outlet.look(SECRETS["mastodon"], asked), me, full, full)[0] == unsure, "it knows no pages"
    pages = [(200, [*later[1:], status(f"{at}", "2030-03-17T17:46:41.000Z", "")]) for at in range(4)]
    assert talked(outlet.look(SECRETS["mastodon"], asked), me, *pages)[0] == unsure, "it goes on and on"
    assert talked(outlet.look(SECRETS["mastodon"], asked), me, full, (200, []))[0] == OutletRefusal("outlet-not-found")
    assert talked(outlet.look(SECRETS["mastodon"], asked), (500, {}))[0] == OutletRefusal("outlet-odd")
    forbidden = (403, {"error": "This action is outside the authorized scopes"})
    for replies in ([forbidden], [me, forbidden]):
        refused = talked(outlet.look(SECRETS["mastodon"], asked), *replies)[0]
        assert refused == OutletRefusal("outlet-scope", forbidden[1]["error"]), "it may not read: it is told so"
    assert talked(outlet.check(SECRETS["mastodon"]), forbidden)[0] == OutletRefusal(
        "outlet-scope", forbidden[1]["error"]
    )
    for number, code in ((401, "outlet-token"), (403, "outlet-blocked")):
        assert talked(outlet.look(SECRETS["mastodon"], asked), (number, b""))[0] == OutletRefusal(code)


def test_matrix_looks_whether_it_is_there() -> None:
    """By the link, in what the account itself has said since; the pages of a room, the newest first, until that is
    reached. Where it is not, nobody knows."""
    outlet, secret = OUTLETS["matrix"], SECRETS["matrix"]
    assert isinstance(outlet, ReadableOutlet)
    asked = msgspec.structs.replace(POST, since_ms=1000, known=frozenset({"$5"}))

    def event(number: str, said: str, at_ms: int = 1000, sender: str = "@ada:example") -> dict[str, Any]:
        content = {"msgtype": "m.text", "body": said}
        return {"event_id": number, "sender": sender, "origin_server_ts": at_ms, "content": content}

    def page(end: str, *events: dict[str, Any]) -> Reply:
        return 200, {"chunk": list(events), "start": "s", **({"end": end} if end else {})}

    me = (200, {"user_id": "@ada:example"})
    others = (
        event("$7", f"> {LINK}", sender="@eve:example"), event("$6", POST.text.replace("at=live", "at=doors")),
        event("$5", POST.text),
        {"event_id": "$4", "sender": "@ada:example", "origin_server_ts": 1001, "content": {}},
    )  # fmt: skip
    outcome, [_, first, second] = talked(
        outlet.look(secret, asked), me, page("t 1", *others), page("t2", event("$8", POST.text))
    )
    assert outcome == Posted("$8", "https://matrix.to/#/!r:example/$8")
    room = "https://matrix.example/_matrix/client/v3/rooms/%21r%3Aexample/messages?dir=b&limit=100"
    assert [(each.method, each.url) for each in (first, second)] == [("GET", room), ("GET", f"{room}&from=t+1")]
    assert first.headers["authorization"] == "Bearer M"
    nothing = OutletRefusal("outlet-not-found")
    for last in (page("", *others), page("t1"), page("t1", event("$1", POST.text, 999))):
        assert talked(outlet.look(secret, asked), me, last)[0] == nothing
    assert talked(outlet.look(secret, asked), me, page("t1", *others), page("t1", *others))[0] == nothing
    pages = [page(f"t{at}", *others) for at in range(4)]
    assert talked(outlet.look(secret, asked), me, *pages)[0] == OutletRefusal("outlet-unsure")
    assert talked(outlet.look(secret, asked), (401, {"error": "x"}))[0] == OutletRefusal("outlet-token", "x")
    assert talked(outlet.look(secret, asked), me, (403, {"error": "x"}))[0] == OutletRefusal("outlet-token", "x")
    assert talked(outlet.look(secret, asked), me, (200, {"chunk": 1}))[0] == OutletRefusal("outlet-odd")


def test_bluesky() -> None:
    """A session, then a record whose name is its own: written twice it is one. Places are counted in bytes."""
    session = (200, {"did": "did:plc:a", "accessJwt": "J", "handle": "ada.example"})
    outcome, [first, second] = posted("bluesky", session, (200, {"uri": "at://did:plc:a/app.bsky.feed.post/x"}))
    name = tid(POST.made_ms, POST.key)
    assert outcome == Posted("at://did:plc:a/app.bsky.feed.post/x", f"https://bsky.app/profile/did:plc:a/post/{name}")
    assert body(first) == {"identifier": "ada.example", "password": "P"}
    record = body(second)["record"]
    assert (body(second)["rkey"], second.headers["authorization"]) == (name, "Bearer J")
    [facet] = record["facets"]
    place = facet["index"]
    assert POST.text.encode()[place["byteStart"] : place["byteEnd"]].decode() == LINK
    assert record["createdAt"] == "2030-03-17T17:46:40.123Z"
    late = msgspec.structs.replace(POST, at_ms=POST.made_ms + 86_400_000)
    later = body(talked(OUTLETS["bluesky"].post(SECRETS["bluesky"], late), session, (200, {"uri": "at://x"}))[1][1])
    assert (later["rkey"], later["record"]["createdAt"]) == (name, "2030-03-18T17:46:40.123Z"), "as it was tried"
    again = posted("bluesky", session, (200, {"uri": "at://x"}))[1][1]
    assert again.body == second.body
    assert posted("bluesky", (401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}))[
        0
    ] == OutletRefusal("outlet-token", "Invalid identifier or password")
    assert len(name) == 13
    assert name[0] in "234567abcdefghij"
    assert tid(POST.made_ms, "another") != name
    assert tid(POST.made_ms + 1, POST.key) > name


def test_telegram() -> None:
    result = {"ok": True, "result": {"message_id": 12, "chat": {"username": "channel"}}}
    outcome, [request] = posted("telegram", (200, result))
    assert outcome == Posted("12", "https://t.me/channel/12")
    assert request.url == "https://api.telegram.org/bot1:A/sendMessage"
    assert body(request) == {"chat_id": "@channel", "text": POST.text}
    busy = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 31}}
    assert posted("telegram", (429, busy))[0] == OutletRefusal("outlet-busy", "Too Many Requests", True, 31.0)
    assert posted("telegram", (200, {"ok": False, "description": "no"}))[0] == OutletRefusal("outlet-odd", "no")


def test_rooms() -> None:
    """Discord mentions nobody and answers once it is there; Slack's signs are escaped; Matrix has a name for each."""
    hook = (200, {"id": "1", "name": "Talks", "guild_id": "7", "channel_id": "6"})
    outcome, [request, more] = posted("discord", (200, {"id": "55", "channel_id": "3"}), hook)
    assert outcome == Posted("55", "https://discord.com/channels/7/3/55"), "in the thread that it stands in"
    assert request.url == "https://discord.com/api/webhooks/1/abc?thread_id=3&wait=true"
    assert body(request) == {"content": POST.text, "allowed_mentions": {"parse": []}}
    assert (more.method, more.url, more.posted) == ("GET", SECRETS["discord"]["hook"], Posted("55"))
    for nothing in (b"", b"[]", {"guild_id": None}, {"guild_id": "", "message": "Unknown Webhook"}):
        assert posted("discord", (200, {"id": "55", "channel_id": "3"}), (404, nothing))[0] == Posted("55")
    odd_one = posted("discord", (200, {"id": "5/5", "channel_id": "3"}), (200, {"guild_id": "../x?"}))[0]
    assert odd_one == Posted("5/5", "https://discord.com/channels/..%2Fx%3F/3/5%2F5")
    assert talked(OUTLETS["discord"].check(SECRETS["discord"]), hook)[0] == Posted("Talks")
    busy = {"message": "You are being rate limited.", "retry_after": 0.5}
    assert posted("discord", (429, busy))[0] == OutletRefusal("outlet-busy", busy["message"], True, 0.5)  # type: ignore[arg-type]

    commands = OutletPost(text="a <!channel> & b", link="", language="en", key="k", made_ms=1)
    outcome, [request] = talked(OUTLETS["slack"].post(SECRETS["slack"], commands), (200, b"ok"))
    assert outcome == Posted("k")
    assert body(request) == {"text": "a &lt;!channel&gt; &amp; b"}
    there = talked(OUTLETS["slack"].check(SECRETS["slack"]), (400, b"no_text"))
    assert (there[0], body(there[1][0])) == (Posted("hooks.slack.com"), {"text": ""})
    gone = talked(OUTLETS["slack"].check(SECRETS["slack"]), (404, b"no_service"))[0]
    assert gone == OutletRefusal("outlet-gone", "no_service")

    outcome, [request] = posted("matrix", (200, {"event_id": "$e"}))
    assert outcome == Posted("$e", "https://matrix.to/#/!r:example/$e")
    assert request.url == (
        "https://matrix.example/_matrix/client/v3/rooms/%21r%3Aexample/send/m.room.message/friday-3-live"
    )
    assert (request.method, request.headers["authorization"]) == ("PUT", "Bearer M")
    assert body(request) == {"msgtype": "m.text", "body": POST.text}
    assert posted("matrix", (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}))[0] == OutletRefusal(
        "outlet-busy", "", True, 2.5
    )
    outcome, [request] = posted("hookshot", (200, {"ok": True}))
    assert (outcome, body(request)) == (Posted(POST.key), {"text": POST.text})


def test_a_webhook_of_ones_own() -> None:
    """Its template stays JSON whatever is filled in, and what is filled in is not filled in again; nothing is sent
    to look whether it is there."""
    own = '{"blocks": [{"type": "section", "text": "*{title}* {text}"}], "url": "{link}", "n": 3, "{text}": "{else}"}'
    secret = SECRETS["webhook"] | {"body": template(own)}
    post = msgspec.structs.replace(POST, title='A "talk" on {link}\\', text="Two\nlines {title}")
    outcome, [request] = talked(OUTLETS["webhook"].post(secret, post), (204, b""))
    assert outcome == Posted(POST.key)
    assert (request.method, request.url) == ("POST", "https://chat.example/hooks/abc")
    assert request.headers == {"content-type": "application/json"}
    assert body(request) == {
        "blocks": [{"type": "section", "text": '*A "talk" on {link}\\* Two\nlines {title}'}],
        "url": LINK, "n": 3, "{text}": "{else}",
    }  # fmt: skip
    signed = {
        "hook": secret["hook"],
        "body": '["{text}", "{signing}"]',
        "signing": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    at = msgspec.structs.replace(POST, at_ms=1_614_265_330_999)
    [request] = talked(OUTLETS["webhook"].post(signed, at), (200, b""))[1]
    what = f"{POST.key}.1614265330.".encode() + request.body
    mac = hmac.digest(b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), what, "sha256")
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == (POST.key, "1614265330")
    assert request.headers["webhook-signature"] == f"v1,{b64encode(mac).decode()}"
    assert body(request) == [POST.text, "{signing}"], "the secret goes nowhere"
    for wrong in ("whsec_", "whsec_!", "whsec_" + "A" * 28, "whsec_" + "A" * 92, "ü"):
        with pytest.raises(BadInput):
            secret_of(wrong)
    assert talked(OUTLETS["webhook"].check(secret)) == (Posted("chat.example"), [])
    assert template('{\n  "text": "{text}"\n}') == '{"text":"{text}"}', "on one line"
    deep, long = '["{text}",' + "[" * 300 + "]" * 301, '"{text}' + "x" * 2000 + '"'
    for wrong in (
        "",
        "text",
        "{text}",
        '{"text": "words"}',
        '{"text": "{text}"',
        '["{key}"]',
        '{"{text}": "words"}',
        '"\ud800{text}"',
        deep,
        long,
    ):
        with pytest.raises(BadInput):
            template(wrong)


def test_x() -> None:
    """A token that is no longer taken is renewed, and what comes is kept before it is used; without one its host is
    told to connect once more. A link leads to the post."""
    outcome, [request] = posted("x", (201, {"data": {"id": "7", "text": "…"}}))
    assert outcome == Posted("7", "https://x.com/i/status/7")
    assert (request.url, body(request)) == ("https://api.x.com/2/tweets", {"text": POST.text})
    assert posted("x", (402, {"title": "CreditsDepleted"}))[0] == OutletRefusal("outlet-money")
    twice = {"detail": "You are not allowed to create a Tweet with duplicate content.", "status": 403}
    assert posted("x", (403, twice))[0] == OutletRefusal("outlet-words", twice["detail"])  # type: ignore[arg-type]
    old = SECRETS["x"] | {"refresh": "R"}
    tokens = (200, {"access_token": "T2", "refresh_token": "R2"})
    outcome, [first, renewal, second] = talked(
        OUTLETS["x"].post(old, POST), (401, {}), tokens, (201, {"data": {"id": "8"}})
    )
    assert outcome == Posted("8", "https://x.com/i/status/8")
    assert b"refresh_token=R&client_id=C" in renewal.body
    assert not first.keep
    claim = {"server": "https://api.x.com", "client_id": "C", "token": "T", "renewing": "R", "since": "0"}
    assert (renewal.keep, renewal.claim) == (claim, True)
    assert second.keep == {"server": "https://api.x.com", "client_id": "C", "token": "T2", "refresh": "R2"}
    assert second.headers["authorization"] == "Bearer T2"
    spent = talked(OUTLETS["x"].post(old, POST), (401, {}), (400, {"error": "invalid_request"}))[0]
    assert spent == OutletRefusal("outlet-token", "invalid_request")
    soon, late = (msgspec.structs.replace(POST, at_ms=at_ms) for at_ms in (59_999, 60_000))
    waits = OutletRefusal("outlet-busy", again=True, wait_s=60.0)
    assert talked(OUTLETS["x"].post(claim, soon), (401, {}))[0] == waits, "another courier is at it"
    assert len(talked(OUTLETS["x"].post(claim, late), (401, {}), tokens, (201, {"data": {"id": "9"}}))[1]) == 3
    away = talked(OUTLETS["x"].check(old), (401, {}), (503, b""))[0]
    assert isinstance(away, OutletRefusal)
    assert away.code == "outlet-odd"


@pytest.mark.parametrize("kind", sorted(OUTLETS))
@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"null", b"1", b'{"id": {}}', b'"x"', b"[" * 5000, b"\xff"])
@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 403, 404, 413, 429, 500, 502])
def test_no_answer_breaks_one(kind: str, answer: bytes, status: int) -> None:
    """Whatever comes back: what is not said to be there is not taken to be there, but where nothing is ever said."""
    outcome, _ = talked(OUTLETS[kind].post(SECRETS[kind], POST), (status, answer))
    if kind not in SILENT or status >= 300:
        assert isinstance(outcome, OutletRefusal)
        assert outcome.again == (status == 429)
    checked, _ = talked(OUTLETS[kind].check(SECRETS[kind]), (status, answer))
    assert isinstance(checked, OutletRefusal) or kind in SILENT


@pytest.mark.parametrize("kind", sorted(OUTLETS))
def test_each_says_what_it_is_built_to(kind: str) -> None:
    """The document and the day, what it does with two of the same, what to fill in; and people who come are counted."""
    outlet = OUTLETS[kind]
    assert outlet.document.startswith("https://")
    assert re.fullmatch(r"\d{4}-\d\d(-\d\d)?", outlet.read)
    assert {each.name for each in outlet.fields} <= set(SECRETS[kind])
    assert any(each.secret for each in outlet.fields) or isinstance(outlet, BrowserOutlet)
    assert (outlet.repeat is Repeat.LOOK) == isinstance(outlet, ReadableOutlet)
    assert outlet.host(SECRETS[kind]).startswith("https://")
    assert {kind, SHARE} <= set(WAYS)


def test_documents_say_what_each_is_built_to() -> None:
    """With its date, the newsletter and webhooks too; but those that hosts post to by hand."""
    page = (DOCS / "howto" / "outlets.md").read_text("utf-8")
    rows = [
        line.split(" | ") for line in page.splitlines() if line.startswith("| ") and "takes the picture" not in line
    ]
    assert len(rows) == 1 + len(OUTLETS) + 1
    for name, _, _, built, _ in rows[1:]:
        assert re.match(r"\[(\d+ )?[A-Z][a-z]+ \d{4}\]\(https://", built), name
    dated = [(each.read, each.document) for each in OUTLETS.values()] + [(DOCUMENT_OF, DOCUMENT)]
    said_there = [f"[{day(date, 'en')}]({document})" for date, document in dated]
    assert sorted(said_there) == sorted(built for _, _, _, built, _ in rows[1:] if "https://" in built), (
        "as the pages say"
    )
    assert "None of these networks was used for real yet" in page
    hooks = (DOCS / "reference" / "webhooks.md").read_text("utf-8")
    assert re.search(r"document\]\(https://[^)]+\) of \d+ [A-Z][a-z]+ \d{4}, and was not yet used for real", hooks)
    webhook = OUTLETS["webhook"]
    assert f"document]({webhook.document}) of {day(webhook.read, 'en')}," in hooks


def test_each_way_has_a_name_in_the_report() -> None:
    """What is counted is shown: a way without a name would break the report of the evening."""
    names = {key.removeprefix("report.way.") for key in Catalogue("stentor.evidence").texts["en"]}
    assert set(WAYS) <= names


def test_words() -> None:
    """The link stands at the end, however long the words are; own ones are filled in."""
    space = Space(
        id=SpaceId("friday"), title="On trees", state=State.SCHEDULED, scheduled_ms=1_900_000_000_000, language="de"
    )
    link = words.link_of(space, "https://talk.example", "bluesky", SpaceMoment.LIVE)
    assert link == "https://talk.example/s/friday?by=bluesky"
    looked = words.link_of(space, "https://talk.example", "mastodon", SpaceMoment.LIVE)
    assert looked == "https://talk.example/s/friday?by=mastodon&at=live", "where it is looked each moment has its own"
    assert words.compose(space, SpaceMoment.LIVE, "", link, 300) == f"On trees läuft jetzt.\n\n{link}"
    own = words.compose(space, SpaceMoment.PLANNED, "Come: {title}, {when} {other}", link, 300)
    assert own == f"Come: On trees, Sonntag, 17. März 2030, 17:46 Uhr (UTC) {{other}}\n\n{link}"
    long = words.compose(space, SpaceMoment.LIVE, "x" * 1000, link, 300)
    assert len(long) == 300
    assert long.endswith(f"…\n\n{link}")


def test_no_character_is_cut_in_half() -> None:
    """A family stays one, or goes; the link is always whole (tweet-old-post #1095, share-on-mastodon #12). At X signs
    of most of the world's writing count twice."""
    space, family = Space(id=SpaceId("friday"), title="T", state=State.LIVE), "👨‍👩‍👧‍👦"
    link = words.link_of(space, "https://talk.example", "bluesky")
    for longest in range(100, 130):
        made = words.compose(space, SpaceMoment.LIVE, family * 40, link, longest)
        said, _, found = made.partition("…\n\n")
        assert found == link
        assert said == family * (len(said) // len(family))
        assert longest - len(family) <= len(made) <= longest
    made = words.compose(space, SpaceMoment.LIVE, "空" * 300, link, 280, WEIGHTS["x"])
    assert 278 <= WEIGHTS["x"](made) <= 280
    assert made.endswith(link)


def test_networks_that_hosts_post_to_by_hand() -> None:
    found = shares("a & b\nhttps://x.example/?y=1", "https://x.example/?y=1")
    assert set(found) == set(SHARED)
    assert found["Facebook"].endswith("?u=https%3A%2F%2Fx.example%2F%3Fy%3D1")
    assert "a%20%26%20b%0Ahttps" in found["X"]
    space = Space(id=SpaceId("friday"), title="T", state=State.LIVE)
    assert words.picture_of(space, "https://talk.example") == "https://talk.example/static/today/card.png"
    covered = msgspec.structs.replace(space, about=msgspec.structs.replace(space.about, cover_ms=7))
    assert words.picture_of(covered, "https://talk.example") == "https://talk.example/s/friday/cover.jpg?v=7"


def test_an_outlets_own_words_are_kept_on_one_line() -> None:
    assert said(OutletAnswer(400, b'{"error": "a\\nb\\u0000 c"}')) == "a b c"
    assert said(OutletAnswer(400, b"x" * 5000)) == "x" * 300
    assert said(OutletAnswer(400, b'{"x": 1}')) == ""
