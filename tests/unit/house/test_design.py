"""The pages of the design system can be made, whatever the templates of posts need by now."""

from __future__ import annotations

import re

import pytest

from stentor.base.html import Templates
from stentor.base.static import Static
from stentor.base.texts import LANGUAGES, NAMES, Catalogue
from stentor.house import design_samples
from stentor.house.admin_pages import DESIGNS
from stentor.people.site import SiteLook

CATALOGUE = Catalogue("stentor.house", "stentor.spaces", "stentor.people")
STATIC = Static("stentor.house", root="/studio")
TEMPLATES = Templates("stentor.house", CATALOGUE, static=STATIC)
VALUES = {
    "app": "Stentor", "look": SiteLook(), "home": "", "languages": NAMES, "sections": (), "path": "/admin/design",
    "admin": False, "profile": None, "designs": DESIGNS, "icons": ["play"], "reactions": ["clap"],
}  # fmt: skip
"""What every page of the house has."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["", *DESIGNS])
def test_a_page_of_the_design_shows_its_parts(part: str, language: str) -> None:
    """All of it, in each language, and the ways to the others."""
    name = f"design-{part}" if part else "design"
    own = design_samples.shown("/picture.svg") if part == "posts" else {}
    page = {} if part == "pages" else {"page": {}, "texts": CATALOGUE.texts[language]}
    text = TEMPLATES.render(name, language, name=name, shown_design=part, **{**VALUES, **own, **page})
    text = text.partition('id="house-texts"')[0]
    assert f'href="/admin/design{"/" if part else ""}{part}" aria-current="page"' in text
    if part == "posts":
        assert text.count("<article") > len(own["posts"]), "each post, and what is said of it in notifications"
    assert not re.search(r"\{[a-z_]+\}", text), "no text has a place that nothing was put into"
