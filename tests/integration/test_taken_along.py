"""What one takes along of posts, what deleting an account reaches, and what is purged, over the real parts."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import LargeBinary, String

from stentor.house.media.service import MediaDesk
from stentor.house.social.purge import PostPurge
from stentor.house.uploads.readers import Readers
from stentor.house.who.newcomers import Newcomers
from stentor.people.moderation import ANSWER_MS
from stentor.social import public
from stentor.social.ids import PostIds
from stentor.store import held
from stentor.store.media import MediaTable
from stentor.store.metadata import metadata
from stentor.store.objects import Objects
from stentor.store.posts import PostsTable
from stentor.store.purge import REVERSIBLE_MS
from stentor.store.spaces import Store
from tests.integration.test_deletion import done
from tests.integration.test_posts import person, put, upload
from tests.support.house import House, database, problem, running_house
from tests.support.wait import PATIENCE_S

FOLDERS = ("media", "media-closed", "reported")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up and nobody is new."""
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


async def opened(http: httpx.AsyncClient) -> tuple[zipfile.ZipFile, dict[str, list[dict[str, Any]]]]:
    """The archive, and the lines of its files by name."""
    answer = await http.get("/api/v1/account/archive")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    names = [name for name in found.namelist() if name.endswith(".jsonl")]
    return found, {name: [msgspec.json.decode(line) for line in found.read(name).splitlines()] for name in names}


async def files(objects: Objects) -> set[str]:
    """Of pictures: what edges read, what the house has, what is kept with reports."""
    return {each for folder in FOLDERS for each, _ in await objects.list(folder)}


async def everything(house: House) -> str:
    """All that the database and the object store hold."""
    objects = Objects.open(house.settings.recordings_address)
    with database(house.settings) as connection:
        rows = "\n".join(connection.iterdump())
    return rows + "".join([f"{key} {(await objects.get(key)).decode('latin-1')}" for key, _ in await objects.list("")])


async def test_one_takes_all_of_ones_own_along_and_nobody_elses(house: House) -> None:
    """Posts for whomever, with what they said and their pictures, people, lists, drafts (mastodon#10670); of what is
    for others no word, also where one had kept it before."""
    async with person(house, "anna") as anna, person(house, "bob") as bob, person(house, "eve") as eve:
        await bob.put("/api/v1/people/anna/follow", json={"notify": True})
        made = await put(anna, "Mine #one", media=[(await upload(anna))["id"]])
        await anna.patch(f"/api/v1/posts/{made['id']}", json={"text": "Mine, better"})
        closed = await put(anna, "For followers of Anna", visibility="followers", media=[(await upload(anna))["id"]])
        letter = await put(anna, "For @bob", visibility="mentioned")
        for each in (made, closed, letter):
            await bob.put(f"/api/v1/posts/{each['id']}/bookmark")
            await bob.put(f"/api/v1/posts/{each['id']}/like")
        await bob.put(f"/api/v1/posts/{made['id']}/boost")
        name = (await bob.post("/api/v1/lists", json={"name": "Friends"})).json()["id"]
        await bob.put(f"/api/v1/lists/{name}/members/anna")
        await bob.post("/api/v1/drafts", json={"text": "Half a thought"})

        file, lines = await opened(anna)
        posts = {each["post"]["text"]: each for each in lines["posts.jsonl"]}
        assert set(posts) == {"Mine, better", "For followers of Anna", "For @bob"}
        assert [each["text"] for each in posts["Mine, better"]["versions"]] == ["Mine #one"]
        pictures = [name for each in lines["posts.jsonl"] for name in each["pictures"]]
        assert {f"media/{each}" for each in pictures} == {each for each in file.namelist() if each.startswith("media/")}
        assert all(file.read(f"media/{each}")[8:12] == b"WEBP" for each in pictures)
        followers = msgspec.json.decode(file.read("people.json"))["followers"]
        assert [(each["handle"], each["notify"]) for each in followers] == [("bob", True)]

        await bob.delete("/api/v1/people/anna/follow")  # what is for followers is for Bob no more
        file, lines = await opened(bob)
        found = b"".join(file.read(name) for name in file.namelist())
        assert b"For followers" not in found
        kept = {each["id"]: each["handle"] for each in lines["bookmarks.jsonl"]}
        assert (
            kept
            == {made["id"]: "anna", closed["id"]: None, letter["id"]: "anna"}
            == {each["id"]: each["handle"] for each in lines["likes.jsonl"]}
        )
        people = msgspec.json.decode(file.read("people.json"))
        assert (people["lists"], people["following"]) == ([{"name": "Friends", "people": ["anna"]}], [])
        assert b"Half a thought" in file.read("later.json")
        file, _ = await opened(eve)
        assert b"anna" not in b"".join(file.read(name) for name in file.namelist())
        problem(await house.anyone.get("/api/v1/account/archive"), 401, "not-signed-in")
        for _ in range(2):
            await eve.get("/api/v1/account/archive")
        problem(await eve.get("/api/v1/account/archive"), 429, "too-many-archives")


