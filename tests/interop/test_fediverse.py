"""snac2, a server of the fediverse by others, and all of Stentor: what people do on one side is there on the other.

Every test looks at what came of it there. That a server took something says nothing: snac2 takes everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support import snac as peers
from tests.support.snac import Snac
from tests.support.wait import eventually
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
WITHIN_S = 30.0


@dataclass
class Both:
    """Ada at Stentor, and the peer's user at snac2."""

    site: Whole
    peer: Snac
    ada: httpx.AsyncClient
    number: str

    @property
    def actor(self) -> str:
        return f"{self.site.settings.audience_address}/ap/actors/{self.number}"

    def uri(self, post: dict[str, Any]) -> str:
        return f"{self.site.settings.audience_address}/ap/posts/{post['id']}"

    async def post(self, text: str, **fields: object) -> dict[str, Any]:
        reply = await self.ada.post("/posts", json={"text": text, **fields})
        assert reply.status_code == 201, reply.text
        found: dict[str, Any] = reply.json()
        return found

    async def do(self, method: str, path: str, **fields: object) -> Any:
        reply = await self.ada.request(method, path, json=fields or None)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def home(self, fits: Callable[[dict[str, Any]], bool], reason: str) -> dict[str, Any]:
        """A post of Ada's home timeline, once there is one that fits."""

        async def look() -> dict[str, Any] | None:
            page = await self.do("GET", "/timelines/home")
            return next((each for each in page["posts"] if fits(each)), None)

        found: dict[str, Any] = await until(look, reason)
        return found

    async def shown(self, post: str, fits: Callable[[dict[str, Any]], bool], reason: str) -> dict[str, Any]:
        """A post as Ada sees it, once it is so."""

        async def look() -> dict[str, Any] | None:
            found = await self.do("GET", f"/posts/{post}")
            return found if fits(found) else None

        seen: dict[str, Any] = await until(look, reason)
        return seen

    async def counts(self, post: str, name: str, count: int) -> None:
        """Waits until so many like, or have boosted, a post."""
        await self.shown(post, lambda each: each["counts"][name] == count, f"{count} {name}")

    async def marked(self, uri: str, kind: str, reason: str) -> None:
        """Waits until somebody likes, or has boosted, a post at the peer."""
        await eventually(lambda: bool(self.peer.marks(uri, kind)), reason, within_s=WITHIN_S)

    async def there(self, uri: str, fits: Callable[[dict[str, Any] | None], bool], reason: str) -> None:
        """Waits until a post is so at the peer; None for one that is not there."""
        await eventually(lambda: fits(self.peer.notes().get(uri)), reason, within_s=WITHIN_S)


async def until(look: Callable[[], Any], reason: str) -> Any:
    """What ``look`` gives, once it gives something."""
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while (found := await look()) is None:
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {reason}"
        await asyncio.sleep(0.1)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    if why := peers.missing():
        pytest.fail(f"NOT TESTED against a real server of the fediverse: snac2 cannot be had ({why}).")
    folder = tmp_path_factory.mktemp("fediverse")
    async with (
        peers.snac() as peer,
        whole(folder / "site", edges=1, sign_up="open", federation="on", courier_networks="127.0.0.1,::1") as site,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{site.settings.port}/api/v1", trust_env=False, timeout=20,
            headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"},
        ) as ada,
    ):  # fmt: skip
        wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
        assert (await ada.post("/sign-up", json=wish)).status_code == 201
        number = (await ada.get("/people/ada")).json()["person"]["id"]
        made = Both(site, peer, ada, number)

        async def known() -> bool | None:
            async with httpx.AsyncClient(trust_env=False) as client:
                return True if (await client.get(made.actor)).status_code == 200 else None

        await until(known, "Ada has a key, and her document is served")
        yield made


