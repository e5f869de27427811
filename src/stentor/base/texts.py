"""Texts for people: a JSON catalogue a language, English and German from the start.

A folder that shows text has ``texts/en.json`` and ``texts/de.json`` with the same keys; a test holds them together.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from itertools import product

NAMES = {"en": "English", "de": "Deutsch"}
"""Languages by their tags, each with its own name; the first is the one of those who want none of them."""
LANGUAGES = tuple(NAMES)
TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
"""A language tag of RFC 5646, without its private corners."""
UNSAID = "und"
"""The tag for a language that nobody has said (RFC 5646, 4.1): it is asked for, and never guessed."""


class Catalogue:
    """The texts of some packages, such as ``stentor.house``, in every language."""

    def __init__(self, *packages: str) -> None:
        self.texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        for package, language in product(packages, LANGUAGES):
            text = (resources.files(package) / "texts" / f"{language}.json").read_text("utf-8")
            self.texts[language] |= json.loads(text)

    def text(self, language: str, key: str, /, **values: object) -> str:
        """The text of ``key``; English where the language has none. KeyError for an unknown key: a bug."""
        template = self.texts.get(language, {}).get(key) or self.texts["en"][key]
        return template.format(**values) if values else template


def negotiate(accept_language: str) -> str:
    """The one of :data:`LANGUAGES` that an ``Accept-Language`` header (RFC 9110, 12.5.4) likes best; else English."""
    best, best_weight = "en", 0.0
    for item in accept_language[:500].split(","):
        tag, _, parameter = item.strip().partition(";")
        language = tag.split("-")[0].lower()
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best
