"""Which user agents are no listeners: OPAWG's lists of podcast players and robots, and a short one of Stentor's own.

OPAWG's come first (``opawg/opawg.json``, as they stand at a commit; MIT), in the order that they are made for: robots,
players' apps, libraries, of which some are robots. Whom they do not know the own list may: it names what calls itself a
robot, watches, previews links or copies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from typing import Final

FILE: Final = resources.files("stentor.evidence") / "opawg" / "opawg.json"
LIST_DATE: Final = "2026-08-06"
"""OPAWG's lists are those of this day."""
MOST_CHARACTERS: Final = 512
"""Of an agent: the rest is not looked at, so that no pattern takes long."""
KEPT: Final = 4096
"""Agents whose answer is remembered."""
_ROBOT: Final = re.compile(
    r"^$"
    r"|bot\b|bots?[/; ]|crawl|spider|scrape|slurp|archiver|fetcher|feed.?parser|importer|transcrib"
    r"|preview|embed|facebookexternalhit|whatsapp|telegram|discord|slack|skype|externalagent"
    r"|monitor|uptime|pingdom|statuscake|prometheus|blackbox|nagios|zabbix|healthcheck|kube-probe"
    r"|mastodon|misskey|pleroma|akkoma|lemmy|pixelfed|friendica|gotosocial|peertube"
    r"|^curl|^wget|^libwww|python-requests|python-httpx|aiohttp|^go-http-client|^java/|okhttp/?$|scrapy|^axios"
    r"|headless|phantomjs|puppeteer|selenium"
    r"|^atc/|\(null\) watchos|^stentor",
    re.IGNORECASE,
)
_NO_LITERAL: Final = re.compile(r"(?<!\\)[\[\](){}.*+?$^]|\\[A-Za-z]")


class Patterns:
    """Regular expressions of a list, any of which may match.

    ``re`` tries one that begins with ``^`` at each place of the text, and so one big expression takes 2 ms. Those are
    tried at the beginning only; what is plain text is looked for as such.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        each = [one for pattern in patterns for one in alternatives(pattern)]
        begins = [one for one in each if one.startswith("^")]
        inside = [one.removeprefix(".*") for one in each if not one.startswith("^")]
        self._begins = re.compile("|".join(begins) or r"(?!)")
        self._plain = [re.sub(r"\\(.)", r"\1", one) for one in inside if not _NO_LITERAL.search(one)]
        self._inside = [re.compile(one) for one in inside if _NO_LITERAL.search(one)]

    def match(self, agent: str) -> bool:
        return (
            self._begins.match(agent) is not None
            or any(one in agent for one in self._plain)
            or any(one.search(agent) for one in self._inside)
        )


def alternatives(pattern: str) -> Iterator[str]:
    """The parts of ``a|b|(c|d)``, without parentheses around a whole part."""
    parts = list(_parts(pattern))
    for part in parts:
        if part.startswith("(") and part.endswith(")") and list(_parts(part[1:-1], least=0)):
            yield from alternatives(part[1:-1])
        else:
            yield part


def _parts(pattern: str, least: int | None = None) -> Iterator[str]:
    """Between the ``|`` that are in no parentheses; nothing where parentheses close below ``least``."""
    depth, bracket, since, found = 0, False, 0, []
    for token in re.finditer(r"\\.|.", pattern):
        sign = token.group()
        if bracket:
            bracket = sign != "]"
        elif sign == "[":
            bracket = True
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if least is not None and depth < least:
                return
        elif sign == "|" and not depth:
            found.append(pattern[since : token.start()])
            since = token.end()
    yield from [*found, pattern[since:]]


class RobotList:
    """OPAWG's lists; a robot is told by the first that knows it."""

    def __init__(self, data: bytes) -> None:
        """``data``: the file. 20 ms."""
        lists = json.loads(data)
        self.date: str = lists["date"]
        self._bots = Patterns(one["pattern"] for one in lists["bots"])
        self._apps = Patterns(one["pattern"] for one in lists["apps"])
        self._libraries = [(Patterns([one["pattern"]]), one.get("category") == "bot") for one in lists["libraries"]]

    def says(self, agent: str) -> bool | None:
        """Whether it is a robot's; None when no list knows it."""
        if self._bots.match(agent):
            return True
        if self._apps.match(agent):
            return False
        return next((robot for library, robot in self._libraries if library.match(agent)), None)


@lru_cache(maxsize=1)
def listed() -> RobotList:
    """What the package brings. Whoever is in a hurry later asks once when it begins."""
    return RobotList(FILE.read_bytes())


def is_robot(agent: str) -> bool:
    """Whether a ``User-Agent`` is no listener's; one that says nothing is none's.

    0.2 to 0.5 ms for one that is not remembered (``bench/evidence``).
    """
    return _is_robot(agent[:MOST_CHARACTERS])


@lru_cache(maxsize=KEPT)
def _is_robot(agent: str) -> bool:
    said = listed().says(agent)
    return _ROBOT.search(agent) is not None if said is None else said
