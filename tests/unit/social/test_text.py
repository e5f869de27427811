"""Texts of posts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.social import text

PEOPLE = {"ada": "/@ada"}


def shown(written: str) -> str:
    return text.html(written, PEOPLE).removeprefix("<p>").removesuffix("</p>")


def link(url: str, words: str) -> str:
    return f'<a href="{url}" rel="nofollow noopener noreferrer ugc">{words}</a>'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Hi @ada!", 'Hi <a class="mention" href="/@ada">@ada</a>!'),
        ("@Ada", '<a class="mention" href="/@ada">@Ada</a>'),
        ("@nobody", "@nobody"),
        ("mail@ada.org x@ada @ada@other.org /@ada", "mail@ada.org x@ada @ada@other.org /@ada"),
        ("#Radio, #12 #Häuser", '<a class="tag" rel="tag" href="/tags/radio">#Radio</a>, #12 '
         '<a class="tag" rel="tag" href="/tags/h%C3%A4user">#Häuser</a>'),
        ("(https://x.org/a_(b))", f"({link('https://x.org/a_(b)', 'x.org/a_(b)')})"),
        ("https://x.org/#tag and https://x.org/@ada", f"{link('https://x.org/#tag', 'x.org/#tag')} and "
         f"{link('https://x.org/@ada', 'x.org/@ada')}"),
        ("javascript:alert(1) ftp://x.org/ data:text/html,x //x.org", None),
        ('<img src=x onerror="alert(1)">&amp;', "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;amp;"),
        ('https://x.org/"onmouseover="alert(1)', None),
        ("a\nb", "a<br>b"),
        ("a\n\n\nb", "a</p><p>b"),
    ],
)  # fmt: skip
def test_html(written: str, expected: str | None) -> None:
    """Links, mentions of who is there, tags, lines; everything else is text."""
    made = shown(written)
    if expected is not None:
        assert made == expected
    for target in re.findall(r'href="([^"]*)"', made):
        assert target.startswith(("https://", "http://", "/@", "/tags/"))


class _Reader(HTMLParser):
    """What a browser makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


TEXTS = st.lists(
    st.sampled_from(["<", ">", '"', "'", "&", "@ada", "#tag", "https://x.org/", "www.x.de", " ", "\n", "javascript:",
                     "<script>", "&lt;", "ä", "👨‍👩‍👧‍👦", "://", "a"]) | st.text(max_size=5), max_size=20,
).map("".join)  # fmt: skip


@given(TEXTS)
def test_nothing_else_comes_out(written: str) -> None:
    """Whatever is written: only p, br and a, with the attributes that we give them, and the parts are the whole."""
    assert "".join(each.text for each in text.pieces(written)) == written
    reader = _Reader()
    reader.feed(text.html(written, PEOPLE))
    for tag, attributes in reader.tags:
        assert tag in {"p", "br", "a"}
        assert attributes.keys() <= ({"href", "rel", "class"} if tag == "a" else set())
        if tag == "a":
            assert str(attributes["href"]).startswith(("https://", "http://", "/@", "/tags/"))


def test_length_is_what_people_count() -> None:
    """A family is one character, a link 23 however long it is."""
    assert text.length("👨‍👩‍👧‍👦é🇩🇪") == 3
    assert text.length("see https://example.org/" + "a" * 200) == 4 + 23
    assert text.check("👨‍👩‍👧‍👦" * 1000)
    with pytest.raises(BadInput) as refused:
        text.check("x" * 1001)
    assert refused.value.error_code == "post-too-long"
    with pytest.raises(BadInput):
        text.check("e" + "\u0301" * 20_001)


@pytest.mark.parametrize("written", ["a\x00b", "a\u202eb", "a\u2028b", "a\ud800b"])
def test_what_deceives_is_refused(written: str) -> None:
    """Control characters, and marks that turn the direction of what follows."""
    with pytest.raises(BadInput):
        text.check(written)
    with pytest.raises(BadInput):
        text.warning(written)


def test_who_and_what_it_names() -> None:
    """Each once, as they are looked up."""
    written = "@ada @ADA @bob #Radio #RADIO #ｒａｄｉｏ"
    assert text.mentions(written) == ["ada", "bob"]
    assert text.tags(written) == ["radio"]
    there = "(@Ada@Example.org), @eve@a.example. @x@10.0.0.1:8080/ @no@where x@y@z.example https://z.org/@ada@b.example"
    assert text.mentions(there) == ["ada@example.org", "eve@a.example", "x@10.0.0.1:8080"]
    assert text.length("@eve@a-very-long-name.example") == len("@eve"), "nobody is named less for a long server"
    assert text.html("@eve@a.example", {"eve@a.example": "https://a.example/@eve"}) == (
        '<p><a class="mention" href="https://a.example/@eve">@eve@a.example</a></p>'
    )
    assert len(text.tags(" ".join(f"#t{each}x" for each in range(50)))) == text.MOST_TAGS
