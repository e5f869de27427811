"""The listener's page as it is served, with no script run: what it says, what plays, what previews show."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.crowd.orders import Orders
from stentor.edge import told
from stentor.edge.page import CROWD, ListenerPages
from stentor.spaces.about import About
from stentor.spaces.model import ON_AIR, Space, State
from stentor.spaces.visibility import Visibility
from tests.support.edge import DOORS_OPEN_MS, SPACE, Rig, edge, live_space
from tests.support.recorded import record, recorded_space

VOID = {"meta", "link", "input", "br", "img", "source"}
OPUS = "?rendition=opus-24"
MOST_CARD_BYTES = 40_000
FULL = Orders(SPACE, version=1, p=0.2, narrow_ms=1, waiting=400)


class Seen(HTMLParser):
    """What a browser shows that runs no script: text and media outside of whatever is ``hidden``."""

    def __init__(self) -> None:
        super().__init__()
        self._stack: list[bool] = []
        self.text, self.playable, self.links, self.meta = "", [""][:0], [""][:0], {"": ""}
        self.images: list[tuple[str, str]] = []
        """Covers, with what is to be seen on them."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = "hidden" in given or tag in ("script", "style", "title") or any(self._stack[-1:])
        if tag == "meta":
            self.meta[given.get("property") or given.get("name") or ""] = given.get("content") or ""
        elif tag in ("audio", "source") and not hidden and given.get("src"):
            self.playable.append(given["src"] or "")
        elif tag == "img" and "/cover" in (given.get("src") or ""):
            self.images.append((given["src"] or "", given.get("alt") or ""))
        elif tag == "a" and not hidden:
            self.links.append(given.get("href") or "")
        if tag not in VOID:
            self._stack.append(hidden)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._stack.pop()

    def handle_data(self, data: str) -> None:
        if self._stack and not self._stack[-1]:
            self.text += f" {data.strip()}"


async def read(rig: Rig, path: str = "/s/friday") -> Seen:
    """A page as it is served."""
    status, _, body = await rig.get(path)
    assert status == 200
    seen = Seen()
    seen.feed(body.decode())
    return seen


async def plays(rig: Rig, path: str) -> str:
    """The type of what stands under an address."""
    status, fields, _ = await rig.get(path, method="HEAD")
    assert status == 200, path
    return str(fields["content-type"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
async def test_every_state_without_a_script(state: State, language: str) -> None:
    """The page says what is going on, and how to hear: the stream on air, music before it, afterwards the recording."""
    changes: dict[str, Any] = {"state": state, "language": language}
    if state in (State.SCHEDULED, State.CANCELLED):
        changes |= {"doors_open_ms": None, "live_ms": None, "scheduled_ms": DOORS_OPEN_MS}
    async with edge(recorded_space(**changes) if state is State.REPLAY else live_space(**changes)) as rig:
        if state is State.REPLAY:
            await record(rig.objects, 24, {range(24): "ada"})
        page, say = await read(rig), Catalogue("stentor.edge").texts[language]
        chip, card = told.card(rig.channel.space, Catalogue(*told.PACKAGES), language, rig.now)
        assert chip in page.text
        assert card in page.text
        assert page.meta["og:description"] == card
        sound = {
            State.SCHEDULED: ["hold.m4a", f"hold.m4a{OPUS}"],
            State.REPLAY: ["recording.m4a", f"recording.m4a{OPUS}"],
        }
        expected = ["live.aac"] if state in ON_AIR else sound.get(state, [])
        assert [path.rpartition("/")[2] for path in page.playable] == expected
        for path in page.playable:
            assert (await plays(rig, path)).startswith("audio/")
        assert (say["plain_again"] in page.text) == (state not in (State.REPLAY, State.CANCELLED))
        assert ("/s/friday/listen.m3u" in page.links) == (state in ON_AIR)


async def test_a_full_space_without_a_script() -> None:
    """It says so; there is the stream for who is let in, music for the others, and the way to follow behind."""
    async with edge(chunks=300) as rig:
        rig.channel.heed(msgspec.structs.replace(FULL, narrow_ms=DOORS_OPEN_MS))
        page = await read(rig)
        assert "There is no room right now" in page.text
        assert [path.rpartition("/")[2] for path in page.playable] == ["live.aac", "hold.m4a", f"hold.m4a{OPUS}"]
        assert (await plays(rig, page.playable[1])).startswith("audio/")
        assert not [path for path in page.links if "/overflow/" in path], "nothing is old enough yet"
        rig.now = DOORS_OPEN_MS / 1000 + 200
        rig.channel.heed(msgspec.structs.replace(rig.channel.orders, version=2))
        behind = [path for path in (await read(rig)).links if "/overflow/" in path]
        assert [re.sub(r"\d+", "N", urlsplit(path).path) for path in behind] == ["/s/friday/overflow/N/index.mNuN"]


def test_a_preview_shows_the_cover() -> None:
    """Where there is one, with what is to be seen on it; on the page, too, but not to a crowd, and large afterwards."""
    pages = ListenerPages(address="https://talks.example", now=0)
    found = About(cover_ms=5, cover_words='A "bridge"')

    def seen(space: Space, listeners: int = 0, below: str = "") -> Seen:
        page = Seen()
        page.feed(pages.space(space, Orders(SPACE), 0, listeners=listeners, below=below).body.decode())
        return page

    live = live_space(about=found)
    page = seen(live)
    assert page.meta["og:image"] == "https://talks.example/s/friday/cover.jpg?v=5"
    assert page.meta["og:image:alt"] == 'A "bridge"'
    assert page.images == [("/s/friday/cover-small.jpg?v=5", 'A "bridge"')]
    assert seen(live, CROWD + 1).images == []
    over = live_space(about=found, state=State.REPLAY, ended_ms=DOORS_OPEN_MS + 60_000)
    assert seen(over).images[0][0] == "/s/friday/cover.jpg?v=5"
    hidden = seen(live_space(about=found, visibility=Visibility.MEMBERS, listed=False), below="/k/abc")
    assert "og:image" not in hidden.meta
    assert hidden.images[0][0] == "/s/friday/k/abc/cover-small.jpg?v=5"


async def test_a_preview_has_a_picture() -> None:
    """Open Graph names an absolute address of a picture of the size it says, small, and to be kept for ever."""
    pages, page = ListenerPages(address="https://talks.example", now=0), Seen()
    page.feed(pages.space(live_space(title='"><script>'), Orders(SPACE), 0).body.decode())
    assert page.meta["og:title"] == '"><script>'
    assert page.meta["og:url"] == "https://talks.example/s/friday"
    assert page.meta["twitter:card"] == "summary_large_image"
    address = urlsplit(page.meta["og:image"])
    assert (address.scheme, address.netloc) == ("https", "talks.example")
    async with edge(chunks=1) as rig:
        status, fields, body = await rig.get(address.path)
    assert (status, fields["content-type"]) == (200, "image/png")
    assert fields["cache-control"].endswith("immutable")
    assert body.startswith(b"\x89PNG")
    size = (int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big"))
    assert size == (int(page.meta["og:image:width"]), int(page.meta["og:image:height"])) == (1200, 630)
    assert len(body) < MOST_CARD_BYTES
