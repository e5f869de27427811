"""Pictures of people."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.people import picture
from tests.support.pictures import animated_webp, decoded, encoded, gif


@pytest.mark.parametrize("codec", ["png", "mjpeg", "libwebp"])
@pytest.mark.parametrize(("width", "height"), [(640, 400), (40, 90), (256, 256)])
def test_a_square_of_what_came(codec: str, width: int, height: int) -> None:
    """Whatever size and format, out comes a JPEG of 256 pixels with the middle of the picture."""
    made = picture.square(encoded(codec, width=width, height=height))
    assert made.startswith(b"\xff\xd8\xff")
    assert len(made) < 20_000
    image = decoded(made)
    assert image.shape == (256, 256, 3)
    assert image[128, 20, 0] > 200 > image[128, 20, 2]
    assert image[128, 235, 2] > 200 > image[128, 235, 0]


def test_a_portrait_is_small() -> None:
    """Of a picture with as much in it as a photograph comes a JPEG of 96 pixels and 4 kB at most, not mirrored."""
    y, x = np.mgrid[0:256, 0:256] / 255
    grain = np.random.default_rng(7).normal(0, 6, (256, 256))
    image = np.stack([255 * (1 - x), 120 + 60 * np.sin(9 * y), 255 * x], axis=-1) + grain[..., None]
    made = picture.portrait(picture.square(encoded("mjpeg", image=np.clip(image, 0, 255).astype(np.uint8))))
    assert len(made) < 4096
    small = decoded(made)
    assert small.shape == (96, 96, 3)
    assert small[48, 6, 0] > 200 > small[48, 6, 2]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xffx", b"RIFF1234WEBPx", b"<svg/>", b"GIF89a", encoded("png")[:90]],
)
def test_no_picture(data: bytes) -> None:
    """What is no PNG, JPEG or WebP, or breaks off, is refused."""
    with pytest.raises(BadInput) as refused:
        picture.square(data)
    assert refused.value.error_code == "bad-picture"


@pytest.mark.parametrize("codec", ["png", "mjpeg", "libwebp"])
def test_a_large_picture_is_not_decoded(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 25 megapixels are refused by what the head says, before a decoder sees them."""
    data = encoded(codec, width=1200, height=1000)
    assert decoded(picture.square(data)).shape == (256, 256, 3)
    monkeypatch.setattr(picture, "MOST_PIXELS", 1_000_000)
    monkeypatch.setattr(picture, "_decode", None)
    with pytest.raises(BadInput) as refused:
        picture.square(data)
    assert refused.value.error_code == "picture-too-large"


def test_a_head_that_lies_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the decoder finds counts too: the canvas of an animation says nothing of the pictures in it."""
    data = encoded("libwebp", width=1200, height=1000)
    canvas = b"VP8X\x0a\0\0\0\0\0\0\0" + (9).to_bytes(3, "little") * 2
    monkeypatch.setattr(picture, "MOST_PIXELS", 1_000_000)
    with pytest.raises(BadInput):
        picture.square(data[:12] + canvas + data[12:])


@pytest.mark.parametrize("data", [gif(), gif(1), animated_webp(), animated_webp(alpha=True)])
def test_the_first_picture_of_an_animated_one(data: bytes) -> None:
    """GIF and WebP that move: what is seen first."""
    image = decoded(picture.square(data))
    assert image[128, 20, 0] > 200 > image[128, 20, 2]
    assert image[128, 235, 2] > 200 > image[128, 235, 0]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([encoded(codec) for codec in ("png", "mjpeg", "libwebp")] + [gif(), animated_webp()]))
def test_a_damaged_picture_is_shown_or_refused(data: st.DataObject, whole: bytes) -> None:
    """Bytes that were changed or cut off are never another error."""
    bent = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(bent) - 1)), max_size=4)) if bent else []:
        bent[at] ^= data.draw(st.integers(1, 255))
    with suppress(BadInput):
        assert picture.square(bytes(bent)).startswith(b"\xff\xd8\xff")
