"""What is set for other servers, in both databases: whom it holds for, what rests, and that it can be taken back."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from stentor.base.errors import NotFound
from stentor.fediverse.policies import DomainPolicy, ServerSeverity
from stentor.fediverse.reading import RemoteActor, RemotePicture
from stentor.social.model import Picture
from stentor.store import social_tables as tables
from stentor.store.distant_pictures import DistantPictures
from stentor.store.domain_policies import DROP, FEW, DomainPolicies
from stentor.store.jobs import Jobs
from stentor.store.media import MediaTable
from tests.integration.test_store_forgetting import Elsewhere, there
from tests.integration.test_store_remote import actor, rows, said
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS

__all__ = ["database_url", "postgres", "there"]
BLOCK, LIMIT = ServerSeverity.BLOCK, ServerSeverity.LIMIT


async def test_it_holds_for_all_of_a_server_and_can_be_taken_back(there: Elsewhere) -> None:
    """Also for names below and for people who come later; posts of blocked ones are read by nobody, follows rest."""
    policies, town = DomainPolicies(there.store.work), there.town
    eve, low = await there.person("eve", "bad.example"), await there.person("low", "a.bad.example:8443")
    other = await there.person("other", "notbad.example")
    town.number |= {"eve": eve.number}
    await town.follow("ada", "eve")
    await town.follow("eve", "ada")
    post = await there.post(eve)
    assert await town.home("ada") == [post]
    await policies.put([DomainPolicy(domain="bad.example", severity=BLOCK, comment="Spam")], by="", now_ms=NOW_MS)
    assert (await policies.of("x.a.bad.example")).blocks
    assert not (await policies.of("notbad.example")).blocks
    every = ["https://bad.example/inbox", "https://a.bad.example:8443/inbox", "https://notbad.example/inbox"]
    assert await policies.unblocked(every) == every[2:]
    assert await town.reads([post], town.number["ada"]) == []
    assert not await there.posts.add(eve, said(eve, 99), now_ms=NOW_MS, wanted=True)
    with pytest.raises(NotFound, match="has blocked that server"):
        await there.people.put(there.new(), actor("new", "bad.example"), now_ms=NOW_MS)
    [known] = await policies.all()
    assert (known.people, known.follows, known.policy.comment) == (2, 2, "Spam")
    assert await rows(there.store, tables.follows) == 2

    await policies.put([DomainPolicy(domain="bad.example", severity=LIMIT)], by="", now_ms=NOW_MS + 1)
    assert len(await town.reads([post], town.number["ada"])) == 1
    late = await there.person("late", "bad.example")
    states = {"eve": "limited", "low": "limited", "late": "limited", "other": ""}
    found = {"eve": eve, "low": low, "late": late, "other": other}
    assert {name: await _state(there, each.number) for name, each in found.items()} == states
    await policies.lift("bad.example")
    with pytest.raises(NotFound):
        await policies.lift("bad.example")
    assert {await _state(there, each.number) for each in found.values()} == {""}
    assert await policies.all() == []

    long = [DomainPolicy(domain=f"s{number}.example", no_media=True) for number in range(FEW + 2)]
    await policies.put([*long, DomainPolicy(domain="bad.example", severity=BLOCK)], by="", now_ms=NOW_MS)
    assert await _state(there, low.number) == "suspended"
    assert await policies.follows(["bad.example", "s1.example"]) == {"bad.example": 2}
    assert (await policies.known(["s1.example", "x.example"])).keys() == {"s1.example"}


async def _state(there: Elsewhere, number: int) -> str:
    query = select(tables.actors.c.state).where(tables.actors.c.number == number)
    found = await there.store.work.read(lambda connection: connection.execute(query).scalar())
    return f"{found}"


async def test_pictures_come_in_the_place_of_their_links(there: Elsewhere) -> None:
    """Fetched once, changed with the post, given up after days; held back where the site takes none, and then there
    is the link again; faces only of people with whom somebody has to do."""
    work = there.store.work
    pictures, media = DistantPictures(work), MediaTable(work)
    eve = await there.people.put(there.new(), _with_face("eve", "https://peer.example/eve.png"), now_ms=NOW_MS)
    await there.people.put(there.new(), _with_face("nobody", "https://peer.example/nobody.png"), now_ms=NOW_MS)
    assert await pictures.wanted(10) == []
    post = await there.post(
        eve, uri="https://peer.example/p", html="<p>Look</p>", pictures=(_picture("a"), _picture("b"))
    )
    wanted = {each.url: each.id for each in await pictures.wanted(10)}
    assert wanted.keys() == {f"https://peer.example/{name}.png" for name in ("eve", "a", "b")}
    assert await _html(there, post) == "<p>Look</p><a>a</a><a>b</a>"
    for each in wanted.values():
        await pictures.asked(each, now_ms=NOW_MS)
        assert await pictures.url(each)
    assert await pictures.wanted(10) == []
    assert await pictures.on_their_way() == 3
    for name in ("eve", "a"):
        await pictures.came(wanted[f"https://peer.example/{name}.png"], b"bytes", now_ms=NOW_MS)
    made = list[Picture]()
    while (found := await pictures.next()) is not None:
        assert (found.body, found.open) == (b"bytes", True)
        made.append(_made(there, found.actor, found.post, found.position, found.alt))
        await pictures.made(found, made[-1], now_ms=NOW_MS)
    assert await _html(there, post) == "<p>Look</p><a>b</a>"
    [seen] = await there.town.reads([post], there.town.number["ada"])
    assert [(each.alt, each.position) for each in seen.media] == [("a", 0)]
    assert seen.author.face in {each.key for each in made}
    assert await media.orphans(10**18, 10) == [], "a face is somebody's"

    changed = said(
        eve, 1, uri="https://peer.example/p", html="<p>Look</p>", pictures=(_picture("c"), _picture("a", "better"))
    )
    assert await there.posts.change(eve, changed, now_ms=NOW_MS)
    assert await _html(there, post) == "<p>Look</p><a>c</a>"
    [seen] = await there.town.reads([post], there.town.number["ada"])
    assert [(each.alt, each.position) for each in seen.media] == [("better", 1)]
    assert not await there.posts.change(eve, changed, now_ms=NOW_MS)

    policies = DomainPolicies(work)
    await policies.put([DomainPolicy(domain="peer.example", no_media=True)], by="", now_ms=NOW_MS)
    assert await Jobs(work, only=DROP).waiting() == 1
    ids, gone = await pictures.held("peer.example", 10)
    assert {each.key for each in gone} == {each.key for each in made}
    for picture in gone:
        await media.remove(picture.id)
    await pictures.hold(ids, now_ms=NOW_MS)
    assert await pictures.held("peer.example", 10) == ([], [])
    assert await _html(there, post) == "<p>Look</p><a>c</a><a>a</a>"
    [seen] = await there.town.reads([post], there.town.number["ada"])
    assert (seen.media, seen.author.face) == ((), "")
    await there.post(eve, pictures=(_picture("d"),))
    assert await pictures.wanted(10) == []
    await policies.lift("peer.example")
    assert len(await pictures.wanted(10)) == 4
    await there.people.gone(eve.who.uri)
    assert await pictures.wanted(10) == []


def _with_face(name: str, url: str) -> RemoteActor:
    return msgspec.structs.replace(actor(name), icon=url)


def _picture(name: str, alt: str = "") -> RemotePicture:
    return RemotePicture(f"https://peer.example/{name}.png", alt or name, f"<a>{name}</a>")


def _made(there: Elsewhere, actor: int, post: int | None, position: int, alt: str) -> Picture:
    return Picture(
        id=there.new(), actor=actor, post=post, position=position, alt=alt, key=f"{there.new():032x}", blurhash="x",
        width=1, height=1,
    )  # fmt: skip


async def _html(there: Elsewhere, post: int) -> str:
    [seen] = await there.town.reads([post], there.town.number["ada"])
    return seen.post.html
