"""Servers of the fediverse by others, and all of Stentor: what people do on one side is there on the other.

Every test looks at what came of it there. That a server took something says nothing: snac2 takes everything.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support import federated, fedify, pasture, snac
from tests.support.federated import Ada, until
from tests.support.fedify import Fedify
from tests.support.pasture import Pasture
from tests.support.snac import Snac
from tests.support.wait import PATIENCE_S, eventually

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ada(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ada]:
    async with federated.ada(tmp_path_factory.mktemp("fediverse") / "site") as made:
        yield made


@dataclass
class Both:
    """Ada at Stentor, and the peer's user at snac2."""

    ada: Ada
    peer: Snac

    async def marked(self, uri: str, kind: str, reason: str) -> None:
        """Waits until somebody likes, or has boosted, a post at the peer."""
        await eventually(lambda: bool(self.peer.marks(uri, kind)), reason)

    async def there(self, uri: str, fits: Callable[[dict[str, Any] | None], bool], reason: str) -> None:
        """Waits until a post is so at the peer; None for one that is not there."""
        await eventually(lambda: fits(self.peer.notes().get(uri)), reason)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(ada: Ada) -> AsyncIterator[Both]:
    if why := snac.missing():
        pytest.fail(f"NOT TESTED against a real server of the fediverse: snac2 cannot be had ({why}).")
    async with snac.snac() as peer:
        yield Both(ada, peer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def robin(ada: Ada) -> AsyncIterator[Fedify]:
    if why := fedify.missing():
        pytest.fail(f"NOT TESTED against a strict library of the fediverse: Fedify cannot be had ({why}).")
    async with fedify.fedify() as peer:
        yield peer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Pasture]:
    if why := pasture.missing():
        pytest.fail(f"NOT TESTED by a validator of the fediverse: fediverse-pasture cannot be had ({why}).")
    async with pasture.pasture() as made:
        yield made


async def test_snac_and_ada_follow_each_other(both: Both) -> None:
    """Each by their own way: the peer by Ada's address, Ada by the peer's name. Both are accepted."""
    await both.peer.command("follow", both.ada.actor)
    await eventually(
        lambda: any(each.get("type") == "Accept" for each in both.peer.following()),
        "the peer is let follow",
    )
    await both.ada.follow(f"@Peer@{both.peer.host}")
    assert both.peer.followers() == 1


async def test_a_post_of_ours_is_read_changed_and_deleted_at_snac(both: Both) -> None:
    """With its text, its warning, its links; and it is gone there when it is gone here."""
    ada = both.ada
    made = await ada.post("Good evening, <all> #radio", warning="Long")
    uri = ada.uri(made)
    await both.there(uri, lambda note: note is not None, "the post is there")
    note = both.peer.notes()[uri]
    assert "Good evening, &lt;all&gt;" in note["content"]
    assert (note["summary"], note["attributedTo"]) == ("Long", ada.actor)
    await ada.do("PATCH", f"/posts/{made['id']}", text="Good night")
    await both.there(uri, lambda note: note is not None and "Good night" in note["content"], "it is changed there")

    async def told() -> dict[str, Any] | None:
        report = await ada.do("GET", f"/posts/{made['id']}/deliveries")
        return report if report["done"] >= 2 else None

    report = await until(told, "the report says that both were delivered")
    assert {each["what"] for each in report["servers"]} == {"create", "update"}
    await ada.do("DELETE", f"/posts/{made['id']}")
    await both.there(uri, lambda note: note is None, "it is gone there")


async def test_polls_and_pictures_go_to_snac_and_back(both: Both) -> None:
    """A poll can be voted in on both sides, and a picture has its words."""
    ada = both.ada
    made = await ada.post("Tea or coffee?", poll={"answers": ["Tea", "Coffee"], "open_s": 3600})
    shown = await ada.post("Look", media=[await ada.picture("A red house")])
    await both.peer.note("Sun or rain?", poll_options="Sun\nRain", poll_multiple="off", poll_end_secs="3600")
    await both.there(ada.uri(made), lambda note: note is not None and note["type"] == "Question", "the poll is there")
    await both.peer.vote(ada.uri(made), "Tea", ada.actor)
    post = await ada.home("Sun or rain?")
    await ada.do("POST", f"/posts/{post['id']}/votes", answers=[1])
    await ada.shown(made["id"], lambda each: each["poll"]["voters"] == 1, "the peer's vote counts")
    await eventually(
        lambda: any(each.get("name") == "Rain" for each in both.peer.notes().values()), "the vote is there"
    )
    await both.there(ada.uri(shown), lambda note: note is not None and bool(note["attachment"]), "the picture is there")
    [picture] = both.peer.notes()[ada.uri(shown)]["attachment"]
    assert (picture["mediaType"], picture["name"]) == ("image/webp", "A red house")


