"""Posts, follows and timelines over real HTTP and a real database."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from stentor.base.clock import wall
from stentor.house.media.service import MediaDesk
from stentor.house.uploads.readers import Readers
from stentor.house.who.newcomers import Newcomers
from stentor.social.ids import PostIds
from stentor.store.media import MediaTable
from stentor.store.objects import Objects
from stentor.store.posts import PostsTable, Rewritten
from stentor.store.spaces import Store
from stentor.store.withheld import WithheldTable
from tests.support.house import House, client, database, problem, running_house
from tests.support.wait import patiently

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIRST_ADDRESS = 0x0A000001


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up and nobody is new."""
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


@asynccontextmanager
async def person(house: House, handle: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has just signed up, at an address of their own."""
    address = str(ip_address(FIRST_ADDRESS + sum(ord(each) << at for at, each in enumerate(handle))))
    headers = {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"}
    async with client(f"{house.anyone.base_url}", **headers) as http:
        body = {"handle": handle, "name": handle.title(), "password": "several words together"}
        assert (await http.post("/api/v1/sign-up", json=body)).status_code == 201
        yield http


async def put(http: httpx.AsyncClient, text: str = "", **fields: Any) -> dict[str, Any]:
    """Posts something."""
    answer = await http.post("/api/v1/posts", json={"text": text, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def texts(http: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    """What a page says; of a boost what was boosted."""
    answer = await http.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    return [(each["boost"] or each)["text"] for each in answer.json()["posts"]]


def picture(colour: str = "red", **options: Any) -> bytes:
    """A photo."""
    out = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(out, "JPEG", **options)
    return out.getvalue()


async def upload(http: httpx.AsyncClient, colour: str = "red", **options: Any) -> dict[str, Any]:
    """A picture."""
    answer = await http.put("/api/v1/media", content=picture(colour, **options))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_post_stands_where_it_belongs(house: House) -> None:
    """Followers see it at home, everybody on the writer's page, under its tag and here; gone when it is deleted."""
    async with person(house, "ada") as ada, person(house, "bob") as bob:
        stands = (await bob.put("/api/v1/people/ada/follow", json={})).json()
        assert (stands["following"], stands["followed_by"]) == (True, False)
        made = await put(ada, "Hello @bob, #Radio is on: https://example.org")
        assert made["html"].startswith('<p>Hello <a class="mention" href="/@bob">@bob</a>, <a class="tag"')
        for path in ("/timelines/home", "/people/ada/posts", "/timelines/tags/RADIO", "/timelines/local"):
            assert await texts(bob, path) == [made["text"]], path
        assert await texts(house.anyone, "/timelines/local") == [made["text"]]
        await bob.delete("/api/v1/people/ada/follow")
        assert await texts(bob, "/timelines/home") == []
        await bob.put("/api/v1/people/ada/follow", json={})
        problem(await bob.delete(f"/api/v1/posts/{made['id']}"), 404, "post-not-found")
        assert (await ada.delete(f"/api/v1/posts/{made['id']}")).status_code == 204
        assert await texts(bob, "/timelines/home") == []
        problem(await ada.get(f"/api/v1/posts/{made['id']}"), 404, "post-not-found")


async def test_nobody_reads_what_is_not_for_them(house: House) -> None:
    """Every kind of post, by every kind of reader, over every way of the API."""
    async with (
        person(house, "anna") as author,
        person(house, "fred") as follower,
        person(house, "mona") as mentioned,
        person(house, "sven") as stranger,
        person(house, "bert") as blocked,
        person(house, "mute") as muter,
    ):
        for http in (follower, blocked, muter):
            await http.put("/api/v1/people/anna/follow", json={})
        readers = {"author": author, "follower": follower, "mentioned": mentioned, "stranger": stranger}
        readers |= {"blocked": blocked, "muter": muter}
        readers["nobody"] = house.anyone
        opening = await put(author, "an opening #secrets")
        made = {}
        for audience in ("public", "unlisted", "followers", "mentioned"):
            text = f"{audience} for @mona @bert #secrets"
            made[audience] = await put(author, text, visibility=audience, reply_to=opening["id"])
            made[f"{audience} picture"] = await put(
                author, f"{audience} picture @mona @bert", visibility=audience, media=[(await upload(author))["id"]]
            )
        await author.put("/api/v1/people/bert/block")
        await muter.put("/api/v1/people/anna/mute", json={})
        open_to = set(readers) - {"blocked"}
        may = {
            "public": open_to, "unlisted": open_to, "followers": {"author", "follower", "mentioned", "muter"},
            "mentioned": {"author", "mentioned"},
        }  # fmt: skip
        in_lists = {"author", "follower"}
        for name, http in readers.items():
            thread = (await http.get(f"/api/v1/posts/{opening['id']}/thread")).json()
            theirs = [each for each in thread.get("after", ()) if each["author"]["handle"] == "anna"]
            below = {each["visibility"] for each in theirs}
            assert below == {audience for audience, who in may.items() if name in who and name != "muter"}, name
            page = set(await texts(http, "/people/anna/posts", limit=40))
            tagged = set(await texts(http, "/timelines/tags/secrets"))
            home = set(await texts(http, "/timelines/home", limit=40)) if name != "nobody" else set()
            lines = (await http.get("/api/v1/notifications")).json().get("notifications", [])
            lines += (await http.get("/api/v1/notification-requests/anna")).json().get("notifications", [])
            told = {each["post"]["text"] for each in lines if each["kind"] == "mention"}
            for audience, who in may.items():
                found, pictured = made[audience], made[f"{audience} picture"]
                expected = 200 if name in who else 404
                for path in ("", "/history", "/thread"):
                    assert (await http.get(f"/api/v1/posts/{found['id']}{path}")).status_code == expected, (name, path)
                file = await http.get(f"/api/v1/media/{pictured['media'][0]['id']}/file")
                assert file.status_code == expected, (name, audience)
                assert (found["text"] in page) == (name in who and audience != "mentioned"), (name, audience)
                hushed = name in ("muter", "blocked")
                assert (found["text"] in tagged) == (audience == "public" and not hushed), (name, audience)
                assert (found["text"] in told) == (name == "mentioned"), (name, audience)
                assert (found["text"] in home) == (name in in_lists and audience != "mentioned"), (name, audience)
                if name not in ("nobody", "author"):
                    acts = [
                        await http.put(f"/api/v1/posts/{found['id']}/like"),
                        await http.put(f"/api/v1/posts/{found['id']}/bookmark"),
                        await http.post("/api/v1/posts", json={"text": "an answer", "reply_to": found["id"]}),
                    ]
                    assert {each.status_code for each in acts} <= ({200, 201} if name in who else {404})
        objects = Objects.open(house.settings.recordings_address)
        names = {key.removeprefix("media/") for key, _ in await objects.list("media")}
        urls = [made[f"{audience} picture"]["media"][0]["url"] for audience in ("public", "unlisted")]
        assert {url.removeprefix("/media/") for url in urls} <= names
        assert len(names) == 4  # with the small ones: nothing of the others lies where edges read


async def test_answers_are_read_by_no_more_than_what_they_answer(house: House) -> None:
    """Whatever is asked for; and a thread has each answer after what it answers."""
    async with person(house, "tom") as tom:
        root = await put(tom, "root", visibility="followers")
        one = await put(tom, "one", reply_to=root["id"])
        two = await put(tom, "two", reply_to=root["id"])
        inner = await put(tom, "inner", reply_to=one["id"])
        assert {each["visibility"] for each in (one, two, inner)} == {"followers"}
        thread = (await tom.get(f"/api/v1/posts/{one['id']}/thread")).json()
        assert [each["text"] for each in thread["before"]] == ["root"]
        assert [each["text"] for each in thread["after"]] == ["inner"]
        thread = (await tom.get(f"/api/v1/posts/{root['id']}/thread")).json()
        assert [each["text"] for each in thread["after"]] == ["one", "inner", "two"]
        assert (await tom.get(f"/api/v1/posts/{root['id']}")).json()["counts"]["replies"] == 2
        objects = Objects.open(house.settings.recordings_address)
        before = await objects.list("media")
        shown = await put(tom, reply_to=root["id"], visibility="public", media=[(await upload(tom))["id"]])
        assert shown["visibility"] == "followers"
        assert await objects.list("media") == before, "its picture is no more public than it is"


async def test_a_picture_says_nothing_of_its_camera(house: House) -> None:
    """And keeps its alt text when the post is changed without a word of it (takahe#556), and takes a new one after it
    was posted (mastodon#20887)."""
    async with person(house, "pia") as pia:
        exif = Image.Exif()
        exif[0x010F] = "somebody's camera"
        picture = await upload(pia, exif=exif)
        await pia.patch(f"/api/v1/media/{picture['id']}", json={"alt": "A red wall."})
        made = await put(pia, "look", media=[picture["id"]])
        assert (made["media"][0]["alt"], made["media"][0]["url"][:7]) == ("A red wall.", "/media/")
        address = f"/api/v1/posts/{made['id']}"
        changed = (await pia.patch(address, json={"text": "look here"})).json()
        assert [each["alt"] for each in changed["media"]] == ["A red wall."]
        changed = (await pia.patch(address, json={"alts": {picture["id"]: "A wall, red."}})).json()
        assert (changed["text"], changed["media"][0]["alt"]) == ("look here", "A wall, red.")
        history = (await pia.get(f"{address}/history")).json()["versions"]
        assert [each["text"] for each in history] == ["look", "look here", "look here"]
        file = await pia.get(f"/api/v1/media/{picture['id']}/file")
        assert b"camera" not in file.content
        assert file.headers["content-type"] == "image/webp"
        problem(
            await pia.post("/api/v1/posts", json={"text": "twice", "media": [picture["id"]]}), 404, "media-not-found"
        )
        problem(await pia.put("/api/v1/media", content=b"no picture"), 400, "bad-picture")
        await pia.delete(address)
        objects = Objects.open(house.settings.recordings_address)
        assert await objects.size(changed["media"][0]["url"].removeprefix("/")) is None
        problem(await pia.get(f"/api/v1/media/{picture['id']}/file"), 404, "media-not-found")


async def test_boosts_likes_bookmarks_pins(house: House) -> None:
    """Each once however often it is done, and taken back; a boost stands at one's followers' home."""
    async with person(house, "lea") as lea, person(house, "max") as max_, person(house, "eva") as eva:
        await eva.put("/api/v1/people/max/follow", json={})
        made = await put(lea, "worth it")
        address = f"/api/v1/posts/{made['id']}"
        boosts = [(await max_.put(f"{address}/boost")).json()["id"] for _ in range(2)]
        assert boosts[0] == boosts[1]
        for gesture in ("like", "bookmark"):
            for _ in range(2):
                assert (await max_.put(f"{address}/{gesture}")).status_code == 200
        assert await texts(eva, "/timelines/home") == ["worth it"]
        assert await texts(max_, "/bookmarks") == await texts(max_, "/likes") == ["worth it"]
        found = (await max_.get(address)).json()
        assert (found["counts"]["boosts"], found["counts"]["likes"]) == (1, 1)
        assert found["mine"] == {"liked": True, "boosted": True, "bookmarked": True, "pinned": False, "muted": False}
        problem(await max_.put(f"{address}/pin"), 403, "not-your-post")
        assert (await lea.put(f"{address}/pin")).status_code == 200
        assert await texts(eva, "/people/lea/pins") == ["worth it"]
        await eva.put("/api/v1/people/max/follow", json={"boosts": False})
        assert await texts(eva, "/timelines/home") == []
        for gesture in ("boost", "like", "bookmark"):
            await max_.delete(f"{address}/{gesture}")
        found = (await max_.get(address)).json()
        assert (found["counts"]["boosts"], found["counts"]["likes"]) == (0, 0)


async def test_quotes_need_consent(house: House) -> None:
    """Nothing is shown before the quoted one's author agrees, and no more when they take it back."""
    async with person(house, "quentin") as quoted, person(house, "rita") as rita:
        first = await put(quoted, "quote me")
        made = await put(rita, "what they said", quote=first["id"])
        assert (made["quote"]["state"], made["quote"]["post"]) == ("asked", None)
        assert await texts(quoted, "/quotes") == ["what they said"]
        problem(await rita.put(f"/api/v1/posts/{made['id']}/consent", json={"state": "granted"}), 404, "post-not-found")
        await quoted.put(f"/api/v1/posts/{made['id']}/consent", json={"state": "granted"})
        found = (await house.anyone.get(f"/api/v1/posts/{made['id']}")).json()
        assert found["quote"]["post"]["text"] == "quote me"
        assert (await quoted.get(f"/api/v1/posts/{first['id']}")).json()["counts"]["quotes"] == 1
        await quoted.put(f"/api/v1/posts/{made['id']}/consent", json={"state": "revoked"})
        found = (await house.anyone.get(f"/api/v1/posts/{made['id']}")).json()
        assert (found["quote"]["state"], found["quote"]["post"]) == ("revoked", None)
        closed = await put(quoted, "not this one", visibility="followers")
        problem(await rita.post("/api/v1/posts", json={"text": "x", "quote": closed["id"]}), 404, "post-not-found")


async def test_polls(house: House) -> None:
    """Votes once, and sees how it stands only then."""
    async with person(house, "paul") as paul, person(house, "vera") as vera, person(house, "wim") as wim:
        made = await put(paul, "which?", poll={"answers": ["one", "two"], "open_s": 300})
        address = f"/api/v1/posts/{made['id']}"
        assert [each["votes"] for each in made["poll"]["answers"]] == [0, 0]  # its author sees it
        seen = (await vera.get(address)).json()["poll"]
        assert ([each["votes"] for each in seen["answers"]], seen["voted"]) == ([None, None], [])
        problem(await vera.post(f"{address}/votes", json={"answers": [0, 1]}), 400, "bad-input")
        both = await asyncio.gather(*(vera.post(f"{address}/votes", json={"answers": [1]}) for _ in range(4)))
        assert sorted(each.status_code for each in both) == [201, 409, 409, 409]
        voted = (await vera.get(address)).json()["poll"]
        assert ([each["votes"] for each in voted["answers"]], voted["voted"], voted["voters"]) == ([0, 1], [1], 1)
        problem(await paul.post(f"{address}/votes", json={"answers": [0]}), 403, "own-poll")
        with database(house.settings) as connection:
            connection.execute("UPDATE post_polls SET ends_ms = 1 WHERE post = ?", [int(made["id"])])
        problem(await wim.post(f"{address}/votes", json={"answers": [0]}), 409, "poll-over")
        assert [each["votes"] for each in (await wim.get(address)).json()["poll"]["answers"]] == [0, 1]


async def test_scheduled_posts_are_posted_once(house: House) -> None:
    """On time, one for one key (mastodon#30039), by two houses at once only once; what cannot be posted says why."""
    async with person(house, "sam") as sam, person(house, "tina") as tina:
        first = await put(tina, "answer me")
        at_ms = int(time.time() * 1000) + 600_000
        body = {"text": "later", "at_ms": at_ms, "reply_to": first["id"]}
        key = {"Idempotency-Key": "the-same"}
        asked = [await sam.post("/api/v1/posts", json=body, headers=key) for _ in range(2)]
        assert [each.status_code for each in asked] == [202, 202]
        assert asked[0].json() == asked[1].json()
        assert [each["post"]["text"] for each in (await sam.get("/api/v1/scheduled-posts")).json()["scheduled"]] == [
            "later"
        ]
        problem(await sam.post("/api/v1/posts", json={"text": "x", "at_ms": at_ms - 590_000}), 409, "bad-time")
        picture = await upload(sam)
        await sam.post("/api/v1/posts", json={"text": "never", "at_ms": at_ms, "reply_to": first["id"]})
        await sam.post("/api/v1/posts", json={"text": "shown", "at_ms": at_ms, "media": [picture["id"]]})
        with database(house.settings) as connection:
            connection.execute("UPDATE scheduled_posts SET at_ms = 1 WHERE body LIKE '%later%' OR body LIKE '%shown%'")

        async def there() -> list[str]:
            return await texts(sam, "/people/sam/posts")

        while sorted(await there()) != ["later", "shown"]:
            pass
        await tina.delete(f"/api/v1/posts/{first['id']}")
        with database(house.settings) as connection:
            connection.execute("UPDATE scheduled_posts SET at_ms = 1")
        found: list[dict[str, Any]] = []
        while not (found and found[0]["trouble"]):
            found = (await sam.get("/api/v1/scheduled-posts")).json()["scheduled"]
        assert [(each["post"]["text"], each["trouble"]) for each in found] == [("never", "post-not-found")]
        assert sorted(await there()) == ["later", "shown"]
        assert (await sam.delete(f"/api/v1/scheduled-posts/{found[0]['id']}")).status_code == 204


async def test_pages(house: House) -> None:
    """Followed by ``next`` they are the whole, each post once, while others arrive; newer ones are asked for."""
    async with person(house, "nina") as nina:
        made = [(await put(nina, f"n{each}"))["id"] for each in range(7)]
        seen, address = [], "/api/v1/timelines/home?limit=3"
        previous = ""
        while address:
            answer = await nina.get(address)
            page = answer.json()
            seen += [each["id"] for each in page["posts"]]
            previous = previous or page["previous"]
            if page["next"]:
                first = answer.headers["link"].split(",")[0]
                assert first == f'<{house.settings.house_address}{page["next"]}>; rel="next"'
                await put(nina, "meanwhile")
            address = page["next"]
        assert seen == made[::-1]
        assert {each["text"] for each in (await nina.get(previous)).json()["posts"]} == {"meanwhile"}
        problem(await nina.get("/api/v1/timelines/home?before=x"), 400, "bad-input")
        problem(await nina.get("/api/v1/timelines/home?limit=41"), 400, "bad-input")
        assert (await nina.get("/api/v1/markers/home")).json() == {"post": None}
        for at, expected in ((3, made[3]), (1, made[3]), (5, made[5])):
            answer = await nina.put("/api/v1/markers/home", json={"post": made[at]})
            assert answer.json() == {"post": expected}


async def test_requests_and_lists(house: House) -> None:
    """Who wants to be asked is asked; a list has what those in it say, whom one follows."""
    async with person(house, "gina") as gina, person(house, "hugo") as hugo:
        await gina.put("/api/v1/follow-requests", json={"approves": True})
        assert (await hugo.put("/api/v1/people/gina/follow", json={})).json()["asked"]
        await put(gina, "for mine", visibility="followers")
        assert await texts(hugo, "/timelines/home") == []
        asked = (await gina.get("/api/v1/follow-requests")).json()
        assert [each["handle"] for each in asked["people"]] == ["hugo"]
        assert (await gina.put("/api/v1/follow-requests/hugo")).status_code == 204
        assert await texts(hugo, "/timelines/home") == ["for mine"]
        made = (await hugo.post("/api/v1/lists", json={"name": "Friends"})).json()
        assert (await hugo.put(f"/api/v1/lists/{made['id']}/members/gina")).status_code == 204
        assert await texts(hugo, f"/timelines/lists/{made['id']}") == ["for mine"]
        problem(await gina.get(f"/api/v1/timelines/lists/{made['id']}"), 404, "list-not-found")
        assert (await gina.delete("/api/v1/people/hugo/follower")).status_code == 200
        assert await texts(hugo, "/timelines/home") == await texts(hugo, f"/timelines/lists/{made['id']}") == []
        followers = (await house.anyone.get("/api/v1/people/gina/followers")).json()
        assert followers == {"people": [], "before": None}


async def test_pictures_go_also_when_the_house_dies_before_it_takes_them_away(house: House) -> None:
    """Of a post that was deleted, that lost one, or that moderators have taken down: all that was done is the
    transaction. What is posted once more stays."""
    async with person(house, "wanda") as vera:
        store = await Store.open(house.settings.database_address)
        objects = Objects.open(house.settings.recordings_address)
        table, withheld = PostsTable(store.work), WithheldTable(store.work)
        me, now_ms = int((await vera.get("/api/v1/people/wanda")).json()["person"]["id"]), round(wall() * 1000)
        pictures = [await upload(vera) for _ in range(4)]
        made = [await put(vera, "look", media=[each["id"]]) for each in pictures]
        keys = [each["media"][0]["url"].removeprefix("/") for each in made]
        stays = await put(vera, "this one", media=[(await upload(vera))["id"]])
        deleted, changed, down, again = (int(each["id"]) for each in made)
        await table.remove(deleted, me, now_ms=now_ms)
        await table.change(changed, me, Rewritten(media=[]), now_ms=now_ms)
        await withheld.take_down(down, now_ms=now_ms)
        await table.remove(again, me, now_ms=now_ms)
        await put(vera, "once more", media=[pictures[3]["id"]])
        async for _ in patiently():
            if [await objects.size(each) is not None for each in keys] == [False, False, False, True]:
                break
        else:
            raise AssertionError("pictures are left, or too few are")
        with database(house.settings) as connection:
            [waiting] = connection.execute("SELECT count(*) FROM jobs WHERE done_ms IS NULL").fetchone()
        assert not waiting
        assert await objects.size(keys[3]) is not None
        assert await objects.size(stays["media"][0]["url"].removeprefix("/")) is not None
        await store.close()


async def test_drafts_keep_their_pictures(house: House) -> None:
    """A day later what nobody has posted is deleted, but what waits in a draft; an account takes its files along."""
    async with person(house, "dora") as dora:
        kept, lost = await upload(dora), await upload(dora, "blue")
        draft = (await dora.post("/api/v1/drafts", json={"text": "unfinished", "media": [kept["id"]]})).json()
        objects = Objects.open(house.settings.recordings_address)
        old = 1_600_000_000_000 << 16
        with database(house.settings) as connection:
            connection.execute("UPDATE media SET id = ? WHERE id = ?", [old + 1, int(kept["id"])])
            connection.execute("UPDATE media SET id = ? WHERE id = ?", [old + 2, int(lost["id"])])
        await sweep(house)
        assert (await dora.get(f"/api/v1/media/{old + 1}/file")).status_code == 200
        problem(await dora.get(f"/api/v1/media/{old + 2}/file"), 404, "media-not-found")
        assert (await dora.delete(f"/api/v1/drafts/{draft['id']}")).status_code == 204
        await sweep(house)
        problem(await dora.get(f"/api/v1/media/{old + 1}/file"), 404, "media-not-found")
        posted = await put(dora, media=[(await upload(dora))["id"]])
        key = posted["media"][0]["url"].removeprefix("/")
        with database(house.settings) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM accounts WHERE handle = 'dora'")
        assert await objects.size(key) is not None
        await sweep(house)
        assert await objects.size(key) is None


async def test_what_is_refused(house: House) -> None:
    """With a sentence and a code."""
    async with person(house, "ulf") as ulf:
        for body, code in (
            ({}, "empty-post"),
            ({"text": "x" * 1001}, "post-too-long"),
            ({"text": "x", "visibility": "friends"}, "bad-input"),
            ({"text": "x", "media": ["1"] * 5}, "bad-input"),
            ({"text": "x", "language": "!"}, "bad-input"),
            ({"text": "x", "poll": {"answers": ["a", "a"], "open_s": 300}}, "bad-input"),
        ):
            problem(await ulf.post("/api/v1/posts", json=body), 400, code)
        for path in ("/timelines/home", "/bookmarks", "/drafts", "/lists", "/markers/home"):
            problem(await house.anyone.get(f"/api/v1{path}"), 401, "not-signed-in")
        problem(await ulf.put("/api/v1/people/ulf/follow", json={}), 400, "follows-oneself")
        problem(await ulf.put("/api/v1/people/nobody/follow", json={}), 404, "account-not-found")


async def sweep(house: House) -> None:
    """What the house does every ten minutes."""
    store = await Store.open(house.settings.database_address)
    objects = Objects.open(house.settings.recordings_address)
    await MediaDesk(MediaTable(store.work), objects, Readers(), PostIds(0), wall, Newcomers(0)).sweep()
    await store.close()
