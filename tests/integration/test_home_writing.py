"""Writing posts by plain forms, without a script: nothing of it is lost, and nothing of it becomes markup."""

from __future__ import annotations

import html
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_home_pages import page, press
from tests.integration.test_posts import person, picture, put, upload
from tests.support.house import House, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")
CORPUS = (
    '<img src=x onerror="alert(1)">',
    "\"'><script>alert(2)</script>",
    "</textarea></title></script><svg onload=alert(3)>",
    'javascript:alert(4) https://x.example/"onmouseover=alert(5)',
    "https://x.example/'><iframe srcdoc=alert(6)>",
    '@<b>x</b> #<i>y</i> @eve"onfocus=alert(7) #a"b',
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
    "<a href=data:text/html,alert(8)>x</a> <math><mi xlink:href=javascript:alert(9)>",
    "&lt;script&gt;alert(10)&lt;/script&gt; &#x3c;img src=x onerror=alert(11)&#x3e;",
    "<details open ontoggle=alert(12)><style>*{display:none}</style><base href=//x>",
)
SCRIPTS = {"module", "application/json"}
FOREIGN = {"iframe", "object", "embed", "math", "style", "base", "b-x", "marquee", "mi"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open", new_account_hours=0) as house:
        yield house


class Reader(HTMLParser):
    """Reads a page as a browser would, and notes what nobody of ours has written."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        wrong = tag in FOREIGN or any(name.startswith("on") for name in given) or "srcdoc" in given
        if tag == "script":
            wrong = wrong or not (given.get("type") in SCRIPTS or given.get("src", "").startswith("/studio/"))
        for name in ("href", "src", "action", "formaction"):
            if name in given and not re.match(r"(?:/|#|\?|https?://)", given[name]):
                wrong = True
        if wrong or (tag == "img" and given.get("src") == "x"):
            self.found.append(f"{tag} {given}")


def foreign(text: str) -> list[str]:
    reader = Reader()
    reader.feed(text)
    return reader.found


async def test_a_picture_without_a_script(house: House) -> None:
    """It is sent with all that was written so far, which comes back with it; described, posted, and taken out again."""
    async with person(house, "ada") as ada:
        sent = await ada.post(
            "/home/compose/picture", data={"text": "At the sea", "warning": "Water", "language": "en", "key": "k1"},
            files={"picture": ("sea.jpg", picture(), "image/jpeg")},
        )  # fmt: skip
        assert sent.status_code == 200, sent.text
        assert "At the sea" in sent.text
        [name] = re.findall(r'name="(picture-[1-9]\d+)"', sent.text)
        fields = {"text": "At the sea", "warning": "Water", "language": "en", "key": "k1", name: "Waves & foam"}
        without = await ada.post("/home/compose", data={**fields, "out": name.removeprefix("picture-")})
        assert name not in without.text
        for _ in range(2):  # whoever presses twice posts once
            assert (await ada.post("/home/posts", data=fields)).status_code == 303
        shown = await page(ada)
        assert shown.count("<article") == 1
        assert 'alt="Waves &amp; foam"' in shown
        nothing = await ada.post("/home/compose/picture", data={"text": "Kept"}, files={"picture": ("", b"", "x/y")})
        assert nothing.status_code == 400
        assert "Choose a picture first" in nothing.text
        assert ">Kept</textarea>" in nothing.text
        bad = await ada.post("/home/compose/picture", data={"text": "Kept"}, files={"picture": ("a.jpg", b"no", "x/y")})
        assert "not a picture" in bad.text


async def test_what_other_apps_hand_over(house: House) -> None:
    """Title, text and address stand in the form, each once: some devices put the address into the text, too."""
    async with person(house, "otto") as otto:
        for given, stands in (
            ({"title": "A talk", "text": "Come", "url": "https://a.example/"}, "A talk\nCome\nhttps://a.example/"),
            ({"title": "A talk", "text": "A talk: https://a.example/", "url": "https://a.example/"}, "A talk: https:"),
            ({"text": "@ada "}, "@ada "),
        ):
            shown = (await otto.get("/home/compose", params=given)).text
            assert f">{stands}" in shown.replace("\r", ""), given


async def test_a_poll_a_draft_and_a_time(house: House) -> None:
    """What the form has besides; each goes where it belongs, and what is wrong is said with everything still there."""
    async with person(house, "ben") as ben:
        alone = await press(ben, "/posts", text="Which?", answer0="One")
        assert alone.status_code == 400
        assert "at least two answers" in alone.text
        assert 'value="One"' in alone.text
        await press(ben, "/posts", text="Which?", answer0="One", answer1="Two", open_s="3600", visibility="public")
        assert "Two" in await page(ben)
        assert (await press(ben, "/drafts", text="Later", warning="W")).headers["location"] == "/home/drafts"
        [draft] = re.findall(r"/home/compose\?draft=(\d+)", await page(ben, "/drafts"))
        again = await page(ben, f"/compose?draft={draft}")
        assert ">Later</textarea>" in again
        assert 'value="W"' in again
        at = datetime.fromtimestamp(time.time() + 7200, UTC).strftime("%Y-%m-%dT%H:%M")
        soon = await press(ben, "/posts", text="Later", draft=draft, at="2020-01-01T10:00")
        assert soon.status_code == 409
        assert ">Later</textarea>" in soon.text
        kept = await press(ben, "/posts", text="Later", draft=draft, at=at)
        assert kept.headers["location"] == "/home/scheduled"
        assert "No drafts" in await page(ben, "/drafts")
        [waits] = re.findall(r"/home/scheduled/(\d+)/cancel", await page(ben, "/scheduled"))
        assert (
            await press(ben, f"/scheduled/{waits}/move", at_ms=f"{round(time.time() * 1000) + 9_000_000}")
        ).is_redirect
        assert (await press(ben, f"/scheduled/{waits}/draft")).headers["location"] == "/home/drafts"
        assert "Nothing is scheduled" in await page(ben, "/scheduled")
        assert "Later" in await page(ben, "/drafts")


async def test_an_answer_to_what_is_gone_is_not_lost(house: House) -> None:
    """The text stands there, with the reason, and can be posted by itself; changes keep what was said before."""
    async with person(house, "cora") as cora:
        first = await put(cora, "First")
        await cora.delete(f"/api/v1/posts/{first['id']}")
        late = await press(cora, "/posts", text="My long answer", reply_to=first["id"])
        assert late.status_code == 404
        assert ">My long answer</textarea>" in late.text
        assert "no longer there" in late.text
        made = await put(cora, "Tpyo", warning="Careful")
        form = await page(cora, f"/compose?post={made['id']}")
        assert ">Tpyo</textarea>" in form
        done = await press(cora, "/posts", post=made["id"], text="Typo", warning="Careful", language="")
        assert done.headers["location"] == f"/home/posts/{made['id']}"
        past = await page(cora, f"/posts/{made['id']}/history")
        assert past.index("Typo") < past.index("Tpyo")
        assert "Delete this post" in await page(cora, f"/posts/{made['id']}/delete")


async def test_lists_requests_and_quotes(house: House) -> None:
    """People in lists, those who ask to follow, and consent to be quoted: made and taken back by buttons."""
    async with person(house, "dora") as dora, person(house, "emil") as emil:
        members = (await press(dora, "/lists", name="Close")).headers["location"].removeprefix("/home")
        await press(dora, "/people/emil/follow")
        assert (await press(dora, members.replace("members", "add"), handle="nobody-here")).status_code == 404
        await press(dora, members.replace("members", "add"), handle="@Emil")
        assert "Emil" in await page(dora, members)
        await put(emil, "For the list")
        assert "For the list" in await page(dora, members.removesuffix("/members"))
        assert "checked" in await page(dora, "/people/emil")
        await press(dora, members.replace("members", "delete"))
        assert "No lists yet" in await page(dora, "/lists")
        await press(emil, "/requests", approves="on")
        await press(dora, "/people/emil/unfollow")
        await press(dora, "/people/emil/follow")
        assert "Withdraw request" in await page(dora, "/people/emil")
        assert "Allow: Dora" in await page(emil, "/requests")
        await press(emil, "/people/dora/grant")
        assert "Unfollow" in await page(dora, "/people/emil")
        said = await put(emil, "Quotable")
        form = await page(dora, f"/compose?quote={said['id']}")
        assert "@emil is asked first" in form
        await press(dora, "/posts", text="See", quote=said["id"])
        [asked] = re.findall(r"/home/posts/(\d+)/consent", await page(emil, "/requests"))
        await press(emil, f"/posts/{asked}/consent")
        assert "<blockquote" in await page(dora, f"/posts/{asked}")
        await press(emil, f"/posts/{asked}/unconsent")
        assert "<blockquote" not in await page(dora, f"/posts/{asked}")


async def test_what_others_do_and_whom_one_wants_nothing_of(house: House) -> None:
    """Lines and the strangers' box; a mute with an end, a block, a muted thread, a blocked server: there and gone."""
    async with person(house, "gita") as gita, person(house, "hans") as hans:
        made = await put(gita, "Look here")
        await press(hans, f"/posts/{made['id']}/like")
        shown = await page(gita, "/notifications")
        assert "Likes your post" in shown
        [newest] = re.findall(r'name="newest" value="(\d+)"', shown)
        assert 'class="count">1' in shown
        await press(gita, "/notifications/read", newest=newest)
        assert 'class="count"' not in await page(gita, "/notifications")
        await press(gita, "/notifications/settings", not_followed="filter")
        await put(hans, "Hello @gita, you do not know me")
        assert "you do not know me" not in await page(gita, "/notifications")
        assert "Hans" in await page(gita, "/notifications/strangers")
        assert "you do not know me" in await page(gita, "/notifications/strangers/hans")
        await press(gita, "/notifications/strangers/hans/accept")
        assert "you do not know me" in await page(gita, "/notifications")
        await press(gita, "/people/hans/mute", hours="24")
        assert "Until" in await page(gita, "/notifications/settings")
        assert "you do not know me" not in await page(gita, "/local")
        await press(gita, "/people/hans/unmute")
        assert "you do not know me" in await page(gita, "/local")
        await press(gita, "/people/hans/block")
        assert "You have blocked this person" in await page(gita, "/people/hans")
        assert "has blocked you" in await page(hans, "/people/gita")
        assert (await press(hans, f"/posts/{made['id']}/boost")).status_code == 404
        await press(gita, "/people/hans/unblock")
        await press(gita, f"/posts/{made['id']}/mute")
        assert "Unmute this thread" in await page(gita, "/local")
        assert (await press(gita, "/notifications/domains", domain="no domain")).status_code == 400
        await press(gita, "/notifications/domains", domain="bad.example")
        assert "bad.example" in await page(gita, "/notifications/settings")
        await press(gita, "/notifications/domains", domain="bad.example", out="1")
        assert "bad.example" not in await page(gita, "/notifications/settings")


async def test_words_that_one_does_not_want_to_read(house: House) -> None:
    """Behind a line, or gone, where one wants it; changed and deleted again."""
    async with person(house, "ines") as ines, person(house, "jan") as jan:
        await put(jan, "About turnips again")
        places = {"in-public": "on", "in-home": "on"}
        assert (await press(ines, "/filters", words="turnips")).status_code == 400
        await press(ines, "/filters", words="turnips\nswede", action="warn", days="7", **places)
        assert "turnips</summary>" in await page(ines, "/local")
        shown = await page(ines, "/filters")
        assert "turnips\nswede</textarea>" in shown
        [number] = re.findall(r'action="/home/filters/(\d+)"', shown)
        await press(ines, f"/filters/{number}", words="turnip", parts="on", action="hide", title="Roots", **places)
        assert "About turnips" not in await page(ines, "/local")
        await press(ines, f"/filters/{number}", out="1")
        assert "About turnips" in await page(ines, "/local")
        assert "No filters yet" in await page(ines, "/filters")


@pytest.mark.parametrize("number", range(len(CORPUS)))
async def test_nothing_that_people_write_becomes_markup(house: House, number: int) -> None:
    """Names, bios, texts, warnings, answers, alt texts, lists, drafts: on every page where they stand, as text."""
    evil, handle = CORPUS[number], f"eve{number}"
    async with person(house, handle) as eve:
        await eve.patch("/api/v1/account", json={"name": evil[:60], "bio": evil})
        media = (await upload(eve))["id"]
        await eve.patch(f"/api/v1/media/{media}", json={"alt": evil})
        made = await put(eve, f"{evil} #tag{number}", media=[media], language="en")
        await put(eve, evil, warning=evil[:100], poll={"answers": [evil[:70], "b"], "open_s": 3600})
        await put(eve, evil, reply_to=made["id"])
        await put(eve, evil, quote=made["id"])
        await eve.patch(f"/api/v1/posts/{made['id']}", json={"text": f"again {evil} #tag{number}"})
        list_id = (await eve.post("/api/v1/lists", json={"name": evil[:60]})).json()["id"]
        await eve.post("/api/v1/drafts", json={"text": evil})
        await press(eve, f"/posts/{made['id']}/pin")
        wrong = await press(eve, "/posts", text=evil * 200, warning=evil, answer0=evil)
        pages = [wrong.text]
        for path in (
            "", "/local", f"/people/{handle}", f"/posts/{made['id']}", f"/posts/{made['id']}/history", "/lists",
            f"/posts/{made['id']}/delete", f"/lists/{list_id}/members", "/drafts", f"/tags/tag{number}",
            f"/compose?quote={made['id']}", f"/compose?post={made['id']}", f"/people/{handle}/followers",
        ):  # fmt: skip
            pages.append(await page(eve, path))
        assert sum(html.escape(evil)[:20] in text or evil[:20] in html.unescape(text) for text in pages) > 9
        assert [each for text in pages for each in foreign(text)] == []


async def test_tabs_of_other_sites_do_nothing(house: House) -> None:
    """A form that another site sends changes nothing, also one with a file."""
    async with person(house, "finn") as finn:
        away = {"Sec-Fetch-Site": "cross-site"}
        for path, how in (
            ("/home/posts", {"data": {"text": "x"}}), ("/home/drafts", {"data": {"text": "x"}}),
            ("/home/lists", {"data": {"name": "x"}}), ("/home/people/ada/follow", {"data": {"next": "/home"}}),
            ("/home/compose/picture", {"files": {"picture": ("a.jpg", picture(), "image/jpeg")}}),
        ):  # fmt: skip
            answer: httpx.Response = await finn.post(path, headers=away, **how)
            assert answer.status_code == 403, path
        assert (await finn.get("/api/v1/drafts")).json()["drafts"] == []
