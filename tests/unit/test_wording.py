"""The words that people read: none of how Stentor is built, and in German none that means men alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src/stentor"
OURS = {
    "en": r"house|edges?|rungs?|fillers?|the door|chunks?|courier|programme|heartbeats?|renditions?|you need do nothing"
    r"|may stay empty|as good as a key|shut out|take down|(?<!-)mails|(?:a|this|each|every|test|no) mail(?! server)"
    r"|is not there any more|stands? there",
    "de": r"haus(?:es)?|kanten?|sprossen?|füll(?:er|ton|musik)|die tür|chunks?|kuriere?|herzschlag|renditions?|spaces?"
    r"|strom|bitten ums wort|klänge|verwaltungsschlüssels? und admin-token|wiederherstellungscodes?"
    r"|sites?|handles?|aufnahmen?|logins?",
}
"""What the parts of the source are called, and wordings that people did not understand."""
MEN = (
    r"gastgebern?|sprechern?|zuhörern?|verwaltern?|nutzern?|benutzern?|teilnehmern?|besuchern?|lesern?|administrator(?:en)?"
    r"|moderator(?:en)?"
)
"""German for men alone, where there are words for all: Host, Gast, Zuhörende, Verwaltung, Moderation."""
FAMILIAR = r"du|dich|dir|dein(?:e[mnrs]?)?"
"""People are addressed as Sie."""
UNPRINTED = {
    "en": r"\"|[‘’„]|\.\.\.|\S…|\d %",
    "de": r"\"|[‘’”]|\.\.\.|\S…|\w%",
}
"""Signs that a newspaper does not print: typewriter quotes, three full stops, a word's last letters left out. Only the
apostrophes of English are those of the keyboard."""
THEIRS = {"outlets.how.telegram", "error.no_webrtc"}
"""Texts with the words of others: of a site, as people find them there, and the name of a browser."""


def _texts(language: str) -> Iterator[tuple[str, str]]:
    for file in sorted(SOURCE.glob(f"**/texts/{language}.json")):
        for key, text in json.loads(file.read_text("utf-8")).items():
            yield f"{file.parents[1].name}: {key}", re.sub(r"\{\w+\}", "", text)


@pytest.mark.parametrize(("language", "words"), [*OURS.items(), ("de", MEN), ("de", FAMILIAR)])
def test_nobody_reads_words_of_ours(language: str, words: str) -> None:
    """In no text of any page, mail, post or report."""
    found = [
        (key, match[0], text)
        for key, text in _texts(language)
        if key.partition(": ")[2] not in THEIRS and (match := re.search(rf"(?i)\b(?:{words})\b", text))
    ]
    assert found == []


@pytest.mark.parametrize("language", UNPRINTED)
def test_signs_are_those_of_print(language: str) -> None:
    """“Quotes” in English, „quotes“ in German, and … after a space."""
    found = [
        (key, text) for key, text in _texts(language) if re.search(UNPRINTED[language], text.replace("https://…", ""))
    ]
    assert found == []
