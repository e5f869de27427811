"""Posts and people of the microblog before moderators: reported, kept, taken down, labelled, limited, suspended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.social import pictures
from stentor.store.objects import Objects
from tests.integration.test_posts import person, put, texts, upload
from tests.support.house import House, database, problem, running_house
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = "<script>alert('x')</script>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up and nobody is new."""
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


class Court:
    """A moderator, somebody who misbehaves, who follows them, and a stranger who reports."""

    def __init__(self, house: House, people: list[httpx.AsyncClient]) -> None:
        self.house = house
        self.mona, self.bert, self.fan, self.cleo = people

    async def reported(self, http: httpx.AsyncClient, **report: Any) -> int:
        """The newest case, after somebody reported something."""
        answer = await http.post("/api/v1/reports", json={"why": "insult", **report})
        assert answer.status_code == 201, answer.text
        number: int = (await self.mona.get("/api/v1/moderation/cases")).json()["cases"][0]["number"]
        return number

    async def case(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = (await self.mona.get(f"/api/v1/moderation/cases/{number}")).json()
        return found

    async def decided(self, case: int, action: str, **more: object) -> dict[str, Any]:
        wish = {"action": action, "reason": f"Because {HOSTILE}", **more}
        answer = await self.mona.post(f"/api/v1/moderation/cases/{case}/decisions", json=wish)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def lifted(self, http: httpx.AsyncClient) -> None:
        """The newest decision about somebody is answered, and taken back."""
        own = (await http.get("/api/v1/account/decisions")).json()["decisions"][0]
        receipt = own["link"].rpartition("/")[2]
        assert (await http.post(f"/api/v1/decisions/{receipt}/answer", json={"text": "No."})).status_code == 200
        reply = f"/api/v1/moderation/decisions/{own['decision']['number']}/reply"
        assert (await self.mona.post(reply, json={"text": "Right.", "lift": True})).status_code == 200

    @property
    def objects(self) -> Objects:
        return Objects.open(self.house.settings.recordings_address)

    async def shown(self, picture: dict[str, Any]) -> bool:
        """Whether edges have a picture's file."""
        name = picture["url"].rpartition("/")[2]
        return await self.objects.size(pictures.public(name)) is not None


@pytest_asyncio.fixture(loop_scope="module")
async def court(house: House) -> AsyncIterator[Court]:
    async with AsyncExitStack() as stack:
        await house.forget_people()
        with database(house.settings) as connection:
            for table in ("reported_posts", "reports", "decisions", "cases"):
                connection.execute(f"DELETE FROM {table}")
        names = ("mona", "bert", "fan", "cleo")
        people = [await stack.enter_async_context(person(house, handle)) for handle in names]
        assert (await house.http.patch("/api/v1/accounts/mona", json={"role": "moderator"})).status_code == 200
        await people[2].put("/api/v1/people/bert/follow", json={})
        yield Court(house, people)


async def test_a_report_keeps_what_was_said_whatever_becomes_of_it(court: Court) -> None:
    """Changed, decided, then deleted: text, earlier text and picture stay with the case, for moderators alone
    (mastodon#21721)."""
    media = await upload(court.bert)
    await court.bert.patch(f"/api/v1/media/{media['id']}", json={"alt": f"Alt {HOSTILE}"})
    made = await put(court.bert, f"First {HOSTILE}", media=[media["id"]])
    await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"text": "Second"})
    case = await court.reported(court.cleo, kind="post", id=made["id"], text="Look at this")
    await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"text": "Harmless"})
    [kept] = (await court.case(case))["posts"]
    assert (kept["text"], kept["state"], [each["text"] for each in kept["versions"]]) == (
        "Second", "changed", [f"First {HOSTILE}"],
    )  # fmt: skip
    await court.decided(case, "warn")
    assert (await court.bert.delete(f"/api/v1/posts/{made['id']}")).status_code == 204
    assert not await court.shown(made["media"][0])
    detail = await court.case(case)
    [kept] = detail["posts"]
    assert (kept["text"], kept["state"], detail["reports"][0]["text"]) == ("Second", "deleted", "Look at this")
    [picture] = kept["pictures"]
    seen = await court.mona.get(picture["url"])
    assert (seen.status_code, seen.headers["content-type"], seen.content[8:12]) == (200, "image/webp", b"WEBP")
    problem(await court.cleo.get(picture["url"]), 403, "not-allowed")
    page = await court.mona.get(f"/admin/moderation/{case}")
    assert page.status_code == 200
    assert "Second" in page.text
    assert HOSTILE not in page.text


