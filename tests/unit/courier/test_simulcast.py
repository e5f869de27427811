"""What a simulcast shows, and when it is over."""

from __future__ import annotations

import asyncio
import io
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from PIL import Image

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.base.units import SeatId, SpaceId
from stentor.courier.simulcast import scene as scenes
from stentor.courier.simulcast.feed import DELAY_S, Feed
from stentor.courier.simulcast.pacing import PACE_BYTES_S, PicturePace, paced
from stentor.courier.simulcast.picture import INK, LINE, LIVE, ON_LIVE, PAPER, SOFT, TALK, ScenePicture
from stentor.courier.simulcast.scene import MOST_FACES, Scene, SceneFace, SceneHeader
from stentor.courier.simulcast.video import KEY_EVERY, KEY_PAUSE, VideoEncoder
from stentor.courier.simulcast.worker import ACCENT
from stentor.spaces.model import Space, State
from stentor.spaces.visibility import Visibility
from stentor.wire import flv
from stentor.wire.cue import Cue


def feed(space: Space, now: float) -> Feed:
    nothing: Any = None
    return Feed(space, nothing, nothing, nothing, clock=lambda: now, site="", address="")


def test_it_is_over_with_the_space() -> None:
    """Six seconds later, when all was sent; at once when the space is private."""
    now = time.time()
    space = Space(SpaceId("talk"), "A talk", State.LIVE, doors_open_ms=round((now - 100) * 1000))
    assert not feed(space, now).over
    ended = msgspec.structs.replace(space, ended_ms=round((now - 1) * 1000))
    assert not feed(ended, now).over
    assert feed(ended, now + DELAY_S).over
    assert feed(msgspec.structs.replace(space, visibility=Visibility.MEMBERS), now).over


def test_every_trouble_has_its_sentence() -> None:
    """In each language, and there is none that nobody meets."""
    folder = Path(scenes.__file__).parent
    lines = "\n".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    codes = set(re.findall(r'code="([a-z-]+)"', lines))
    for language in LANGUAGES:
        texts = Catalogue("stentor.house").texts[language]
        told = {key.removeprefix("simulcast.trouble_") for key in texts if key.startswith("simulcast.trouble_")}
        assert codes <= told
        assert {code for code in told if f'"{code}"' not in lines} == set()


@pytest.mark.parametrize(
    ("at_ms", "first"), [(0, "one"), (999, "one"), (4999, "three"), (9999, "five"), (12_000, "five")]
)
def test_a_caption_goes_on_with_the_voice(at_ms: int, first: str) -> None:
    """Two lines at a time; the last ones stay a little."""
    words = " ".join(f"{number} ".ljust(59, "x") for number in ("one", "two", "three", "four", "five"))
    cue = Cue(SpaceId("talk"), 0, 0, 10_000, SeatId("s"), "Ada", words, "en", 0)
    assert scenes.caption([cue], at_ms)[0].startswith(first)
    assert scenes.caption([cue], 13_000) == ()


def test_browsers_play_the_picture() -> None:
    """Constrained baseline, at most level 3.1, as WebRTC promises it; one that stands alone every two seconds."""
    encoder, planes = VideoEncoder(), ScenePicture("#e2a03f", {State.LIVE: "LIVE"}).planes
    pictures = [encoder.encode(planes) for _ in range(2 * KEY_EVERY)]
    assert [number for number, each in enumerate(pictures) if each.key] == [0, KEY_EVERY]
    sps = next(unit for unit in flv.units(pictures[0].data) if unit[0] & 0x1F == flv.SPS)
    assert sps[1] == 0x42
    assert sps[2] & 0x40  # constraint_set1_flag
    assert sps[3] <= 0x1F


def test_who_has_lost_a_picture_gets_one_that_stands_alone() -> None:
    """At once where the last one is a second old, else then. Who asks again and again gets no more, and the others
    still get one every two seconds at least."""
    encoder, planes = VideoEncoder(), ScenePicture("#e2a03f", {}).planes
    keys = []
    for number in range(100):
        if number in (12, 25) or number > 60:
            encoder.want_key()
        keys += [number] if encoder.encode(planes).key else []
    assert keys == [0, 12, 25, 45, 61, 71, 81, 91]
    assert KEY_PAUSE == 10


def test_a_large_picture_goes_one_packet_after_the_other() -> None:
    """What is small goes at once; nothing waits that came when the line was free."""
    pace = PicturePace()
    assert [pace.wait_s(1000, 5.0) for _ in range(5)] == [0.0] * 5
    waits = [pace.wait_s(1200, 5.0) for _ in range(60)]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx((5000 + 59 * 1200) / PACE_BYTES_S)
    assert pace.wait_s(1200, 6.0) == 0.0


