"""Polls, quotes, moves, reports, pins, blocks and names across servers: a real house and courier, and a server of
strangers. What comes is judged by what it leaves, what goes by what the other server is sent."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import httpx
import pytest

from stentor.fediverse import things
from stentor.fediverse.signatures import SignedRequest, claim, signed
from stentor.spaces import commands as c
from stentor.spaces.rules import decide
from stentor.store.spaces import Store
from tests.support.fediverse import KEYS, Answered
from tests.support.fediverse_site import HOME, Site, running, site
from tests.support.house import database, problem

__all__ = ["running", "site"]
pytestmark = pytest.mark.asyncio(loop_scope="module")
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def answer(name: str, votes: int = 0) -> dict[str, Any]:
    return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}


async def test_a_poll_of_ours_is_voted_in_from_elsewhere(site: Site) -> None:
    """It goes out as a question. A vote is no answer in the thread (pleroma 1404), counts once, and is told on."""
    await site.follow_ada("eve")
    post = await site.post("Which?", poll={"answers": ["Tea", "Coffee"], "open_s": 3600})
    [create] = await site.came("Create")
    question = create.activity["object"]
    assert (question["type"], [each["name"] for each in question["oneOf"]]) == ("Question", ["Tea", "Coffee"])
    for number, name in enumerate(("Coffee", "Tea", "Water")):
        vote = {"type": "Note", "name": name, "inReplyTo": HOME.post(post), "to": [site.ada_uri]}
        eve = site.other.uri("/users/eve")
        made = vote | {"id": f"{eve}/votes/{number}", "attributedTo": eve}
        await site.taken(site.other.activity("Create", "eve", made))
    await site.done()
    assert site.rows(f"SELECT answer FROM poll_votes WHERE post = {post}") == [(1,)]
    assert site.rows("SELECT count(*) FROM posts WHERE uri IS NOT NULL") == [(0,)]
    site.due(f"update {post}")
    [update] = await site.came("Update")
    assert [each["replies"]["totalItems"] for each in update.activity["object"]["oneOf"]] == [0, 1]
    assert update.activity["object"]["votersCount"] == 1
    assert "updated" not in update.activity["object"], "nothing was edited"


async def test_a_poll_from_elsewhere_is_voted_in_here(site: Site) -> None:
    """The vote goes to its author as a note with a name; how the poll stands only its own server says."""
    eve = await site.befriend("eve")
    asked = {"type": "Question", "oneOf": [answer("Yes", 3), answer("No")], "votersCount": 3,
             "endTime": "2999-01-01T00:00:00Z"}  # fmt: skip
    note = site.other.note("eve", "/notes/poll", **asked)
    await site.taken(site.other.activity("Create", "eve", note))
    await site.done()
    [(post,)] = site.rows("SELECT id FROM posts WHERE uri IS NOT NULL")
    reply = await site.ada.post(f"/posts/{post}/votes", json={"answers": [1]})
    assert reply.is_success, reply.text
    [vote] = await site.came("Create")
    sent = vote.activity["object"]
    assert (sent["name"], sent["inReplyTo"], sent["to"], "content" in sent) == ("No", note["id"], [eve], False)
    stands = note | {"oneOf": [answer("Yes", 3), answer("No", 1)], "votersCount": 4}
    await site.taken(site.other.activity("Update", "eve", stands))
    await site.done()
    poll = (await site.ada.get(f"/posts/{post}")).json()["poll"]
    assert ([each["votes"] for each in poll["answers"]], poll["voters"], poll["voted"]) == ([3, 1], 4, [1])
    assert site.rows(f"SELECT edited_ms FROM posts WHERE id = {post}") == [(None,)]


async def test_others_quote_ours_with_consent(site: Site) -> None:
    """The post is kept and waits; consent sends a stamp, asked again sends it again, and taken back it is gone."""
    await site.follow_ada("eve")
    post = await site.post("Quote me")
    [create] = await site.came("Create")
    assert create.activity["object"]["interactionPolicy"]["canQuote"]["manualApproval"] == [PUBLIC]
    note = site.other.note("eve", "/notes/quoting", quote=HOME.post(post))
    request = site.other.activity("QuoteRequest", "eve", HOME.post(post), instrument=note["id"])
    await site.taken(request)
    await site.done()
    [(quoting, state)] = site.rows("SELECT id, quote_state FROM posts WHERE uri IS NOT NULL")
    assert state == "asked"
    site.other.inbox.clear()
    assert (await site.ada.put(f"/posts/{quoting}/consent", json={"state": "granted"})).is_success
    [accept] = await site.came("Accept")
    assert (accept.activity["object"]["id"], accept.activity["result"]) == (request["id"], HOME.stamp(quoting))
    await site.taken(site.other.activity("QuoteRequest", "eve", HOME.post(post), instrument=note))
    await site.came("Accept", 2)
    assert site.rows(f"SELECT quotes FROM counts WHERE post = {post}") == [(1,)]
    assert (await site.ada.put(f"/posts/{quoting}/consent", json={"state": "revoked"})).is_success
    [gone] = await site.came("Delete")
    assert gone.activity["object"] == HOME.stamp(quoting)
    assert site.rows(f"SELECT quotes FROM counts WHERE post = {post}") == [(0,)]


async def test_ours_quote_others_with_consent(site: Site) -> None:
    """Nobody but whoever is quoted may say so (hollo 457), nor take it back."""
    await site.befriend("eve")
    note = site.other.note("eve", "/notes/quoted")
    await site.taken(site.other.activity("Create", "eve", note))
    await site.done()
    [(quoted,)] = site.rows("SELECT id FROM posts WHERE uri IS NOT NULL")
    post = await site.post("Look at this", quote=f"{quoted}")
    [request] = await site.came("QuoteRequest")
    assert request.activity["object"] == note["id"]
    assert request.activity["instrument"]["quote"] == note["id"]
    stamp = site.other.uri("/stamps/1")
    for who in ("fay", "eve"):
        said = site.other.activity("Accept", who, request.activity | {"instrument": HOME.post(post)}, result=stamp)
        await site.taken(said)
        await site.done()
        state = "granted" if who == "eve" else "asked"
        assert site.rows(f"SELECT quote_state FROM posts WHERE id = {post}") == [(state,)]
    for who in ("fay", "eve"):
        await site.taken(site.other.activity("Delete", who, stamp))
        await site.done()
        state = "revoked" if who == "eve" else "granted"
        assert site.rows(f"SELECT quote_state FROM posts WHERE id = {post}") == [(state,)]


async def test_who_moves_takes_followers_along_if_the_other_agrees(site: Site) -> None:
    """Without the back reference nothing happens, nor when somebody moves to themselves (wordpress-activitypub 2766:
    their followers are lost). Again it happens a week later only."""
    eve, fay = await site.befriend("eve"), site.other.uri("/users/fay")
    follows = "SELECT r.uri, f.state FROM follows f JOIN remote_actors r ON r.actor = f.followee ORDER BY 1"
    for target, aliases in ((fay, []), (eve, [eve]), (fay, [site.ada_uri])):
        site.other.person("fay", alsoKnownAs=aliases)
        site.other.person("eve", alsoKnownAs=aliases)
        await site.taken(site.other.activity("Move", "eve", eve, target=target, number=len(aliases)))
        await site.done()
        assert site.rows(follows) == [(eve, "granted")]
    await site.taken(site.other.activity("Move", "fay", eve, target=fay))
    await site.done()
    assert site.rows(follows) == [(eve, "granted")], "who is nobody's moves nobody"
    site.other.person("fay", alsoKnownAs=[site.ada_uri, eve])
    await site.taken(site.other.activity("Move", "eve", eve, target=fay))
    await site.came("Follow")
    [undo] = await site.came("Undo")
    assert undo.activity["object"]["object"] == eve
    assert site.rows(follows) == [(fay, "asked")]


async def test_ada_moves_here_and_away(site: Site) -> None:
    """She names her old account; away she goes only to one that names hers, and those who follow are told."""
    await site.follow_ada("eve")
    pages = site.ada.base_url.copy_with(path="/home/moving/")
    old = f"@eve@{site.other.host}"
    assert (await site.ada.post(pages.join("alias"), data={"address": old})).status_code == 303
    eve = site.other.uri("/users/eve")
    await site.seen("SELECT aliases FROM moves WHERE aliases <> '[]'", [(f'["{eve}"]',)], "the alias is there")
    [update] = await site.came("Update")
    assert update.activity["object"]["alsoKnownAs"] == [eve]
    assert old in (await site.ada.get(pages.join("/home/moving"))).text
    new = f"@fay@{site.other.host}"
    await site.ada.post(pages.join("move"), data={"address": new})
    trouble = "SELECT moved_to, trouble FROM moves WHERE actor = " + str(site.number)
    await site.seen(trouble, [("", "no-back-reference")], "fay does not name her")
    assert "Move" not in site.other.kinds()
    site.other.person("fay", alsoKnownAs=[site.ada_uri])
    await site.ada.post(pages.join("move"), data={"address": new})
    [move] = await site.came("Move")
    fay = site.other.uri("/users/fay")
    assert (move.activity["object"], move.activity["target"]) == (site.ada_uri, fay)
    again = await site.ada.post(pages.join("move"), data={"address": old})
    assert again.status_code == 409
    await site.ada.post(pages.join("stay"), data={"back": "1"})
    await site.ada.post(pages.join("drop"), data={"uri": eve})
    assert site.rows(f"SELECT moved_to, aliases FROM moves WHERE actor = {site.number}") == [("", "[]")]
    with database(site.house.settings) as connection:
        connection.execute("DELETE FROM moves")


async def test_reports_go_from_server_to_server(site: Site) -> None:
    """One that comes joins the queue (also of an address alone: mastodon 28159), one that goes is of the site and a
    list. Nobody learns who has reported."""
    post = await site.post("Rude")
    flag = {"id": site.other.uri("/flags/1"), "content": "<p>Rude indeed</p>"}
    await site.taken(site.other.activity("Flag", "eve", HOME.post(post)) | flag)
    await site.seen("SELECT kind, thing FROM cases", [("post", f"{post}")], "the report makes a case")
    assert site.rows("SELECT text, name, address FROM reports") == [("Rude indeed", site.other.host, flag["id"])]
    await site.taken(site.other.activity("Flag", "fay", [site.ada_uri]))
    await site.seen("SELECT count(*) FROM cases WHERE kind = 'person'", [(1,)], "so does one about a person")

    note = site.other.note("eve", "/notes/rude", tag=[{"type": "Mention", "href": site.ada_uri}])
    await site.taken(site.other.activity("Create", "eve", note))
    await site.done()
    [(theirs,)] = site.rows("SELECT id FROM posts WHERE uri IS NOT NULL")
    wish = {"kind": "post", "id": f"{theirs}", "why": "insult", "text": "My own words"}
    made = await site.ada.post("/reports", json=wish)
    assert made.status_code == 201, made.text
    [(case,)] = site.rows(f"SELECT number FROM cases WHERE thing = '{theirs}'")
    ruling = {"action": "hide", "reason": "Against our rules", "forward": True}
    decided = await site.house.http.post(f"/api/v1/moderation/cases/{case}/decisions", json=ruling)
    assert decided.is_success, decided.text
    [sent] = await site.came("Flag")
    assert sent.activity["actor"] == HOME.actor(1)
    assert sent.activity["object"] == [site.other.uri("/users/eve"), note["id"]]
    assert sent.activity["content"] == "Against our rules"
    assert (await site.ada.get(f"/posts/{theirs}")).status_code == 404


async def test_people_elsewhere_are_named_in_a_text(site: Site) -> None:
    """They are found by name, told, and linked to, whoever may read it; names that are nobody's stay text."""
    post = await site.post(f"Hello @eve@{site.other.host} and @nobody@{site.other.host}", visibility="mentioned")
    [create] = await site.came("Create")
    eve, note = site.other.uri("/users/eve"), create.activity["object"]
    assert (note["to"], note["tag"]) == ([eve], [{"type": "Mention", "href": eve, "name": f"@eve@{site.other.host}"}])
    assert f'href="{eve}"' in note["content"]
    assert "nobody" in note["content"]
    page = await site.ada.get(site.ada.base_url.copy_with(path=f"/home/posts/{post}"))
    assert f'href="/home/people/eve@{site.other.host}"' in page.text
    page = await site.ada.get(site.ada.base_url.copy_with(path=f"/home/posts/{post}/deliveries"))
    assert site.other.host in page.text


