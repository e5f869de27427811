"""What the design of pages is made of: the classes of styles, pages and scripts, and the macros of templates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, nodes

SOURCE = Path(__file__).parents[2] / "src/stentor"
SHARED = Path(__file__).parents[2] / "web/shared"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTORS = re.compile(r"([^{}]+)\{")
_CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")
_SET = re.compile(r'class(?:Name)?(?::| =) ?[`"]([^`"]*)[`"]|classList\.(?:add|toggle)\("([^"]+)"')
_LOADED = re.compile(r'(?:from|import) "\./([^"]+)"')


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {each for name, value in attrs if name == "class" for each in (value or "").split()}


def classes_of_page(html: str) -> set[str]:
    """Those that elements have."""
    reader = _Reader()
    reader.feed(html)
    return reader.found


def classes_of_styles(css: str) -> set[str]:
    """Those that a style says something of."""
    rules = _SELECTORS.findall(_COMMENT.sub("", css))
    return {each for selectors in rules for each in _CLASS.findall(selectors)}


def classes_of_scripts(folder: Path, names: Iterable[str]) -> set[str]:
    """Those that scripts give to elements: these of a folder ``static``, and all that they load."""
    found: set[str] = set()
    for text in _loaded(folder, names, set()):
        for made, added in _SET.findall(text):
            found |= set(re.findall(r"[a-z][\w-]*", made or added))
    return found


def _loaded(folder: Path, names: Iterable[str], known: set[str]) -> Iterator[str]:
    for name in names:
        if name in known:
            continue
        known.add(name)
        inside = name.startswith("shared/")
        text = (SHARED / name.removeprefix("shared/") if inside else folder / name).read_text("utf-8")
        yield text
        yield from _loaded(folder, [f"shared/{each}" if inside else each for each in _LOADED.findall(text)], known)


class MacroName(NamedTuple):
    """A macro, and the template that it stands in."""

    template: str
    name: str


class TemplateSources:
    """The templates of some packages, such as ``house``; of two with one name the first package's counts."""

    def __init__(self, *packages: str) -> None:
        files = [each for package in reversed(packages) for each in (SOURCE / package / "templates").iterdir()]
        environment = Environment(autoescape=True)
        self._trees = {each.name: environment.parse(each.read_text("utf-8")) for each in files}

    def lent(self) -> set[MacroName]:
        """The macros that one template takes from another."""
        return {found for name in self._trees for found in self._taken(name).values()}

    def used(self, templates: Collection[str]) -> set[MacroName]:
        """The macros that these templates use, by others too; what they extend and include belongs to them."""
        found: set[MacroName] = set()
        for name in self._whole(templates, set()):
            self._follow(name, self._trees[name], found, bodies=False)
        return found

    def _whole(self, templates: Iterable[str], known: set[str]) -> set[str]:
        for name in templates:
            if name not in known:
                known.add(name)
                tree = self._trees[name]
                named = [each.template for each in tree.find_all(nodes.Extends)]
                named += [each.template for each in tree.find_all(nodes.Include)]
                self._whole([each.value for each in named if isinstance(each, nodes.Const)], known)
        return known

    def _taken(self, template: str) -> dict[str, MacroName]:
        """By the name that they have here."""
        found: dict[str, MacroName] = {}
        for each in self._trees[template].find_all(nodes.FromImport):
            for name in each.names:
                there, here = name if isinstance(name, tuple) else (name, name)
                assert isinstance(each.template, nodes.Const)
                found[here] = MacroName(each.template.value, there)
        return found

    def _macros(self, template: str) -> dict[str, nodes.Macro]:
        return {each.name: each for each in self._trees[template].find_all(nodes.Macro)}

    def _follow(self, template: str, tree: nodes.Node, found: set[MacroName], *, bodies: bool) -> None:
        """Notes what is called in ``tree``; outside of macros, unless with their ``bodies``."""
        own, taken = self._macros(template), self._taken(template)
        inside = set() if bodies else {id(call) for macro in own.values() for call in macro.find_all(nodes.Call)}
        for call in tree.find_all(nodes.Call):
            if id(call) in inside or not isinstance(call.node, nodes.Name):
                continue
            name = call.node.name
            called = MacroName(template, name) if name in own else taken.get(name)
            if called is not None and called not in found:
                found.add(called)
                self._follow(called.template, self._macros(called.template)[called.name], found, bodies=True)
