"""Draws the picture of a simulcast, and of it only what has changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont, UnidentifiedImageError

from stentor.base.looks import hue, initials
from stentor.courier.simulcast import scene as scenes
from stentor.courier.simulcast.scene import HEIGHT, WIDTH, Area, Scene, SceneFace, SceneHeader
from stentor.spaces.model import TALKING, State

PAPER: Final = "#13100d"
INK, SOFT = "#f4efe8", "#b9afa3"
HUES: Final = (345, 8, 24, 150, 168, 186, 200, 216, 232, 252, 276, 312)
"""Of ``web/shared/design.css``."""
MOST_PORTRAIT_SIDE: Final = 4096
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

    def __init__(self, accent: str, words: Mapping[State, str]) -> None:
        self._accent, self._words = accent, words
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
        try:
            with Image.open(io.BytesIO(data)) as found:
                if max(found.size) > MOST_PORTRAIT_SIDE:
                    raise UnidentifiedImageError
                self._portraits[key] = found.convert("RGB")
        except (UnidentifiedImageError, OSError, ValueError):
            self._portraits[key] = Image.new("RGB", (8, 8), SOFT)

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
        pen.text((left, 28), header.site, fill=SOFT, font=font(24))
        word = self._words.get(header.state, "")
        if word:
            size = font(22, bold=True)
            wide = pen.textlength(word, font=size)
            right = WIDTH - 48
            live = header.state in TALKING
            pen.rounded_rectangle(
                (right - wide - 32, 24, right, 64), 20, fill=self._accent if live else None, outline=self._accent
            )
            pen.text((right - wide - 16, 31), word, fill=PAPER if live else INK, font=size)
        lines = scenes.wrapped(header.title, 52)
        size = font(46 if len(lines) == 1 else 36, bold=True)
        for number, line in enumerate(lines[:2]):
            cut = line if number == 0 or len(lines) == 2 else line[:50] + " …"
            pen.text((left, 70 + number * 48), cut, fill=INK, font=size)

    def _caption(self, pen: ImageDraw.ImageDraw, box: Area, lines: tuple[str, ...]) -> None:
        size = font(32)
        for number, line in enumerate(lines):
            wide = pen.textlength(line, font=size)
            pen.text(((WIDTH - wide) / 2, box.top + 4 + number * 44), line, fill=INK, font=size)

    def _footer(self, pen: ImageDraw.ImageDraw, box: Area, footer: tuple[str, int]) -> None:
        text, more = footer
        size = font(26)
        pen.line((48, box.top, WIDTH - 48, box.top), fill="#3a332c", width=2)
        pen.text((48, box.top + 14), text, fill=SOFT, font=size)
        if more:
            pen.text((WIDTH - 48, box.top + 14), f"+ {more}", fill=SOFT, font=size, anchor="ra")

    def _face(self, pen: ImageDraw.ImageDraw, box: Area, face: SceneFace) -> None:
        side = min(box.width - 40, box.height - 84)
        left, top = box.left + (box.width - side) // 2, box.top + 18
        if face.talking:
            pen.ellipse((left - 10, top - 10, left + side + 10, top + side + 10), outline=self._accent, width=6)
        if face.portrait in self._portraits:
            mask = Image.new("L", (side * 2, side * 2))
            ImageDraw.Draw(mask).ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
            small = self._portraits[face.portrait].resize((side, side), Image.Resampling.LANCZOS)
            self._image.paste(small, (left, top), mask.resize((side, side), Image.Resampling.LANCZOS))
        else:
            ground = ImageColor.getrgb(f"hsl({HUES[hue(face.id)]}, 45%, 34%)")
            pen.ellipse((left, top, left + side, top + side), fill=ground)
            size, letters = font(side * 36 // 100, bold=True), initials(face.name)
            pen.text((left + side / 2, top + side / 2), letters, fill=INK, font=size, anchor="mm")
        if face.muted:
            self._muted(pen, left + side - 22, top + side - 22)
        size = font(24)
        name = face.name
        while pen.textlength(name, font=size) > box.width - 12 and len(name) > 2:
            name = name[:-2].rstrip() + "…"
        wide = pen.textlength(name, font=size)
        ink = INK if face.talking or face.host else SOFT
        pen.text((box.left + (box.width - wide) / 2, top + side + 18), name, fill=ink, font=size)

    def _muted(self, pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
        """A microphone with a stroke through it, in a circle."""
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill="#3a332c", outline=PAPER, width=3)
        pen.rounded_rectangle((x - 4, y - 12, x + 4, y + 2), 4, fill=INK)
        pen.arc((x - 9, y - 9, x + 9, y + 7), 0, 180, fill=INK, width=2)
        pen.line((x, y + 7, x, y + 12), fill=INK, width=2)
        pen.line((x - 11, y - 11, x + 11, y + 11), fill=INK, width=3)
