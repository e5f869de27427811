"""Bringing lists and posts along from elsewhere, over real HTTP, a real database and real files."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import tarfile
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person, picture, put, texts, upload
from tests.support.house import House, client, database, problem, running_house
from tests.support.whole import whole
from tests.unit.fediverse.test_archive import create

pytestmark = pytest.mark.asyncio(loop_scope="module")
OLD = "https://old.example/users/ada/statuses"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0, new_poster_days=0) as house:
        yield house


async def until(condition: Callable[[], Awaitable[bool]], reason: str) -> None:
    """Waits for a condition that is asked for over HTTP."""
    for _ in range(2400):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain: {reason}")


async def bring(http: httpx.AsyncClient, what: str, data: bytes, **query: str) -> dict[str, Any]:
    """A file, when all of it was tried."""
    answer = await http.put(f"/api/v1/imports/{what}", params=query, content=data)
    assert answer.status_code == 202, answer.text
    move = answer.json()["id"]

    async def over() -> bool:
        return (await http.get(f"/api/v1/imports/{move}")).json()["move"]["state"] in ("done", "failed")

    await until(over, "the file is brought along")
    found: dict[str, Any] = (await http.get(f"/api/v1/imports/{move}")).json()
    return found


def results(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["what"], each["result"]) for each in page["lines"]]


def zipped(outbox: object, **files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("outbox.json", json.dumps(outbox))
        for name, data in files.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def tarred(outbox: object, **files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, data in [*files.items(), ("outbox_dot_json", json.dumps(outbox).encode())]:
            info = tarfile.TarInfo("./" + name.replace("__", "/").replace("_dot_", "."))
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def archive() -> dict[str, Any]:
    attached = [{"type": "Document", "mediaType": "image/jpeg", "url": "/media_attachments/files/a.jpg", "name": "Red"}]
    return {
        "orderedItems": [
            create(number=1, content="<p>An old post #radio</p>", attachment=attached),
            create(
                number=2, content="<p>and what I said to it</p>", inReplyTo=f"{OLD}/1", published="2020-01-03T00:00:00Z"
            ),
            create(number=3, content="<p>for followers</p>", to=["https://old.example/users/ada/followers"], cc=[]),
            create(number=4, content="<p>a letter</p>", to=["https://x.example/users/bob"], cc=[]),
            {"type": "Announce", "object": "https://x.example/1"},
        ]
    }


async def test_lists(house: House) -> None:
    """Each line once, whatever was there before; what could not be done is told, and what is elsewhere as well."""
    async with person(house, "anna") as anna, person(house, "ben") as ben, person(house, "cem") as cem:
        assert (await cem.put("/api/v1/follow-requests", json={"approves": True})).is_success
        here = house.settings.audience_address.partition("://")[2]
        following = (
            f"Account address,Show boosts\nben,false\n@cem@{here},true\nada@old.example,true\nnobody,true\nanna,true\n"
        )
        page = await bring(anna, "list", following.encode(), name="following_accounts.csv")
        assert results(page) == [
            ("ada@old.example", "federation-off"), ("nobody", "account-not-found"), ("anna", "follows-oneself"),
        ]  # fmt: skip
        assert (page["move"]["total"], page["move"]["tried"], page["move"]["worked"]) == (5, 5, 2)
        stands = (await anna.get("/api/v1/people/ben")).json()
        assert (stands["following"], stands["boosts"]) == (True, False)
        # mastodon#22751, #28232: who was asked already is asked again, and who is followed is counted twice
        await cem.delete("/api/v1/notifications")
        again = await bring(anna, "list", following.encode(), name="following_accounts.csv")
        assert again["move"]["worked"] == 2
        assert (await cem.get("/api/v1/notifications/unread")).json()["unread"] == 0
        # mastodon#26355: a list for each line
        lists = b'Friends,ben\nFriends,cem\nFriends,ben\n"News, old",ben\n'
        assert (await bring(anna, "list", lists, name="lists.csv"))["move"]["worked"] == 3
        names = {each["name"]: each["id"] for each in (await anna.get("/api/v1/lists")).json()["lists"]}
        assert set(names) == {"Friends", "News, old"}
        members = (await anna.get(f"/api/v1/lists/{names['Friends']}/members")).json()["people"]
        assert {each["handle"] for each in members} == {"ben", "cem"}
        post = await put(ben, "Kept")
        kept = f"#uri\n{house.settings.audience_address}/ap/posts/{post['id']}\nhttps://old.example/1\n"
        assert results(await bring(anna, "list", kept.encode())) == [("https://old.example/1", "post-not-found")]
        assert await texts(anna, "/bookmarks") == ["Kept"]
        assert (await bring(anna, "list", b"Bad.Example\n", of="domains"))["move"]["worked"] == 1
        assert (await anna.get("/api/v1/domain-blocks")).json()["domains"] == ["bad.example"]
        assert (await bring(anna, "list", b"Account address,Hide notifications\ncem,false\n"))["move"]["worked"] == 1
        assert (await bring(anna, "list", b"cem\n", of="blocks"))["move"]["worked"] == 1
        stands = (await anna.get("/api/v1/people/cem")).json()
        assert (stands["muting"], stands["muting_notifications"], stands["blocking"]) == (True, False, True)
        await _taken_along(anna, here)
        problem(
            await anna.put("/api/v1/imports/list?of=blocks", content=following.encode()), 400, "import-kind-differs"
        )
        problem(await anna.get("/api/v1/imports/1"), 404, "import-not-found")
        assert len((await anna.get("/api/v1/imports")).json()["imports"]) == 7
        assert (await ben.get("/api/v1/imports")).json()["imports"] == []
        problem(await ben.delete(f"/api/v1/imports/{page['move']['id']}"), 404, "import-not-found")
        assert (await anna.delete(f"/api/v1/imports/{page['move']['id']}")).status_code == 204


async def _taken_along(anna: httpx.AsyncClient, here: str) -> None:
    """Lists as Mastodon reads them, and as they were brought."""
    for kind, expected in (
        ("following", f"Account address,Show boosts,Notify on new posts,Languages\nben@{here},false,false,\n"),
        ("mutes", f"Account address,Hide notifications\ncem@{here},false\n"),
        ("blocks", f"cem@{here}\n"),
        ("domains", "bad.example\n"),
        ("lists", f'Friends,ben@{here}\n"News, old",ben@{here}\n'),
    ):
        answer = await anna.get(f"/api/v1/account/lists/{kind}")
        assert (answer.status_code, answer.text) == (200, expected), kind
        assert answer.headers["content-disposition"].endswith('.csv"')
    assert "/ap/posts/" in (await anna.get("/api/v1/account/lists/bookmarks")).text


async def test_an_archive(house: House) -> None:
    """Its posts come in with their dates, readers and pictures; nobody is told, and nothing comes twice."""
    async with person(house, "ada") as ada, person(house, "bob") as bob:
        await bob.put("/api/v1/people/ada/follow", json={"notify": True})
        new = await put(ada, "A new post")
        await bob.delete("/api/v1/notifications")
        files = {"media_attachments__files__a_dot_jpg": picture(), "a_dot_mp4": b"film", "..__..__etc__x_dot_png": b"x"}
        page = await bring(ada, "archive", zipped(archive(), **files), name="archive.zip")
        assert (page["move"]["state"], page["move"]["worked"], page["lines"]) == ("done", 3, [])
        assert page["move"]["left_out"] == {"boosts": 1, "letters": 1, "broken": 0, "media": 0}
        posts = (await bob.get("/api/v1/people/ada/posts")).json()["posts"]
        assert [each["text"] for each in posts] == [
            "A new post", "and what I said to it", "for followers", "An old post #radio",
        ]  # fmt: skip
        old = posts[-1]
        assert (old["made_ms"], old["visibility"], old["media"][0]["alt"]) == (1_577_934_245_000, "public", "Red")
        assert posts[1]["reply_to"] == old["id"]
        assert (posts[2]["visibility"], old["counts"]["replies"]) == ("followers", 1)
        assert (await bob.get(f"/api/v1/media/{old['media'][0]['id']}/file")).content[8:12] == b"WEBP"
        told = (await bob.get("/api/v1/notifications")).text
        assert not any(f'"{each["id"]}"' in told for each in posts if each["id"] != new["id"])
        # friendica#14703: old posts stood on top of what people read
        home = (await bob.get("/api/v1/timelines/home")).json()["posts"]
        assert home[0]["id"] == new["id"]
        assert await texts(bob, "/timelines/tags/radio") == ["An old post #radio"]
        tar = await bring(ada, "archive", tarred(archive(), **files), name="archive.tar.gz")
        assert (tar["move"]["worked"], tar["lines"]) == (3, [])
        assert len((await ada.get("/api/v1/people/ada/posts")).json()["posts"]) == 4
        assert [each async for each in _left(house)] == [], "the archive is deleted when it is not needed any more"


async def test_an_archive_goes_out_and_in_again(house: House) -> None:
    """What one server gives the next one takes: words, dates, readers, warnings, pictures and threads."""
    async with person(house, "eva") as eva, person(house, "fay") as fay:
        first = await put(eva, "Guten Abend, @fay #radio\n\nund mehr", media=[(await upload(eva))["id"]], language="de")
        await put(eva, "Noch etwas", reply_to=first["id"], warning="Vorsicht", visibility="followers")
        await put(eva, "Ein Brief an @fay", visibility="mentioned")
        await fay.put(f"/api/v1/posts/{(await put(fay, 'Geteilt'))['id']}/like")
        taken = await eva.get("/home/imports/archive")
        assert taken.headers["content-type"] == "application/zip", taken.text[:200]
        page = await bring(fay, "archive", taken.content, name="archive-eva.zip")
        assert (page["move"]["worked"], page["lines"]) == (2, [])
        assert page["move"]["left_out"] == {"boosts": 0, "letters": 1, "broken": 0, "media": 0}
        own = (await eva.get("/api/v1/people/eva/posts")).json()["posts"]
        came = [
            each for each in (await fay.get("/api/v1/people/fay/posts")).json()["posts"] if each["text"] != "Geteilt"
        ]
        for one, other in zip([each for each in own if each["visibility"] != "mentioned"], came, strict=True):
            assert one["made_ms"] // 1000 == other["made_ms"] // 1000
            for field in ("visibility", "warning", "language"):
                assert one[field] == other[field], field
            assert len(one["media"]) == len(other["media"])
        assert came[0]["reply_to"] == came[1]["id"]
        here = house.settings.audience_address.partition("://")[2]
        assert came[1]["text"] == f"Guten Abend, @fay@{here} #radio\n\nund mehr"


async def _left(house: House) -> AsyncIterator[str]:
    folder = Path(house.settings.recordings_address.removeprefix("file://")) / "imports"
    for each in folder.rglob("*") if folder.exists() else ():
        yield str(each)


def bombs() -> Iterator[tuple[str, bytes, str]]:
    """Files that are not what they seem."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("outbox.json", "w", force_zip64=True) as file,
    ):
        for _ in range(310):
            file.write(bytes(1024 * 1024))
    yield "a bomb", out.getvalue(), "archive-too-large"
    yield "no outbox", zipped({})[:0] + _zip({"a.txt": b"x"}), "archive-no-outbox"
    yield "an outbox that is a path", _zip({"../outbox.json/x": b"{}"}), "archive-no-outbox"
    yield "garbage", os.urandom(5000), "bad-archive"
    yield "cut off", zipped(archive())[:-200], "bad-archive"
    yield "no JSON", _zip({"outbox.json": b"[" * 100_000}), "bad-archive"
    header = tarfile.TarInfo("x")
    header.size, header.type = 8 * 1024**3, tarfile.XHDTYPE
    yield "a tar that asks for 8 GB", header.tobuf(tarfile.PAX_FORMAT) + bytes(2048), "bad-archive archive-too-large"


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