async def test_a_post_of_snac_is_read_answered_liked_boosted_changed_and_deleted_here(both: Both) -> None:
    """It stands on the home timeline, harmless; what Ada does with it is seen there."""
    ada = both.ada
    await both.peer.note("From elsewhere <script>alert(1)</script>")
    post = await ada.home("From elsewhere")
    assert post["author"]["handle"] == f"peer@{both.peer.host}"
    assert "<script" not in post["html"]
    [uri] = [uri for uri, note in both.peer.notes().items() if "From elsewhere" in note.get("content", "")]
    answer = await ada.post("An answer", reply_to=post["id"])
    await both.there(ada.uri(answer), lambda note: note is not None and note["inReplyTo"] == uri, "it is answered")
    for verb, mark in (("like", "l"), ("boost", "a")):
        await ada.do("PUT", f"/posts/{post['id']}/{verb}")
        await both.marked(uri, mark, f"the {verb} is there")
        await ada.do("DELETE", f"/posts/{post['id']}/{verb}")
    await eventually(lambda: not both.peer.marks(uri, "l"), "it is not liked any more")
    # snac2 keeps boosts that were taken back, and only says in its log that it has understood.
    await eventually(lambda: f"Unboost for {uri}" in both.peer.logged(), "the boost was taken back")
    await both.peer.note("Said better", edit_id=uri)
    await ada.shown(post["id"], lambda each: "Said better" in each["text"], "it is changed here")
    await both.peer.act("Delete", uri)
    await ada.gone(post["id"])


async def test_snac_answers_likes_and_boosts_ours(both: Both) -> None:
    """The counts rise, and fall again; the answer is in the thread."""
    ada = both.ada
    made = await ada.post("What do you think?")
    uri = ada.uri(made)
    await both.there(uri, lambda note: note is not None, "the post is there")
    await both.peer.note("A lot", in_reply_to=uri)
    await ada.counts(made["id"], "replies", 1)
    thread = await ada.do("GET", f"/posts/{made['id']}/thread")
    assert [each["text"] for each in thread["after"]] == ["A lot"]
    for action, count in (("Like", "likes"), ("Boost", "boosts")):
        await both.peer.act(action, uri)
        await ada.counts(made["id"], count, 1)
        await both.peer.act(f"Un{action.lower()}", uri)
        await ada.counts(made["id"], count, 0)


async def test_what_is_for_one_reaches_one_and_no_page(both: Both) -> None:
    """An answer to those who are mentioned alone is delivered, and nobody can fetch it."""
    await both.peer.note("Only a question @nobody")
    post = await both.ada.home("Only a question")
    made = await both.ada.post("Between us", reply_to=post["id"], visibility="mentioned")
    await both.there(both.ada.uri(made), lambda note: note is not None, "it came")
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        assert (await client.get(both.ada.uri(made))).status_code in (404, 410)


async def test_robin_and_ada_follow_each_other_also_a_second_time(ada: Ada, robin: Fedify) -> None:
    """Fedify believes signatures alone, and takes no activity twice: who follows again needs a new one."""
    await robin.do("follow", uri=ada.actor)
    await robin.until(lambda seen: ada.actor in seen["following"], "robin is let follow")
    name = f"robin@{robin.host}"
    for _ in range(2):
        await ada.follow(f"@{name}")
        followed = await robin.until(lambda seen: len(seen["followers"].get("robin", ())) == 1, "Ada follows robin")
        assert [each["id"] for each in followed["followers"]["robin"]] == [ada.actor]
        await ada.do("DELETE", f"/people/{name}/follow")
        await robin.until(lambda seen: not seen["followers"]["robin"], "Ada follows no more")
    await ada.follow(f"@{name}")


