"""Pictures of people."""

from __future__ import annotations

import numpy as np
import pytest

from stentor.base.errors import BadInput
from stentor.people import picture
from tests.support.pictures import decoded, encoded


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


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would become a huge picture is refused before there is room made for it."""
    monkeypatch.setattr(picture, "MOST_PIXELS", 1_000_000)
    data = encoded("png", width=1200, height=1000)
    assert len(data) < 10_000
    with pytest.raises(BadInput):
        picture.square(data)
