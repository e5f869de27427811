"""Texts of a site as HTML: what was meant, and nothing that acts by itself."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.prose import LINKS, html

TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "a", "br", "hr", "blockquote"}


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_what_is_meant() -> None:
    """Headings begin below the page's own; lists, emphasis, links and lines are there."""
    found = html(
        "## Who\n\nAda & Co\nRoad 1\n\n- **bold** and *soft*\n- [us](https://example.org/?a=1&b=2)\n\n<ada@example.org>"
    )
    assert "<h3>Who</h3>" in found
    assert "<p>Ada &amp; Co<br>\nRoad 1</p>" in found
    assert "<li><strong>bold</strong> and <em>soft</em></li>" in found
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">us</a>' in found
    assert 'href="mailto:ada@example.org"' in found


def test_a_text_may_bring_the_heading_of_its_page() -> None:
    """Only as its first line; the page has none beside it then."""
    assert html("# Imprint\n\nAda\n\n# More") == "<h1>Imprint</h1>\n<p>Ada</p>\n<h2>More</h2>\n"
    assert html("Ada\n\n# Imprint") == "<p>Ada</p>\n<h2>Imprint</h2>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html,x)",
        "[x](//evil.example)",
        "![x](https://evil.example/x.png)",
        '[x](https://a" onclick="alert(1))',
        "<javascript:alert(1)>",
    ],
)
def test_nothing_acts_by_itself(text: str) -> None:
    """No tag that was written, no picture of another site, no link that runs something."""
    check(html(text))


@given(st.text(alphabet="<>[]()!#*_-&;:/\"' \nax\\`", max_size=60))
def test_whatever_is_written(text: str) -> None:
    """The tags are those of texts, and their attributes a link's."""
    check(html(text))


def check(found: str) -> None:
    for tag, attributes in Tags(found).found:
        assert tag in TAGS
        assert set(attributes) <= ({"href", "rel", "title"} if tag == "a" else {"start"} if tag == "ol" else set())
        if tag == "a":
            assert LINKS.match(attributes["href"] or "")