async def test_a_post_of_ours_is_what_fedify_reads(ada: Ada, robin: Fedify) -> None:
    """Text, warning, picture and language, also after a change; gone when it is deleted."""
    picture = await ada.picture("A red house")
    made = await ada.post("Good evening, <all>", warning="Long", media=[picture], language="en")
    uri = ada.uri(made)
    seen = await robin.until(lambda seen: uri in seen["posts"], "the post is there")
    note = seen["posts"][uri]
    assert (note["type"], note["summary"]) == ("Note", "Long")
    assert "Good evening, &lt;all&gt;" in note["content"]
    [shown] = note["attachments"]
    assert (shown["type"], shown["name"], shown["media_type"]) == ("Document", "A red house", "image/webp")
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        assert (await client.get(shown["url"])).headers["content-type"] == "image/webp"
    await ada.do("PATCH", f"/posts/{made['id']}", text="Good night")
    await robin.until(lambda seen: "Good night" in seen["posts"][uri]["content"], "it is changed there")
    await ada.do("DELETE", f"/posts/{made['id']}")
    await robin.until(lambda seen: uri not in seen["posts"], "it is gone there")


async def test_a_post_of_fedify_is_read_and_what_is_done_with_it_is_there(ada: Ada, robin: Fedify) -> None:
    """Answered, and liked and boosted twice: what was taken back may be done again."""
    uri = await robin.do("note", text="<p>From robin</p><script>alert(1)</script>", pictured=True)
    post = await ada.home("From robin")
    assert post["author"]["handle"] == f"robin@{robin.host}"
    assert "<script" not in post["html"]
    assert f'href="{robin.address}/picture.jpg"' in post["html"]
    answer = await ada.post("An answer", reply_to=post["id"])
    seen = await robin.until(lambda seen: ada.uri(answer) in seen["posts"], "it is answered")
    assert seen["posts"][ada.uri(answer)]["reply_to"] == uri
    for verb in ("like", "like", "boost", "boost"):
        await ada.do("PUT", f"/posts/{post['id']}/{verb}")
        await robin.marked(f"{verb}s", uri, f"the {verb} is there")
        await ada.do("DELETE", f"/posts/{post['id']}/{verb}")
        await robin.marked(f"{verb}s", uri, f"the {verb} was taken back", on=False)
    await robin.do("edit", uri=uri, text="<p>Said better</p>")
    await ada.shown(post["id"], lambda each: "Said better" in each["text"], "it is changed here")
    await robin.do("delete", uri=uri)
    await ada.gone(post["id"])


async def test_fedify_answers_likes_and_boosts_ours(ada: Ada, robin: Fedify) -> None:
    """The counts rise, and fall again; the answer is in the thread."""
    made = await ada.post("What does robin think?")
    uri = ada.uri(made)
    await robin.do("note", text="<p>A lot</p>", reply_to=uri, mention=ada.actor)
    await ada.counts(made["id"], "replies", 1)
    thread = await ada.do("GET", f"/posts/{made['id']}/thread")
    assert [each["text"] for each in thread["after"]] == ["A lot"]
    for verb, count in (("like", "likes"), ("boost", "boosts")):
        await robin.do(verb, uri=uri)
        await ada.counts(made["id"], count, 1)
        await robin.do(f"un{verb}", uri=uri)
        await ada.counts(made["id"], count, 0)


async def test_quotes_are_agreed_to_across(ada: Ada, robin: Fedify) -> None:
    """robin asks whether a post of Ada's may be quoted, and gets a stamp when she agrees; and the other way."""
    made = await ada.post("Quote me, robin")
    quoting = await robin.do("quote", uri=ada.uri(made), text="<p>Look at this</p>")

    async def waiting() -> str | None:
        found = (await ada.do("GET", "/quotes"))["posts"]
        return next((str(each["id"]) for each in found if "Look at this" in each["text"]), None)

    asked = await until(waiting, "robin's quote waits for Ada")
    await ada.do("PUT", f"/posts/{asked}/consent", state="granted")
    seen = await robin.until(lambda seen: quoting in seen["stamps"], "Ada has agreed")
    assert seen["stamps"][quoting] == f"{ada.site.settings.audience_address}/ap/stamps/{asked}"

    await robin.do("note", text="<p>Quote me, Ada</p>")
    theirs = await ada.home("Quote me, Ada")
    mine = await ada.post("Look at that", quote=theirs["id"])
    assert mine["quote"]["state"] == "asked", mine["quote"]
    await ada.shown(mine["id"], lambda each: each["quote"]["state"] == "granted", "robin has agreed")