async def test_an_answer_comes_with_what_it_answers(site: Site) -> None:
    """In its thread, up to where that is known; forged and foreign ones above it are left out."""
    await site.befriend("eve")
    top = site.other.note("fay", "/notes/top")
    middle = site.other.note("fay", "/notes/middle", inReplyTo=top["id"])
    await site.taken(site.other.activity("Create", "eve", site.other.note("eve", "/notes/end", inReplyTo=middle["id"])))
    await site.done()
    found = site.rows("SELECT text, root, reply_to FROM posts WHERE uri IS NOT NULL ORDER BY reply_to, id")
    numbers = dict(site.rows("SELECT text, id FROM posts WHERE uri IS NOT NULL"))
    root = numbers["/notes/top"]
    assert sorted(found, key=lambda each: each[0]) == [
        ("/notes/end", root, numbers["/notes/middle"]), ("/notes/middle", root, root), ("/notes/top", None, None),
    ]  # fmt: skip


async def test_pins_and_blocks_are_told_and_heard(site: Site) -> None:
    """A pin changes the list of what is featured on both sides; who blocks somebody says so to their server."""
    eve = await site.befriend("eve")
    site.other.person("eve", featured=f"{eve}/featured")
    themselves = json.loads(site.other.there["/users/eve"].body)
    site.other.asked.clear()
    await site.taken(site.other.activity("Update", "eve", themselves))
    await site.done()
    assert site.other.asked == [], "who says themselves how they are is not asked"
    note = site.other.note("eve", "/notes/pinned")
    for verb, there in (("Add", 1), ("Remove", 0)):
        await site.taken(site.other.activity(verb, "eve", note["id"], target=f"{eve}/featured"))
        await site.done()
        assert site.rows("SELECT count(*) FROM pins") == [(there,)]
    await site.follow_ada("eve")
    post = await site.post("Pin me")
    await site.ada.put(f"/posts/{post}/pin")
    [add] = await site.came("Add")
    assert (add.activity["object"], add.activity["target"]) == (HOME.post(post), f"{site.ada_uri}/featured")
    handle = f"eve@{site.other.host}"
    for times in (1, 2):
        await site.ada.put(f"/people/{handle}/block")
        blocks = [each.activity for each in await site.came("Block", times)]
        await site.ada.delete(f"/people/{handle}/block")
        undone = [each.activity["object"] for each in await site.came("Undo", times + 1)]
    assert ({each["object"] for each in blocks}, len({each["id"] for each in blocks})) == ({eve}, 2)
    assert sorted(each["type"] for each in undone) == ["Block", "Block", "Follow"]
    assert {each["id"] for each in undone if each["type"] == "Block"} == {each["id"] for each in blocks}


