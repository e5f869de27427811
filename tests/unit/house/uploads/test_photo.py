"""Pictures of posts: what goes out of what comes in."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from stentor.base.errors import BadInput
from stentor.house.uploads import photo
from stentor.house.uploads.readers import Readers
from tests.support.pictures import gif, halves

SECRET = b"somebody's kitchen"


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def shown(data: bytes) -> Image.Image:
    """What a page shows of a file: WebP, and nothing in it but dots."""
    image = Image.open(io.BytesIO(data), formats=["WEBP"])
    image.load()
    assert not image.getexif()
    assert image.info.keys() <= {"loop", "background", "timestamp", "duration"}, image.info
    return image


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """In steps of a quarter, which no compression changes."""
    dot = image.convert("RGB").getpixel((x, y))
    assert isinstance(dot, tuple)
    return tuple(round(each / 64) for each in dot)


RED, BLUE, GREEN = (4, 0, 0), (0, 0, 4), (0, 4, 0)


@pytest.mark.parametrize(
    ("orientation", "wide", "first", "last"),
    [
        (1, True, RED, BLUE), (2, True, BLUE, RED), (3, True, BLUE, RED), (4, True, RED, BLUE),
        (5, False, RED, BLUE), (6, False, RED, BLUE), (7, False, BLUE, RED), (8, False, BLUE, RED),
    ],
)  # fmt: skip
def test_it_is_upright(orientation: int, wide: bool, first: object, last: object) -> None:
    """As the camera noted it, which is then forgotten (mastodon#7550: such pictures were black there)."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = photo.develop(written(Image.fromarray(halves(64, 40)), "JPEG", exif=exif, quality=95))
    assert (made.width, made.height) == ((64, 40) if wide else (40, 64))
    image = shown(made.large)
    assert colour(image, 3, 3) == first
    assert colour(image, image.width - 4, image.height - 4) == last


def test_nothing_else_of_the_file_goes_out() -> None:
    """No place, camera, comment, text, nor the smaller picture that cameras hide, which may show what was cut off."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825)[0x001D] = SECRET.decode()
    exif.get_ifd(0x8769)[0x927C] = SECRET  # the maker's note
    image, texts = Image.fromarray(halves(64, 40)), PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    for kind, options in (
        ("JPEG", {"exif": exif, "comment": SECRET, "xmp": SECRET}),
        ("PNG", {"exif": exif, "pnginfo": texts}),
        ("WEBP", {"exif": exif, "xmp": SECRET}),
        ("AVIF", {"exif": exif, "xmp": SECRET}),
    ):
        data = written(image, kind, **options)
        assert SECRET in data or kind == "PNG"  # else this test shows nothing
        made = photo.develop(data + SECRET)
        for part in (made.large, made.small):
            shown(part)
            assert SECRET not in part


def test_colours_stay_what_they_were() -> None:
    """A profile goes, and its colours are made those of the web before (mastodon#25262: pale without)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    data = written(Image.fromarray(halves(64, 40)), "PNG", icc_profile=swapped)
    assert colour(shown(photo.develop(data).large), 3, 3) == GREEN
    broken = written(Image.fromarray(halves(64, 40)), "PNG", icc_profile=profile[:200])
    assert colour(shown(photo.develop(broken).large), 3, 3) == RED


def test_what_is_seen_through_stays_so() -> None:
    """Nothing of it becomes black; its blurred picture stands on white."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    for kind in ("PNG", "WEBP", "GIF", "AVIF"):
        made = photo.develop(written(image, kind))
        found = shown(made.large)
        assert found.mode == "RGBA", kind
        assert found.getpixel((35, 5))[3] < 8  # type: ignore[index]
        assert colour(found, 5, 5) == RED
        assert made.blurhash.startswith("L")


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (Image.fromarray(halves(64, 40)).convert("CMYK"), "JPEG"),
        (Image.fromarray(halves(64, 40)).convert("P"), "PNG"),
        (Image.fromarray((np.arange(64 * 40).reshape(40, 64) * 25).astype(np.uint16)), "PNG"),
        (Image.new("1", (64, 40)), "PNG"),
        (Image.new("LA", (64, 40)), "PNG"),
        (Image.new("L", (64, 40)), "JPEG"),
    ],
    ids=["cmyk", "palette", "grey 16", "black and white", "grey with alpha", "grey"],
)
def test_every_kind_of_dots(image: Image.Image, kind: str) -> None:
    """Whatever a picture's dots are made of, it comes out."""
    assert shown(photo.develop(written(image, kind)).large).size == (64, 40)


def test_grey_of_16_bits_is_not_white() -> None:
    """All of its steps are seen."""
    image = Image.fromarray(np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (40, 1)))
    found = np.asarray(shown(photo.develop(written(image, "PNG")).large).convert("L"))[20]
    assert found[0] < 8
    assert 110 < found[32] < 146
    assert found[63] > 247


def test_its_size() -> None:
    """No larger than a screen shows it, with a smaller one; nothing is made larger than it was."""
    large = photo.develop(written(Image.new("RGB", (4000, 1000)), "JPEG"))
    assert (large.width, large.height, large.small_width, large.small_height) == (1920, 480, 640, 160)
    assert (shown(large.large).size, shown(large.small).size) == ((1920, 480), (640, 160))
    tiny = photo.develop(written(Image.new("RGB", (3, 2)), "PNG"))
    assert (tiny.width, tiny.height, tiny.small) == (3, 2, tiny.large)
    line = photo.develop(written(Image.new("L", (1, 60_000)), "PNG"))
    assert (line.width, line.height) == (1, 1920)


def test_the_first_of_an_animation() -> None:
    """Of what moves one picture is kept, and it says so nowhere else."""
    assert colour(shown(photo.develop(gif()).large), 3, 3) == RED
    moving = written(
        Image.fromarray(halves(64, 40)), "WEBP", save_all=True, append_images=[Image.new("RGB", (64, 40))], duration=100
    )
    found = shown(photo.develop(moving).large)
    assert getattr(found, "n_frames", 1) == 1
    assert colour(found, 3, 3) == RED


def bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it has so many dots."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


async def test_in_a_process_of_its_own() -> None:
    """Every format comes through the process that may do nothing else; so do refusals."""
    readers = Readers()
    image = Image.effect_mandelbrot((1000, 700), (-2, -1, 1, 1), 20).convert("RGB")
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "MPO"):
        options: dict[str, Any] = {"save_all": True, "append_images": [image]} if kind == "MPO" else {}
        made = await readers.photo("ada", written(image, kind, **options))
        assert (made.width, made.height) == shown(made.large).size == (1000, 700), kind
    with pytest.raises(BadInput) as refused:
        await readers.photo("ada", bomb(20_000, 20_000))
    assert refused.value.error_code == "picture-too-large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_part_of_a_picture_is_none(kind: str) -> None:
    """An upload that broke off is refused, and not shown half grey."""
    whole = written(Image.effect_noise((200, 200), 90).convert("RGB"), kind)
    for end in (0, 3, 12, 40, len(whole) // 2):
        with pytest.raises(BadInput) as refused:
            photo.develop(whole[:end])
        assert refused.value.error_code == "bad-picture"


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "PDF", "TGA"])
def test_other_formats_are_not_even_looked_at(kind: str) -> None:
    """The library reads fifty formats, some by other programs; five of them are read here."""
    with pytest.raises(BadInput) as refused:
        photo.develop(written(Image.new("RGB", (16, 16)), kind))
    assert refused.value.error_code == "bad-picture"


