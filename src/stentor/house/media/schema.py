"""What the REST API takes and gives about pictures of posts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.social import pictures
from stentor.social.model import Picture

Alt = Annotated[str, Meta(max_length=pictures.LONGEST_ALT)]
NUMBER = "^[1-9][0-9]{0,17}$"
Number = Annotated[str, Meta(pattern=NUMBER)]


class AltText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alt: Alt
    """What is to be seen in it, for those who do not see it."""


class MediaView(msgspec.Struct, frozen=True):
    """A picture: WebP, without anything that a camera writes into a file."""

    id: str
    alt: str
    width: int
    height: int
    """Of the large one, in pixels; 1,920 at most."""
    small_width: int
    small_height: int
    """640 at most."""
    blurhash: str
    """What to show until it is there (BlurHash)."""
    url: str
    small_url: str
    """Addresses below that of the site. What not everybody may see is given by the house, to those who may."""


def media(found: Picture, *, public: bool) -> MediaView:
    """``public``: it belongs to a post that everybody may read."""
    small = pictures.smaller(found.width, found.height)
    urls = [
        pictures.address(found.key, small=each)
        if public
        else f"/api/v1/media/{found.id}/file?small={str(each).lower()}"
        for each in (False, True)
    ]
    return MediaView(f"{found.id}", found.alt, found.width, found.height, *small, found.blurhash, *urls)
