"""What can go wrong at an outlet is said in words."""

from __future__ import annotations

import re
from pathlib import Path

from stentor.base.texts import LANGUAGES, Catalogue

SOURCE = Path(__file__).parents[3] / "src" / "stentor"
OF_LOOKS = "outlet-not-found"
"""What a courier is told, and nobody else."""


def met() -> set[str]:
    """The codes that a host may see: of networks, of connections, of jobs that couriers give up, of newsletters."""
    own = [*(SOURCE / "outlets").glob("*.py"), SOURCE / "courier" / "outlets.py"]
    found = {code for file in own for code in re.findall(r'"(outlet-[a-z-]+)"', file.read_text("utf-8"))}
    for name, pattern in {
        "courier/client.py": r'unreachable\(.*"([a-z-]+)"\)',
        "courier/dispatch.py": r'Attempt\(trouble="([a-z-]+)"',
        "store/outlets.py": r'TAKEN: Final = "([a-z-]+)"',
        "house/outlets/service.py": r'OutletState\.REFUSED, "([a-z-]+)"',
    }.items():
        codes = re.findall(pattern, (SOURCE / name).read_text("utf-8"))
        assert codes, f"{name} has them no more"
        found |= set(codes)
    return found - {OF_LOOKS}


def test_every_trouble_has_its_sentence() -> None:
    """In each language, and there is none that nobody meets."""
    for language in LANGUAGES:
        texts = Catalogue("stentor.house").texts[language]
        told = {key.removeprefix("outlets.trouble.") for key in texts if key.startswith("outlets.trouble.")}
        assert told == met(), language
