"""The documents say what the code does: links, symbols, settings, commands, codes and texts."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import click
import msgspec
import pytest

from bench import __main__ as measured
from stentor.base import errors
from stentor.base.config import PREFIX, Settings
from stentor.base.errors import StentorError
from stentor.base.rendition import Source
from stentor.base.texts import LANGUAGES, Catalogue
from stentor.base.units import SpaceId
from stentor.cli import stentor
from stentor.crowd.orders import Orders
from stentor.edge.door import door
from stentor.spaces import hooks
from stentor.spaces.events import Event
from stentor.spaces.model import Space, State
from stentor.spaces.phase import Phase
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.wire import manifest
from stentor.wire.manifest import Entry, Run, StoredObject

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stentor"
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
ids = [str(path.relative_to(ROOT)) for path in DOCS]


def reference(name: str) -> str:
    """A page of the reference."""
    return (ROOT / "docs" / "reference" / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def anchors(path: Path) -> set[str]:
    """What a link may name behind ``#``: headings of a document, names defined in a source file."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    if path.suffix != ".py":
        return set()
    return set(names(ast.parse(text)))


def names(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[str]:
    """``function``, ``Class``, ``Class.method`` and ``CONSTANT`` of a module."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                yield prefix + name
                yield from names(node, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def test_the_first_page_is_short() -> None:
    """Who comes by reads it in a minute; the rest is in the documents."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link names a file of this repository, and a heading or a symbol that is in it."""
    wrong = []
    for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            wrong.append(target)
    assert not wrong


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_documents_name_no_machine(path: Path) -> None:
    """No path of somebody's machine, no registry, no unfinished place."""
    text = path.read_text("utf-8")
    assert not re.search(r"/wor[k]/|/roo[t]/|py[p]i\.org|python[h]osted|npm[j]s\.|index-ur[l]", text)
    assert not re.search(r"\bTODO\b|\bTBD\b|\bFIXME\b|lorem ipsum", text)


def test_every_document_is_reached() -> None:
    """Who starts at the README finds every document by links."""
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached:
            continue
        reached.add(path)
        targets = LINK.findall(path.read_text("utf-8"))
        files = [(path.parent / target.partition("#")[0]).resolve() for target in targets if "://" not in target]
        ahead += [file for file in files if file.suffix == ".md" and file.exists()]
    assert not set(DOCS) - reached


def test_settings_are_complete() -> None:
    """The table has every setting with its default, and no other."""
    rows = {name: default.strip().strip("`") for name, default in ROW.findall(reference("settings.md"))}
    described = {name: default for name, default in rows.items() if name.startswith(PREFIX)}
    fields = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    expected = {PREFIX + name.upper(): str(default) or "empty" for name, default in fields.items()}
    assert {name: default for name, default in described.items() if name != PREFIX + "ADMIN_TOKEN"} == expected


def test_every_variable_that_is_read_is_described() -> None:
    """A variable that the code reads by itself stands in the table too."""
    sources = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    assert set(re.findall(r"environ(?:\.get\(|\[)\"(STENTOR_\w+)\"", sources)) <= {
        name for name, _ in ROW.findall(reference("settings.md"))
    }


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


def test_command_line_is_complete() -> None:
    """Every command has a heading, and under it every option; no heading is of a command that is not there."""
    text = reference("cli.md")
    everything = dict(commands(stentor, "stentor"))
    for path, command in everything.items():
        if path == "stentor":
            continue
        described = section(text, path)
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert f"`{parameter.opts[0]}`" in described, f"{path} {parameter.opts[0]}"
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"`(--[a-z-]+)`", described)) <= options | {"--data"}, path
    assert set(re.findall(r"^#+ (stentor .+)$", text, re.MULTILINE)) == set(everything) - {"stentor"}


def raised() -> dict[str, set[int]]:
    """Every problem code of the source with its statuses: of the classes, and of the calls with ``code=``."""
    classes = {
        name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, StentorError)
    }
    found: dict[str, set[int]] = {}
    for kind in classes.values():
        found.setdefault(kind.code, set()).add(kind.status)
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Assign(
                    targets=[ast.Tuple(elts=[ast.Name(id="code"), ast.Name(id="status"), *_])],
                    value=ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(value=int(status)), *_]),
                ):
                    found.setdefault(code, set()).add(status)
                case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in classes:
                    given = {keyword.arg: keyword.value for keyword in keywords}
                    match given.get("status"):
                        case ast.Constant(value=int(status)):
                            pass
                        case _:
                            status = classes[name].status
                    match given.get("code"):
                        case ast.Constant(value=str(code)):
                            found.setdefault(code, set()).add(status)
                        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
                            found.setdefault(f"{start}<state>", set()).add(status)
    return found


def test_problem_codes_are_complete() -> None:
    """The table has every code with its statuses, and no other."""
    rows = ROW.findall(section(reference("http.md"), "Problem codes"))
    described = {code: {int(status) for status in re.findall(r"\d+", statuses)} for code, statuses in rows}
    assert described == raised()
    assert [code for code, _ in rows] == sorted(described)