async def test_hostile_archives_are_refused(house: House) -> None:
    """With a sentence, without a trace, and without what it costs being anybody's but their own process's."""
    async with person(house, "mallory") as http:
        for what, data, codes in bombs():
            page = await bring(http, "archive", data, name="archive.zip")
            assert page["move"]["state"] == "failed", what
            assert page["move"]["trouble"] in codes.split(), what
        shown = (await http.get("/home/imports")).text
        assert "There is more in this archive than can be imported." in shown
        problem(await http.put("/api/v1/imports/archive", content=b""), 400, "no-file")


async def test_the_page(house: House) -> None:
    """By plain forms, in both languages."""
    async with person(house, "dora") as dora:
        await bring(dora, "list", b"nobody\n", of="following", name="people.csv")
        shown = (await dora.get("/home/imports", headers={"Accept-Language": "de"})).text
        assert "Umziehen" in shown
        assert "people.csv" in shown
        sent = {"file": ("lists.csv", b"Friends,dora\n", "text/csv")}
        answer = await dora.post("/home/imports", files=sent, data={"kind": ""})
        assert answer.status_code == 303, answer.text
        wrong = await dora.post(
            "/home/imports", files={"file": ("x.csv", b"a@b.example\n", "text/csv")}, data={"kind": ""}
        )
        assert wrong.status_code == 400
        assert "Choose it." in wrong.text
        move = next(
            each for each in (await dora.get("/api/v1/imports")).json()["imports"] if each["name"] == "people.csv"
        )
        detail = (await dora.get(f"/home/imports/{move['id']}")).text
        assert "There is no such account." in detail
        assert (await dora.post(f"/home/imports/{move['id']}/forget", data={"next": ""})).status_code == 303


