"""Mastodon's client API over real HTTP: what apps ask, and what they read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import msgspec
import pytest
import pytest_asyncio

from tests.integration.test_posts import person, put, upload
from tests.integration.test_posts import picture as photo
from tests.support.app_starts import EMPTY, NODEINFO, SHAPES, STARTS, UNLIKE
from tests.support.apps import app_of, got, sent
from tests.support.browsers import PushedBrowser
from tests.support.house import House, running_house
from tests.support.wait import patiently

pytestmark = pytest.mark.asyncio(loop_scope="module")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RESET: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
"""As Mastodon writes it, and Mastodon.py reckons with it."""
ADDRESSES: Final = ("url", "uri", "avatar", "avatar_static", "header", "header_static", "preview_url")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


async def test_a_post_and_what_becomes_of_it(house: House) -> None:
    """Written, answered, liked, boosted, changed and deleted by apps of two people, as each of them sees it."""
    async with person(house, "ada") as ada, person(house, "bob") as bob, app_of(ada) as one, app_of(bob) as two:
        me, other = [await got(each, "/v1/accounts/verify_credentials") for each in (one, two)]
        stands = await sent(two, f"/v1/accounts/{me['id']}/follow")
        assert (stands["following"], stands["showing_reblogs"], stands["requested"]) == (True, True, False)
        key = {"Idempotency-Key": "once"}
        written = [
            await one.post("/api/v1/statuses", json={"status": "Hello @bob #Radio https://x.example"}, headers=key)
            for _ in range(2)
        ]
        assert {each.status_code for each in written} == {200}
        made = written[0].json()
        assert written[1].json() == made
        assert made["application"]["name"] == "Sparrow"
        assert 'href="http' in made["content"]
        assert 'class="u-url mention"' in made["content"]
        assert [each["acct"] for each in made["mentions"]] == ["bob"]
        assert [each["name"] for each in made["tags"]] == ["radio"]
        [seen] = await got(two, "/v1/timelines/home")
        assert (seen["id"], seen["favourited"], seen["account"]["acct"]) == (made["id"], False, "ada")
        assert seen["account"]["statuses_count"] == 1
        answer = await sent(two, "/v1/statuses", status="And to you", in_reply_to_id=made["id"], visibility="private")
        assert (answer["in_reply_to_account_id"], answer["visibility"]) == (me["id"], "private")
        liked = await sent(two, f"/v1/statuses/{made['id']}/favourite")
        assert (liked["favourited"], liked["favourites_count"]) == (True, 1)
        boost = await sent(two, f"/v1/statuses/{made['id']}/reblog")
        assert (boost["reblog"]["id"], boost["reblog"]["reblogged"]) == (made["id"], True)
        assert (await sent(two, f"/v1/statuses/{boost['id']}/favourite"))["id"] == made["id"]  # of a boost the post
        assert [each["acct"] for each in await got(one, f"/v1/statuses/{made['id']}/favourited_by")] == ["bob"]
        assert await got(two, f"/v1/statuses/{made['id']}/favourited_by") == []
        assert [each["acct"] for each in await got(one, f"/v1/statuses/{made['id']}/reblogged_by")] == ["bob"]
        around = await got(one, f"/v1/statuses/{made['id']}/context")
        assert [each["id"] for each in around["descendants"]] == [answer["id"]]
        await sent(one, f"/v1/statuses/{made['id']}", "PUT", status="Good evening")
        assert (await got(two, f"/v1/statuses/{made['id']}"))["content"] == "<p>Good evening</p>"
        assert len(await got(two, f"/v1/statuses/{made['id']}/history")) == 2
        assert (await got(one, f"/v1/statuses/{made['id']}/source"))["text"] == "Good evening"
        assert (await two.get(f"/api/v1/statuses/{made['id']}/source")).status_code == 404
        assert (await two.delete(f"/api/v1/statuses/{made['id']}")).status_code == 404
        gone = await sent(one, f"/v1/statuses/{made['id']}", "DELETE")
        assert gone["text"] == "Good evening"
        missing = await two.get(f"/api/v1/statuses/{made['id']}")
        assert (missing.status_code, set(missing.json())) == (404, {"error", "code"})
        assert other["source"]["follow_requests_count"] == 0


async def test_search(house: House) -> None:
    """People, posts and tags of each kind; an address that somebody has pasted; the same rules as on the page."""
    async with person(house, "sara") as sara, person(house, "tom") as tom, app_of(sara) as one, app_of(tom) as two:
        made = await put(sara, "Über Köln #Rheinland")
        await put(sara, "Geheimes über Köln", visibility="followers")
        assert (await sara.put("/api/v1/search/own", json={"findable": True})).is_success

        async def found(app: httpx.AsyncClient, q: str, **asked: object) -> tuple[list[str], list[str], list[str]]:
            answer = await got(app, "/v2/search", q=q, **asked)
            people, tags = answer["accounts"], answer["hashtags"]
            posts = [re.sub("<[^>]*>", "", each["content"]) for each in answer["statuses"]]
            return [each["acct"] for each in people], posts, [each["name"] for each in tags]

        async for _ in patiently():  # a house indexes what is new within a second
            if len((await found(one, "koeln", type="statuses"))[1]) == 2 and (await found(two, "sar"))[0]:
                break
        own = await found(one, "koeln", type="statuses")
        assert own[1] == ["Geheimes über Köln", "Über Köln #Rheinland"]
        assert (await found(two, "koeln"))[1] == ["Über Köln #Rheinland"]
        assert (await found(two, "rheinl"))[2] == ["rheinland"]
        assert (await found(two, "sar", type="accounts"))[0] == ["sara"]
        assert (await found(two, "sar", type="accounts", following="true"))[0] == []
        assert (await found(one, "koeln", type="statuses", limit=1, offset=1))[1] == ["Über Köln #Rheinland"]
        files = house.settings.audience_address
        assert (await found(two, f"{files}/@sara/{made['id']}", resolve="true"))[1] == ["Über Köln #Rheinland"]
        assert (await found(two, f"{files}/@sara", resolve="true"))[0] == ["sara"]
        assert await found(two, "https://x.example/1", resolve="true") == ([], [], [])
        assert (await found(one, "from:me koeln"))[1] == own[1]


async def test_what_apps_read_is_strict(house: House) -> None:
    """An address is never null or empty, a time has its very shape, an id is digits: apps break on less (Ice Cubes
    shows "now", Tusky an empty page; gotosocial#773, tusky#1559)."""
    async with person(house, "carl") as carl, app_of(carl) as app:
        picture = await upload(carl)
        await put(carl, "With a picture", media=[picture["id"]])
        poll = {"answers": ["yes", "no"], "open_s": 600}
        await put(carl, "A #poll", poll=poll, warning="Careful", visibility="followers")
        found = await got(app, "/v1/timelines/home")
        assert {each["spoiler_text"] for each in found} == {"", "Careful"}
        strict([found, await got(app, "/v1/accounts/verify_credentials")])
        [shown] = [each["media_attachments"][0] for each in found if each["media_attachments"]]
        assert shown["meta"]["original"]["width"] == 800
        assert (
            await house.anyone.get(
                found[0]["account"]["avatar"].partition("/studio")[1]
                + found[0]["account"]["avatar"].partition("/studio")[2]
            )
        ).headers["content-type"] == "image/png"


def strict(value: Any, name: str = "") -> None:
    """Raises where an app could not read something."""
    if isinstance(value, list):
        for each in value:
            strict(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            strict(each, key)
    if name in ADDRESSES:
        assert isinstance(value, str) and value.startswith("http"), f"{name} is {value!r}"  # noqa: PT018
    if name.endswith("_at") and name != "last_status_at" and value is not None:
        assert TIME.fullmatch(value), f"{name} is {value!r}"
    if name == "id" and not (isinstance(value, str) and value.lstrip("-").isdigit()):
        raise AssertionError(f"id is {value!r}")
    if name in ("content", "note", "spoiler_text"):
        assert isinstance(value, str)


async def test_pages_have_links(house: House) -> None:
    """``next`` first, whole addresses, no Link at the end; all cursors make one list without gap or double, also from
    below (hollo#482: apps never filled a gap)."""
    async with person(house, "dora") as dora, app_of(dora) as app:
        made = [(await put(dora, f"{each}", visibility="unlisted"))["id"] for each in range(7)]
        for path in (
            "/v1/timelines/home",
            f"/v1/accounts/{(await got(app, '/v1/accounts/verify_credentials'))['id']}/statuses",
        ):
            found, at = [], f"/api{path}?limit=3"
            while at:
                answer = await app.get(at)
                found += [each["id"] for each in answer.json()]
                assert answer.headers["x-ratelimit-limit"] == "300"
                assert RESET.fullmatch(answer.headers["x-ratelimit-reset"])
                link = answer.headers.get("link", "")
                assert not link or link.startswith("<http")
                following = re.match(r'<https?://[^/]+([^>]+)>; rel="next"', link)
                at = following[1] if following else ""
            assert found == made[::-1]
            assert [each["id"] for each in await got(app, path, min_id=made[1], limit=2)] == [made[3], made[2]]
            assert [each["id"] for each in await got(app, path, since_id=made[1], limit=2)] == [made[6], made[5]]
            assert [each["id"] for each in await got(app, path, max_id=made[1])] == [made[0]]
            assert len(await got(app, path, limit=1000)) == 7
            kept = (await app.get(f"/api{path}?limit=3&exclude_reblogs=true&local=true")).headers["link"]
            assert kept.count("exclude_reblogs=true") == kept.count("local=true") == 2  # gotosocial#2253
            nothing_new = await app.get(f"/api{path}?since_id={made[6]}")
            assert nothing_new.json() == []
            assert f"min_id={made[6]}" in nothing_new.headers["link"]  # mastodon#25760


async def test_scopes_and_wrong_requests(house: House) -> None:
    """A token does what its scopes say; what is wrong is told in ``error``, and a limit in its headers."""
    async with person(house, "emil") as emil, app_of(emil, "read:statuses profile") as app:
        assert await got(app, "/v1/timelines/home") == []
        for method, path in (("POST", "/v1/statuses"), ("GET", "/v1/blocks"), ("GET", "/v1/preferences")):
            answer = await app.request(method, f"/api{path}")
            assert (answer.status_code, answer.json()["error"]) == (403, "This action is outside the authorized scopes")
        assert (await app.get("/api/v1/nothing")).json()["error"] == "Record not found"
        assert (await app.get("/api/v1/account")).status_code == 404  # no way into our own API
    async with person(house, "finn") as finn, app_of(finn) as app:
        for fields in (
            {},
            {"status": "x" * 1001},
            {"status": "x", "visibility": "secret"},
            {"status": "x", "poll[options][]": "a"},
        ):
            answer = await app.post("/api/v1/statuses", data=fields)
            assert answer.status_code == 422, answer.text
            assert answer.json()["error"]
        german = await app.get("/api/v1/lists/1", headers={"Accept-Language": "de"})
        assert (german.status_code, german.json()["error"]) == (404, "Diese Liste gibt es nicht mehr.")
        poll = {"status": "x", "poll[options][]": ["a", "b"], "poll[expires_in]": "600", "poll[multiple]": "true"}
        made = (await app.post("/api/v1/statuses", data=poll)).json()["poll"]
        assert ([each["title"] for each in made["options"]], made["multiple"]) == (["a", "b"], True)
        for _ in range(31):
            answer = await app.delete("/api/v1/statuses/1")
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (429, "0")
        assert int(answer.headers["retry-after"]) > 0


async def test_apps_start(house: House) -> None:
    """Each address that five apps ask is answered in the shape that they read, with content where there can be some."""
    async with (
        person(house, "starter") as one, person(house, "friend") as two, person(house, "stranger") as three,
        app_of(one) as app, app_of(two) as other,
    ):  # fmt: skip
        me, friend, stranger = [
            (await got(app, "/v1/accounts/lookup", acct=each))["id"] for each in ("starter", "friend", "stranger")
        ]
        await filled(app, other, me, friend)
        await put(three, "@starter hello")
        await three.put("/api/v1/people/starter/follow", json={})
        for address in ("mute", "block"):
            await sent(other, f"/v1/accounts/{stranger}/{address}")
        for name, paths in STARTS.items():
            for path in paths:
                if path == NODEINFO:
                    continue  # of an edge: test_fediverse_files
                http = other if path in ("/v1/mutes", "/v1/blocks") else app
                address = path if path.startswith("/.") else f"/api{path.format(me=me, friend=friend)}"
                answer = await http.get(address)
                assert answer.status_code == 200, f"{name}: {path}: {answer.status_code} {answer.text}"
                try:
                    read = msgspec.convert(answer.json(), SHAPES[path])
                except msgspec.ValidationError as error:
                    raise AssertionError(f"{name}: {path}: {error}") from error
                assert bool(read) != (path in EMPTY), f"{name}: {path}: {answer.text}"
                if not path.startswith("/.") and path not in UNLIKE:
                    strict(answer.json())


async def filled(app: httpx.AsyncClient, other: httpx.AsyncClient, me: str, friend: str) -> None:
    """Something of everything that apps ask for first, from two people."""
    picture = (await app.post("/api/v2/media", files={"file": ("a.jpg", photo(), "image/jpeg")})).json()
    await sent(other, f"/v1/accounts/{me}/follow")
    await sent(app, f"/v1/accounts/{friend}/follow")
    shown: dict[str, Any] = {"media_ids[]": [picture["id"]]}
    poll: dict[str, Any] = {"poll[options][]": ["yes", "no"], "poll[expires_in]": "600"}
    words: dict[str, Any] = {"context[]": ["home"], "keywords_attributes[0][keyword]": "pear"}
    made = await sent(app, "/v1/statuses", status="Look", **shown)
    theirs = await sent(other, "/v1/statuses", status="@starter what do you say? #radio", **poll)
    await sent(app, f"/v1/statuses/{made['id']}/pin")
    await sent(other, f"/v1/statuses/{made['id']}/favourite")
    await sent(app, f"/v1/statuses/{theirs['id']}/favourite")
    await sent(other, f"/v1/statuses/{made['id']}/reblog")
    await sent(app, "/v1/lists", title="Friends")
    await sent(app, "/v2/filters", title="Fruit", **words)
    await sent(app, "/v1/markers", **{"home[last_read_id]": made["id"]})
    await sent(app, "/v1/domain_blocks", domain="bad.example")
    to = PushedBrowser("1").fields("https://push.example/")
    keys = {f"subscription[keys][{each}]": to[each] for each in ("p256dh", "auth")}
    await sent(app, "/v1/push/subscription", **{"subscription[endpoint]": to["endpoint"]}, **keys)
    assert (await app.patch("/api/v2/notifications/policy", data={"for_not_following": "filter"})).is_success
    assert (await app.patch("/api/v1/accounts/update_credentials", data={"locked": "true"})).is_success


async def test_pictures_that_not_everybody_may_see(house: House) -> None:
    """An app loads them without saying who it is: their address says it for a while, and ends with what one may see
    (gotosocial#1178 wanted a token for them, which no app sends)."""
    async with person(house, "gwen") as gwen, person(house, "hugo") as hugo, app_of(hugo) as app:
        await hugo.put("/api/v1/people/gwen/follow", json={})
        picture = await upload(gwen, "blue")
        post = await put(gwen, "For you", visibility="followers", media=[picture["id"]])
        [seen] = await got(app, "/v1/timelines/home")
        url = httpx.URL(seen["media_attachments"][0]["url"])
        path = url.raw_path.decode()
        assert (await house.anyone.get(path)).headers["content-type"] == "image/webp"
        assert (await house.anyone.get(path.partition("&pass")[0])).status_code == 404
        assert (await house.anyone.get(path[:-1] + ("A" if path[-1] != "A" else "B"))).status_code == 404
        await gwen.put("/api/v1/people/hugo/block")
        assert (await house.anyone.get(path)).status_code == 404
        assert (await hugo.get(f"/api/v1/posts/{post['id']}")).status_code == 404
