"""Draws the picture of a simulcast, and of it only what has changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from stentor.base.looks import hue, initials
from stentor.courier.simulcast import scene as scenes
from stentor.courier.simulcast.scene import HEIGHT, WIDTH, Area, Scene, SceneFace, SceneHeader
from stentor.spaces.model import TALKING, State

PAPER: Final = "#13100d"
INK, SOFT, LINE = "#f0ece5", "#b4afa6", "#34302b"
LIVE, ON_LIVE, TALK = "#f75e54", "#1d0b08", "#56db8f"
"""As in ``web/shared/night.css``: red is live, green speaks; the site's colour is in its sign and above all of it."""
HUES: Final = (345, 8, 24, 150, 168, 186, 200, 216, 232, 252, 276, 312)
"""Of ``web/shared/design.css``."""
MOST_SIDE: Final = 4096
LOGO_SIDE, LOGO_CORNER = 52, 14
STRIPE: Final = 6
WAVE: Final = ((7.0, 2.0), (11.5, 5.0), (16.0, 9.0), (20.5, 5.0), (25.0, 2.0))
"""The sign of a site without a logo: middle and half the height of each bar, in a square of 32 (``icon.svg``)."""
FONTS: Final = (
    "/usr/share/fonts/truetype/noto/NotoSans-{}.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans{}.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-{}.ttf",
)
"""Where Debian has letters of more scripts than those that Pillow brings."""

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_LUMA: Final = [round(16 + level * 219 / 255) for level in range(256)]
_CHROMA: Final = [round(128 + (level - 128) * 224 / 255) for level in range(256)]
"""From all 256 levels, as JPEG has them, to those of television (ITU-R BT.601)."""


@cache
def font(size: int, *, bold: bool = False) -> _Font:
    """Letters of this size; Pillow's own, which have only one weight, where the machine has none."""
    for pattern in FONTS:
        style = ("-Bold" if bold else "") if "DejaVu" in pattern else ("Bold" if bold else "Regular")
        if (path := Path(pattern.format(style))).exists():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


