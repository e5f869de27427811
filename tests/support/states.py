"""``docs/reference/states.md``: what is said of a space, made from the table that says it.

``python -m tests.support.states`` writes it; ``tests/unit/test_states.py`` finds one that is not up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.spaces import phase
from stentor.spaces.phase import Facts, Phase, PhaseRule, Reader

PAGE: Final = Path(__file__).parents[2] / "docs/reference/states.md"
TONGUES: Final = {"en": "English", "de": "German"}
TOP: Final = """# What is said of a space

Made from [`spaces/phase.py`](../../src/stentor/spaces/phase.py#ROWS) and
[`spaces/texts`](../../src/stentor/spaces/texts/en.json) by `python -m tests.support.states`: change
those, not this page.

Five facts decide the phase of a space: the state of its life cycle, what its stage gives, how far its recording is, how
it stands to its plan, and where a listener is. The first row that fits counts; an empty cell fits anything. `door.json`
and the pulse bring these facts to the listener's page, which judges by the same rows. The API has it as `phase`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([TOP, *_rows(), *(line for language in LANGUAGES for line in _words(language))])


def _rows() -> Iterator[str]:
    names = Facts.__struct_fields__
    yield "## From facts to phases\n"
    yield f"| phase | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for row in phase.ROWS:
        yield f"| `{row.phase}` | {' | '.join(_named(row, name) for name in names)} |"
    yield ""


def _named(row: PhaseRule, name: str) -> str:
    return ", ".join(sorted(getattr(row, name)))


def _words(language: str) -> Iterator[str]:
    texts = Catalogue("stentor.spaces").texts[language]
    yield f"## In {TONGUES[language]}\n"
    yield "Values in braces are filled in by who shows them. Those on the stage never queue.\n"
    yield "| phase | chip | " + " | ".join(Reader) + " |"
    yield "|---" * (len(Reader) + 2) + "|"
    for each in Phase:
        facts = next(found for found in phase.everything() if phase.phase(found) is each)
        cells = [" ".join(_text(texts, facts, who)) for who in Reader]
        yield f"| `{each}` | {texts[phase.words(facts, Reader.LISTENER).chip]} | {' | '.join(cells)} |"
    yield ""


def _text(texts: dict[str, str], facts: Facts, who: Reader) -> Iterator[str]:
    words = phase.words(facts, who)
    if not words.chip.startswith(f"phase.{phase.phase(facts)}."):
        yield "–"
        return
    if who is not Reader.CARD:
        headline = texts[words.headline]
        yield f"**{headline}**" + ("" if headline.endswith((".", "?")) else ".")
    yield texts[words.say]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
