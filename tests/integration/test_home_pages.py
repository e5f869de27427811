"""Posts for who is signed in, by plain forms: writing, answering, liking, following, deleting."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person, put
from tests.support.house import House, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = '<img src=x onerror="alert(1)">\'"><script>alert(2)</script> javascript:alert(3) http://x.example/"onmouseover=alert(4)'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open", new_account_hours=0) as house:
        yield house


async def press(http: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Sends a form."""
    return await http.post(f"/home{path}", data=fields or {"next": "/home"}, follow_redirects=False)


async def page(http: httpx.AsyncClient, path: str = "") -> str:
    answer = await http.get(f"/home{path}")
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["cache-control"]
    return answer.text


async def test_strangers_are_asked_to_sign_in(house: House) -> None:
    """No page of posts is for them, and no button does anything."""
    for path in ("", "/local", "/bookmarks", "/people/ada", "/posts/1"):
        answer = await house.anyone.get(f"/home{path}", follow_redirects=False)
        assert answer.status_code in (302, 303, 307)
        assert answer.headers["location"].startswith("/sign-in?next=")
    sent = await house.anyone.post("/home/posts", data={"text": "x"}, follow_redirects=False)
    assert sent.status_code == 403 or "/sign-in" in sent.headers["location"]


async def test_from_following_to_a_conversation(house: House) -> None:
    """Whom one follows is on one's page; an answer stands below; a like and a bookmark are there and taken back."""
    async with person(house, "ada") as ada, person(house, "bob") as bob:
        assert "Follow people" in await page(bob)
        assert (await press(bob, "/people/ada/follow", next="/")).headers["location"] == "/home/people/ada"
        assert "Unfollow" in await page(bob, "/people/ada")
        assert (await press(ada, "/posts", text="Good evening", visibility="followers")).headers["location"] == "/home"
        shown = await page(bob)
        assert "Good evening" in shown
        assert "Followers only" in shown
        [post] = set(re.findall(r'id="p(\d+)"', shown))
        answered = await press(bob, "/posts", text="And to you", reply_to=post, visibility="followers")
        assert re.fullmatch(r"/home/posts/\d+", answered.headers["location"])
        assert "And to you" in await page(ada, f"/posts/{post}")
        for deed, kept in (("like", 1), ("bookmark", 1), ("unlike", 0), ("unbookmark", 0)):
            done = await press(bob, f"/posts/{post}/{deed}", next="/home")
            assert done.headers["location"] == "/home"
            assert (await page(bob)).count('aria-pressed="true"') == {"like": 1, "bookmark": 2, "unlike": 1}.get(
                deed, 0
            )
            assert ("Good evening" in await page(bob, "/bookmarks")) == (deed in ("bookmark", "unlike")), kept
        await press(ada, f"/posts/{post}/delete", next=f"/home/posts/{post}")
        assert "Good evening" not in await page(bob)
        assert (await bob.get(f"/home/posts/{post}")).status_code == 404


async def test_what_is_wrong_is_said_beside_what_was_written(house: House) -> None:
    """Nothing that somebody wrote is lost, and a button never leads to another site."""
    async with person(house, "carl") as carl:
        answer = await press(carl, "/posts", text="y" * 1001, warning="Long")
        assert answer.status_code == 400
        assert "y" * 1001 in answer.text
        assert 'role="alert"' in answer.text
        await press(carl, "/posts", text="Here")
        [post] = set(re.findall(r'id="p(\d+)"', await page(carl)))
        away = await press(carl, f"/posts/{post}/like", next="https://evil.example/")
        assert away.headers["location"] == "/"
        assert (await press(carl, f"/posts/{post}/explode")).status_code == 404
        refused = await carl.post("/home/posts", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert refused.status_code == 403
        assert "<p>x</p>" not in await page(carl)


async def test_nothing_that_people_write_becomes_a_part_of_the_page(house: House) -> None:
    """In texts, warnings, names and answers of polls."""
    async with person(house, "eve") as eve:
        assert (await eve.patch("/api/v1/account", json={"name": HOSTILE[:60]})).status_code == 200
        await put(eve, HOSTILE, warning=HOSTILE[:100], poll={"answers": [HOSTILE[:70], "b"], "open_s": 3600})
        for path in ("", "/local", "/people/eve"):
            shown = await page(eve, path)
            assert "onerror" in shown
            assert not re.search(r"<(?:script>|img[^>]*onerror|[^>]*\son\w+=)", shown)
            assert 'href="javascript' not in shown


async def test_older_posts_are_a_link_away(house: House) -> None:
    """Twenty on a page, none twice, none left out."""
    async with person(house, "zoe") as zoe:
        for number in range(25):
            await put(zoe, f"Number {number:02}.")
        first = await page(zoe, "/people/zoe")
        [older] = re.findall(r'href="(/home/people/zoe\?before=\d+)"', first)
        second = (await zoe.get(older)).text
        seen = [re.findall(r"Number (\d\d)\.", each) for each in (first, second)]
        assert [len(each) for each in seen] == [20, 5]
        assert sorted({*seen[0], *seen[1]}) == [f"{number:02}" for number in range(25)]