class ScenePicture:
    """The picture as it stands, in RGB and as the three planes of YUV 4:2:0."""

    def __init__(self, accent: str, words: Mapping[State, str], logo: bytes = b"") -> None:
        """``accent`` is the site's colour, ``words`` what is said of a state, ``logo`` a picture or nothing."""
        self._accent, self._words, self._logo = accent, words, _opened(logo) or _wave(accent)
        self._image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        self._drawn: Scene | None = None
        self._portraits: dict[str, Image.Image] = {}
        self.planes: npt.NDArray[np.uint8] = np.empty((HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
        """Y, then U and V, as FFmpeg lays out ``yuv420p``."""
        self.redrawn = 0
        """Pixels so far."""
        self._taken(Area(0, 0, WIDTH, HEIGHT))

    def missing(self, scene: Scene) -> list[str]:
        """Keys of portraits that :meth:`portrait` has not been given."""
        return [face.portrait for face in scene.faces if face.portrait and face.portrait not in self._portraits]

    def portrait(self, key: str, data: bytes) -> None:
        """A portrait as it is stored; what is no picture is shown as initials."""
        self._portraits[key] = _opened(data) or Image.new("RGB", (8, 8), SOFT)

    def draw(self, scene: Scene) -> bool:
        """Brings the picture in line with ``scene``; whether anything has changed."""
        before, self._drawn = self._drawn, scene
        drawn = False
        for box, draw, now, then in (
            (scenes.HEADER, self._header, scene.header, before and before.header),
            (scenes.CAPTION, self._caption, scene.caption, before and before.caption),
            (scenes.FOOTER, self._footer, scene.footer, before and before.footer),
        ):
            if now != then:
                self._area(box, lambda pen, draw=draw, now=now, box=box: draw(pen, box, now))  # type: ignore[misc]
                drawn = True
        return self._faces(scene, before) or drawn

    def _faces(self, scene: Scene, before: Scene | None) -> bool:
        known = before.faces if before else ()
        if len(known) != len(scene.faces) or before is None:
            self._area(scenes.STAGE, lambda _: None)
            known = ()
        changed = False
        for number, (box, face) in enumerate(zip(scenes.places(len(scene.faces)), scene.faces, strict=True)):
            if number >= len(known) or known[number] != face:
                self._area(box, lambda pen, box=box, face=face: self._face(pen, box, face))  # type: ignore[misc]
                changed = True
        return changed or not known

    def _area(self, box: Area, draw: Callable[[ImageDraw.ImageDraw], None]) -> None:
        pen = ImageDraw.Draw(self._image)
        pen.rectangle((box.left, box.top, box.left + box.width - 1, box.top + box.height - 1), fill=PAPER)
        draw(pen)
        self._taken(box)

    def _taken(self, box: Area) -> None:
        """Into the planes."""
        self.redrawn += box.width * box.height
        area = self._image.crop((box.left, box.top, box.left + box.width, box.top + box.height))
        luma, blue, red = area.convert("YCbCr").split()
        rows = slice(box.top, box.top + box.height)
        self.planes[rows, box.left : box.left + box.width] = np.asarray(luma.point(_LUMA))
        for number, part in enumerate((blue, red)):
            small = np.asarray(part.reduce(2).point(_CHROMA))
            top = HEIGHT // 4 * number + HEIGHT
            plane = self.planes[top : top + HEIGHT // 4].reshape(HEIGHT // 2, WIDTH // 2)
            plane[box.top // 2 : (box.top + box.height) // 2, box.left // 2 : (box.left + box.width) // 2] = small

    def _header(self, pen: ImageDraw.ImageDraw, box: Area, header: SceneHeader) -> None:
        left = box.left + 48
        pen.rectangle((0, 0, WIDTH, STRIPE - 1), fill=self._accent)
        self._rounded(self._logo, (left, 20), LOGO_SIDE, LOGO_CORNER)
        pen.text((left + LOGO_SIDE + 16, 20 + LOGO_SIDE // 2), header.site, fill=INK, font=font(26), anchor="lm")
        word = self._words.get(header.state, "")
        if word:
            size = font(22, bold=True)
            wide = pen.textlength(word, font=size)
            right = WIDTH - 48
            live = header.state in TALKING
            pill = (right - wide - 32, 26, right, 66)
            pen.rounded_rectangle(pill, 20, fill=LIVE if live else None, outline=LIVE if live else LINE, width=2)
            pen.text((right - wide - 16, 46), word, fill=ON_LIVE if live else INK, font=size, anchor="lm")
        letters, lines = _title(pen, header.title, WIDTH - 96)
        for number, line in enumerate(lines):
            pen.text((left, 82 + number * 46), line, fill=INK, font=letters)

    def _caption(self, pen: ImageDraw.ImageDraw, box: Area, lines: tuple[str, ...]) -> None:
        sizes = (font(size) for size in (32, 26, 20))
        letters = next(
            (one for one in sizes if all(pen.textlength(line, one) <= WIDTH - 32 for line in lines)), font(16)
        )
        for number, line in enumerate(lines):
            pen.text((WIDTH / 2, box.top + 22 + number * 44), line, fill=INK, font=letters, anchor="mm")

    def _footer(self, pen: ImageDraw.ImageDraw, box: Area, footer: tuple[str, int]) -> None:
        text, more = footer
        size = font(26)
        pen.line((48, box.top, WIDTH - 48, box.top), fill=LINE, width=2)
        pen.text((48, box.top + 14), _cut(pen, text, size, WIDTH - 200), fill=SOFT, font=size)
        if more:
            pen.text((WIDTH - 48, box.top + 14), f"+ {more}", fill=SOFT, font=size, anchor="ra")

    def _face(self, pen: ImageDraw.ImageDraw, box: Area, face: SceneFace) -> None:
        side = min(box.width - 40, box.height - 84)
        left = box.left + (box.width - side) // 2
        top = box.top + max(18, (box.height - side - 66) // 2)
        if face.talking:
            pen.ellipse((left - 10, top - 10, left + side + 10, top + side + 10), outline=TALK, width=6)
        if face.portrait in self._portraits:
            self._rounded(self._portraits[face.portrait], (left, top), side, side / 2)
        else:
            tint, ink = f"hsl({HUES[hue(face.id)]}, 25%, 28%)", f"hsl({HUES[hue(face.id)]}, 45%, 88%)"
            pen.ellipse((left, top, left + side, top + side), fill=tint)
            size, letters = font(side * 36 // 100, bold=True), initials(face.name)
            pen.text((left + side / 2, top + side / 2), letters, fill=ink, font=size, anchor="mm")
        if face.muted:
            self._muted(pen, left + side - 22, top + side - 22)
        size = font(24)
        name = _cut(pen, face.name, size, box.width - 12)
        wide = pen.textlength(name, font=size)
        ink = INK if face.talking or face.host else SOFT
        pen.text((box.left + (box.width - wide) / 2, top + side + 18), name, fill=ink, font=size)

    def _rounded(self, picture: Image.Image, at: tuple[int, int], side: int, corner: float) -> None:
        """A square picture with round corners."""
        mask = Image.new("L", (side * 2, side * 2))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, side * 2 - 1, side * 2 - 1), corner * 2, fill=255)
        small = picture.resize((side, side), Image.Resampling.LANCZOS)
        self._image.paste(small, at, mask.resize((side, side), Image.Resampling.LANCZOS))

    def _muted(self, pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
        """A microphone with a stroke through it, in a circle."""
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill=LINE, outline=PAPER, width=3)
        pen.rounded_rectangle((x - 4, y - 12, x + 4, y + 2), 4, fill=INK)
        pen.arc((x - 9, y - 9, x + 9, y + 7), 0, 180, fill=INK, width=2)
        pen.line((x, y + 7, x, y + 12), fill=INK, width=2)
        pen.line((x - 11, y - 11, x + 11, y + 11), fill=INK, width=3)


def _title(pen: ImageDraw.ImageDraw, title: str, room: int) -> tuple[_Font, list[str]]:
    """As large as one line of it may be, ``room`` pixels wide; else in two, of which the second may be cut."""
    for size in (46, 40):
        if pen.textlength(title, font=font(size, bold=True)) <= room:
            return font(size, bold=True), [title]
    letters, words, lines = font(36, bold=True), title.split(), list[str]()
    while words and len(lines) < 2:
        line = words.pop(0)
        while words and pen.textlength(f"{line} {words[0]}", font=letters) <= room:
            line = f"{line} {words.pop(0)}"
        lines.append(line)
    left = bool(words)
    return letters, [_cut(pen, line, letters, room, more=left and number == 1) for number, line in enumerate(lines)]


def _cut(pen: ImageDraw.ImageDraw, line: str, letters: _Font, room: int, *, more: bool = False) -> str:
    """As much of a line as there is room for, with a sign that there is ``more``."""
    if not more and pen.textlength(line, font=letters) <= room:
        return line
    while len(line) > 1 and pen.textlength(f"{line}…", font=letters) > room:
        line = line[:-1].rstrip()
    return f"{line}…"


def _wave(accent: str) -> Image.Image:
    made = Image.new("RGB", (256, 256), accent)
    pen = ImageDraw.Draw(made)
    for middle, half in WAVE:
        box = ((middle - 1.3) * 8, (16 - half - 1.3) * 8, (middle + 1.3) * 8, (16 + half + 1.3) * 8)
        pen.rounded_rectangle(box, 1.3 * 8, fill=PAPER)
    return made


def _opened(data: bytes) -> Image.Image | None:
    """None for what is no picture, or too large a one."""
    try:
        with Image.open(io.BytesIO(data)) as found:
            return found.convert("RGB") if max(found.size) <= MOST_SIDE else None
    except (UnidentifiedImageError, OSError, ValueError):
        return None
