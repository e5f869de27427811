"""HTML of strangers, made harmless: a few elements, links to the web only, and no attribute but where a link leads."""

from __future__ import annotations

from html import escape, unescape
from typing import Final

import nh3

TAGS: Final = {
    "p", "br", "a", "span", "strong", "b", "em", "i", "u", "del", "s", "code", "pre", "blockquote", "ul", "ol", "li",
}  # fmt: skip
LONGEST: Final = 100_000
"""Characters of HTML that are read at all: Mastodon has 500 for people to fill, long articles have 50,000."""
REL: Final = "nofollow noopener noreferrer ugc"
# No "class", in neither "attributes" nor "allowed_classes": a class of ours would dress a stranger's text as a page's
# own part, and both at once end the process (a panic of nh3's is no Exception).
_CLEANER: Final = nh3.Cleaner(
    tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=REL, strip_comments=True
)
_REVERSERS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_BARE: Final = nh3.Cleaner(tags=set(), attributes={}, strip_comments=True)


def html(text: str) -> str:
    """What may be put into a page as it is. What is too long is cut off, and what is cut open is closed; what is nearly
    nothing but elements becomes plain text, for each of them grows when it is made harmless.
    """
    found = _CLEANER.clean(text[:LONGEST].translate(_REVERSERS))
    return found if len(found) <= LONGEST else f"<p>{escape(plain(text)[: LONGEST // 10])}</p>"


def plain(text: str) -> str:
    """The words of HTML, without any of it."""
    spaced = text[:LONGEST].replace("<br", "\n<br").replace("</p>", "</p>\n\n")
    return unescape(_BARE.clean(spaced)).strip()