async def test_only_what_one_may_read_can_be_reported(court: Court) -> None:
    """A stranger finds no post that is for followers, and of a person only that person's posts are taken."""
    closed = await put(court.bert, "For followers", visibility="followers")
    other = await put(court.fan, "Somebody else's")
    wish = {"kind": "post", "id": closed["id"], "why": "spam"}
    problem(await court.cleo.post("/api/v1/reports", json=wish), 404, "post-not-found")
    problem(await court.house.anyone.post("/api/v1/reports", json={**wish, "text": "x", "good_faith": True}), 404, "post-not-found")  # fmt: skip  # noqa: E501
    case = await court.reported(court.fan, kind="post", id=closed["id"])
    assert (await court.case(case))["posts"][0]["visibility"] == "followers"
    wish = {"kind": "person", "id": "bert", "why": "spam", "posts": [closed["id"]]}
    problem(await court.cleo.post("/api/v1/reports", json=wish), 404, "post-not-found")
    wish["posts"] = [other["id"]]
    problem(await court.cleo.post("/api/v1/reports", json=wish), 400, "bad-input")
    public = await put(court.bert, "Public")
    case = await court.reported(court.cleo, kind="person", id="bert", posts=[public["id"]])
    assert [each["text"] for each in (await court.case(case))["posts"]] == ["Public"]


async def test_a_post_is_taken_down_and_put_back(court: Court) -> None:
    """Nobody but its author reads it, its picture is gone, it is counted no more; with the decision it comes back."""
    root = await put(court.cleo, "A question")
    made = await put(court.bert, "#rude answer", reply_to=root["id"], media=[(await upload(court.bert))["id"]])
    await court.fan.put(f"/api/v1/posts/{made['id']}/boost")
    case = await court.reported(court.cleo, kind="post", id=made["id"])
    await court.decided(case, "hide")
    problem(await court.cleo.get(f"/api/v1/posts/{made['id']}"), 404, "post-not-found")
    assert not await court.shown(made["media"][0])
    for path in ("/timelines/home", "/timelines/tags/rude", "/people/bert/posts", "/people/fan/posts"):
        assert "#rude answer" not in await texts(court.fan, path), path
    assert (await court.cleo.get(f"/api/v1/posts/{root['id']}")).json()["counts"]["replies"] == 0
    own = (await court.bert.get(f"/api/v1/posts/{made['id']}")).json()
    assert (own["withheld"], own["visibility"], own["text"]) == (True, "public", "#rude answer")
    problem(await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"text": "x"}), 404, "post-not-found")
    [told] = (await court.bert.get("/api/v1/account/decisions")).json()["decisions"]
    assert (told["kind"], told["text"], told["answerable"]) == ("post", "#rude answer", True)
    record = (await court.house.http.get("/api/v1/site/record")).json()["entries"]
    assert (record[0]["by"], record[0]["handle"], record[0]["deed"]) == ("mona", "bert", "post-removed")
    await court.lifted(court.bert)
    assert (await court.cleo.get(f"/api/v1/posts/{made['id']}")).json()["withheld"] is False
    assert await court.shown(made["media"][0])
    assert (await court.cleo.get(f"/api/v1/posts/{root['id']}")).json()["counts"]["replies"] == 1


async def test_a_label_stands_before_the_authors_words(court: Court) -> None:
    """And stays when the author changes post and warning, until it is taken back."""
    made = await put(court.bert, "The moon is made of cheese")
    case = await court.reported(court.cleo, kind="post", id=made["id"])
    answer = await court.mona.post(
        f"/api/v1/moderation/cases/{case}/decisions", json={"action": "label", "reason": "Wrong."}
    )
    problem(answer, 400, "bad-input")
    await court.decided(case, "label", label="This is not so.")
    await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"warning": ""})
    found = (await court.cleo.get(f"/api/v1/posts/{made['id']}")).json()
    assert (found["warning"], found["label"]) == ("This is not so.", "This is not so.")
    await court.lifted(court.bert)
    assert (await court.cleo.get(f"/api/v1/posts/{made['id']}")).json()["warning"] == ""


async def test_whoever_is_muted_posts_nothing(court: Court) -> None:
    """Not now, not by an edit."""
    made = await put(court.bert, "Once")
    await court.decided(await court.reported(court.cleo, kind="post", id=made["id"]), "mute")
    problem(await court.bert.post("/api/v1/posts", json={"text": "Twice"}), 403, "muted")
    problem(await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"text": "Twice"}), 403, "muted")


