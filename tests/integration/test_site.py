"""Name, looks and texts of the site over the real API: who may set them, what is refused, and where they end up."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stentor.people import site
from stentor.people.site import SiteLook
from stentor.store.objects import Objects
from tests.integration.test_people import PASSWORD, browser, sign_up
from tests.support.house import House, client, problem, running_house
from tests.support.pictures import png
from tests.support.wait import patiently


async def told(house: House) -> SiteLook:
    """What edges read."""
    return msgspec.json.decode(await Objects.open(house.settings.recordings_address).get(site.KEY), type=SiteLook)


async def test_what_is_set_is_told(tmp_path: Path) -> None:
    """By an administrator only; at once in the object that edges read, on pages and where passkeys are made."""
    async with running_house(tmp_path, sign_up="open") as house:
        wish = {"name": " Night  desk ", "accent": "#FFCC00", "imprint": "# Ada", "contact": "desk@example.org"}
        problem(await house.anyone.patch("/api/v1/site", json=wish), 401, "not-signed-in")
        found = (await house.http.patch("/api/v1/site", json=wish)).json()
        assert (found["name"], found["accent"], found["accent_night"]) == ("Night desk", "#ffcc00", "#ffcc00")
        assert found["accent_day"] not in ("#ffcc00", "")
        assert (await told(house)).pages == {"imprint": "<h1>Ada</h1>\n"}
        page = (await house.anyone.get("/sign-in")).text
        assert "Night desk</a>" in page
        assert "/imprint" in page
        assert found["accent_day"] in (await house.anyone.get("/site.css")).text
        wanted = {"handle": "bob", "name": "Bob"}
        asked = await house.anyone.post(
            "/api/v1/sign-up/options", json=wanted, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert asked.json()["options"]["rp"]["name"] == "Night desk"
        await house.http.patch("/api/v1/site", json={"imprint": ""})
        assert (await told(house)).pages == {}
        assert (await told(house)).name == "Night desk", "what is left out stays"


async def test_what_is_refused(tmp_path: Path) -> None:
    """With the field and what to write; then nothing has changed. A text may be as long as a lawyer's."""
    async with running_house(tmp_path) as house:
        for wish, field in (
            ({"accent": "teal"}, "accent"),
            ({"contact": "javascript:alert(1)"}, "contact"),
            ({"name": "  "}, "name"),
            ({"rules": "a\u0000"}, "rules"),
        ):
            answer = await house.http.patch("/api/v1/site", json={"privacy": "new", **wish})
            assert problem(answer, 400, "bad-input")["field"] == field
        assert (await house.http.get("/api/v1/site")).json()["privacy"] == ""
        assert (await house.http.patch("/api/v1/site", json={"privacy": "é" * 40_000})).status_code == 200


async def test_who_may_come_in(tmp_path: Path) -> None:
    """As the installation says until an administrator has set it; at once, and for good."""
    usual = {"sign_up": "open", "create_spaces": "members"}
    rules = {"sign_up": "closed", "create_spaces": "admins"}
    async with running_house(tmp_path, **usual) as house, browser(house) as mia:
        found = (await house.http.get("/api/v1/site")).json()
        assert found | usual == found
        await sign_up(mia, "mia")
        assert (await mia.post("/spaces", json={"title": "Hers"})).status_code == 201
        problem(await mia.patch("/site", json=rules), 403, "not-allowed")
        problem(await house.http.patch("/api/v1/site", json={"sign_up": "anyone"}), 400, "bad-input")
        assert (await house.http.patch("/api/v1/site", json=rules)).json() == found | rules
        problem(await mia.post("/spaces", json={"title": "Another"}), 403, "not-allowed")
        assert "You need an invitation" in (await house.anyone.get("/sign-up")).text
        async with browser(house) as bob:
            wish = {"handle": "bob", "name": "Bob", "password": PASSWORD}
            assert (await bob.post("/sign-up", json=wish)).status_code == 403
    async with running_house(tmp_path, **usual) as house:
        found = (await house.http.get("/api/v1/site")).json()
        assert found | rules == found, "a restart keeps it"


async def test_a_logo_is_made_anew(tmp_path: Path) -> None:
    """Any picture becomes a square JPEG of ours; what is none is refused, and it can be taken away."""
    async with running_house(tmp_path) as house:
        problem(await house.http.put("/api/v1/site/logo", content=b"<svg onload=alert(1)>"), 400, "bad-picture")
        assert (await house.anyone.get("/logo")).status_code == 404
        first = (await house.http.put("/api/v1/site/logo", content=png())).json()["logo"]
        shown = await house.anyone.get(first)
        assert (shown.headers["content-type"], shown.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
        assert (await told(house)).logo == shown.content
        assert (await house.http.delete("/api/v1/site/logo")).json()["logo"] == ""
        assert (await told(house)).logo == b""


async def test_another_house_follows(tmp_path: Path) -> None:
    """What one house has set, one that starts later on the same database shows; an object that was lost comes back."""
    async with running_house(tmp_path) as house:
        await house.http.patch("/api/v1/site", json={"name": "Nightdesk"})
        await Objects.open(house.settings.recordings_address).delete(site.KEY)
        await house.stop()
        await house.start()
        async with client(str(house.anyone.base_url)) as other:
            async for _ in patiently():
                if "Nightdesk</a>" in (page := (await other.get("/sign-in")).text):
                    break
            assert "Nightdesk</a>" in page
        assert (await told(house)).name == "Nightdesk"


async def test_what_is_kept_is_set_without_a_restart(tmp_path: Path) -> None:
    """How long, how much, and whether talks are captioned: over what the installation says, and back to it."""
    async with running_house(tmp_path, keep_recordings="90d", quota_gb=5) as house:
        found = (await house.http.get("/api/v1/site")).json()
        assert (found["keep_recordings"], found["keep_events"], found["quota_gb"], found["captions"]) == (
            90,
            0,
            5,
            True,
        )
        wish = {"keep_recordings": 7, "keep_events": 30, "quota_gb": 1e-9, "captions": False}
        found = (await house.http.patch("/api/v1/site", json=wish)).json()
        assert {name: found[name] for name in wish} == wish
        assert (await told(house)).captions is False
        refused = await house.http.post("/api/v1/spaces", json={"title": "Talk", "id": "talk", "language": "en"})
        assert refused.status_code == 201, "an empty site has room"
        view = (await house.http.get("/api/v1/spaces/talk")).json()
        assert view["site_keep"] == {"recording": 7, "comments": 0, "sounds": 30, "events": 30}
        longer = await house.http.put("/api/v1/spaces/talk/keep", json={"recording": 8})
        assert problem(longer, 400, "bad-input")["most"] == 7
        assert (await house.http.get("/api/v1/retention")).json()["site"]["recording"] == 7
        assert (await house.http.get("/api/v1/storage")).json()["site"]["most_bytes"] == 1
        for wrong in ({"keep_comments": -1}, {"keep_comments": 36_501}, {"account_gb": -0.5}, {"captions": "off"}):
            problem(await house.http.patch("/api/v1/site", json=wrong), 400, "bad-input")
        await house.http.patch("/api/v1/site", json={"keep_recordings": None, "quota_gb": None})
        found = (await house.http.get("/api/v1/site")).json()
        assert (found["keep_recordings"], found["keep_events"], found["quota_gb"]) == (90, 30, 5)
