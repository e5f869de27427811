"""What is somebody's own in Mastodon's client API, over real HTTP: from an app, and as others see it."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from tests.integration.test_posts import person, put
from tests.support.apps import app_of, got, sent
from tests.support.house import House, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


def several(name: str, values: list[Any]) -> dict[str, Any]:
    """A field with more than one value, as apps write it."""
    return {f"{name}[]": values}


def here(url: str) -> str:
    """Where an address of the site leads in a house that stands alone."""
    return httpx.URL(url).raw_path.decode()


async def test_notifications_one_by_one_and_in_groups(house: House) -> None:
    """By type, by person, a page at a time by the links; of groups the id is a number; read, dismissed, cleared."""
    names = ("ned", "oda", "pam")
    async with AsyncExitStack() as stack:
        ned, oda, pam = [await stack.enter_async_context(person(house, each)) for each in names]
        app = await stack.enter_async_context(app_of(ned))
        post = await put(ned, "hello")
        for http in (oda, pam):
            await http.put(f"/api/v1/posts/{post['id']}/like")
            await http.put("/api/v1/people/ned/follow", json={})
        await put(oda, "@ned hi", reply_to=post["id"])
        flat = await got(app, "/v1/notifications")
        assert [each["type"] for each in flat] == ["mention", "follow", "favourite", "follow", "favourite"]
        assert [each["account"]["acct"] for each in flat] == ["oda", "pam", "pam", "oda", "oda"]
        assert flat[1].get("status") is None
        assert flat[2]["status"]["id"] == post["id"]
        assert await got(app, f"/v1/notifications/{flat[0]['id']}") == flat[0]
        assert len(await got(app, "/v1/notifications", **several("types", ["follow", "poll"]))) == 2
        assert len(await got(app, "/v1/notifications", **several("exclude_types", ["follow", "mention"]))) == 2
        assert len(await got(app, "/v1/notifications", account_id=flat[1]["account"]["id"])) == 2
        paged = await app.get("/api/v1/notifications?limit=3")
        following = [each["id"] for each in (await app.get(here(paged.links["next"]["url"]))).json()]
        assert following == [each["id"] for each in flat[3:]]
        before = [
            each["id"] for each in (await app.get(f"/api/v1/notifications?limit=2&min_id={following[-1]}")).json()
        ]
        assert before == [each["id"] for each in flat[2:4]]
        grouped = await got(app, "/v2/notifications")
        groups = grouped["notification_groups"]
        assert [(each["type"], each["notifications_count"]) for each in groups] == [
            ("mention", 1), ("follow", 2), ("favourite", 2),
        ]  # fmt: skip
        assert [each["most_recent_notification_id"] for each in groups] == [int(flat[at]["id"]) for at in (0, 1, 2)]
        assert {each["id"] for each in grouped["accounts"]} == {
            who for each in groups for who in each["sample_account_ids"]
        }
        assert {each["id"] for each in grouped["statuses"]} == {groups[0]["status_id"], post["id"]}
        assert {each["group_key"] for each in groups} == {each["group_key"] for each in flat}
        key = groups[1]["group_key"]
        assert (await got(app, f"/v2/notifications/{key}"))["notification_groups"] == [groups[1]]
        assert [each["acct"] for each in await got(app, f"/v2/notifications/{key}/accounts")] == ["pam", "oda"]
        assert (await app.get("/api/v2/notifications/none-1")).status_code == 404
        for version in ("v1", "v2"):
            assert await got(app, f"/{version}/notifications/unread_count") == {"count": 3}
        marked = await app.post("/api/v1/markers", json={"notifications": {"last_read_id": flat[1]["id"]}})
        assert marked.json()["notifications"]["last_read_id"] == flat[1]["id"]
        assert list(await got(app, "/v1/markers", **several("timeline", ["home", "notifications"]))) == [
            "notifications"
        ]
        assert await got(app, "/v1/notifications/unread_count") == {"count": 1}
        await sent(app, f"/v2/notifications/{key}/dismiss")
        await sent(app, f"/v1/notifications/{flat[2]['id']}/dismiss")
        assert [each["type"] for each in await got(app, "/v1/notifications")] == ["mention", "favourite"]
        await sent(app, "/v1/notifications/clear")
        assert await got(app, "/v1/notifications") == []


async def test_strangers_wait(house: House) -> None:
    """By policy, in both versions; let through or taken away; what waits is in no list."""
    async with (
        person(house, "quinn") as quinn, person(house, "rob") as rob, person(house, "sue") as sue,
        person(house, "tessa") as tessa, person(house, "ugo") as ugo, app_of(quinn) as app,
    ):  # fmt: skip
        assert (await got(app, "/v2/notifications/policy"))["for_not_following"] == "accept"
        said = await app.patch("/api/v2/notifications/policy", data={"for_not_following": "filter"})
        assert (said.json()["for_not_following"], said.json()["for_private_mentions"]) == ("filter", "filter")
        assert (await got(app, "/v1/notifications/policy"))["filter_not_following"] is True
        for http in (rob, sue):
            await put(http, "@quinn hello")
            await put(http, "@quinn again")
        assert await got(app, "/v1/notifications") == []
        summary = (await got(app, "/v2/notifications/policy"))["summary"]
        assert summary == {"pending_requests_count": 2, "pending_notifications_count": 4}
        waiting = await got(app, "/v1/notifications/requests")
        assert [(each["account"]["acct"], each["notifications_count"]) for each in waiting] == [
            ("sue", "2"),
            ("rob", "2"),
        ]
        assert waiting[0]["last_status"]["content"].endswith("again</p>")
        assert await got(app, f"/v1/notifications/requests/{waiting[0]['id']}") == waiting[0]
        assert await got(app, "/v1/notifications/requests/merged") == {"merged": True}
        await sent(app, f"/v1/notifications/requests/{waiting[1]['id']}/accept")
        assert [each["account"]["acct"] for each in await got(app, "/v1/notifications")] == ["rob", "rob"]
        await sent(app, f"/v1/notifications/requests/{waiting[0]['id']}/dismiss")
        assert await got(app, "/v1/notifications/requests") == []
        for http in (tessa, ugo, sue):
            await put(http, "@quinn good evening")
        ids = {each["account"]["acct"]: each["id"] for each in await got(app, "/v1/notifications/requests")}
        assert list(ids) == ["sue", "ugo", "tessa"]
        await sent(app, "/v1/notifications/requests/accept", **several("id", [ids["tessa"], ids["ugo"]]))
        assert [each["account"]["acct"] for each in await got(app, "/v1/notifications", limit=2)] == ["ugo", "tessa"]
        await sent(app, "/v1/notifications/requests/dismiss", **several("id", [ids["sue"]]))
        assert await got(app, "/v1/notifications/requests") == []
        assert len(await got(app, "/v1/notifications")) == 4
        assert (await app.post("/api/v1/notifications/requests/5/accept")).status_code == 404


async def test_lists(house: House) -> None:
    """Made, changed, filled with whom one follows; which answers stand in it, and what stands nowhere else."""
    async with (
        person(house, "tina") as tina, person(house, "udo") as udo, person(house, "vera") as vera,
        app_of(tina) as app,
    ):  # fmt: skip
        made = await sent(app, "/v1/lists", title="Radio")
        assert (made["replies_policy"], made["exclusive"]) == ("list", False)
        people = {each: (await got(app, "/v1/accounts/lookup", acct=each))["id"] for each in ("udo", "vera")}
        address = f"/v1/lists/{made['id']}"
        stranger = await app.post(f"/api{address}/accounts", data={"account_ids[]": [people["udo"]]})
        assert stranger.status_code == 404
        for each in people.values():
            await sent(app, f"/v1/accounts/{each}/follow")
        await sent(app, f"{address}/accounts", **several("account_ids", [people["udo"]]))
        assert [each["acct"] for each in await got(app, f"{address}/accounts")] == ["udo"]
        said = await put(vera, "a question")
        await put(udo, "an answer", reply_to=said["id"])
        await put(udo, "a word")

        async def listed() -> list[str]:
            return [each["content"] for each in await got(app, f"/v1/timelines/list/{made['id']}")]

        assert await listed() == ["<p>a word</p>"]
        changed = await sent(app, address, "PUT", title="Wireless", replies_policy="followed")
        assert (changed["title"], changed["replies_policy"]) == ("Wireless", "followed")
        assert await listed() == ["<p>a word</p>", "<p>an answer</p>"]
        await sent(app, address, "PUT", exclusive="true")
        assert [each["account"]["acct"] for each in await got(app, "/v1/timelines/home")] == ["vera"]
        assert await got(app, "/v1/lists") == [await got(app, address)]
        taken = await app.request("DELETE", f"/api{address}/accounts?account_ids[]={people['udo']}")
        assert taken.json() == {}
        assert await got(app, f"{address}/accounts") == []
        await sent(app, address, "DELETE")
        assert (await app.get(f"/api{address}")).status_code == 404


async def test_word_filters(house: House) -> None:
    """With words that come, change and go (v2), and each word as a filter of its own (v1); they show in posts."""
    async with person(house, "will") as will, person(house, "xena") as xena, app_of(will) as app:
        wish = {"title": "Noise", "context": ["home", "public"], "filter_action": "warn", "expires_in": 3600,
                "keywords_attributes": [{"keyword": "loud", "whole_word": True}]}  # fmt: skip
        made = (await app.post("/api/v2/filters", json=wish)).json()
        assert (made["context"], made["filter_action"], len(made["keywords"])) == (["home", "public"], "warn", 1)
        address = f"/v2/filters/{made['id']}"
        word = await sent(app, f"{address}/keywords", keyword="noisy", whole_word="false")
        await put(xena, "a noisy one")
        [shown] = [each for each in await got(app, "/v1/timelines/public") if each["account"]["acct"] == "xena"]
        assert [each["keyword_matches"] for each in shown["filtered"]] == [["noisy"]]
        assert shown["filtered"][0]["filter"]["id"] == made["id"]
        changed = await sent(app, f"/v2/filters/keywords/{word['id']}", "PUT", keyword="quiet")
        assert (changed["id"], changed["keyword"], changed["whole_word"]) == (word["id"], "quiet", False)
        one = {"keywords_attributes": [{"id": made["keywords"][0]["id"], "_destroy": True}, {"keyword": "shrill"}]}
        now = (await app.put(f"/api{address}", json=one)).json()
        assert [each["keyword"] for each in now["keywords"]] == ["quiet", "shrill"]
        assert await got(app, f"{address}/statuses") == []
        old = await got(app, "/v1/filters")
        assert [(each["phrase"], each["irreversible"]) for each in old] == [("quiet", False), ("shrill", False)]
        alone = await sent(app, "/v1/filters", phrase="gone", **several("context", ["thread"]), irreversible="true")
        assert await got(app, f"/v1/filters/{alone['id']}") == alone
        changed = await sent(app, f"/v1/filters/{alone['id']}", "PUT", phrase="away", **several("context", ["home"]))
        assert (changed["phrase"], changed["context"], changed["irreversible"]) == ("away", ["home"], True)
        for each in (alone["id"], old[0]["id"]):
            await sent(app, f"/v1/filters/{each}", "DELETE")
        assert [each["title"] for each in await got(app, "/v2/filters")] == ["Noise"]
        await sent(app, address, "DELETE")
        assert await got(app, "/v2/filters") == []
        for wrong in (
            {"title": "x"},
            {**wish, "context": ["nowhere"]},
            {**wish, "keywords_attributes": [{"keyword": ""}]},
        ):
            assert (await app.post("/api/v2/filters", json=wrong)).status_code == 422


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "teal").save(out, "PNG")
    return out.getvalue()


async def test_pictures(house: House) -> None:
    """Uploaded as a part of a form that some apps give another file's name (Ice Cubes), with what is to be seen and
    where; changed; posted; only then others get it."""
    async with person(house, "yuri") as yuri, person(house, "zoe") as zoe, app_of(yuri) as app, app_of(zoe) as other:
        files = {"file": ("file", picture(), "image/png")}
        answer = await app.post("/api/v2/media", data={"description": "teal", "focus": "0.5,-0.25"}, files=files)
        assert answer.status_code == 200, answer.text
        made = answer.json()
        assert (made["type"], made["description"], made["meta"]["focus"]) == ("image", "teal", {"x": 0.5, "y": -0.25})
        assert (made["meta"]["original"]["width"], bool(made["blurhash"])) == (64, True)
        assert (await house.anyone.get(here(made["url"]))).status_code == 200
        address = f"/v1/media/{made['id']}"
        assert await got(app, address) == made
        assert (await other.get(f"/api{address}")).status_code == 404
        changed = await sent(app, address, "PUT", description="blue, or green")
        assert (changed["description"], changed["meta"]["focus"]["x"]) == ("blue, or green", 0.5)
        post = await sent(app, "/v1/statuses", status="look", **several("media_ids", [made["id"]]))
        [seen] = (await got(other, f"/v1/statuses/{post['id']}"))["media_attachments"]
        assert (seen["id"], seen["description"]) == (made["id"], "blue, or green")
        assert (await app.delete(f"/api{address}")).status_code == 422
        again = (await app.post("/api/v1/media", files=files)).json()
        assert (await app.delete(f"/api/v1/media/{again['id']}")).json() == {}
        assert (await app.get(f"/api/v1/media/{again['id']}")).status_code == 404
        for wrong in ({"data": {"focus": "9,9"}, "files": files}, {"data": {"file": "none"}}):
            assert (await app.post("/api/v2/media", **wrong)).status_code == 422
        junk = await app.post("/api/v2/media", files={"file": ("x.png", b"no picture", "image/png")})
        assert junk.status_code == 422


async def test_what_is_kept(house: House) -> None:
    """Bookmarks, votes once, and posts for later, which come at another time or never."""
    async with person(house, "abe") as abe, person(house, "bea") as bea, app_of(abe) as app, app_of(bea) as other:
        ask: dict[str, Any] = {"status": "tea?", "poll[options][]": ["yes", "no"], "poll[expires_in]": "600"}
        asked = await sent(app, "/v1/statuses", **ask)
        poll = asked["poll"]["id"]
        assert (await got(other, f"/v1/polls/{poll}"))["options"][0]["votes_count"] is None
        voted = await sent(other, f"/v1/polls/{poll}/votes", **several("choices", ["1"]))
        assert (voted["voted"], voted["own_votes"], voted["votes_count"]) == (True, [1], 1)
        assert (await other.post(f"/api/v1/polls/{poll}/votes", data={"choices[]": ["0"]})).status_code == 422
        assert (await got(app, f"/v1/polls/{poll}"))["options"][1]["votes_count"] == 1
        await sent(other, f"/v1/statuses/{asked['id']}/bookmark")
        assert [each["id"] for each in await got(other, "/v1/bookmarks")] == [asked["id"]]
        assert await got(app, "/v1/bookmarks") == []
        later = datetime.now(UTC) + timedelta(hours=1)
        made = await sent(app, "/v1/statuses", status="later", scheduled_at=later.isoformat())
        address = f"/v1/scheduled_statuses/{made['id']}"
        assert await got(app, "/v1/scheduled_statuses") == [await got(app, address)] == [made]
        moved = await sent(app, address, "PUT", scheduled_at=(later + timedelta(hours=1)).isoformat())
        assert moved["scheduled_at"] > made["scheduled_at"]
        assert (await app.put(f"/api{address}", data={"scheduled_at": "soon"})).status_code == 422
        assert (await other.get(f"/api{address}")).status_code == 404
        await sent(app, address, "DELETE")
        assert await got(app, "/v1/scheduled_statuses") == []
        assert time.time() < later.timestamp()


async def test_conversations(house: House) -> None:
    """Of posts for those only whom they mention: who talks, what was said last, read or not, and away until more is
    said."""
    async with person(house, "cem") as cem, person(house, "deb") as deb, app_of(cem) as app, app_of(deb) as other:
        first = await put(deb, "@cem psst", visibility="mentioned")
        await put(deb, "@cem hello everybody")
        [one] = await got(app, "/v1/conversations")
        assert ([each["acct"] for each in one["accounts"]], one["unread"]) == (["deb"], True)
        assert one["last_status"]["id"] == first["id"]
        [theirs] = await got(other, "/v1/conversations")
        assert ([each["acct"] for each in theirs["accounts"]], theirs["unread"]) == (["cem"], False)
        assert (await sent(app, f"/v1/conversations/{one['id']}/read"))["unread"] is False
        answer = await put(cem, "@deb what?", visibility="mentioned", reply_to=first["id"])
        [one] = await got(app, "/v1/conversations")
        assert one["last_status"]["id"] == answer["id"]
        await sent(app, f"/v1/conversations/{one['id']}", "DELETE")
        assert await got(app, "/v1/conversations") == []
        await put(deb, "@cem nothing", visibility="mentioned", reply_to=answer["id"])
        assert [each["id"] for each in await got(app, "/v1/conversations")] == [one["id"]]
        assert (await app.post("/api/v1/conversations/5/read")).status_code == 404


async def test_a_report_comes_to_the_moderators(house: House) -> None:
    async with person(house, "eda") as eda, person(house, "fin") as fin, app_of(eda) as app:
        post = await put(fin, "buy now")
        who = (await got(app, "/v1/accounts/lookup", acct="fin"))["id"]
        told = await sent(app, "/v1/reports", account_id=who, comment="spam", category="spam",
                          **several("status_ids", [post["id"]]))  # fmt: skip
        assert (told["category"], told["target_account"]["acct"], told["action_taken"]) == ("spam", "fin", False)
        cases = (await house.http.get("/api/v1/moderation/cases")).json()["cases"]
        assert any(each["id"] == "fin" for each in cases)
        assert (await app.post("/api/v1/reports", data={"account_id": "5"})).status_code == 404


async def test_what_an_app_may_not(house: House) -> None:
    """Without a token, with one that lacks the scope, and with a cookie alone."""
    paths = ("/v1/notifications", "/v2/notifications", "/v2/filters", "/v1/conversations", "/v1/scheduled_statuses")
    async with person(house, "gil") as gil, app_of(gil, "write:media") as app:
        for path in paths:
            assert (await house.anyone.get(f"/api{path}")).status_code == 401, path
            assert (await app.get(f"/api{path}")).status_code == 403, path
        upload: httpx.Response = await app.post("/api/v2/media", files={"file": ("a.png", picture(), "image/png")})
        assert upload.status_code == 200