async def test_one_person_elsewhere_is_limited_and_blocked(site: Site) -> None:
    """By a decision and by moderators alone, whatever holds for their server; it is there when they come again."""
    await site.befriend("eve")
    name = f"eve@{site.other.host}"
    note = site.other.note("eve", "/notes/liked")
    await site.taken(site.other.activity("Create", "eve", note))
    await site.done()
    [(post,)] = site.rows("SELECT id FROM posts WHERE uri IS NOT NULL")
    for times in (1, 2):  # a like after its Undo is another one
        await site.ada.put(f"/posts/{post}/like")
        likes = [each.activity["id"] for each in await site.came("Like", times)]
        await site.ada.delete(f"/posts/{post}/like")
        undone = [each.activity["object"]["id"] for each in await site.came("Undo", times)]
    assert (len(set(likes)), set(undone)) == (2, set(likes))

    await site.ada.post("/reports", json={"kind": "person", "id": name, "why": "spam"})
    [(case,)] = site.rows(f"SELECT number FROM cases WHERE thing = '{name}'")
    cases = f"/api/v1/moderation/cases/{case}"
    seen = (await site.house.http.get(cases)).json()
    assert (seen["possible"], seen["stands"]) == (["none", "limit", "ban-site"], "none")
    ruling = {"action": "ban-site", "reason": "Spam"}
    assert (await site.house.http.post(f"{cases}/decisions", json=ruling)).json()["stands"] == "block"
    problem(await site.ada.get(f"/posts/{post}"), 404, "post-not-found")
    problem(await site.send(site.other.activity("Like", "eve", site.ada_uri)), 403, "person-blocked")
    people = "/api/v1/moderation/people-elsewhere"
    [row] = (await site.house.http.get(people)).json()["people"]
    assert (row["name"], row["severity"], row["reason"]) == (name, "block", "Spam")
    with database(site.house.settings) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM actors WHERE domain <> ''")
    await site.follow_ada("fay")
    await site.taken(site.other.activity("Follow", "eve", site.ada_uri))
    await site.done()
    state = "SELECT state FROM actors WHERE handle = 'eve'"
    assert (site.rows(state), site.rows("SELECT count(*) FROM follows")) == ([("suspended",)], [(1,)])
    assert (await site.house.http.put(f"{people}/{name}", json={"severity": "limit"})).is_success
    assert site.rows(state) == [("limited",)]
    assert (await site.house.http.put("/api/v1/site/servers/127.0.0.1", json={"severity": "limit"})).is_success
    assert (await site.house.http.delete("/api/v1/site/servers/127.0.0.1")).is_success
    assert site.rows("SELECT handle, state FROM actors WHERE domain <> '' ORDER BY handle") == [
        ("eve", "limited"), ("fay", ""),
    ]  # fmt: skip
    assert (await site.house.http.delete(f"{people}/{name}")).status_code == 204
    problem(await site.house.http.delete(f"{people}/{name}"), 404, "person-free")
    problem(await site.house.http.put(f"{people}/x@gone.example", json={"severity": "limit"}), 404, "account-not-found")
    assert site.rows(state) == [("",)]


