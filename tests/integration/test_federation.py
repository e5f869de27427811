"""Inboxes, and what a courier does with what came: a real house, a real courier, and a server of strangers that does
what others have done to somebody."""

from __future__ import annotations

import base64
import time

import pytest

from stentor.base.rsa import RsaKey, verify
from stentor.store.received import MOST_WAITING
from tests.support.fediverse import KEYS, Answered, fields
from tests.support.fediverse_site import HOME, Site, running, site
from tests.support.house import database, problem
from tests.support.wait import eventually

__all__ = ["running", "site"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_follow_is_accepted_and_again_when_the_answer_was_lost(site: Site) -> None:
    """Else it stays pending for ever (owncast 5070, gotosocial 1184). The answer is signed by whoever is followed."""
    follow = site.other.activity("Follow", "eve", site.ada_uri)
    await site.taken(follow)
    [accept] = await site.came("Accept")
    assert accept.activity["object"]["id"] == follow["id"]
    assert accept.path == "/users/eve/inbox"
    [(pem,)] = site.rows(f"SELECT public FROM actor_keys WHERE actor = {site.number}")
    covered = {"(request-target)": "post /users/eve/inbox", **accept.headers}
    lines = "\n".join(f"{each}: {covered[each]}" for each in ("(request-target)", "host", "date", "digest"))
    signature = base64.b64decode(accept.headers["signature"].partition('signature="')[2].rstrip('"'))
    assert verify(pem, signature, lines.encode())
    site.other.inbox.clear()
    assert (await site.send(follow, now=time.time() - 5)).status_code == 202  # in the same second it is a repetition
    await site.came("Accept")
    assert site.rows("SELECT count(*) FROM follows WHERE state = 'granted'") == [(1,)]


async def test_forged_stale_and_repeated_requests(site: Site) -> None:
    """Who is known is believed by their key alone; what is old is refused; what comes twice counts once."""
    await site.follow_ada("eve")
    post = await site.post("Hello")
    like = site.other.activity("Like", "eve", HOME.post(post))
    problem(await site.send(like, key=KEYS["fay"]), 401, "signature-wrong")
    problem(
        await site.send(like, key_id=site.other.uri("/users/fay#main-key"), now=time.time() - 4000),
        401,
        "signature-wrong",
    )
    problem(await site.send(like, key_id="https://elsewhere.example/users/eve#main-key"), 401, "signature-wrong")
    body, headers = fields(like, KEYS["eve"], f"{like['actor']}#main-key", authority=HOME.authority, now=time.time())
    for _ in range(2):
        assert (await site.house.anyone.post("/inbox", content=body, headers=headers)).status_code == 202
        await site.done()
        assert site.rows(f"SELECT likes FROM counts WHERE post = {post}") == [(1,)]
        undo = site.other.activity("Undo", "eve", like)
    await site.taken(undo)
    await site.done()
    assert site.rows(f"SELECT likes FROM counts WHERE post = {post}") == [(0,)]
    assert (await site.house.anyone.post("/inbox", content=body, headers=headers)).status_code == 202
    await site.done()
    assert site.rows(f"SELECT likes FROM counts WHERE post = {post}") == [(0,)], "a repetition likes again"
    problem(
        await site.house.anyone.post("/inbox", content=b"{}", headers={"Host": HOME.authority}), 401, "signature-wrong"
    )


async def test_a_stranger_with_anothers_key_is_nobody(site: Site) -> None:
    """The key is fetched, does not fit, and nothing is done (misskey 2546)."""
    reply = await site.send(site.other.activity("Follow", "eve", site.ada_uri), key=RsaKey.make())
    assert reply.status_code == 202
    await site.done()
    assert [each.path for each in site.other.asked] == ["/users/eve"]
    assert site.rows("SELECT count(*) FROM follows") == [(0,)]
    assert "signature" in site.other.asked[0].headers, "our own questions are signed"


async def test_a_deletion_by_somebody_unknown_is_forgotten(site: Site) -> None:
    """They come by the thousand when an account goes somewhere (mastodon 22070): nothing is asked, nothing kept."""
    uri = site.other.uri("/users/eve")
    for number in range(50):
        delete = {"id": f"{uri}#delete-{number}", "type": "Delete", "actor": uri, "object": uri}
        assert (await site.send(delete)).status_code == 202
    assert site.rows("SELECT count(*) FROM received") == [(0,)]
    assert site.other.asked == []


async def test_a_full_inbox_says_when_to_come_again(site: Site) -> None:
    """503 with Retry-After, and what was taken before stays."""
    with database(site.house.settings) as connection:
        rows = [(f"{number}", time.time() * 1000, b"", b"") for number in range(MOST_WAITING)]
        connection.executemany("INSERT INTO received (name, at_ms, claim, body) VALUES (?, ?, ?, ?)", rows)
    reply = await site.send(site.other.activity("Follow", "eve", site.ada_uri))
    problem(reply, 503, "inbox-full")
    assert int(reply.headers["retry-after"]) >= 30


async def test_posts_come_in_for_those_who_want_them(site: Site) -> None:
    """Of who is followed, and what names or answers somebody here; nothing else is kept."""
    note = site.other.note("eve", "/notes/1")
    await site.taken(site.other.activity("Create", "eve", note))
    await site.done()
    assert site.rows("SELECT count(*) FROM posts WHERE uri IS NOT NULL") == [(0,)]
    named = site.other.note("eve", "/notes/2", tag=[{"type": "Mention", "href": site.ada_uri}])
    await site.taken(site.other.activity("Create", "eve", named))
    await site.done()
    assert site.rows("SELECT uri FROM posts WHERE uri IS NOT NULL") == [(named["id"],)]
    for forged in (
        site.other.activity("Create", "fay", named),
        site.other.activity("Update", "fay", named | {"content": "forged"}),
        site.other.activity("Delete", "fay", named["id"]),
    ):
        await site.taken(forged)
    await site.done()
    assert site.rows("SELECT text FROM posts WHERE uri IS NOT NULL") == [("/notes/2",)]
    await site.taken(site.other.activity("Delete", "eve", {"id": named["id"], "type": "Tombstone"}))
    await site.done()
    assert site.rows("SELECT count(*) FROM posts WHERE uri IS NOT NULL") == [(0,)]


async def test_what_is_carried_on_must_be_a_document_of_its_own_server(site: Site) -> None:
    """A file that somebody uploaded is no post (activities.next 70), nor what another server is said to have."""
    await site.ada.post("/follows-elsewhere", json={"address": f"@eve@{site.other.host}"})
    [follow] = await site.came("Follow")
    await site.taken(site.other.activity("Accept", "eve", follow.activity["id"]))
    await site.done()
    assert site.rows("SELECT state FROM follows") == [("granted",)]
    site.other.note("fay", "/uploads/note.json")
    site.other.there["/uploads/note.json"].kind = "application/json"
    site.other.note("fay", "/notes/moved")
    site.other.there["/notes/moved"] = Answered(
        b"", status=302, headers={"location": f"http://localhost:{site.other.port}/x"}
    )
    site.other.note("fay", "/notes/other", id=site.other.uri("/notes/real"), attributedTo="https://victim.example/u")
    site.other.there["/notes/real"] = Answered(site.other.there["/notes/other"].body)
    for path in ("/uploads/note.json", "/notes/moved", "/notes/other"):
        await site.taken(site.other.activity("Announce", "eve", site.other.uri(path)))
    await site.done()
    assert site.rows("SELECT count(*) FROM posts WHERE uri IS NOT NULL") == [(0,)]
    assert "/x" not in [each.path for each in site.other.asked]
    good = site.other.note("fay", "/notes/3")
    await site.taken(site.other.activity("Announce", "eve", good["id"], to=[good["to"][0]]))
    await site.done()
    found = site.rows("SELECT uri, boost_of FROM posts WHERE uri IS NOT NULL ORDER BY id")
    assert [boost is not None for _, boost in found] == [False, True]
    assert found[0][0] == good["id"]


async def test_a_post_goes_once_to_a_server_and_is_signed_anew(site: Site) -> None:
    """Two follow from there; the first attempt is sent away, and the report says how far it is."""
    await site.follow_ada("eve")
    await site.follow_ada("fay")
    site.other.answers.append((503, {"Retry-After": "0"}))
    post = await site.post("To all")
    [first, second] = await site.came("Create", 2)
    assert first.path == second.path == "/inbox"
    assert first.body == second.body
    assert first.headers["digest"] == second.headers["digest"]
    assert (first.headers["date"], first.headers["signature"]) != (second.headers["date"], second.headers["signature"])

    done = f"SELECT count(*) FROM deliveries WHERE subject = 'post {post}' AND state = 'done'"
    await eventually(lambda: site.rows(done) == [(1,)], "the report knows it")
    found = (await site.ada.get(f"/posts/{post}/deliveries")).json()
    assert (found["done"], found["waiting"], found["servers"][0]["attempts"]) == (1, 0, 2)
    assert site.other.kinds().count("Create") == 2


async def test_who_is_asked_answers_later(site: Site) -> None:
    """A follow waits for whoever wants to be asked; their answer is told."""
    await site.ada.put("/follow-requests", json={"approves": True})
    try:
        await site.taken(site.other.activity("Follow", "eve", site.ada_uri))
        await site.done()
        assert site.rows("SELECT state FROM follows") == [("asked",)]
        handle = f"eve@{site.other.host}"
        listed = (await site.ada.get("/follow-requests")).json()["people"]
        assert [each["handle"] for each in listed] == [handle]
        assert site.other.inbox == []
        assert (await site.ada.put(f"/follow-requests/{handle}")).status_code == 204
        await site.came("Accept")
        assert (await site.ada.delete(f"/people/{handle}/follower")).status_code == 200
        await site.came("Reject")
    finally:
        await site.ada.put("/follow-requests", json={"approves": False})


async def test_people_here_are_told_of_what_others_do(site: Site) -> None:
    """Who follows, answers and likes stands among the notifications; who deletes their account leaves no trace."""
    await site.follow_ada("eve")
    post = await site.post("Tell me")
    reply = site.other.note("eve", "/notes/reply", inReplyTo=HOME.post(post))
    await site.taken(site.other.activity("Create", "eve", reply))
    await site.taken(site.other.activity("Like", "eve", HOME.post(post)))
    await site.done()
    found = (await site.ada.get("/notifications")).json()
    assert {each["kind"] for each in found["notifications"]} >= {"follow", "reply", "like"}
    assert site.rows(f"SELECT replies, likes FROM counts WHERE post = {post}") == [(1, 1)]
    uri = site.other.uri("/users/eve")
    await site.taken({"id": f"{uri}#gone", "type": "Delete", "actor": uri, "object": uri})
    await site.done()
    assert site.rows(f"SELECT replies, likes FROM counts WHERE post = {post}") == [(0, 0)]
    assert site.rows("SELECT count(*) FROM actors WHERE domain <> ''") == [(0,)]
    assert site.rows("SELECT count(*) FROM notifications") == [(0,)]
