"""Templates: whatever is filled in is escaped, and nothing is left empty by mistake."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from stentor.base.html import Templates
from stentor.base.static import Static
from stentor.base.texts import NAMES, Catalogue
from stentor.people.model import SiteRole
from stentor.people.site import SiteLook

HOSTILE = '"><script>alert(1)</script>&'
PACKAGES = ("stentor.base", "stentor.edge", "stentor.house")


@pytest.fixture(scope="module")
def house() -> Templates:
    """The house's."""
    return Templates("stentor.house", Catalogue("stentor.house"), static=Static("stentor.house"))


KNOWN = {
    "heading": "notice.space_title", "sentence": "notice.space", "path": "/", "profile": None, "name": "notice",
    "app": "Stentor", "look": SiteLook(), "home": "", "languages": NAMES, "sections": (), "installs": False,
}  # fmt: skip


def notice(house: Templates, **values: object) -> str:
    return house.render("notice", "en", **(KNOWN | values))


def test_what_people_write_is_text(house: Templates) -> None:
    """In an element, in an attribute and in a script element alike nothing ends where it stands."""
    profile = {"name": HOSTILE, "picture": HOSTILE, "role": SiteRole.MEMBER}
    text = notice(house, profile=profile, admin=False, texts={}, name="stage", page={"name": HOSTILE})
    assert "<script>alert" not in text
    assert "</script>&" not in text
    assert text.count("&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;") == 2
    assert '{"name": "\\"\\u003e\\u003cscript' in text


def test_a_value_that_is_missing_is_an_error(house: Templates) -> None:
    """An empty place where something should stand would be found by a reader only."""
    with pytest.raises(UndefinedError):
        house.render("notice", "en", **{name: value for name, value in KNOWN.items() if name != "profile"})


def test_texts_are_in_the_language_asked_for(house: Templates) -> None:
    """And the document says which that is."""
    text = house.render("notice", "de", **KNOWN)
    assert '<html lang="de"' in text
    assert Catalogue("stentor.house").texts["de"]["notice.space"] in text


@pytest.mark.parametrize("package", PACKAGES)
def test_no_template_turns_escaping_off(package: str) -> None:
    """``safe`` and ``autoescape`` are for nobody: markup comes from templates only."""
    for entry in (resources.files(package) / "templates").iterdir():
        text = entry.read_text("utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text


def test_files_that_change_later_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade puts new files under processes that still run the old code: they go on with theirs."""
    page = tmp_path / "later" / "templates" / "page.html"
    page.parent.mkdir(parents=True)
    (tmp_path / "later" / "__init__.py").touch()
    page.write_text("old", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    templates = Templates("later")
    page.write_text("{{ of_the_new_code }}", "utf-8")
    assert templates.render("page", "en") == "old"