async def test_others_learn_what_becomes_of_people_and_posts(site: Site) -> None:
    """A new name, a post that is taken down and put back, an account that is suspended, and one that is deleted: the
    last is signed by a key that is kept for it, and told to all servers that are known."""
    await site.follow_ada("eve")
    assert (await site.ada.patch("/account", json={"name": "Countess"})).is_success
    [update] = await site.came("Update")
    assert (update.activity["object"]["type"], update.activity["object"]["name"]) == ("Person", "Countess")
    post = await site.post("Taken down")
    await site.came("Create")
    wish = {"kind": "post", "id": f"{post}", "why": "spam", "text": "x", "good_faith": True}
    await site.house.anyone.post("/api/v1/reports", json=wish)
    [(case,)] = site.rows(f"SELECT number FROM cases WHERE thing = '{post}'")
    ruling = {"action": "hide", "reason": "Spam"}
    assert (await site.house.http.post(f"/api/v1/moderation/cases/{case}/decisions", json=ruling)).is_success
    [gone] = await site.came("Delete")
    assert things.address(gone.activity["object"]) == HOME.post(post)
    site.other.inbox.clear()

    wish = {"handle": "bob", "name": "Bob", "password": "several words together"}
    made = await site.house.anyone.post("/api/v1/sign-up", json=wish, headers={"Origin": "http://talk.example"})
    assert made.status_code == 201, made.text
    [(bob,)] = site.rows("SELECT a.number FROM actors a JOIN accounts c ON c.id = a.account WHERE c.handle = 'bob'")
    await site.seen(f"SELECT count(*) FROM actor_keys WHERE actor = {bob}", [(1,)], "Bob has a key")
    for suspended in (True, False):
        await site.house.http.patch("/api/v1/accounts/bob", json={"suspended": suspended})
        await site.came("Delete" if suspended else "Update") if suspended else None
    assert (await site.house.http.delete("/api/v1/accounts/bob")).is_success
    deletions = await site.came("Delete", 2)
    assert {each.activity["object"] for each in deletions} == {HOME.actor(bob)}
    assert all(f'keyId="{HOME.key(bob)}"' in each.headers["signature"] for each in deletions)
    assert site.rows("SELECT actor FROM departed_keys") == [(bob,)]