async def test_polls_are_voted_in_across(ada: Ada, robin: Fedify) -> None:
    """Ada's is a question there, and robin's vote counts here; and the other way round."""
    made = await ada.post("Tea or coffee?", poll={"answers": ["Tea", "Coffee"], "open_s": 3600})
    uri = ada.uri(made)
    seen = await robin.until(lambda seen: uri in seen["posts"], "the poll is there")
    question = seen["posts"][uri]
    assert (question["type"], [each["name"] for each in question["choices"]]) == ("Question", ["Tea", "Coffee"])
    await robin.do("vote", uri=uri, text="Coffee")
    await ada.shown(made["id"], lambda each: each["poll"]["voters"] == 1, "robin's vote counts")
    theirs = await robin.do("note", text="<p>Day or night?</p>", choices=["Day", "Night"])
    post = await ada.home("Day or night?")
    assert [each["text"] for each in post["poll"]["answers"]] == ["Day", "Night"]
    await ada.do("POST", f"/posts/{post['id']}/votes", answers=[1])
    seen = await robin.until(lambda seen: seen["votes"], "Ada's vote is there")
    assert seen["votes"] == [{"of": theirs, "name": "Night", "by": ada.actor}]


async def test_a_space_is_followed_from_its_announcement_to_its_replay(both: Both, robin: Fedify) -> None:
    """There is one note: it says how the space is, and leads to it."""
    ada = both.ada
    soon_ms = round(time.time()) * 1000 + 3_600_000
    space = {"id": "evening", "title": "The evening", "language": "en"}
    begun = await ada.do("POST", "/spaces", **space, scheduled_ms=soon_ms)
    page, told = f"{ada.site.settings.audience_address}/s/evening", list[str]()

    async def told_of(*words: str) -> dict[str, Any]:
        def fits(seen: dict[str, Any]) -> bool:
            notes = {uri: each for uri, each in seen["posts"].items() if "The evening" in each["content"]}
            told[:] = [each["content"] for each in notes.values()]
            return any(word in each for each in told for word in words)

        return await robin.until(fits, f"robin reads {words}")

    seen = await told_of("The evening")
    [(uri, note)] = [(uri, each) for uri, each in seen["posts"].items() if "The evening" in each["content"]]
    await both.there(uri, lambda note: note is not None, "the note is at snac2, too")
    at_first = both.peer.notes()[uri]["content"]
    assert any(each["url"].startswith(page) for each in note["attachments"])
    first = note["content"]
    async with federated.talking(ada, "evening", begun["invitation"]["token"]):
        await ada.do("POST", "/spaces/evening/live")
        await told_of("live", "Live", "on now")
        assert len(told) == 1
        live = told[0]
        await both.there(uri, lambda note: note is not None and note["content"] != at_first, "snac2 says so, too")
    await ada.do("POST", "/spaces/evening/end")
    await told_of("replay", "Replay", "recording", "Recording")
    assert len(told) == 1, "one note says it all"
    assert len({first, live, told[0]}) == 3


async def test_who_is_blocked_neither_follows_nor_is_followed(ada: Ada, robin: Fedify) -> None:
    """robin blocks Ada, and takes it back: then all begins anew."""
    await robin.do("block", uri=ada.actor)
    name = f"robin@{robin.host}"

    async def apart() -> bool | None:
        stands = await ada.do("GET", f"/people/{name}")
        return None if stands["following"] or stands["followed_by"] else True

    await until(apart, "neither follows the other")
    await robin.do("unblock", uri=ada.actor)

    async def again() -> bool | None:
        return (await ada.client.put(f"/people/{name}/follow", json={})).is_success or None

    await until(again, "Ada may ask to follow robin again")
    await robin.until(lambda seen: seen["followers"].get("robin"), "Ada follows robin again")


async def test_who_is_followed_no_more_is_told(both: Both) -> None:
    """On both sides."""
    await both.ada.do("DELETE", f"/people/peer@{both.peer.host}/follow")
    await eventually(lambda: both.peer.followers() == 0, "Ada follows no more")
    await both.peer.command("unfollow", both.ada.actor)
    await both.ada.followed_by(f"peer@{both.peer.host}", on=False)


