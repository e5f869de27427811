"""The pages of the design system can be made, whatever templates need by now, and nothing is missing there."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from stentor.base.html import Templates
from stentor.base.static import Static
from stentor.base.texts import LANGUAGES, NAMES, Catalogue
from stentor.base.times import moment
from stentor.house import design_samples
from stentor.house.admin.words import Figures, iso
from stentor.house.admin_pages import DESIGNS, STILL
from stentor.house.pages import SECTIONS
from stentor.people.site import SiteLook
from tests.support.components import (
    SHARED,
    SOURCE,
    TemplateSources,
    classes_of_page,
    classes_of_scripts,
    classes_of_styles,
)
from tests.unit.edge import test_parts as audience

CATALOGUE = Catalogue("stentor.house", "stentor.spaces", "stentor.people")
STATIC = Static("stentor.house", root="/studio")
TEMPLATES = Templates("stentor.house", CATALOGUE, static=STATIC)
FOLDER = SOURCE / "house/static"


def said(ms: int) -> str:
    """A time, as every page has it."""
    return moment(ms, "en")


VALUES = {
    "app": "Stentor", "look": SiteLook(), "home": "", "languages": NAMES, "sections": SECTIONS, "path": "/admin/design",
    "admin": False, "installs": True, "profile": None, "designs": DESIGNS, "icons": ["play"], "reactions": ["clap"],
    "said": said,
}  # fmt: skip
"""What every page of the house has."""
PARTS = ["", *DESIGNS]
FRAME = {"floor", "shut", "studio"}
"""The stage's page itself, which fills the window."""
STYLES = ("house", "home", "studio", "parts", "admin", "panel")


def page(part: str, language: str) -> str:
    """A page of the design system as the house makes it."""
    name = f"design-{part}" if part else "design"
    own = design_samples.of(part, "/picture.svg")
    say = partial(CATALOGUE.text, language)
    words: dict[str, Any] = {
        "check": str, "advise": lambda what: f"Mend: {what}", "figures": Figures(language, say), "iso": iso,
        "known": CATALOGUE.texts["en"].__contains__,
    }  # fmt: skip
    script = words if part in STILL else {"page": {}, "texts": CATALOGUE.texts[language]}
    return TEMPLATES.render(name, language, name=name, shown_design=part, **{**VALUES, **own, **script})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_a_page_of_the_design_shows_its_parts(part: str, language: str) -> None:
    """All of it, in each language, and the ways to the others."""
    text = page(part, language).partition('id="house-texts"')[0]
    assert f'href="/admin/design{"/" if part else ""}{part}" aria-current="page"' in text
    if part == "posts":
        posts = design_samples.posts("/picture.svg")
        assert text.count("<article") > len(posts), "each post, and what is said of it in notifications"
    assert '<link rel="manifest" href="/manifest.webmanifest' in text, "it installs from here as from the front page"
    assert not re.search(r"\{[a-z_]+\}", text), "no text has a place that nothing was put into"


def test_every_class_is_shown() -> None:
    """Whatever a style of the house says something of, an element of these pages has, or their scripts give it; what
    it shares with the audience may be on the pages of that."""
    shown = {each for part in PARTS for each in classes_of_page(page(part, "en"))} | FRAME
    shown |= classes_of_scripts(FOLDER, ["design.js", *(f"design-{part}.js" for part in ("posts", "stage", "still"))])
    files = [SHARED / "design.css", *(FOLDER / f"{name}.css" for name in STYLES)]
    assert {file.name for file in files} == {"design.css"} | {
        each.name for each in FOLDER.glob("*.css") if not each.name.startswith("design")
    }
    missing = {file.name: classes_of_styles(file.read_text("utf-8")) - shown for file in files}
    missing["design.css"] -= {each for name in audience.KNOWN for each in classes_of_page(audience.page(name, "en"))}
    assert {name: sorted(classes) for name, classes in missing.items() if classes} == {}


def test_every_part_of_the_templates_is_shown() -> None:
    """Whatever macro one page takes from another template, a page of the design system uses, too."""
    sources = TemplateSources("house", "base")
    used = sources.used([f"design-{part}.html" if part else "design.html" for part in PARTS])
    assert sources.lent() - used == set()
