"""Private spaces at an edge: below the key, with a pass, and for everybody else nothing at all."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from stentor.base.signing import doors_key
from stentor.bus.revocations import EVERY_HOLDER, EVERY_SPACE, Revocation
from stentor.edge import reports, site
from stentor.spaces import board, private
from stentor.spaces.model import Space, State
from stentor.spaces.private import Pass
from stentor.spaces.visibility import Visibility
from tests.support.edge import DOORS_OPEN_MS, SECRET, Rig, edge, live_space, split
from tests.support.wait import PATIENCE_S, eventually

KEY = private.secret(doors_key(SECRET))
HOLDER = b"somebody"
SECRETS = ("friday", "Friday talk")


def hidden(visibility: Visibility = Visibility.MEMBERS, **changes: object) -> Space:
    return live_space(visibility=visibility, listed=False, **changes)


def below(rig: Rig, turn: int = 0) -> str:
    """Where everything of the space lies now."""
    space = msgspec.structs.replace(rig.channel.space, turn=turn)
    return f"/s/{space.id}{private.below(private.keys(KEY, space, rig.now)[0])}"


def given(rig: Rig, holder: bytes = HOLDER, *, space: str = "friday", lasts_s: int = 3600, issued: float = 0) -> str:
    return private.issue(KEY, space, Pass(holder, round((issued or rig.now) * 1000), round(rig.now) + lasts_s))


@asynccontextmanager
async def hidden_edge(space: Space | None = None) -> AsyncIterator[Rig]:
    async with edge(space or hidden()) as rig:
        yield rig


async def test_with_a_pass_everything_is_heard_below_the_key() -> None:
    """The bare address leads below the key, where pages, documents, playlists and parts are found."""
    async with hidden_edge() as rig:
        pass_ = given(rig)
        status, fields, _ = await rig.get("/s/friday", f"Cookie: a=b; stentor-pass-friday={pass_}; c=d")
        assert (status, fields["location"], fields["cache-control"]) == (307, below(rig), "no-store")
        status, _, page = await rig.get(below(rig), "Accept: text/html")
        assert status == 200
        assert f'data-space="{below(rig)[3:]}"'.encode() in page
        assert not re.search(rb'"/s/friday(?!/k/)', page)
        assert b"og:url" not in page
        for name in ("door.json", "pulse.json", "hls/index.m3u8", "hls/aac-64.m3u8"):
            assert (await rig.get(f"{below(rig)}/{name}"))[0] == 200, name
        door = msgspec.json.decode((await rig.get(f"{below(rig)}/door.json"))[2])
        assert door["streams"]["hls"] == f"{below(rig)}/hls/index.m3u8"
        reader, writer = await rig.open(f"{below(rig)}/live.aac?pass={pass_}")
        assert split(await reader.readuntil(b"\r\n\r\n"))[0] == 200
        writer.close()


async def test_a_key_alone_opens_no_stream() -> None:
    """Nor does a pass of another space, one whose time is over, or one that was changed."""
    async with hidden_edge() as rig:
        wrong = ["", given(rig, space="monday"), given(rig, lasts_s=-1), given(rig)[:-2] + "AA", "x" * 400, "é"]
        for text in wrong:
            status, _, body = await rig.get(f"{below(rig)}/live.aac", f"Cookie: stentor-pass-friday={text}")
            assert (status, b"no-such-space" in body) == (404, True), text


async def test_the_key_changes_with_the_hour_and_nobody_notices() -> None:
    """The key of the hour before is good for a quarter of an hour; then who has a pass is led on, and a stream runs."""
    async with hidden_edge() as rig:
        pass_, before = given(rig, lasts_s=9000), below(rig)
        reader, writer = await rig.open(f"{before}/live.aac?pass={pass_}")
        await reader.readuntil(b"\r\n\r\n")
        rig.now = rig.now - rig.now % 3600 + 3600 + 60
        assert below(rig) != before
        assert (await rig.get(f"{before}/door.json"))[0] == 200
        rig.now += private.OVERLAP_S
        assert (await rig.get(f"{before}/door.json"))[0] == 404
        cookie = f"Cookie: __Host-stentor-pass-friday={pass_}"
        status, fields, _ = await rig.get(f"{before}/hls/aac-64.m3u8?_HLS_msn=4", cookie)
        assert (status, fields["location"]) == (307, f"{below(rig)}/hls/aac-64.m3u8?_HLS_msn=4")
        assert not writer.transport.is_closing()
        writer.close()


async def test_who_is_shut_out_hears_no_more() -> None:
    """Their stream ends at once, their pass opens nothing, the key is another one; others hear on."""
    async with hidden_edge() as rig:
        theirs, other = given(rig), given(rig, b"elsebody")
        streams = [await rig.open(f"{below(rig)}/live.aac?pass={text}") for text in (theirs, other)]
        for reader, _ in streams:
            await reader.readuntil(b"\r\n\r\n")
        told = Revocation(EVERY_SPACE, HOLDER.hex(), round(rig.now * 1000) + 1)
        old = below(rig)
        rig.site.private.revoke(told, rig.worker.connections)
        rig.channel.update(msgspec.structs.replace(rig.channel.space, turn=1, version=2))
        async with asyncio.timeout(PATIENCE_S):
            await streams[0][0].read()
        assert rig.worker.listeners == 1
        for path in (f"{old}/door.json", f"{old}/hls/aac-64.m3u8", f"{below(rig)}/live.aac", ""):
            status, _, _ = await rig.get(path or "/s/friday", f"Cookie: stentor-pass-friday={theirs}")
            assert status == 404, path
        assert (await rig.get("/s/friday", f"Cookie: stentor-pass-friday={other}"))[0] == 307
        rig.site.private.forget(f"_.{HOLDER.hex()}")
        assert (await rig.get("/s/friday", f"Cookie: stentor-pass-friday={theirs}"))[0] == 307
        for _, writer in streams:
            writer.close()


async def test_a_ticket_is_one_listener() -> None:
    """A second stream with the same ticket takes the place of the first."""
    async with hidden_edge(hidden(Visibility.TICKETS)) as rig:
        pass_ = given(rig)
        first, before = await rig.open(f"{below(rig)}/live.aac?pass={pass_}")
        await first.readuntil(b"\r\n\r\n")
        second, writer = await rig.open(f"{below(rig)}/live.aac?pass={pass_}")
        await second.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            await first.read()
        await eventually(lambda: rig.worker.listeners == 1, "one listener is left")
        before.close()
        writer.close()


async def test_a_ticket_hears_hls_at_an_address_of_its_own() -> None:
    """Players tell nobody who they are, so the address does; a player that begins later ends it, and so does a stream.
    Neither the key alone nor a pass opens the files; an address follows the key, and ends with the pass."""
    async with hidden_edge(hidden(Visibility.TICKETS)) as rig:
        cookie = f"Cookie: stentor-pass-friday={given(rig, lasts_s=9000)}"
        streams = msgspec.json.decode((await rig.get(f"{below(rig)}/door.json"))[2])["streams"]
        assert streams["hls"] == f"{below(rig)}/hls/index.m3u8"
        for path in (
            "hls/index.m3u8", "hls/aac-64/init.mp4", "replay/index.m3u8", "overflow/120/index.m3u8", "recording.m4a",
            "edition.m4a", "cut/recording.m4a", "cut/edits.json", "evidence/aac-64/1.m4s",
        ):  # fmt: skip
            assert (await rig.get(f"{below(rig)}/{path}"))[0] == 404, path
        assert (await rig.get(f"{below(rig)}/hls/aac-64/init.mp4", cookie))[0] == 404
        players = []
        for _ in range(2):
            rig.now += 1
            players.append(await begun(rig, cookie))
        for name in ("aac-64.m3u8", "aac-64/init.mp4"):
            assert [(await rig.get(f"{each}/{name}"))[0] for each in players] == [404, 200]
        assert (await rig.get(f"{players[1].removesuffix('/hls')}/door.json"))[0] == 404
        rig.now = rig.now - rig.now % 3600 + 3600 + private.OVERLAP_S
        status, fields, _ = await rig.get(f"{players[1]}/aac-64.m3u8?_HLS_msn=4")
        assert (status, fields["location"][: len(below(rig))]) == (307, below(rig))
        here = fields["location"].removesuffix("/aac-64.m3u8?_HLS_msn=4")
        reader, writer = await rig.open(f"{below(rig)}/live.aac", cookie)
        await reader.readuntil(b"\r\n\r\n")
        assert (await rig.get(f"{here}/aac-64.m3u8"))[0] == 404
        rig.now += 1
        last = await begun(rig, cookie)
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        rig.site.private.revoke(Revocation("friday", EVERY_HOLDER, round(rig.now * 1000) - 1), [])
        assert (await rig.get(f"{last}/index.m3u8"))[0] == 404
        writer.close()


async def begun(rig: Rig, cookie: str) -> str:
    """A player that begins with a pass: the address below which it finds everything."""
    status, fields, _ = await rig.get(f"{below(rig)}/hls/index.m3u8?x=1", cookie)
    assert (status, fields["cache-control"]) == (307, "no-store")
    found = fields["location"].removesuffix("/index.m3u8?x=1")
    assert found.startswith(f"{below(rig)}/{private.LISTENER}/")
    for name in ("index.m3u8", "aac-64.m3u8", "aac-64/init.mp4"):
        assert (await rig.get(f"{found}/{name}"))[0] == 200, name
    return found


async def test_a_space_that_becomes_private_lets_nobody_stay_without_a_pass() -> None:
    async with edge(live_space()) as rig:
        reader, writer = await rig.open("/s/friday/live.aac")
        await reader.readuntil(b"\r\n\r\n")
        rig.channel.update(hidden(version=2))
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        assert rig.worker.listeners == 0
        writer.close()


PATHS = (
    "", "/", "/embed", "/door.json", "/pulse.json", "/comments.json", "/event.ics", "/listen.m3u", "/captions.json",
    "/captions.vtt", "/captions.srt", "/transcript.json", "/transcript.txt", "/edition.m4a", "/cut/recording.m4a",
    "/cut/edits.json", "/hls/index.m3u8", "/hls/aac-64.m3u8",
    "/hls/aac-64.m3u8?_HLS_msn=3", "/hls/aac-64/init.mp4", "/live.aac", "/live.opus", "/live.mp4", "/ticket",
    "/hold.m4a", "/clip", "/clip.m4a?from=1&to=2", "/gaps.json", "/chapters.json", "/peaks.json", "/counts.json",
    "/speaking.json",
    "/report", "/report.json", "/evidence.json", "/evidence.json.sig", "/evidence.json.minisig",
    "/recording.m4a", "/replay/index.m3u8", "/portraits/a",
    "/cover.jpg", "/cover-small.jpg", "/overflow/120/index.m3u8", "/react/heart", "/k", "/k/",
    "/k/0123456789abcdef0123456789abcdef/p/x/hls/index.m3u8", "/p/x/hls/index.m3u8",
    "/k/0123456789abcdef0123456789abcdef", "/k/0123456789abcdef0123456789abcdef/door.json", "/nothing",
)  # fmt: skip
"""What an edge has of a space."""


def test_no_path_is_answered_before_the_pass_was_looked_at() -> None:
    """One function has all paths of a space; whatever is added there lies behind the same door as those above."""
    tree = ast.parse(inspect.getsource(site))
    calls = [
        (function.name, call)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Attribute) and call.attr == "_of_space"
    ]
    assert [name for name, _ in calls] == ["_space", "_space"]
    names = {
        str(value.value).removesuffix(".json")
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "_of_space"
        for pattern in ast.walk(function)
        if isinstance(pattern, ast.MatchSequence) and pattern.patterns
        for value in ast.walk(pattern.patterns[0])
        if isinstance(value, ast.Constant)
    } | {name.removesuffix(".json") for name in (*site.RECORDED, *site.ENDINGS, *reports.NAMES)}
    assert names <= {path.split("/")[1].split("?")[0].removesuffix(".json") for path in PATHS if path}


@pytest.mark.parametrize("state", [State.LIVE, State.REPLAY, State.SCHEDULED])
@pytest.mark.parametrize("cookie", ["", "Cookie: stentor-pass-friday="], ids=["stranger", "shut out"])
async def test_without_a_pass_there_is_no_such_space(state: State, cookie: str) -> None:
    """Every path, asked once and again, for a page and for a program: the same bytes as of an unknown one."""
    space = hidden(state=state, ended_ms=DOORS_OPEN_MS + 60_000 if state is State.REPLAY else None)
    async with hidden_edge(space) as rig:
        if cookie:
            cookie += given(rig)
            rig.site.private.revoke(Revocation("friday", HOLDER.hex(), round(rig.now * 1000) + 1), [])
        if state is State.REPLAY:  # from the object store
            del rig.site.channels["friday"]
            await rig.objects.put(board.key("friday"), msgspec.json.encode(space))
        for path in PATHS:
            for accept in ("text/html", "*/*"):
                for method in ("GET", "HEAD", "POST")[: 1 if "." in path else 3]:
                    lines = [f"Accept: {accept}", *([cookie] if cookie else [])]
                    ours, theirs = [
                        [await rig.get(f"/s/{name}{path}", *lines, method=method) for _ in range(2)]
                        for name in ("friday", "sunday")
                    ]
                    swapped = [(s, f, b.replace(b"sunday", b"friday")) for s, f, b in theirs]
                    for reply in swapped:
                        if "location" in reply[1]:
                            reply[1]["location"] = reply[1]["location"].replace("sunday", "friday")
                    assert ours == swapped, (path, accept, method)
                    assert not any(b"Friday talk" in body for _, _, body in ours)
        for name in ("friday", "sunday"):
            status, _, body = await rig.get(f"/oembed?url=http%3A%2F%2Flocalhost%2Fs%2F{name}")
            assert (status, b"no-such-space" in body) == (404, True)
        front = b"".join(
            [
                (await rig.get(path))[2]
                for path in (
                    "/",
                    "/feed.xml",
                    "/calendar.ics",
                    "/?q=friday",
                    "/sitemap.xml",
                    "/@ann",
                    "/shows/friday",
                    "/robots.txt",
                )
            ]
        )
        assert not any(word.encode() in front for word in SECRETS[1:])
        told = await rig.metrics()
        assert not any(word in told for word in SECRETS)
