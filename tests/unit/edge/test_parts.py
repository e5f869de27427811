"""The pages that show the parts of the audience's pages, each in each state."""

from __future__ import annotations

import re

import pytest

from stentor.base.texts import LANGUAGES
from stentor.edge import samples
from stentor.edge.page import ListenerPages
from tests.support.components import SOURCE, TemplateSources, classes_of_page, classes_of_scripts, classes_of_styles

FOLDER = SOURCE / "edge/static"
PAGES = ListenerPages(address="http://localhost", house="", overflow="", now=0.0)
KNOWN = {"parts": {}, "parts-front": samples.shown("/picture.png")}
SCRIPTS = {"parts": "parts.js", "parts-front": "front.js"}
STYLES = {"parts": "page.css", "parts-front": "front.css"}


def page(name: str, language: str) -> str:
    """As an edge makes it."""
    return bytes(PAGES.public(name, language, "", 0.0, path=f"/{name}", **KNOWN[name]).body).decode()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KNOWN)
def test_the_parts_can_be_shown(name: str, language: str) -> None:
    """In each language, and no text has a place that nothing was put into but those that a script fills."""
    text = page(name, language).partition('id="texts"')[0]
    assert 'name="robots" content="noindex"' in text
    assert not re.search(r"\{[a-z_]+\}", re.sub(r"""data-(texts='[^']*'|by-hand="[^"]*")""", "", text))


@pytest.mark.parametrize("name", KNOWN)
def test_every_class_is_shown(name: str) -> None:
    """Whatever a style of the audience's pages says something of, an element has, or a script of the page gives it."""
    shown = classes_of_page(page(name, "en")) | classes_of_scripts(FOLDER, [SCRIPTS[name]])
    assert classes_of_styles((FOLDER / STYLES[name]).read_text("utf-8")) - shown == set()


def test_every_part_of_the_templates_is_shown() -> None:
    """Whatever macro one page takes from another template, a page of parts uses, too."""
    sources = TemplateSources("edge", "base")
    assert sources.lent() - sources.used(["parts.html", "parts-front.html"]) == set()
