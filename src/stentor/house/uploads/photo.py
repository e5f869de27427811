"""Pictures of posts: JPEG, PNG, WebP, GIF or AVIF in, WebP out, as large as a screen shows; and covers of spaces, as
JPEG, which whatever shows links and feeds can read. It runs in the decoder.

Only dots of the file that came in go out again: no place, no camera, no hidden smaller picture, no text. It is turned
as its camera noted and put into the colours of the web *before* that is forgotten: a photo of a telephone lies on its
side or looks pale otherwise (mastodon#7550, #25262). What has too many pixels is refused before one is decoded.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np
from PIL import (  # noqa: F401 those that nobody names here are loaded before the process is confined
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from stentor.base.errors import BadInput
from stentor.house.uploads import blurhash

TYPE: Final = "image/webp"
SIDE_PIXELS, SMALL_PIXELS = 1920, 640
"""The longer side of a picture, and of the smaller one that stands in a timeline."""
MOST_PIXELS: Final = 40_000_000
"""Telephones make pictures of 12 megapixels, cameras of 24 to 33; decoded they take 4 bytes each, a WebP 12."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY, METHOD = 82, 2
"""Of WebP: 95 kB and 0.14 s of a processor for 1920 × 1440 of a photo; method 4 saves nothing and takes twice that."""
HASHED_PIXELS: Final = 64
COVER_PIXELS, SMALL_COVER_PIXELS = 1200, 512
"""The longer side of a cover, as cards of other sites show it, and of the small one that stands in lists."""
LEAST_COVER_PIXELS: Final = 200
"""Of its shorter side; smaller ones are blurred wherever they are shown."""
COVER_QUALITY: Final = 82
_EXACT: Final = ("PNG", "GIF")
"""What drawings and screenshots are kept in: without loss, where that does not take more than twice the bytes."""

warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the process may start none


class Photo(msgspec.Struct, frozen=True):
    """A picture and its smaller self, as WebP."""

    large: bytes
    small: bytes
    width: int
    height: int
    small_width: int
    small_height: int
    blurhash: str


class CoverPicture(msgspec.Struct, frozen=True):
    """The cover of a space and its smaller self, as JPEG."""

    large: bytes
    small: bytes


def develop(data: bytes) -> Photo:
    """What is shown of a file; of an animated one its first picture.

    Raises :class:`BadInput` (``bad-picture``, ``picture-too-large``).
    """
    with _refusals():
        image, exact = _opened(data)
        large = _encode(image, exact=exact)
        width, height = image.size
        small = image
        if max(image.size) > SMALL_PIXELS:
            small = image.copy()
            small.thumbnail((SMALL_PIXELS, SMALL_PIXELS), Image.Resampling.LANCZOS)
        return Photo(
            large,
            large if small is image else _encode(small, exact=exact),
            width,
            height,
            *small.size,
            _hash(small),
        )


def cover(data: bytes) -> CoverPicture:
    """A file as the cover of a space, on white where it is transparent; raises :class:`BadInput` as :func:`develop`,
    and ``picture-too-small``."""
    with _refusals():
        image, _ = _opened(data, COVER_PIXELS, least=LEAST_COVER_PIXELS)
        if image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        small = image.copy()
        small.thumbnail((SMALL_COVER_PIXELS, SMALL_COVER_PIXELS), Image.Resampling.LANCZOS)
        return CoverPicture(_jpeg(image), _jpeg(small))


@contextmanager
def _refusals() -> Iterator[None]:
    """Whatever Pillow raises for a file, as what its sender reads."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        most = MOST_PIXELS // 1_000_000
        said = f"The picture has too many pixels; send one of {most} megapixels at most."
        raise BadInput(said, code="picture-too-large", reason="picture-too-large") from error
    except (OSError, SyntaxError, ValueError, LookupError, EOFError, TypeError, ArithmeticError, struct.error) as error:
        said = "This is no picture that can be read, or only a part of one; send JPEG, PNG, WebP, GIF or AVIF."
        raise BadInput(said, code="bad-picture", reason="no-picture") from error


def warm() -> None:
    """Makes Pillow load what it loads at the first use of a kind only: before the process is confined."""
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        written = io.BytesIO()
        Image.new("RGB", (2, 2)).save(written, kind)
        develop(written.getvalue())
    written = io.BytesIO()
    Image.new("RGBA", (LEAST_COVER_PIXELS, LEAST_COVER_PIXELS)).save(written, "PNG")
    cover(written.getvalue())
    _in_srgb(Image.new("RGB", (1, 1)), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _opened(data: bytes, side: int = SIDE_PIXELS, least: int = 1) -> tuple[Image.Image, bool]:
    """The picture, upright, in sRGB and no larger than it is shown, and whether it is worth keeping without loss."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    if min(image.size) < least:
        said = f"The picture is too small; send one of {least} pixels or more on its shorter side."
        raise BadInput(said, code="picture-too-small", reason="picture-too-small")
    profile, exact = image.info.get("icc_profile"), image.format in _EXACT
    orientation = image.getexif().get(0x0112, 1)
    if image.mode.startswith("I"):  # grey in 16 bits
        image = Image.fromarray((np.asarray(image).astype(np.int64).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    elif image.mode in ("P", "PA", "1", "LA", "La", "RGBa"):
        image = image.convert("RGBA")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)  # of a JPEG only a part is decoded for it
    image.load()
    image = _upright(_in_srgb(image, profile), orientation).copy()  # which is of no file any more
    image.info = {}  # it would go into the file that is written
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    return image, exact


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA, in the colours of the web."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            own = ImageCms.getOpenProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            made = None  # a profile that is broken, or of another kind of picture: as if there were none
        if made is not None:
            return made
    return image if image.mode == mode else image.convert(mode)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turned and mirrored as its camera noted (EXIF 2.32, 4.6.4, Orientation)."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _encode(image: Image.Image, *, exact: bool) -> bytes:
    lossy = _webp(image, lossless=False)
    if exact:
        without_loss = _webp(image, lossless=True)
        if len(without_loss) <= 2 * len(lossy):
            return without_loss
    return lossy


def _webp(image: Image.Image, *, lossless: bool) -> bytes:
    written = io.BytesIO()
    image.save(written, "WEBP", quality=40 if lossless else QUALITY, method=METHOD, lossless=lossless)
    return written.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=COVER_QUALITY, optimize=True, progressive=True)
    return written.getvalue()


def _hash(image: Image.Image) -> str:
    """What is transparent stands on white."""
    tiny = image.copy()
    tiny.thumbnail((HASHED_PIXELS, HASHED_PIXELS), Image.Resampling.BILINEAR)
    if tiny.mode == "RGBA":
        tiny = Image.alpha_composite(Image.new("RGBA", tiny.size, "white"), tiny)
    across, down = (4, 3) if image.width >= image.height else (3, 4)
    return blurhash.encode(np.asarray(tiny.convert("RGB")), across, down)