async def test_whoever_is_limited_stands_in_no_list_of_the_site(court: Court) -> None:
    """Followers go on reading, and the person themselves; also under tags and here (mastodon#6030)."""
    await court.decided(await court.reported(court.cleo, kind="person", id="bert"), "limit")
    made = await put(court.bert, "Buy #now")
    for path in ("/timelines/local", "/timelines/tags/now"):
        assert made["text"] not in await texts(court.cleo, path), path
        assert made["text"] not in await texts(court.house.anyone, path), path
        for http in (court.fan, court.bert):
            assert made["text"] in await texts(http, path), path
    assert made["text"] in await texts(court.fan, "/timelines/home")
    assert made["text"] in await texts(court.cleo, "/people/bert/posts")
    await court.lifted(court.bert)
    assert made["text"] in await texts(court.cleo, "/timelines/local")


async def test_whoever_is_suspended_is_gone_and_may_come_back(court: Court) -> None:
    """With all posts and the files of all pictures, also those of posts that others carried on (misskey#6182)."""
    made = await put(court.bert, "Spam", media=[(await upload(court.bert))["id"]])
    await court.fan.put(f"/api/v1/posts/{made['id']}/boost")
    await court.decided(await court.reported(court.cleo, kind="person", id="bert", posts=[made["id"]]), "ban-site")
    await eventually(lambda: not waiting(court.house), "the pictures are taken away")
    assert not await court.shown(made["media"][0])
    for path in ("/timelines/local", "/people/fan/posts"):
        assert "Spam" not in await texts(court.cleo, path), path
    problem(await court.cleo.get(f"/api/v1/posts/{made['id']}"), 404, "post-not-found")
    assert (await court.house.http.patch("/api/v1/accounts/bert", json={"suspended": False})).status_code == 200
    await eventually(lambda: not waiting(court.house), "the pictures are shown again")
    assert await court.shown(made["media"][0])
    assert "Spam" in await texts(court.cleo, "/timelines/local")


def waiting(house: House) -> int:
    """Jobs that are not done."""
    with database(house.settings) as connection:
        return int(connection.execute("SELECT count(*) FROM jobs WHERE done_ms IS NULL").fetchone()[0])


async def test_a_word_is_refused_or_held_wherever_it_stands(court: Court) -> None:
    """In text, warning, answers and alt texts, and in what is changed later (mastodon#24984); a held post is there for
    its author alone, and for everybody once a moderator has looked."""
    lists = {"refuse_words": "cheap pills\n", "hold_words": "casino", "blocked_places": "bad.example"}
    assert (await court.house.http.patch("/api/v1/site", json=lists)).json()["refuse_words"] == "cheap pills"
    media = await upload(court.bert)
    await court.bert.patch(f"/api/v1/media/{media['id']}", json={"alt": "Cheap pills"})
    poll = {"answers": ["Yes", "CHEAP PILLS"], "open_s": 300}
    for wish in (
        {"text": "chéap  pills"},
        {"text": "x", "warning": "Cheap pills"},
        {"text": "x", "poll": poll},
        {"text": "x", "media": [media["id"]]},
    ):
        problem(await court.bert.post("/api/v1/posts", json=wish), 400, "post-word")
    problem(await court.bert.post("/api/v1/posts", json={"text": "https://x.bad.example"}), 400, "link-blocked")
    assert (await put(court.mona, "No cheap pills here"))["withheld"] is False
    root = await put(court.cleo, "What to do tonight?")
    files = await court.objects.list("media")
    held = await put(court.bert, "Casino!", reply_to=root["id"], media=[(await upload(court.bert))["id"]])
    assert held["withheld"] is True
    problem(await court.cleo.get(f"/api/v1/posts/{held['id']}"), 404, "post-not-found")
    assert await court.objects.list("media") == files
    [case] = (await court.mona.get("/api/v1/moderation/cases")).json()["cases"]
    assert (await court.case(case["number"]))["reports"][0]["why"] == "filter"
    await court.decided(case["number"], "none")
    shown = (await court.cleo.get(f"/api/v1/posts/{held['id']}")).json()
    assert (shown["text"], await court.shown(shown["media"][0])) == ("Casino!", True)
    assert (await court.cleo.get(f"/api/v1/posts/{root['id']}")).json()["counts"]["replies"] == 1
    made = await put(court.bert, "Harmless", media=[(await upload(court.bert))["id"]])
    changed = await court.bert.patch(f"/api/v1/posts/{made['id']}", json={"text": "The casino"})
    assert changed.json()["withheld"] is True
    assert not await court.shown(made["media"][0])
    problem(await court.cleo.get(f"/api/v1/posts/{made['id']}"), 404, "post-not-found")
    wish = {"kind": "post", "id": root["id"], "why": "filter"}
    problem(await court.cleo.post("/api/v1/reports", json=wish), 400, "bad-input")
    assert (await court.house.http.patch("/api/v1/site", json=dict.fromkeys(lists, ""))).status_code == 200