async def test_who_is_deleted_is_gone_with_everything(house: House) -> None:
    """Posts, follows, likes, notifications, pictures at edges and in the store (mastodon#34444), and what was kept with
    reports; the documents of the posts say that they are gone."""
    async with person(house, "zoe") as zoe, person(house, "yan") as yan:
        secret, objects = "Unmistakable", Objects.open(house.settings.recordings_address)
        before = await files(objects)
        made = await put(zoe, f"{secret} @yan", media=[(await upload(zoe, "green"))["id"]])
        await upload(zoe, "blue")  # posted nowhere
        await zoe.post("/api/v1/drafts", json={"text": f"{secret} draft"})
        await zoe.put("/api/v1/people/yan/follow", json={})
        other = await put(yan, "Of Yan")
        await zoe.put(f"/api/v1/posts/{other['id']}/like")
        await zoe.post("/api/v1/posts", json={"text": f"{secret} answer", "reply_to": other["id"]})
        wish = {"kind": "post", "id": made["id"], "why": "spam"}
        assert (await yan.post("/api/v1/reports", json=wish)).status_code == 201
        key = public.key(public.POST, made["id"])
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while await objects.size(key) is None:  # its file is written within a second or two
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
        stored = await files(objects)
        number = made["author"]["id"]
        answer = await zoe.request("DELETE", "/api/v1/account", json={"handle": "zoe"})
        await done(house, f"/api/v1/account/deletion/{answer.json()['status'].rpartition('/')[2]}")
        left = await files(objects)
        with database(house.settings) as connection:
            theirs = {
                name: connection.execute(f"SELECT count(*) FROM {name} WHERE {column} = ?", [int(number)]).fetchone()[0]
                for name, column in (
                    ("posts", "author"), ("follows", "follower"), ("likes", "actor"), ("drafts", "actor"),
                    ("media", "actor"), ("notifications", "by"), ("mentions", "actor"),
                )
            }  # fmt: skip
        assert not any(theirs.values()), theirs
        assert {each.partition("/")[0] for each in stored - before} == set(FOLDERS)
        assert left.isdisjoint(stored - before)
        counts = (await yan.get(f"/api/v1/posts/{other['id']}")).json()["counts"]
        assert (counts["likes"], counts["replies"]) == (0, 0)

        async def said() -> bool:
            return secret in await everything(house)

        while await said():  # the documents are written anew beside the jobs
            assert asyncio.get_running_loop().time() < deadline + 20
            await asyncio.sleep(0.1)
        assert msgspec.json.decode(await objects.get(key))["gone"] is True


async def test_no_table_is_forgotten(house: House) -> None:
    """A row of somebody's in each table whose rows are taken along: all are in the archive, and after the account was
    deleted nothing of them is left anywhere."""
    async with person(house, "kim") as kim, person(house, "lou") as lou:
        post = int((await put(lou, "Of Lou"))["id"])
        await house.create("filled")
        with database(house.settings) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            query = "SELECT a.number, c.id FROM actors a JOIN accounts c ON c.id = a.account WHERE c.handle = ?"
            (me, account), (other, _) = (connection.execute(query, [name]).fetchone() for name in ("kim", "lou"))
            fill(connection, {"actor": me, "account": account, "other": other, "post": post})
            connection.execute("INSERT OR REPLACE INTO outbox (kind, id, version) VALUES ('card', ?, 1)", [str(me)])
        objects = Objects.open(house.settings.recordings_address)
        key = public.key(public.POST, (await put(lou, "After what cannot be read"))["id"])
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while await objects.size(key) is None:  # what is odd of one holds nobody else up
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
        file, lines = await opened(kim)
        wanted = {name for name in held.tables() if name not in BY_HAND}
        assert {f"kept/{name}.jsonl" for name in wanted} <= set(file.namelist())
        for name in wanted & MARKED:
            assert any(f"Unmistakable {name}"[:8] in str(row) for row in lines[f"kept/{name}.jsonl"]), name
        assert [row["target"] for row in lines["kept/blocks.jsonl"]] == ["lou"]
        for name in held.tables():
            columns = held.HELD[name].but  # type: ignore[union-attr]
            assert not [row for row in lines.get(f"kept/{name}.jsonl", []) if set(columns) & row.keys()], name
        answer = await kim.request("DELETE", "/api/v1/account", json={"handle": "kim"})
        await done(house, f"/api/v1/account/deletion/{answer.json()['status'].rpartition('/')[2]}")
        with database(house.settings) as connection:
            for name in held.tables():
                rows = held.HELD[name]
                whose = me if rows.actor else account  # type: ignore[union-attr]
                query = f"SELECT count(*) FROM {name} WHERE {rows.whose} = ?"  # type: ignore[union-attr]
                assert connection.execute(query, [whose]).fetchone() == (0,), name
            assert "Unmistakable" not in "\n".join(connection.iterdump())


