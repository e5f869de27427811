"""The rows: higher folders import lower ones, never the other way, and roles never import each other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "stentor"
ROWS = {
    "base": 0,
    "audio": 1, "wire": 1, "spaces": 1, "crowd": 1, "people": 1, "social": 1, "fediverse": 1, "evidence": 1,
    "outlets": 1,
    "bus": 2, "store": 2,
    "stage": 3, "programme": 3, "edge": 3, "archive": 3, "house": 3, "captions": 3, "courier": 3, "https": 3,
    "client": 4, "rehearsal": 4,
    "supervisor": 4, "environment": 4, "end_with_parent": 0, "logfiles": 4,
    "app": 4, "cli": 4, "__main__": 4, "__init__": 0,
}  # fmt: skip
CORES = ("wire", "audio", "people", "social", "fediverse", "crowd", "spaces", "outlets", "evidence")
"""The order inside row 1: each may import those before it."""
HOUSE = (
    "pace", "who", "web", "uploads", "spaces", "covers", "site", "editions", "removals", "retention",
    "counts", "delay", "door", "captions", "comments", "accounts", "mail", "private", "admin", "seats",
    "hooks", "simulcast", "programs", "shows", "media", "social", "announcing",
    "safety", "federation", "searching", "imports", "moderation", "clients", "mastodon", "oauth", "personal",
    "streaming", "reach", "outlets", "duty",
)  # fmt: skip
"""The order inside the house: each room may import those before it; ``app`` and ``role`` beside them import all."""
MOST_FILES = 15
"""Of a room of the house: more is a bag."""
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
HOMES = {
    "aiortc": {"courier", "stage", "client"},
    "av": {"audio", "courier", "people", "stage", "client"},
    "nats": {"bus"},
    "sqlalchemy": {"store"},
    "aiosmtplib": {"house"},
    "alembic": {"store"},
    "authlib": {"house"},
    "obstore": {"store"},
    "PIL": {"courier", "house"},
    "linkify_it": {"social"},
    "nh3": {"fediverse"},
    "regex": {"social"},
    "litestar": {"house"},
    "uvicorn": {"house"},
    "webauthn": {"house"},
    "websockets": {"house"},
    "argon2": {"house"},
    "faster_whisper": {"captions"},
    "ctranslate2": {"captions"},
    "joserfc": {"house"},
    "click": {"cli"},
    "cryptography": {"base", "https"},
    "acme": {"https"},
    "josepy": {"https"},
    "aiohttp": {"courier"},
    "dateutil": {"spaces"},
    "jinja2": {"base"},
    "markdown_it": {"base"},
    "rich": {"cli"},
}
IMPURE = {"asyncio", "socket", "threading", "time", "random", "secrets", "logging", "structlog", "subprocess", "httpx"}
"""What a core (row 1) may not import: I/O, clocks, randomness, threads, logging."""


def imports(path: Path) -> list[str]:
    """Every module that a file imports, with dots."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def room(path: Path) -> str:
    """The folder (or the file, at the top) that a source file belongs to."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


FILES = sorted(path for path in SOURCE.rglob("*.py") if "versions" not in path.parts)


def test_every_folder_has_a_row() -> None:
    """A new folder is given its row here and in the tour."""
    assert {room(path) for path in FILES} <= set(ROWS), "give the new folder a row in ROWS"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    """Higher rows import lower ones; roles meet on the bus and in the store."""
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "stentor" and len(parts) > 1 and parts[1] in ROWS:
            there = parts[1]
            assert ROWS[there] <= ROWS[here], (
                f"{here} (row {ROWS[here]}) imports {name} (row {ROWS[there]}): move it down"
            )
            if ROWS[here] == ROWS[there] == 1 and here != there:
                assert CORES.index(there) < CORES.index(here), (
                    f"the core {here} imports {name}: {there} comes after it; what both need belongs into base"
                )
            assert (here, there) != ("client", "rehearsal"), f"{here} imports {name}: a crowd is made of clients"
            roles = ROWS[here] == ROWS[there] == 3 and here != there
            assert not roles, f"{here} imports {name}: roles meet on the bus; move what both need into a core"
        elif parts[0] in HOMES:
            assert here in HOMES[parts[0]], f"{here} imports {parts[0]}: its home is {sorted(HOMES[parts[0]])}"
        if ROWS[here] == 1:
            assert parts[0] not in IMPURE, f"the core {here} imports {parts[0]}: pass it in, or do it in a role"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_is_too_long(path: Path) -> None:
    """A file and a function stay short enough to be read at once."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES, "split the file by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < MOST_LINES_OF_A_FUNCTION, f"split {node.name} by what it does"


def test_one_class_has_a_name() -> None:
    """No two files have classes of the same name: who looks for one finds it."""
    places: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(SOURCE)))
    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}
    assert not twice, f"give each its own word, of the glossary or of the field: {twice}"


def test_a_house_has_rooms_in_order() -> None:
    """A room of the house imports those before it only."""
    for path in FILES:
        place = path.relative_to(SOURCE).parts
        if place[0] == "house" and len(place) == 3:
            here = HOUSE.index(place[1])
            for name in imports(path):
                parts = name.split(".")
                if parts[:2] == ["stentor", "house"] and parts[2] != place[1]:
                    assert parts[2] in HOUSE[:here], f"house/{place[1]} imports {name}: only the app knows all rooms"


def test_no_room_is_a_bag() -> None:
    """A room of the house stays small enough to find one's way in."""
    assert {each.name for each in (SOURCE / "house").iterdir() if (each / "__init__.py").exists()} == set(HOUSE)
    for each in HOUSE:
        assert len(list((SOURCE / "house" / each).glob("*.py"))) <= MOST_FILES, f"split house/{each} by noun"


def test_migrations_form_one_line() -> None:
    """Each follows the one before it: where two have the same number, no database can be opened."""
    files = sorted((SOURCE / "store" / "migrations" / "versions").glob("v[0-9]*.py"))
    line = re.compile(r'^(?:down_)?revision.* = "?(\w+)"?$', re.MULTILINE)
    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [each.name[1:5] for each in files] == numbers, "give the new migration the next number"
    expected = [[number, before] for number, before in zip(numbers, ["None", *numbers], strict=False)]
    found = [line.findall(each.read_text("utf-8")) for each in files]
    assert found == expected, "a migration names itself, and the one before it"
