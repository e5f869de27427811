"""What a site may say of itself, and what pages are told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stentor.base.errors import BadInput
from stentor.people import site
from stentor.people.site import SiteLook, SiteWishes


@pytest.mark.parametrize(
    ("check", "text", "kept"),
    [
        (site.name, "  Night\n desk ", "Night desk"),
        (site.accent, " #0A6480 ", "#0a6480"),
        (site.accent, "", ""),
        (site.contact, "desk@example.org", "desk@example.org"),
        (site.contact, "https://example.org/contact", "https://example.org/contact"),
        (site.contact, "", ""),
    ],
)
def test_what_is_kept(check: Callable[[str], str], text: str, kept: str) -> None:
    """Trimmed, in one way of writing."""
    assert check(text) == kept


@pytest.mark.parametrize(
    ("check", "text", "field"),
    [
        (site.name, " ", "name"),
        (site.name, "x" * 41, "name"),
        (site.name, "a\u202eb", "name"),
        (site.accent, "teal", "accent"),
        (site.accent, "#12345", "accent"),
        (site.accent, "#046480;}body{display:none", "accent"),
        (site.contact, "javascript:alert(1)", "contact"),
        (site.contact, "ada@example", "contact"),
        (site.contact, 'https://example.org/"><script>', "contact"),
        (lambda text: site.text(text, "rules"), "a\u0000b", "rules"),
        (lambda text: site.text(text, "rules"), "x" * 40_001, "rules"),
    ],
)
def test_what_is_refused(check: Callable[[str], str], text: str, field: str) -> None:
    """With the field's name, and what to write instead."""
    with pytest.raises(BadInput) as refused:
        check(text)
    assert refused.value.fields["field"] == field


def test_pages_are_told_what_is_set() -> None:
    """Texts that have words as HTML; colours for day and night; another address for another logo."""
    plain = site.look(SiteWishes(), b"")
    assert plain == SiteLook()
    assert (plain.logo_address, plain.styles_address, plain.link) == ("", "", "")
    found = site.look(SiteWishes("Desk", "#ffff00", "a@example.org", imprint="# Ada"), b"jpeg")
    assert found.pages == {"imprint": "<h1>Ada</h1>\n"}
    assert found.link == "mailto:a@example.org"
    assert "#ffff00" in found.styles.partition("@media")[2]
    assert "#ffff00" not in found.styles.partition("@media")[0]
    assert found.logo_address != site.look(SiteWishes(), b"other").logo_address != ""