BY_HAND = {"actors", "cases", "decisions", "imports", "oauth_tokens", "push_subscriptions", "show_people"}
"""Tables whose rows come with others, or not by themselves."""
MARKED = {"api_tokens", "identities", "mail_addresses", "passkeys", "reports", "templates", "word_filters"}
"""Tables with words of people."""


def fill(connection: sqlite3.Connection, known: dict[str, Any]) -> None:
    """Puts one row into each of them."""
    columns = "kind, thing, space, account, guest, name, text, written_ms, state, opened_ms, newest_ms, known"
    values_of_case = "'person', 'Unmistakable', '', ?, '', '', 'Unmistakable', 1, 'done', 1, 1, 0"
    made = connection.execute(
        f"INSERT INTO cases ({columns}) VALUES ({values_of_case})",
        [known["account"]],
    )
    for name in held.tables():
        if name in BY_HAND:
            continue
        rows, values = held.HELD[name], dict[str, Any]()
        assert isinstance(rows, held.HeldRows)
        for column in metadata.tables[name].c:
            where = {key.target_fullname for key in column.foreign_keys}
            if column.name == rows.whose:
                values[column.name] = known["actor" if rows.actor else "account"]
            elif "spaces.id" in where:
                values[column.name] = "filled"
            elif column.name == "case_number":
                values[column.name] = made.lastrowid
            elif "actors.number" in where:
                values[column.name] = known["other"]
            elif "posts.id" in where or column.name in ("post", "root"):
                values[column.name] = known["post"]
            elif column.name == "why":
                values[column.name] = "spam"  # no word of theirs: it stays
            elif isinstance(column.type, String):
                values[column.name] = f"Unmistakable {name}"[: column.type.length]
            else:
                values[column.name] = b"x" if isinstance(column.type, LargeBinary) else 7
        names = ", ".join(f'"{each}"' for each in values)
        marks = ", ".join("?" for _ in values)
        connection.execute(f"INSERT INTO {name} ({names}) VALUES ({marks})", list(values.values()))


async def test_what_was_taken_away_goes_for_good_after_its_time(house: House) -> None:
    """Thirty days after a moderator took a post down, or suspended its author; what was kept with a report six months
    after (glitch-soc/mastodon#2330: not with the posts). Nothing else goes."""
    async with person(house, "max") as mallory, person(house, "uma") as uma, person(house, "ida") as ida:
        taken = await put(mallory, "Taken down", media=[(await upload(mallory))["id"]])
        stays = await put(mallory, "Stays")
        spam = await put(uma, "Spam")
        assert (
            await ida.post("/api/v1/reports", json={"kind": "post", "id": taken["id"], "why": "spam"})
        ).status_code == 201
        [case] = (await house.http.get("/api/v1/moderation/cases")).json()["cases"][:1]
        address = f"/api/v1/moderation/cases/{case['number']}"
        answer = await house.http.post(f"{address}/decisions", json={"action": "hide", "reason": "No."})
        assert answer.status_code == 201, answer.text
        assert (await house.http.patch("/api/v1/accounts/uma", json={"suspended": True})).status_code == 200
        store = await Store.open(house.settings.database_address)
        objects, ids = Objects.open(house.settings.recordings_address), PostIds(9)
        posts, now = PostsTable(store.work), made_ms(taken)
        media = MediaDesk(MediaTable(store.work), objects, Readers(), ids, lambda: 0.0, Newcomers(0))
        purge = PostPurge(posts, media, objects)
        try:
            await purge.run(now + REVERSIBLE_MS - 86_400_000)
            assert there(house, taken, stays, spam) == 3
            await purge.run(now + REVERSIBLE_MS + 86_400_000)
            assert there(house, taken, spam) == 0
            assert there(house, stays) == 1
            [kept] = (await house.http.get(address)).json()["posts"]
            assert (kept["text"], kept["state"]) == ("Taken down", "deleted")
            assert (await house.http.get(kept["pictures"][0]["url"])).status_code == 200
            await purge.run(now + ANSWER_MS + 86_400_000)
            assert (await house.http.get(address)).json()["posts"] == []
            assert not [key for key, _ in await objects.list("reported") if kept["pictures"][0]["url"][-32:] in key]
            assert there(house, stays) == 1
        finally:
            await store.close()


def made_ms(post: dict[str, Any]) -> int:
    found: int = post["made_ms"]
    return found


def there(house: House, *posts: dict[str, Any]) -> int:
    """How many of these posts are in the database."""
    marks = ",".join("?" for _ in posts)
    with database(house.settings) as connection:
        query = f"SELECT count(*) FROM posts WHERE id IN ({marks})"
        return int(connection.execute(query, [int(each["id"]) for each in posts]).fetchone()[0])