async def test_a_talk_is_told_once_and_its_note_follows_it(site: Site) -> None:
    """One note when it is planned; when the doors open, it begins and ends that note is updated, at last with the
    replay (owncast 1196, PeerTube 5357). What happens within seconds is told once."""
    await site.follow_ada("eve")
    later = round(time.time() * 1000) + 3_600_000
    body = {"id": "evening", "title": "A <good> evening", "language": "en", "scheduled_ms": later}
    made = await site.ada.post("/spaces", json=body)
    assert made.status_code == 201, made.text
    [create] = await site.came("Create")
    note = create.activity["object"]
    assert "<strong>A &lt;good&gt; evening</strong>" in note["content"]
    assert "Starts 2" in note["content"]
    assert note["attachment"][0] == {"type": "Link", "href": "http://talk.example/s/evening?by=fediverse"}
    post = HOME.post_at(note["id"])
    for verbs, count in ((("doors", "live"), 1), (("end",), 2)):
        for verb in verbs:
            assert (await site.ada.post(f"/spaces/evening/{verb}")).is_success
        site.due(f"update {post}")
        await site.came("Update", count)
    store = await Store.open(site.house.settings.database_address)
    await store.change("evening", partial(decide, command=c.OpenReplay(), now=time.time()))
    await store.close()
    site.due(f"update {post}")
    said = [each.activity["object"] for each in await site.came("Update", 3)]
    ended = ["Live, interrupted for a moment.", "Over. The replay will be here in a few minutes.", "Hear the replay."]
    assert [each in note["content"] for each, note in zip(ended, said, strict=True)] == [True, True, True]
    assert {(each["id"], "updated" in each) for each in said} == {(note["id"], False)}
    assert len({each.activity["id"] for each in await site.came("Update")}) == 3
    assert site.other.kinds().count("Create") == 1


