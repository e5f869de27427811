"""What people write with headings, lists and links, as HTML: CommonMark without HTML, pictures and code.

Nothing that was written becomes a tag by itself, and a link leads to the web, to mail, a telephone or this site.
"""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt

RULES: Final = ("heading", "list", "blockquote", "hr", "emphasis", "link", "autolink", "newline", "escape", "entity")
LINKS: Final = re.compile(r"(?:https?://|mailto:|tel:|/(?!/)|#)", re.IGNORECASE)


def _reader() -> MarkdownIt:
    found = MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(RULES))
    found.validateLink = lambda url: LINKS.match(url) is not None  # type: ignore[method-assign]
    return found


_READER: Final = _reader()


def html(text: str) -> str:
    """The text as HTML. Its headings begin with the second level, for the page has the first, unless the text itself
    begins with a heading of the first level: that is the page's."""
    tokens = _READER.parse(text)
    titled = 3 if tokens and tokens[0].tag == "h1" else 0  # it opens, its words, it closes
    for number, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close") and number >= titled:
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noopener noreferrer")
    return str(_READER.renderer.render(tokens, _READER.options, {}))