@pytest.mark.parametrize("size", [(20_000, 20_000), (50_000, 900), (2**31 - 1, 1)])
def test_too_many_dots_are_refused_before_one_is_read(size: tuple[int, int]) -> None:
    """400 megapixels in some hundred bytes."""
    with pytest.raises(BadInput) as refused:
        photo.develop(bomb(*size))
    assert refused.value.error_code == "picture-too-large"


def test_a_cover_is_two_jpegs() -> None:
    """Upright, no larger than cards of other sites want, on white where it was transparent, and nothing but dots."""
    turned = Image.Exif()
    turned[0x0112] = 6
    made = photo.cover(written(Image.fromarray(halves(1600, 900)), "JPEG", exif=turned))
    for data, size in ((made.large, (675, 1200)), (made.small, (288, 512))):
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
        assert (image.size, dict(image.getexif())) == (size, {})
    clear = Image.open(io.BytesIO(photo.cover(written(Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "PNG")).large))
    assert colour(clear, 150, 100) == (4, 4, 4)
    with pytest.raises(BadInput) as refused:
        photo.cover(written(Image.new("RGB", (300, 199)), "PNG"))
    assert refused.value.error_code == "picture-too-small"


async def test_a_cover_is_read_in_a_process_that_can_do_nothing_else() -> None:
    """Of every kind that is taken."""
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        found = await Readers().cover("friday", written(Image.fromarray(halves(400, 300)), kind))
        assert Image.open(io.BytesIO(found.large), formats=["JPEG"]).size == (400, 300)