async def test_a_post_for_followers_is_given_to_their_server(site: Site) -> None:
    """Signed by somebody who follows, or by another one of there; nobody else learns that it is there at all."""
    await site.follow_ada("eve")
    followers = await site.post("For followers", visibility="followers")
    mentioned = await site.post("For nobody", visibility="mentioned")

    async def ask(post: int, name: str = "") -> httpx.Response:
        path, key_id = f"/inbox/posts/{post}", site.other.uri(f"/users/{name}#main-key")
        key = KEYS.get(name) or KEYS["eve"]
        made = signed(key, key_id, method="GET", authority=HOME.authority, target=path, now=time.time())
        return await site.house.anyone.get(path, headers=made if name else {"Host": HOME.authority})

    found = await ask(followers, "eve")
    assert (found.status_code, found.headers["cache-control"]) == (200, "private, no-store")
    assert found.json()["to"] == [f"{site.ada_uri}/followers"]
    problem(await ask(mentioned, "eve"), 404, "post-not-found")
    problem(await ask(followers, "fay"), 401, "signature-wrong")
    problem(await ask(followers), 401, "signature-wrong")
    await site.ada.put(f"/people/eve@{site.other.host}/block")
    problem(await ask(followers, "eve"), 404, "post-not-found")
    await site.ada.delete(f"/people/eve@{site.other.host}/block")