def test_api_is_complete() -> None:
    """The table has every handler of the REST API, and no other."""
    sources = sorted((SOURCE / "house").glob("*/api*.py"))
    handlers = {
        f"{call.func.id.upper()} {call.args[0].value.replace(':str', '')}"
        for source in sources
        for call in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("get", "post", "put", "patch", "delete")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
    described = {name for name, _ in ROW.findall(section(reference("http.md"), "The house"))}
    assert described == handlers


def test_documents_for_listeners_are_complete() -> None:
    """Every field of the pulse and of the door is named where they are described."""
    text = reference("http.md")
    space = Space(id=SpaceId("evening"), title="Evening talk", state=State.LIVE, doors_open_ms=1, live_ms=2)
    fields = {field.name for kind in (Pulse, PulseSeat) for field in msgspec.structs.fields(kind)}
    assert fields <= set(re.findall(r"`(\w+)`", section(text, "pulse.json")))
    told = msgspec.json.decode(door(space, Orders("evening"), address="", now=3.0))
    assert set(told) | set(told["streams"]) <= set(re.findall(r"`(\w+)`", section(text, "door.json")))


def test_hash_chain_can_be_verified_by_hand() -> None:
    """The lines that the reference gives accept a manifest of ours and refuse a changed one."""
    found = re.search(r"^```python\n(.*?)^```", reference("recordings.md"), re.MULTILINE | re.DOTALL)
    assert found
    namespace: dict[str, object] = {}
    exec(found[1], namespace)  # the page's own code is what is tested
    verify = namespace["verify"]
    assert callable(verify)
    entries: list[Entry] = []
    for number in range(3):
        stored = {"aac-64": StoredObject(f"recordings/höhle/aac-64/{number}.m4s", 30_000, "0" * 64)}
        entry = Entry(
            number=number,
            start_ms=number * 3840,
            runs=[Run(Source.HOLD, number * 12, number * 12 + 12)],
            renditions=stored,
        )
        entries.append(manifest.chain(entries[-1].hash if entries else manifest.FIRST_HASH, entry))
    page = manifest.encode_page(entries)
    assert verify([page]) == entries[-1].hash
    for changed in (page.replace(b"3840", b"3841"), b"".join(page.splitlines(True)[1:]), page.replace(b"hold", b"gap")):
        with pytest.raises(AssertionError):
            verify([changed])


@pytest.mark.parametrize("package", ["stentor.house", "stentor.edge", "stentor.spaces", "stentor.people"])
def test_texts_are_whole_in_every_language(package: str) -> None:
    """The same keys, nothing empty, the same values filled in."""
    texts = Catalogue(package).texts
    fields = {
        language: {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in catalogue.items()}
        for language, catalogue in texts.items()
    }
    assert set(texts) == set(LANGUAGES)
    assert all(all(catalogue.values()) for catalogue in texts.values())
    assert all(found == fields["en"] for found in fields.values())


def test_phases_are_described() -> None:
    """Each phase of a space stands in the table of phases, and no other."""
    rows = section(reference("http.md"), "Phases").split("|---|---|")[1].splitlines()
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")]
    assert sorted(named) == sorted(Phase)


def test_make_targets_exist() -> None:
    """Every ``make`` target that a document names is one."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {name for path in DOCS for name in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))}
    assert named <= targets


def test_decisions_are_numbered_and_listed() -> None:
    """Each decision has a number of its own and stands in the index."""
    folder = ROOT / "docs" / "decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    numbers = [name[:4] for name in files]
    assert len(set(numbers)) == len(numbers)
    index = (folder / "README.md").read_text("utf-8")
    assert [name for name in files if f"({name})" not in index] == []


def test_decisions_are_a_page() -> None:
    """A page at most, and it says when to look again."""
    for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"):
        text = path.read_text("utf-8")
        assert len(text.split()) < 900, path.name
        assert re.search(r"look again", text, re.IGNORECASE), path.name


def test_tour_is_ordered_as_the_folders_are() -> None:
    """Every folder of the source has its line in the tour."""
    tour = (ROOT / "docs" / "tour.md").read_text("utf-8")
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert {name for name in folders if f"src/stentor/{name}/" not in tour} == set()


def test_a_word_of_the_glossary_is_there_once_and_the_source_says_it() -> None:
    """One word for one thing: in the order of the alphabet, and each in the code, the pages or their texts."""
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    defined = [word for row in rows for word in row.split(", ")]
    assert len(defined) == len(set(defined))
    assert rows == sorted(rows)
    files = [path for path in SOURCE.rglob("*.*") if path.suffix in (".py", ".js", ".html", ".json")]
    said = "\n".join(path.read_text("utf-8") for path in files if "vendor" not in path.parts).lower()
    unsaid = [word for word in defined if not re.search(rf"\b{re.sub('[ -]', '[ _-]?', word)}", said)]
    assert not unsaid


def test_the_reference_of_webhooks_has_every_event_with_its_fields() -> None:
    """A new event gets its line there: whoever writes a receiver reads what comes."""
    text = (ROOT / "docs" / "reference" / "webhooks.md").read_text("utf-8")
    rows = re.findall(r"^\| `(space\.\w+)` \| .+ \| (.+) \|$", text, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", fields)) for name, fields in rows}
    assert told == {hooks.space_type(kind): {*kind.__struct_fields__} - {"at_ms"} for kind in get_args(Event)}
    assert set(re.findall(r"^\| `(account\.\w+)`", text, re.MULTILINE)) == {*hooks.DEED_TYPES}
    assert set(re.findall(r"^\| `(post\.\w+)`", text, re.MULTILINE)) == {*hooks.POST_TYPES}


def test_what_is_measured_is_of_the_newest_run() -> None:
    """Tables of the README and beside it are of the newest whole run that is kept, row by row."""
    newest = max((ROOT / "bench" / "results").glob("whole-*.json"))
    rows = measured.rows(json.loads(newest.read_text("utf-8")))
    for name in measured.TABLES:
        text = (ROOT / name).read_text("utf-8")
        assert measured.replaced(text, rows) == text, f"python -m bench --again {newest}"
