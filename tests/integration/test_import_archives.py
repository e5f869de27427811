"""Archives as they come in real life, and as somebody makes them who means ill: large ones, ones with holes, ones that
name files of this machine."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.test_imports import OLD, archive, bring, zipped
from tests.integration.test_posts import person, picture, texts
from tests.support.house import House, database, running_house
from tests.unit.fediverse.test_archive import create

pytestmark = pytest.mark.asyncio(loop_scope="module")
MANY = 10_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0, new_poster_days=0) as house:
        yield house


def attached(*paths: str) -> list[dict[str, Any]]:
    return [{"type": "Document", "mediaType": "image/jpeg", "url": each} for each in paths]


@pytest.mark.timeout(300)
async def test_ten_thousand_posts(house: House) -> None:
    """Each once and in its order, all threads among them, and once more nothing."""
    items = [create(number=0, content="<p>Post 0</p>", published="2020-01-01T00:00:00Z")]
    for each in range(1, MANY):
        day = f"{2020 + each // 3650}-{1 + each // 28 % 12:02}-{1 + each % 28:02}T00:00:{each % 60:02}Z"
        items.append(create(number=each, content=f"<p>Post {each}</p>", published=day, inReplyTo=f"{OLD}/0"))
    async with person(house, "eva") as eva:
        page = await bring(eva, "archive", zipped({"orderedItems": items}))
        assert (page["move"]["total"], page["move"]["worked"], page["lines"]) == (MANY, MANY, [])
        again = await bring(eva, "archive", zipped({"orderedItems": items}))
        assert again["move"]["worked"] == MANY
        with database(house.settings) as connection:
            counted = "SELECT count(*), count(DISTINCT text), count(reply_to) FROM posts"
            assert connection.execute(counted).fetchone() == (MANY, MANY, MANY - 1)


async def test_what_cannot_be_read_is_counted_and_the_rest_comes(house: House) -> None:
    """Entries that are no posts, pictures that are none or not there."""
    outbox = archive()
    outbox["orderedItems"] += [
        {"type": "Create"}, 7, None, {"type": "Create", "object": {"type": "Note", "id": f"{OLD}/9"}},
        create(number=10, content="<p>a picture that is not there</p>", attachment=attached("/media/gone.jpg")),
        create(number=11, content="", attachment=attached("/media/gone.jpg")),
        create(number=12, content="<p>a picture that is none</p>", attachment=attached("/media/none.jpg")),
        create(number=13, content="", attachment=attached("/media/none.jpg")),
    ]  # fmt: skip
    files = {"media_attachments__files__a_dot_jpg": picture(), "media__none_dot_jpg": b"no picture"}
    async with person(house, "fay") as fay:
        page = await bring(fay, "archive", zipped(outbox, **files))
        assert page["move"]["left_out"] == {"boosts": 1, "letters": 1, "broken": 4, "media": 2}
        assert (page["move"]["total"], page["move"]["worked"]) == (6, 5)
        assert [each["result"] for each in page["lines"]] == ["bad-picture"]
        posts = (await fay.get("/api/v1/people/fay/posts")).json()["posts"]
        pictures = {each["text"]: len(each["media"]) for each in posts}
        assert pictures["a picture that is not there"] == pictures["a picture that is none"] == 0
        assert pictures["An old post #radio"] == 1


@pytest.mark.parametrize("kind", ["zip", "tar"])
async def test_nothing_of_this_machine_comes_along(house: House, tmp_path: Path, kind: str) -> None:
    """Whatever a post or a link of an archive names, only what is in it counts; and nothing is written beside it."""
    secret, before = tmp_path / "secret.jpg", tmp_path / "written.jpg"
    secret.write_bytes(picture())
    names = (f"{secret}", f"../../../../../..{secret}", "link.jpg", "hard.jpg", f"file://{secret}")
    outbox = {"orderedItems": [create(number=each, attachment=attached(name)) for each, name in enumerate(names)]}
    data = (_linked if kind == "tar" else _linked_zip)(outbox, f"{secret}", f"../../../../../..{before}")
    async with person(house, f"gus-{kind}") as gus:
        page = await bring(gus, "archive", data)
        assert (page["move"]["worked"], page["move"]["total"]) == (len(names), len(names))
        assert set(await texts(gus, f"/people/gus-{kind}/posts")) == {"Hello"}
        posts = (await gus.get(f"/api/v1/people/gus-{kind}/posts")).json()["posts"]
        assert [each["media"] for each in posts] == [[]] * len(names)
        assert not before.exists()


def _linked(outbox: object, secret: str, outside: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, kind in (("link.jpg", tarfile.SYMTYPE), ("hard.jpg", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, secret
            made.addfile(info)
        for name, data in (("outbox.json", json.dumps(outbox).encode()), (outside, picture())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _linked_zip(outbox: object, secret: str, outside: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("link.jpg", "hard.jpg"):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            made.writestr(info, secret)
        made.writestr("outbox.json", json.dumps(outbox))
        made.writestr(outside, picture())
    return out.getvalue()


async def test_pictures_that_would_fill_a_disk(house: House) -> None:
    """A hundred kilobytes that unpack to ten times what an archive of that size may have."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("outbox.json", json.dumps(archive()))
        for each in range(5):
            made.writestr(f"{each}.png", bytes(15 * 1024 * 1024))
    async with person(house, "hal") as hal:
        page = await bring(hal, "archive", out.getvalue())
        assert (page["move"]["state"], page["move"]["trouble"]) == ("failed", "archive-too-large")