async def test_they_follow_each_other(both: Both) -> None:
    """Each by their own way: the peer by Ada's address, Ada by the peer's name. Both are accepted."""
    await both.peer.command("follow", both.actor)
    await eventually(
        lambda: any(each.get("type") == "Accept" for each in both.peer.following()),
        "the peer is let follow",
        within_s=30,
    )
    pages = both.ada.base_url.copy_with(path="/home/elsewhere")
    asked = await both.ada.post(pages, data={"address": f"@Peer@{both.peer.host}"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/home/people/ada/following?asked")

    async def follows() -> bool | None:
        reply = await both.ada.get(f"/people/peer@{both.peer.host}")
        return True if reply.status_code == 200 and reply.json()["following"] else None

    await until(follows, "Ada is let follow")
    assert both.peer.followers() == 1


async def test_a_post_of_ours_is_read_changed_and_deleted_there(both: Both) -> None:
    """With its text, its warning, its links; and it is gone there when it is gone here."""
    made = await both.post("Good evening, <all> #radio", warning="Long")
    uri = both.uri(made)
    await both.there(uri, lambda note: note is not None, "the post is there")
    note = both.peer.notes()[uri]
    assert "Good evening, &lt;all&gt;" in note["content"]
    assert (note["summary"], note["attributedTo"]) == ("Long", both.actor)
    await both.do("PATCH", f"/posts/{made['id']}", text="Good night")
    await both.there(uri, lambda note: note is not None and "Good night" in note["content"], "it is changed there")

    async def told() -> dict[str, Any] | None:
        report = await both.do("GET", f"/posts/{made['id']}/deliveries")
        return report if report["done"] >= 2 else None

    report = await until(told, "the report says that both were delivered")
    assert {each["what"] for each in report["servers"]} == {"create", "update"}
    await both.do("DELETE", f"/posts/{made['id']}")
    await both.there(uri, lambda note: note is None, "it is gone there")


async def test_their_post_is_read_answered_liked_boosted_changed_and_deleted_here(both: Both) -> None:
    """It stands on the home timeline, harmless; what Ada does with it is seen there."""
    await both.peer.note("From elsewhere <script>alert(1)</script>")
    post = await both.home(lambda each: "From elsewhere" in each["text"], "their post is on the home timeline")
    assert post["author"]["handle"] == f"peer@{both.peer.host}"
    assert "<script" not in post["html"]
    [uri] = [uri for uri, note in both.peer.notes().items() if "From elsewhere" in note["content"]]
    answer = await both.post("An answer", reply_to=post["id"])
    await both.there(both.uri(answer), lambda note: note is not None and note["inReplyTo"] == uri, "it is answered")
    for verb, mark in (("like", "l"), ("boost", "a")):
        await both.do("PUT", f"/posts/{post['id']}/{verb}")
        await both.marked(uri, mark, f"the {verb} is there")
        await both.do("DELETE", f"/posts/{post['id']}/{verb}")
    await eventually(lambda: not both.peer.marks(uri, "l"), "it is not liked any more", within_s=30)
    # snac2 keeps boosts that were taken back, and only says in its log that it has understood.
    await eventually(lambda: f"Unboost for {uri}" in both.peer.logged(), "the boost was taken back", within_s=30)
    await both.peer.note("Said better", edit_id=uri)
    await both.shown(post["id"], lambda each: "Said better" in each["text"], "it is changed here")
    await both.peer.act("Delete", uri)

    async def gone() -> bool | None:
        return True if (await both.ada.get(f"/posts/{post['id']}")).status_code == 404 else None

    await until(gone, "it is gone here")


async def test_they_answer_like_and_boost_ours(both: Both) -> None:
    """The counts rise, and fall again; the answer is in the thread."""
    made = await both.post("What do you think?")
    uri = both.uri(made)
    await both.there(uri, lambda note: note is not None, "the post is there")
    await both.peer.note("A lot", in_reply_to=uri)
    await both.shown(made["id"], lambda each: each["counts"]["replies"] == 1, "it is answered")
    thread = await both.do("GET", f"/posts/{made['id']}/thread")
    assert [each["text"] for each in thread["after"]] == ["A lot"]
    for action, count in (("Like", "likes"), ("Boost", "boosts")):
        await both.peer.act(action, uri)
        await both.counts(made["id"], count, 1)
        await both.peer.act(f"Un{action.lower()}", uri)
        await both.counts(made["id"], count, 0)


async def test_what_is_for_one_reaches_one_and_no_page(both: Both) -> None:
    """An answer to those who are mentioned alone is delivered, and nobody can fetch it."""
    await both.peer.note("Only a question @nobody")
    post = await both.home(lambda each: "Only a question" in each["text"], "the question came")
    made = await both.post("Between us", reply_to=post["id"], visibility="mentioned")
    await both.there(both.uri(made), lambda note: note is not None, "it came")
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(both.uri(made))).status_code in (404, 410)


async def test_who_is_followed_no_more_is_told(both: Both) -> None:
    """On both sides."""
    await both.do("DELETE", f"/people/peer@{both.peer.host}/follow")
    await eventually(lambda: both.peer.followers() == 0, "Ada follows no more", within_s=WITHIN_S)
    await both.peer.command("unfollow", both.actor)

    async def nobody() -> bool | None:
        page = await both.do("GET", "/people/ada/followers")
        return None if page["people"] else True

    await until(nobody, "the peer follows no more")
