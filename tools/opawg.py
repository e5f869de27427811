"""Takes OPAWG's lists of user agents out of a clone of their repository: ``python -m tools.opawg CLONE``.

Writes what ``stentor.evidence.robots`` reads, and the examples that its tests read. The date then has to be told in
``robots.LIST_DATE``, in texts and documents too; ``tests/unit/evidence/test_robots.py`` says where it was forgotten.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from stentor.evidence.robots import FILE

SOURCE = "https://github.com/opawg/user-agents-v2"
LISTS = "bots", "apps", "libraries"
EXAMPLES = Path(__file__).parents[1] / "tests" / "data" / "agents" / "opawg.json"


def main() -> None:
    clone = sys.argv[1]
    commit, date = _git(clone, "log", "-1", "--format=%H %cs").split()
    lists: dict[str, list[dict[str, Any]]] = {
        name: json.loads(_git(clone, "show", f"{commit}:src/{name}.json"))["entries"] for name in LISTS
    }
    head = {"source": SOURCE, "commit": commit, "date": date, "licence": "MIT, see LICENSE beside this file"}
    target = Path(str(FILE))
    target.parent.mkdir(exist_ok=True)
    target.write_text(_lines({**head, **{name: [_entry(one) for one in lists[name]] for name in LISTS}}), "utf-8")
    (target.parent / "LICENSE").write_text(_git(clone, "show", f"{commit}:LICENSE"), "utf-8")
    examples = {name: {one["name"]: one.get("examples", []) for one in lists[name]} for name in LISTS}
    EXAMPLES.write_text(json.dumps({**head, **examples}, ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(f"OPAWG's list of {date}: write the date into stentor/evidence/robots.py, then run its tests.")


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    """What a server needs of it."""
    return {key: one[key] for key in ("name", "pattern", "category") if key in one}


def _lines(whole: dict[str, Any]) -> str:
    """JSON with a line for each entry, so that a later list can be compared with it."""
    parts = []
    for key, value in whole.items():
        told = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list):
            told = "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in value) + "\n]"
        parts.append(f"{json.dumps(key)}: {told}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _git(clone: str, *words: str) -> str:
    return subprocess.run(["git", "-C", clone, *words], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