async def test_whom_ada_blocks_is_told(both: Both, robin: Fedify) -> None:
    """Twice, and each time it is taken back: what comes a second time is another activity, or nobody would take it."""
    ada = both.ada
    await both.ada.do("PUT", f"/people/peer@{both.peer.host}/block")
    said = f"'Block' received from {ada.actor}"
    await eventually(lambda: said in both.peer.logged(), "snac2 knows that Ada blocks the peer")
    await both.ada.do("DELETE", f"/people/peer@{both.peer.host}/block")
    for _ in range(2):
        await ada.do("PUT", f"/people/robin@{robin.host}/block")
        await robin.marked("blocks", robin.actor(), "robin is blocked")
        await ada.do("DELETE", f"/people/robin@{robin.host}/block")
        await robin.marked("blocks", robin.actor(), "robin is blocked no more", on=False)


async def test_reports_go_to_moderators_on_both_sides(ada: Ada, robin: Fedify) -> None:
    """robin's is a case here, with the post; and what moderators here decide about robin is told there."""
    made = await ada.post("Something to report")
    await robin.do("report", uri=ada.uri(made), text="Rude")

    async def reported() -> dict[str, Any] | None:
        cases = (await ada.site.call("GET", "/moderation/cases"))["cases"]
        return next((each for each in cases if each["id"] == made["id"]), None)

    case = await until(reported, "robin's report is a case")
    detail = await ada.site.call("GET", f"/moderation/cases/{case['number']}")
    assert [each["text"] for each in detail["reports"]] == ["Rude"]
    await ada.do("POST", "/reports", kind="person", id=f"robin@{robin.host}", why="spam")
    [theirs] = [
        each for each in (await ada.site.call("GET", "/moderation/cases"))["cases"] if each["kind"] == "person"
    ]  # fmt: skip
    ruling = {"action": "none", "reason": "Look at this, please", "forward": True}
    await ada.site.call("POST", f"/moderation/cases/{theirs['number']}/decisions", ruling)
    seen = await robin.until(lambda seen: seen["reports"], "the report is there")
    assert seen["reports"] == [{"of": [robin.actor()], "text": "Look at this, please"}]


async def test_who_moves_takes_followers_along(both: Both, robin: Fedify) -> None:
    """robin moves to sam, whom Ada follows then, and the peer of snac2, too."""
    ada, peer = both.ada, f"peer@{both.peer.host}"

    async def left(name: str) -> None:
        async def look() -> bool | None:
            return None if (await ada.do("GET", f"/people/{name}"))["following"] else True

        await until(look, f"Ada follows {name} no more")

    for name in (f"robin@{robin.host}", peer):
        assert (await ada.client.put(f"/people/{name}/follow", json={})).is_success
    await robin.until(lambda seen: seen["followers"].get("robin"), "Ada follows robin")
    await robin.do("move", target=robin.actor("sam"))
    await robin.until(lambda seen: seen["followers"].get("sam"), "Ada follows sam")
    await left(f"robin@{robin.host}")
    await eventually(lambda: both.peer.followers() == 1, "Ada follows the peer")
    for each in (both.peer.actor, ada.actor):  # snac2 reads sam's document once
        await robin.do("alias", who="sam", target=each)
    await both.peer.migrate(robin.actor("sam"))
    await left(peer)


async def test_who_follows_is_told_that_ada_moves(both: Both, robin: Fedify) -> None:
    """She goes to sam: robin hears of it, and the peer of snac2 follows sam instead of her."""
    ada, peer = both.ada, f"peer@{both.peer.host}"
    await robin.do("follow", uri=ada.actor)
    await both.peer.command("follow", ada.actor)
    for name in (f"robin@{robin.host}", peer):
        await ada.followed_by(name)
    pages = ada.client.base_url.copy_with(path="/home/moving/move")
    assert (await ada.client.post(pages, data={"address": f"@sam@{robin.host}"})).status_code == 303
    seen = await robin.until(lambda seen: ada.actor in seen["moves"], "robin is told that Ada has moved")
    assert seen["moves"][ada.actor] == robin.actor("sam")
    said = f"'Move': following {robin.actor('sam')}"
    await eventually(lambda: said in both.peer.logged(), "the peer follows sam")
    await ada.followed_by(peer, on=False)


async def test_who_asks_in_which_way_gets_what(ada: Ada, judge: Pasture) -> None:
    """All get the document. Not taken is what alice does not sign, and what dean signs with a key nobody gets."""
    found = await judge.judge(ada.actor)
    assert found.pop("webfinger") is True
    assert {name for name, each in found.items() if each["get_actor"]} == set(found)
    assert {name for name, each in found.items() if not each["post_inbox"]} == {"alice", "dean"}
