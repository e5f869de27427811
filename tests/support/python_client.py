"""The Python client, made from the description of the API: ``python -m tests.support.python_client FOLDER``.

openapi-python-client writes it; nothing in it is written by hand. Each address is a module, called by method and path:
``POST /spaces/{space}/doors`` is ``stentor_client.api.spaces.post_spaces_space_doors``.
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.support.house import running_house

PACKAGE: Final = "stentor_client"
_METHODS = ("get", "post", "put", "patch", "delete")
_PREFIX = "/api/v1"


def readable(document: dict[str, Any]) -> dict[str, Any]:
    """The description as the generator reads it: names for its modules, and without what it has no types for."""
    made = copy.deepcopy(document)
    for path, item in made["paths"].items():
        parts = re.sub(r"[^a-z0-9]+", "_", path.removeprefix(_PREFIX).lower()).strip("_")
        for method in _METHODS:
            if operation := item.get(method):
                operation["operationId"] = f"{method}_{parts}"
                operation["tags"] = [parts.partition("_")[0]]
                _plain_files(operation)
    for schema in made["components"]["schemas"].values():
        schema.pop("anyOf", None) if "properties" in schema else None  # which fields go together, the house says
    return dict(_plain_booleans(made))


def _plain_booleans(value: Any) -> Any:
    """What may only be true is a boolean: the generator knows no list of them."""
    if isinstance(value, dict):
        if value.get("enum") and all(isinstance(each, bool) for each in value["enum"]):
            return {name: each for name, each in value.items() if name != "enum"} | {"type": "boolean"}
        return {name: _plain_booleans(each) for name, each in value.items()}
    return [_plain_booleans(each) for each in value] if isinstance(value, list) else value


def _plain_files(operation: dict[str, Any]) -> None:
    """A file is bytes, of whatever kind."""
    for answer in operation["responses"].values():
        if any(not re.search(r"json|octet-stream|^text/html", kind) for kind in answer.get("content", {})):
            answer["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            answer.pop("headers", None)


def generate(document: dict[str, Any], into: Path) -> Path:
    """Writes the package below ``into``, to be installed by pip; raises when the generator leaves anything out."""
    into.mkdir(parents=True, exist_ok=True)
    described, settings = into / "openapi.json", into / "generator.yaml"
    described.write_text(json.dumps(readable(document)), "utf-8")
    settings.write_text(
        f"project_name_override: stentor-client\npackage_name_override: {PACKAGE}\npost_hooks: []\n", "utf-8"
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", described, "--config", settings,
         "--output-path", into / "stentor-client", "--meta", "setup", "--overwrite", "--fail-on-warning"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "WARNING" in done.stdout:
        raise RuntimeError(f"the client is not whole:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return into / "stentor-client"


async def document() -> dict[str, Any]:
    """The description, as a house gives it."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_house(Path(folder)) as house:
            found: dict[str, Any] = (await house.anyone.get(f"{_PREFIX}/openapi.json")).json()
            return found


if __name__ == "__main__":
    print(generate(asyncio.run(document()), Path(sys.argv[1])))
