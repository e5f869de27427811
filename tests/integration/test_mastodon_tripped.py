"""What apps tripped over at other servers with Mastodon's client API, rebuilt with this one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person, put
from tests.support.apps import app_of, got, sent
from tests.support.house import House, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


async def pages(app: httpx.AsyncClient, path: str) -> list[list[str]]:
    """All of a list as an app pages through it: until there is no ``next``."""
    found, at = list[list[str]](), f"/api{path}"
    while at:
        answer = await app.get(at)
        assert answer.status_code == 200, answer.text
        found.append([each["id"] for each in answer.json()])
        following = re.search(r'<https?://[^/]+([^>]+)>; rel="next"', answer.headers.get("link", ""))
        at = following[1] if following else ""
    return found


async def test_a_page_that_others_fill_is_not_the_end(house: House) -> None:
    """gotosocial#2213: of a page of posts by somebody muted nothing was left, and no Link; apps took that for the end,
    and what was older could not be reached."""
    async with (
        person(house, "amy") as amy, person(house, "loud") as loud, person(house, "reader") as reader,
        app_of(reader) as app,
    ):  # fmt: skip
        old = [(await put(amy, f"old {each}"))["id"] for each in range(3)]
        for each in range(25):
            await put(loud, f"loud {each}")
        new = (await put(amy, "new"))["id"]
        theirs = (await got(app, "/v1/accounts/lookup", acct="loud"))["id"]
        for paths, end in (("mute", "unmute"), ("block", "unblock")):
            await sent(app, f"/v1/accounts/{theirs}/{paths}")
            for path in ("/v1/timelines/public?local=true&limit=2", "/v1/timelines/public?limit=2"):
                found = await pages(app, path)
                assert [each for page in found for each in page] == [new, *old[::-1]], (paths, path)
                assert all(found[:-1]), "a page in the middle is empty"
            await sent(app, f"/v1/accounts/{theirs}/{end}")


async def test_what_was_deleted_is_in_no_notification(house: House) -> None:
    """mastodon#33902, Tusky#1578 and toot#137 (iOS): a notification whose post was null, and no app showed any."""
    async with person(house, "bea") as bea, person(house, "cid") as cid, app_of(bea) as one, app_of(cid) as two:
        made = await sent(one, "/v1/statuses", status="Soon gone")
        await sent(two, f"/v1/statuses/{made['id']}/favourite")
        await sent(two, f"/v1/statuses/{made['id']}/reblog")
        answer = await sent(two, "/v1/statuses", status="@bea look", in_reply_to_id=made["id"])
        await sent(two, f"/v1/accounts/{made['account']['id']}/follow")
        assert {each["type"] for each in await got(one, "/v1/notifications")} == {
            "favourite", "reblog", "mention", "follow",
        }  # fmt: skip
        assert (await two.delete(f"/api/v1/statuses/{answer['id']}")).is_success
        assert (await one.delete(f"/api/v1/statuses/{made['id']}")).is_success
        assert [each["type"] for each in await got(one, "/v1/notifications")] == ["follow"]
        groups = await got(one, "/v2/notifications")
        assert [each["type"] for each in groups["notification_groups"]] == ["follow"]
        assert groups["statuses"] == []
        assert (await got(one, "/v1/notifications/unread_count"))["count"] == 1


async def test_one_of_a_list_without_brackets(house: House) -> None:
    """Kaiteki#314: an app asked Akkoma for ``timeline=notifications`` instead of ``timeline[]=``, and was refused."""
    async with person(house, "dan") as dan, person(house, "eli") as eli, app_of(dan) as one, app_of(eli) as two:
        made = await sent(one, "/v1/statuses", status="Hello")
        await sent(two, f"/v1/statuses/{made['id']}/favourite")
        await sent(two, "/v1/statuses", status="@dan hello")
        await sent(one, "/v1/markers", **{"home[last_read_id]": made["id"]})
        me = made["account"]["id"]
        for brackets in ("", "[]"):
            assert set(await got(one, "/v1/markers", **{f"timeline{brackets}": "home"})) == {"home"}
            asked = {f"types{brackets}": "favourite"}
            assert [each["type"] for each in await got(one, "/v1/notifications", **asked)] == ["favourite"]
            asked = {f"exclude_types{brackets}": "favourite"}
            assert [each["type"] for each in await got(one, "/v1/notifications", **asked)] == ["mention"]
            grouped = await got(one, "/v2/notifications", **asked)
            assert [each["type"] for each in grouped["notification_groups"]] == ["mention"]
            for path in ("/v1/accounts/relationships", "/v1/accounts"):
                assert [each["id"] for each in await got(two, path, **{f"id{brackets}": me})] == [me]
            assert [each["id"] for each in await got(two, "/v1/statuses", **{f"id{brackets}": made["id"]})] == [
                made["id"]
            ]


async def test_an_address_is_looked_for_whatever_kind_is_asked(house: House) -> None:
    """mastodon#11771: a post's address found nothing where only posts were asked for, and was an error where only
    people were; #13083: who paged on got it for ever."""
    async with person(house, "fin") as fin, person(house, "gil") as gil, app_of(gil) as app:
        made, files = await put(fin, "Here"), house.settings.audience_address
        for address, kind in ((f"{files}/@fin/{made['id']}", "statuses"), (f"{files}/@fin", "accounts")):
            for asked in ("statuses", "accounts", "hashtags"):
                found = await got(app, "/v2/search", q=address, type=asked, resolve="true")
                assert {name for name, each in found.items() if each} == ({kind} if asked == kind else set())
            found = await got(app, "/v2/search", q=address, resolve="true", offset="1")
            assert not any(found.values())


async def test_somebody_who_is_suspended_breaks_no_page(house: House) -> None:
    """Tusky#848: an account that is gone made an app fall over; its address says 404 or 410, and lists leave it out."""
    async with person(house, "ian") as ian, person(house, "joe") as joe, app_of(ian) as one, app_of(joe) as two:
        made = await sent(two, "/v1/statuses", status="By somebody who goes")
        await sent(one, f"/v1/accounts/{made['account']['id']}/follow")
        boost = await sent(one, f"/v1/statuses/{made['id']}/reblog")
        await sent(one, f"/v1/statuses/{made['id']}/bookmark")
        await sent(two, "/v1/statuses", status="@ian hello")
        gone = await house.http.patch("/api/v1/accounts/joe", json={"suspended": True})
        assert gone.is_success, gone.text
        assert (await one.get(f"/api/v1/accounts/{made['account']['id']}")).status_code in (404, 410)
        for path in ("/v1/timelines/home", "/v1/bookmarks", f"/v1/accounts/{boost['account']['id']}/statuses"):
            assert await got(one, path) == [], path
        assert all(each["account"]["acct"] != "joe" for each in await got(one, "/v1/notifications"))
        assert (await two.get("/api/v1/accounts/verify_credentials")).status_code in (401, 403)
