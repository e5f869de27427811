"""What a simulcast shows, and when it is over."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.base.units import SeatId, SpaceId
from stentor.courier.simulcast import scene as scenes
from stentor.courier.simulcast.feed import DELAY_S, Feed
from stentor.courier.simulcast.picture import ScenePicture
from stentor.courier.simulcast.scene import MOST_FACES, Scene, SceneFace, SceneHeader
from stentor.courier.simulcast.video import KEY_EVERY, VideoEncoder
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
