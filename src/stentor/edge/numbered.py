"""Names of parts and segments, and the numbers in them."""

from __future__ import annotations

from stentor.base import grid
from stentor.base.errors import NotFound
from stentor.base.rendition import Rendition


def part_uri(rendition: Rendition, number: int) -> str:
    """Relative to the playlist: ``aac-64/12.3.m4s`` is part 3 of segment 12."""
    segment, part = divmod(number, grid.PARTS_PER_SEGMENT)
    return f"{rendition.name}/{segment}.{part}.m4s"


def parse_name(file: str) -> tuple[int, int | None]:
    """Segment and part of ``{n}.m4s`` or ``{n}.{k}.m4s``; raises :class:`NotFound` for anything else."""
    numbers = file.removesuffix(".m4s").split(".")
    well_formed = file.endswith(".m4s") and len(numbers) <= 2 and all(is_number(text) for text in numbers)
    if not well_formed or (len(numbers) == 2 and int(numbers[1]) >= grid.PARTS_PER_SEGMENT):
        raise NotFound("There is no such file.", code="no-such-file")
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None


def is_number(text: str) -> bool:
    """One spelling for each number, so that a cache holds a file once."""
    return text.isascii() and text.isdigit() and len(text) <= 12 and (text == "0" or text[0] != "0")
