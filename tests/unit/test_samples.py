"""What the documents tell people to type can be typed: commands, options, settings, targets of make, addresses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml

from stentor.cli import stentor
from tests.unit.test_docs import DOCS, ROOT, ROW, ids, reference, section

SAMPLE = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"\bSTENTOR_[A-Z_]+")
WHIP = "POST /whip/{space}"
PLACEHOLDER = re.compile(r"\b[A-Z]+\b|…|\.\.\.|[|>*]")


def samples(path: Path, *languages: str) -> list[str]:
    """The fenced samples of a document in these languages."""
    return [text for language, text in SAMPLE.findall(path.read_text("utf-8")) if language in languages]


def calls(path: Path) -> Iterator[list[str]]:
    """What a shell would start for each line of a document's samples; variables that are set before it left out."""
    for text in samples(path, "sh", "bash", "console"):
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and (words[0] == "export" or re.match(r"\w+=", words[0])):
                del words[0]
            if words:
                yield words


class Unsaid(AssertionError):
    """A command leaves out what it needs."""


def parse(words: list[str]) -> None:
    """Raises :class:`click.UsageError` for what the command line does not know, and if all else is well
    :class:`Unsaid`."""
    command: click.Command = stentor
    context = click.Context(command, info_name="stentor")
    while isinstance(command, click.Group):
        if not words:
            raise Unsaid("a command is missing")
        if any(words[0] in each.opts for each in command.get_params(context) if each.is_eager):
            return  # --version
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]!r}"
        command, context, words = found, click.Context(found, context, info_name=words[0]), words[1:]
    values, _, _ = command.make_parser(context).parse_args(args=list(words))
    missing = []
    for parameter in command.params:
        value = values.get(parameter.name or "")
        given = isinstance(value, str | list | tuple) and len(value) > 0
        if not given and parameter.required:
            missing.append(parameter.name)
        if given and not isinstance(parameter.type, click.Path | click.File):  # of files there are none here
            parameter.type_cast_value(context, value)
    if missing:
        raise Unsaid(f"{missing} are missing")


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_commands_are_those_of_the_command_line(path: Path) -> None:
    """Command, arguments and options of each sample parse, and the values that they name are among those allowed."""
    for words in calls(path):
        if words[0].rpartition("/")[2] != "stentor":
            continue
        try:
            parse(words[1:])
        except click.UsageError as error:
            pytest.fail(f"{shlex.join(words)}: {error.format_message()}")


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_values_that_sentences_name_are_allowed(path: Path) -> None:
    """A command in the middle of a sentence may leave things out, but what it says can be typed as it stands there."""
    sentences = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for line in re.findall(r"`stentor ([^`\n]+)`", sentences):
        if PLACEHOLDER.search(line):
            continue
        try:
            parse(shlex.split(line))
        except (Unsaid, click.BadOptionUsage):  # an option without its value
            pass
        except click.UsageError as error:
            pytest.fail(f"stentor {line}: {error.format_message()}")


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_settings_of_samples_exist(path: Path) -> None:
    """Each variable of ours that a sample sets is one that is read."""
    known = {name for name, _ in ROW.findall(reference("settings.md"))}
    assert {name for _, text in SAMPLE.findall(path.read_text("utf-8")) for name in SETTING.findall(text)} <= known


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_targets_of_make_exist(path: Path) -> None:
    """``make target`` in a sample or in a sentence names one of the Makefile's."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = path.read_text("utf-8")
    named = {words[1] for words in calls(path) if words[0] == "make"} | set(re.findall(r"`make ([a-z-]+)[` ]", text))
    assert named <= targets


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_addresses_of_samples_are_routes(path: Path) -> None:
    """What a sample asks of the house by curl is in the table of its API, with that method."""
    routes = [*(name for name, _ in ROW.findall(section(reference("http.md"), "The house"))), WHIP]
    patterns = [re.compile(re.sub(r"\{\w+\}", "[^/]+", route)) for route in routes]
    for words in calls(path):
        if words[0] != "curl":
            continue
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        [address] = [word for word in words if word.startswith("http")]
        asked = f"{method} {urlsplit(address).path.removeprefix('/api/v1')}"
        assert any(pattern.fullmatch(asked) for pattern in patterns), asked


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_samples_of_languages_parse(path: Path) -> None:
    """Python compiles; YAML and JSON, which it contains, are read."""
    for text in samples(path, "python"):
        compile(text, str(path), "exec")
    for text in samples(path, "yaml", "json"):
        yaml.safe_load(text)


def test_samples_are_found() -> None:
    """There are commands, settings and addresses in the documents for these tests to judge."""
    found = [words for path in DOCS for words in calls(path)]
    assert {words[0] for words in found} >= {"stentor", "make", "curl"}
    assert sum(words[0] == "stentor" for words in found) > 30


@pytest.mark.parametrize("line", ["space frob evening", "space live", "role gardener", "speak evening --loudly"])
def test_what_cannot_be_typed_is_noticed(line: str) -> None:
    """An unknown command, a missing argument, a value that is not allowed, an unknown option."""
    with pytest.raises((click.UsageError, AssertionError)):
        parse(shlex.split(line))
