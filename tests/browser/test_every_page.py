"""Everybody can use every page there is: each address of the house, and each template of it and of the edges.

Other tests look at states that come rarely; this one makes sure that no page is forgotten. A new address or template
fails it until it stands in a table here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest
import pytest_asyncio

import stentor.edge
import stentor.house
from stentor.base.paths import PROGRAMS
from stentor.evidence.report import kept_key
from stentor.people import site
from stentor.people.moderation import TRANSPARENCY_KEY, MonthCounts, Transparency
from stentor.people.site import SiteWishes
from stentor.social import public
from stentor.social.model import Picture, PostPoll, PostTally
from stentor.spaces import shows
from stentor.spaces.shows import PublicShow
from tests.browser.conftest import Browsers
from tests.browser.test_accessible import open_to_all
from tests.browser.test_front import FULL, LIVE, posted, told
from tests.support.browser import Visit, visit
from tests.support.edge import DOORS_OPEN_MS, Rig, edge
from tests.support.populated import Populated, page_templates, populated, rendered
from tests.support.recorded import record, recorded_space
from tests.unit.evidence.test_report import made

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]
HOUSE, EDGE = (Path(each.__path__[0]) / "templates" for each in (stentor.house, stentor.edge))


class Look(NamedTuple):
    """A page to look at: which with its ``{names}`` filled in, who looks, and what is true once it is drawn."""

    path: str
    who: str = "ada"
    drawn: str = "true"


FOR_PROGRAMS: Final = (*PROGRAMS, "mastodon")
"""Where no pages are; apps reach the last of them below ``/api``."""
OUT: Final = ""
"""Nobody is signed in."""
OAUTH: Final = "client_id={client_id}&response_type=code&redirect_uri=urn:ietf:wg:oauth:2.0:oob&scope=read"
PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "/": (Look("/", OUT), Look("/")),
    "/account": (Look("/account", "ada", "document.querySelector('#sessions li')"),),
    "/account/apps": (Look("/account/apps"),),
    "/account/confirm/{token}": (Look("/account/confirm/{token}", OUT),),
    "/account/decision/{receipt}": (Look("/account/decision/{decision}", "bob"),),
    "/account/decisions": (Look("/account/decisions", "bob"),),
    "/account/deletion/{token}": (Look("/account/deletion/gone", OUT),),
    "/account/lost": (Look("/account/lost", OUT),),
    "/account/newsletter": (Look("/account/newsletter?of=ada", OUT),),
    "/account/newsletter/{receipt}": (Look("/account/newsletter/{letter}", OUT),),
    "/account/outlets": (Look("/account/outlets"), Look("/account/outlets?kind=mastodon")),
    "/account/outlets/space": (Look("/account/outlets/space?space={space}"),),
    "/account/outlets/{number}/allow": (Look("/account/outlets/{number}/allow"),),
    "/account/remind": (Look("/account/remind?space={space}", OUT), Look("/account/remind?space={space}")),
    "/account/remind/{receipt}": (Look("/account/remind/{reminder}", OUT),),
    "/account/way-back/{token}": (Look("/account/way-back/{back}", OUT), Look("/account/way-back/gone", OUT)),
    "/accounts": (Look("/accounts", "ada", "document.querySelector('#accounts li')"),),
    "/admin": (Look("/admin"), Look("/admin", OUT)),
    "/admin/backups": (Look("/admin/backups"),),
    "/admin/design": (Look("/admin/design", OUT),),
    "/admin/design/{part}": tuple(
        Look(f"/admin/design/{each}", OUT) for each in ("posts", "frame", "stage", "pages")
    ),
    "/admin/groups": (Look("/admin/groups"),),
    "/admin/mail": (Look("/admin/mail"),),
    "/admin/moderation": (Look("/admin/moderation"),),
    "/admin/moderation/elsewhere": (Look("/admin/moderation/elsewhere"),),
    "/admin/moderation/{case}": (Look("/admin/moderation/{case}"),),
    "/admin/servers": (Look("/admin/servers"),),
    "/admin/site": (Look("/admin/site", "ada", "document.querySelector('[name=name]').value"),),
    "/admin/tonight": (Look("/admin/tonight"),),
    "/admin/webhooks": (Look("/admin/webhooks"),),
    "/admin/welcome": (Look("/admin/welcome", "ada", "document.querySelector('#step').textContent"),),
    "/ask/{space}": (Look("/ask/{space}", OUT), Look("/ask/{space}")),
    "/comments/{space}": (Look("/comments/{space}", OUT), Look("/comments/{space}")),
    "/enter/{space}": (Look("/enter/{secret}", OUT),),
    "/home": (Look("/home"), Look("/home", "bob")),
    "/home/bookmarks": (Look("/home/bookmarks"), Look("/home/bookmarks", "bob")),
    "/home/compose": (
        Look("/home/compose"), Look("/home/compose?reply={reported}"), Look("/home/compose?quote={id_}"),
        Look("/home/compose?post={id_}"),
    ),
    "/home/drafts": (Look("/home/drafts"), Look("/home/drafts", "bob")),
    "/home/filters": (Look("/home/filters"), Look("/home/filters", "bob")),
    "/home/imports": (Look("/home/imports"),),
    "/home/imports/{import_id}": (Look("/home/imports/{import_id}"),),
    "/home/likes": (Look("/home/likes"),),
    "/home/lists": (Look("/home/lists"), Look("/home/lists", "bob")),
    "/home/lists/{list_id}": (Look("/home/lists/{list_id}"),),
    "/home/lists/{list_id}/members": (Look("/home/lists/{list_id}/members"),),
    "/home/local": (Look("/home/local"),),
    "/home/moving": (Look("/home/moving"),),
    "/home/notifications": (Look("/home/notifications"), Look("/home/notifications", "bob")),
    "/home/notifications/settings": (Look("/home/notifications/settings"),),
    "/home/notifications/strangers": (
        Look("/home/notifications/strangers"), Look("/home/notifications/strangers", "bob"),
    ),
    "/home/notifications/strangers/{handle}": (Look("/home/notifications/strangers/{handle}"),),
    "/home/people/{handle}": (Look("/home/people/{handle}"), Look("/home/people/ada")),
    "/home/people/{handle}/followers": (Look("/home/people/cleo/followers"),),
    "/home/people/{handle}/following": (Look("/home/people/ada/following"),),
    "/home/posts/{id_}": (Look("/home/posts/{id_}"),),
    "/home/posts/{id_}/delete": (Look("/home/posts/{id_}/delete"),),
    "/home/posts/{id_}/deliveries": (Look("/home/posts/{id_}/deliveries"),),
    "/home/posts/{id_}/history": (Look("/home/posts/{id_}/history"),),
    "/home/requests": (Look("/home/requests"),),
    "/home/scheduled": (Look("/home/scheduled"), Look("/home/scheduled", "bob")),
    "/home/tags/{tag}": (Look("/home/tags/{tag}"),),
    "/mine": (Look("/mine"), Look("/mine", OUT)),
    "/mine/shows": (Look("/mine/shows", "ada", "document.querySelector('#new [name=language]').options.length > 1"),),
    "/oauth/authorize": (Look(f"/oauth/authorize?{OAUTH}"),),
    "/report": (Look("/report?kind=post&id={reported}", OUT), Look("/report?kind=person&id={handle}")),
    "/report/{receipt}": (Look("/report/{receipt}", OUT),),
    "/search": (Look("/search?q=radio"), Look("/search?q=nothing-like-it")),
    "/sign-in": (Look("/sign-in", OUT),),
    "/sign-up": (Look("/sign-up", OUT),),
    "/stage/{space}": (Look("/stage/{space}"), Look("/stage/{space}", OUT), Look("/stage/nowhere", OUT)),
    "/stage/{space}/listeners": (Look("/stage/{space}/listeners"),),
    "/stage/{space}/simulcast": (Look("/stage/{space}/simulcast"),),
    "/stage/{space}/webhooks": (Look("/stage/{space}/webhooks"),),
}  # fmt: skip
NO_PAGES: Final = {
    "/.well-known/oauth-authorization-server": "a document for apps",
    "/account/outlets/back": "it leads on",
    "/ask/{space}/panel": "the listener's page takes it into itself; test_seat_in_page.py looks there",
    "/healthz": "for machines",
    "/home/imports/archive": "a file",
    "/home/posts/{id_}/card": "a post alone, for a page that is open",
    "/logo": "a picture",
    "/sign-in/back": "it leads on",
    "/site.css": "styles",
    "/static/{version}/{name}": "what pages load",
    "/studio/{version}/{name}": "what pages load",
}
"""Addresses of the house that are no page to look at, and why; besides those for programs."""
LATER: Final = {
    "app-code": "test_accessible.py: the code for an app",
    "compose-part": "the form of compose, alone, for a page that is open",
    "panel": "see NO_PAGES",
    "post-part": "a post alone, for a page that is open",
}
"""Templates of the house that no address of :data:`PAGES` gives, and why."""
FIRST: Final = (DOORS_OPEN_MS - 3_600_000) << 16
"""The id of the first of Lena's posts."""
MADE_BEFORE: Final = {"/offline": "offline"}
"""Pages of edges that are made once, when an edge begins, by their addresses."""
NO_EDGE_PAGES: Final = {"frame": "what other sites put into theirs"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def full(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Populated]:
    async with populated(tmp_path_factory.mktemp("house")) as full:
        yield full


async def test_every_address_of_the_house_is_in_a_table(full: Populated) -> None:
    """And the table has none that is not there."""
    found = {each.replace(":str", "").replace(":int", "") for each in full.routes}
    pages = {each for each in found if each == "/oauth/authorize" or each.split("/")[1] not in FOR_PROGRAMS}
    assert pages == PAGES.keys() | NO_PAGES.keys()
    assert not PAGES.keys() & NO_PAGES.keys()


async def test_every_template_of_the_house_is_looked_at(full: Populated) -> None:
    """By name: what the addresses give is not less than what there is."""
    with rendered() as names:
        for look in (each for looks in PAGES.values() for each in looks):
            client = full.people[look.who] if look.who else full.house.anyone
            answer = await client.get(look.path.format_map(full.places), headers={"Accept": "text/html"})
            assert answer.headers["content-type"].startswith("text/html"), f"{look}: {answer.status_code}"
        wrong = await full.people["ada"].post(
            "/home/lists", data={"name": ""}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert wrong.status_code == 400
    missing = page_templates(HOUSE) - set(names) - LATER.keys()
    assert not missing
    assert not LATER.keys() & set(names), "it is looked at"


@pytest.mark.parametrize("part", ["/account", "/admin", "/home", "/"])
async def test_everybody_can_use_the_pages_of_the_house(full: Populated, browsers: Browsers, part: str) -> None:
    """As whom they are for, each in every look and by keyboard."""
    mine = [each for route, looks in PAGES.items() if _part(route) == part for each in looks]
    found = []
    for who in (OUT, *full.people):
        async with visit(browsers.plain, "about:blank") as page:
            client = full.people[who] if who else full.house.anyone
            await page.page.context.add_cookies(
                [{"name": name, "value": value, "url": full.address} for name, value in client.cookies.items()]
            )
            for look in (each for each in mine if each.who == who):
                found += await _complaints(page, full, look)
            if part == "/home" and who == "ada":
                found += await _refused(page, full)
    assert not found, "\n".join(found)


def _part(route: str) -> str:
    first = f"/{route.split('/')[1]}"
    return first if first in ("/account", "/admin", "/home") else "/"


async def _complaints(page: Visit, full: Populated, look: Look) -> list[str]:
    """What somebody would stumble over."""
    path = look.path.format_map(full.places)
    await page.page.goto(full.address + path)
    if page.page.url.removeprefix(full.address) != path:
        return [f"{path} leads {look.who or 'a guest'} to {page.page.url}"]
    await page.until(look.drawn, f"{path} is drawn")
    return await _tried(page, f"{path} as {look.who or 'a guest'}")


async def _refused(page: Visit, full: Populated) -> list[str]:
    """A button that was refused."""
    await page.page.goto(full.address + "/home/lists")
    await page.page.fill("[name=name]", " ")
    async with page.page.expect_navigation():
        await page.page.locator("form:has([name=name])").evaluate("form => form.submit()")
    return await _tried(page, "what was refused")


async def _tried(page: Visit, name: str) -> list[str]:
    try:
        await open_to_all(page, name)
    except AssertionError as error:
        return [str(error)]
    return []


async def test_everybody_can_use_the_pages_of_the_edges(browsers: Browsers) -> None:
    """Each template that is a page, by the address that gives it."""
    found, seen = [], set()
    with rendered() as names:
        for room in (_of_the_site, _of_a_recording):
            async with visit(browsers.plain, "about:blank") as page:
                async for name, address in room():
                    del names[:]
                    reply = await page.page.goto(address)
                    assert reply, address
                    seen.add(names[-1] if names else MADE_BEFORE.get(name, ""))
                    found += await _tried(page, name)
    assert not found, "\n".join(found)
    assert seen - {""} == page_templates(EDGE) - NO_EDGE_PAGES.keys()


async def _of_the_site() -> AsyncIterator[tuple[str, str]]:
    """Pages for everybody: posts, people, shows, texts, what is on."""
    async with edge(LIVE, chunks=1, address="https://talks.example") as rig:
        address = await told(rig, FULL)
        await posted(rig)
        post = await _with_all(rig)
        for path in (
            "/", "/?q=klima", "/@lena", f"/@lena/{post}", f"/@lena/older/{FIRST + (39 << 16)}", "/tags/radio",
            "/shows/evening", "/imprint",
            "/transparency", "/offline", f"/s/{rig.channel.space.id}/report",
            "/s/nowhere", "/parts?lang=en", "/parts-front?lang=en",
        ):  # fmt: skip
            yield path, address + path


async def _with_all(rig: Rig) -> int:
    """What else the house writes; the id of a post with all that one can have, and an answer."""
    post, answer = FIRST + 5, FIRST + 6
    seen = Picture(
        id=1, actor=7, alt="A studio", blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4", width=900, height=600, key="a"
    )
    poll = PostPoll(answers=("Yes", "No"), ends_ms=DOORS_OPEN_MS + 3_600_000, votes=(1, 2), voters=3)
    files: dict[str, Any] = {
        public.key(public.POST, post): public.PublicPost(
            id=post, version=1, author=7, html="<p>Was meint ihr?</p>", warning="Politik", language="de",
            created_ms=post >> 16, edited_ms=(post >> 16) + 1, quote_of=FIRST, space="klima", media=(seen,), poll=poll,
            tally=PostTally(1, 2, 3, 4),
        ),
        public.key(public.POST, answer): public.PublicPost(
            id=answer, version=1, author=7, html="<p>Ja.</p>", created_ms=answer >> 16, reply_to=post, reply_author=7,
            root=post,
        ),
        public.key(public.THREAD, post): public.PostList(version=1, ids=(post, answer)),
        shows.key("evening"): PublicShow("evening", "Evenings", "Each week.", "en", spaces=FULL[:4]),
        kept_key(rig.channel.space.id): made(space=rig.channel.space.id),
        TRANSPARENCY_KEY: Transparency(1_764_500_000_000, [MonthCounts("2026-11", reports=3, reasons={"spam": 3})]),
        site.KEY: site.look(SiteWishes(imprint="# Who we are\n\nA newspaper."), b""),
    }  # fmt: skip
    for key, file in files.items():
        await rig.objects.put(key, msgspec.json.encode(file))
    await rig.site.identity.transparency.read()
    await rig.site.identity.read()
    return post


async def _of_a_recording() -> AsyncIterator[tuple[str, str]]:
    """A replay and a clip of it."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, {range(24, 54): "ada", range(54, 96): "bob"})
        for path in ("/s/friday", "/s/friday/embed", "/s/friday/clip?from=8&to=16"):
            yield path, f"http://127.0.0.1:{rig.port}{path}"