async def test_a_server_that_wants_the_standard_gets_it_from_then_on(site: Site) -> None:
    """The draft comes first; a 401 is tried again as RFC 9421 says, which is kept for that host until it signs as the
    draft says itself."""
    await site.follow_ada("eve")
    site.other.answers.append((401, {}))
    post = await site.post("Signed twice")
    first, second = await site.came("Create", 2)
    assert ("signature-input" in first.headers, "digest" in first.headers) == (False, True)
    message = SignedRequest(
        method="POST", target=second.path, authority=site.other.host, scheme="http", headers=second.headers,
        body=second.body,
    )  # fmt: skip
    found = claim(message, time.time())
    [(pem,)] = site.rows(f"SELECT public FROM actor_keys WHERE actor = {site.number}")
    assert (found.standard, found.key_id, found.holds(pem)) == (True, HOME.key(site.number), True)
    done = f"SELECT state, attempts FROM deliveries WHERE subject = 'post {post}'"
    await site.seen(done, [("done", 1)], "it is one attempt")
    assert site.rows("SELECT host FROM signing_hosts") == [(site.other.host,)]
    await site.ada.delete(f"/posts/{post}")
    [gone] = await site.came("Delete")
    assert "signature-input" in gone.headers
    await site.taken(site.other.activity("Like", "eve", HOME.post(await site.post("Another"))))
    await site.done()
    await site.came("Create", 3)
    assert site.rows("SELECT host FROM signing_hosts") == []
    await site.post("And one more")
    assert "signature-input" not in (await site.came("Create", 4))[-1].headers


async def test_no_redirect_leads_into_our_own_network(site: Site) -> None:
    """However its address is written: names of people are looked for where their server sends us, and no further."""
    inside = (
        "127.0.0.2",
        "2130706434",
        "0x7f000002",
        "0177.0.0.2",
        "127.2",
        "[::ffff:127.0.0.2]",
        "[::1]",
        "[64:ff9b::7f00:2]",
    )
    for number, host in enumerate(inside):
        there = {"location": f"http://{host}:{site.other.port}/users/mallory"}
        finger = f"/.well-known/webfinger?resource=acct:mallory{number}@{site.other.host}"
        site.other.there[finger] = Answered(b"", status=302, headers=there)
        await site.ada.post("/follows-elsewhere", json={"address": f"@mallory{number}@{site.other.host}"})
    refused = "SELECT count(*) FROM deliveries WHERE what = 'find-follow' AND trouble = 'refused-address'"
    await site.seen(refused, [(len(inside),)], "all of them are refused")
    assert [each.path for each in site.other.asked if each.path == "/users/mallory"] == []


async def test_who_follows_stays_though_their_server_is_gone(site: Site) -> None:
    """A 410 ends one delivery, and the report says so; the next post is sent all the same (PeerTube 7571)."""
    await site.follow_ada("eve")
    site.other.answers.append((410, {}))
    post = await site.post("To nobody")
    told = f"SELECT state, trouble FROM deliveries WHERE subject = 'post {post}'"
    await site.seen(told, [("given-up", "gone")], "it is given up")
    page = site.ada.base_url.copy_with(path=f"/home/posts/{post}/deliveries")
    assert "nobody is there any more" in (await site.ada.get(page)).text
    assert site.rows("SELECT state FROM follows") == [("granted",)]
    await site.post("Once more")
    await site.came("Create", 2)
