"""The house's texts and the pages that use them."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from string import Formatter

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.crowd.ladder import Cause
from stentor.crowd.rungs import TOP
from stentor.people.record import Deed
from stentor.spaces.lights import Reason
from stentor.spaces.model import Role
from stentor.spaces.switches import Switch

ROOT = Path(__file__).parents[3]
CATALOGUE = Catalogue("stentor.house")
STATIC = resources.files("stentor.house") / "static"
TEMPLATES = [
    entry.read_text("utf-8")
    for package in ("stentor.base", "stentor.house")
    for entry in (resources.files(package) / "templates").iterdir()
]
STYLES = [entry.read_text("utf-8") for entry in STATIC.iterdir() if entry.name.endswith(".css")]
SCRIPTS = {entry.name: entry.read_text("utf-8") for entry in STATIC.iterdir() if entry.name.endswith(".js")}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_every_text() -> None:
    """The same keys, nothing empty, the same values filled in."""
    english = CATALOGUE.texts["en"]
    for language in LANGUAGES:
        texts = CATALOGUE.texts[language]
        assert list(texts) == list(english)
        assert all(texts.values())
        assert {key: fields(text) for key, text in texts.items()} == {key: fields(t) for key, t in english.items()}


def test_scripts_use_only_texts_that_exist() -> None:
    """A key in a script that is in no catalogue would be shown as it is."""
    used = {key for script in SCRIPTS.values() for key in re.findall(r'"((?:[a-z]+)\.[a-z_]+)"', script)}
    assert used
    assert used - {"page.js", "whip.js", "microphone.js", "webhook.test"} <= set(CATALOGUE.texts["en"])


def test_templates_use_only_texts_that_exist() -> None:
    """A key in a template that is in no catalogue would be an error when somebody asks for the page."""
    used = {key for text in TEMPLATES for key in re.findall(r'say\("([a-z]+\.[a-z_]+)"(?! ~)', text)}
    assert used
    assert used <= set(CATALOGUE.texts["en"])


def test_roles_and_reasons_have_names() -> None:
    """Who somebody is, and why a light is not green, can be said."""
    keys = set(CATALOGUE.texts["en"])
    assert {f"role.{role.value}" for role in Role} <= keys
    assert {f"reason.{reason.value}" for reason in Reason} <= keys
    assert {f"cause.{cause.value}" for cause in Cause} | {f"rung.{number}" for number in range(TOP + 1)} <= keys


def test_every_switch_has_its_buttons() -> None:
    """What a host can turn on and off says so, in each language."""
    assert {f"switch.{switch.value}_{state}" for switch in Switch for state in ("on", "off")} <= set(
        CATALOGUE.texts["en"]
    )


CODES = re.compile(r"^\| `([a-z0-9-]+)` \| [0-9]{3}[^|]* \|", re.MULTILINE)
UNSEEN = {
    "address-too-long", "app-token", "bad-candidate", "bad-ice", "bad-redirect", "bad-scope", "bad-setup",
    "content-type", "edge-leaving", "head-too-large", "hls-directives", "http-version", "idempotency-key-reused",
    "inbox-full", "loop", "malformed", "method-not-allowed", "no-attack-file", "no-audio",
    "no-captions", "no-dtls", "no-edition", "no-fingerprint", "no-mid", "no-opus", "no-outline", "no-overflow",
    "no-portrait", "no-section", "no-sentence", "no-such-file", "no-such-part", "no-such-reaction",
    "no-such-rendition", "no-such-segment", "no-such-space", "no-websocket",
    "not-bundled", "not-reached", "not-scheduled", "not-sdp",
    "not-sending", "not-supported", "oembed-format", "overflow-paused", "peer-error", "pipelined",
    "precondition-failed", "precondition-required", "range-not-satisfiable", "recording-damaged",
    "scope-missing", "setup", "signature-wrong", "subscription-not-found",
    "timeline-not-found", "token-missing", "too-fast",
    "too-many-connections", "too-many-streams", "transfer-encoding", "unreachable", "waiting",
    "wrong-part",
}  # fmt: skip
"""What only players, senders, other servers and programs are told, or apps in Mastodon's own words."""


def test_every_refusal_is_said_in_the_language_of_the_page() -> None:
    """Each code of an error has a sentence, in each language, unless no page can bring somebody to it."""
    codes = set(CODES.findall((ROOT / "docs/reference/http.md").read_text("utf-8")))
    said = {key.split(".")[1] for key in CATALOGUE.texts["en"] if key.startswith(("problem.", "refused."))}
    assert len(codes) > 200
    assert codes - said == UNSEEN


def test_every_deed_can_be_told() -> None:
    """The page of accounts has a sentence for whatever the record has."""
    assert {f"record.{deed.value}" for deed in Deed} <= set(CATALOGUE.texts["en"])


SVG = "http://www.w3.org/2000/svg"
"""A name that no browser asks for: plots are made by scripts, or are files of their own."""

EXAMPLE = r'placeholder="[^"]*"'
"""What a field shows while it is empty; no browser asks for it either."""


def test_nothing_comes_from_elsewhere() -> None:
    """Pages load nothing from other sites, and no script makes markup of text."""
    for text in [*TEMPLATES, *SCRIPTS.values(), *STYLES]:
        assert not re.search(r"https?://", re.sub(EXAMPLE, "", text.replace(SVG, "")))
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\bstyle=|\bon\w+=\"", text
        )