async def test_nothing_waits_for_a_picture() -> None:
    """Sound, reports and what is sent anew go at once while a picture keeps the pace."""
    gone = list[bytes]()

    class Transport:
        async def _send_rtp(self, data: bytes) -> None:
            gone.append(data)

    sender: Any = SimpleNamespace(transport=Transport(), _ssrc=7)
    paced(sender)
    picture, sound, report = (
        bytes([0x80, kind, *bytes(6), *ssrc.to_bytes(4, "big"), *bytes(1188)])
        for kind, ssrc in ((102, 7), (111, 8), (200, 7))
    )
    waiting = [asyncio.ensure_future(sender.transport._send_rtp(picture)) for _ in range(80)]
    await asyncio.sleep(0)
    went = gone.count(picture)
    assert 0 < went < 80
    for other in (sound, report):
        with pytest.raises(StopIteration):
            sender.transport._send_rtp(other).send(None)
    assert gone[went:] == [sound, report]
    await asyncio.gather(*waiting)
    assert gone.count(picture) == 80


def test_the_site_has_its_logo_and_its_colour() -> None:
    """The logo beside its name, whatever stands there; where it has none, or one that is no picture, the sign of the
    pages. All colours are those of the pages by night."""
    scene = Scene(SceneHeader("Site", "A talk", State.LIVE), (), (), ("example.org", 0))
    made = io.BytesIO()
    Image.new("RGB", (256, 256), "#2060c0").save(made, "JPEG")
    planes, signs = {}, {}
    for name, logo in {"logo": made.getvalue(), "none": b"", "odd": b"no picture"}.items():
        picture = ScenePicture("#e2a03f", {State.LIVE: "LIVE"}, logo)
        picture.draw(scene)
        planes[name], signs[name] = picture.planes, picture._image.getpixel((74, 24))
        assert picture._image.getpixel((scenes.WIDTH // 2, 2)) == (0xE2, 0xA0, 0x3F)
    red, _, blue = cast(tuple[int, ...], signs["logo"])
    assert blue > 150 > red
    assert signs["none"] == (0xE2, 0xA0, 0x3F)
    assert (planes["none"] == planes["odd"]).all()
    assert (planes["logo"] == planes["none"])[scenes.HEADER.height : scenes.HEIGHT].all()
    night = (Path(__file__).parents[3] / "web/shared/night.css").read_text("utf-8")
    own = {
        "accent": ACCENT,
        "paper": PAPER,
        "ink": INK,
        "soft": SOFT,
        "line": LINE,
        "live": LIVE,
        "on-live": ON_LIVE,
        "talk": TALK,
    }
    assert {name: value for name, value in own.items() if f"--{name}: {value};" not in night} == {}


@pytest.mark.parametrize("title", ["A talk", "Über Bäume, Städte und das Wetter von morgen", "word " * 40, "W" * 200])
def test_words_stay_within_the_picture(title: str) -> None:
    """A title on one line or two, captions and the address, however wide their letters are."""
    picture = ScenePicture("#e2a03f", {State.LIVE: "LIVE"})
    wide = ("W" * scenes.LINE_LETTERS, "W " * (scenes.LINE_LETTERS // 2))
    picture.draw(Scene(SceneHeader("Site", title, State.LIVE), (), wide, ("example.org/s/" + "w" * 90, 0)))
    for area in (scenes.CAPTION, scenes.FOOTER):
        edge = picture._image.crop((scenes.WIDTH - 16, area.top + 4, scenes.WIDTH, area.top + area.height))
        assert edge.getcolors() == [(edge.width * edge.height, (0x13, 0x10, 0x0D))]
    margin = picture._image.crop((scenes.WIDTH - 40, 80, scenes.WIDTH, scenes.HEADER.height))
    assert margin.getcolors() == [(margin.width * margin.height, (0x13, 0x10, 0x0D))]
    assert len(picture._image.crop((48, 80, 600, 130)).getcolors(1 << 16) or []) > 1


def test_only_what_has_changed_is_drawn() -> None:
    """Somebody else talks: two faces, and nothing of the rest. All faces have their place on the picture."""
    faces = tuple(
        SceneFace(f"s{number}", f"Person {number}", number == 0, False, False) for number in range(MOST_FACES)
    )
    before = Scene(SceneHeader("Site", "A talk", State.LIVE), faces, (), ("example.org", 3))
    picture = ScenePicture("#e2a03f", {State.LIVE: "LIVE"})
    assert picture.draw(before)
    drawn, planes = picture.redrawn, picture.planes.copy()
    assert not picture.draw(before)
    turned = tuple(msgspec.structs.replace(face, talking=number == 1) for number, face in enumerate(faces))
    assert picture.draw(msgspec.structs.replace(before, faces=turned))
    box = next(iter(scenes.places(MOST_FACES)))
    assert picture.redrawn - drawn == 2 * box.width * box.height
    changed = (picture.planes != planes)[: scenes.HEIGHT]
    assert changed[box.top : box.top + box.height].any()
    assert not changed[: scenes.HEADER.height].any()
    for each in scenes.places(MOST_FACES):
        assert each.left >= 0
        assert each.left + each.width <= scenes.WIDTH
        assert each.top + each.height <= scenes.STAGE.top + scenes.STAGE.height