@pytest.mark.processes
async def test_a_house_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """In the middle of an archive, with kill -9: all posts come in, each once."""
    many = {"orderedItems": [create(number=each, content=f"<p>Post {each}</p>") for each in range(300)]}
    async with whole(tmp_path, edges=0, sign_up="open", new_account_hours=0, new_poster_days=0) as site:
        address, headers = f"http://127.0.0.1:{site.settings.port}", {"Sec-Fetch-Site": "same-origin"}
        async with client(address, **headers) as http:
            body = {"handle": "ada", "name": "Ada", "password": "several words together"}
            assert (await http.post("/api/v1/sign-up", json=body)).status_code == 201
            answer = await http.put("/api/v1/imports/archive", content=zipped(many))
            move = answer.json()["id"]

            async def tried() -> int:
                try:
                    return int((await http.get(f"/api/v1/imports/{move}")).json()["move"]["tried"])
                except (httpx.HTTPError, KeyError, ValueError):
                    return -1

            await until(lambda: _over(tried, 5), "some posts came in")
            os.kill(site.worker("house-0").pid or 0, signal.SIGKILL)
            await until(lambda: _over(tried, 299), "all of them were tried")
            found = (await http.get(f"/api/v1/imports/{move}")).json()
            assert found["lines"] == []
            with database(site.settings) as connection:
                counted = "SELECT count(*), count(DISTINCT text) FROM posts"
                assert connection.execute(counted).fetchone() == (300, 300)


async def _over(number: Any, least: int) -> bool:
    return int(await number()) > least
