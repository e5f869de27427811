"""Who is no listener: OPAWG's lists as they are made to be read, and our own for those that they do not know."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from stentor.base.texts import Catalogue
from stentor.evidence import robots
from stentor.evidence.counts import METHODS
from stentor.evidence.robots import FILE, LIST_DATE, MOST_CHARACTERS, Patterns, alternatives, is_robot

ROOT = Path(__file__).parents[3]
LISTS: dict[str, Any] = json.loads(FILE.read_bytes())
EXAMPLES: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "agents" / "opawg.json").read_bytes())
ROBOTS = {
    **dict.fromkeys((one["name"] for one in LISTS["bots"]), True),
    **dict.fromkeys((one["name"] for one in LISTS["apps"]), False),
    **{one["name"]: one.get("category") == "bot" for one in LISTS["libraries"]},
}
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
CHARACTER = r"(?:\\.|\[[^\]]*\]|[^\\\[])"


def test_every_example_of_the_lists_is_judged_as_its_authors_say() -> None:
    """Robots, apps and libraries, 1,380 agents, each by the first list that knows it."""
    told = [
        (agent, robot)
        for name in ("bots", "apps", "libraries")
        for entry, agents in EXAMPLES[name].items()
        for agent in agents
        if is_robot(agent) is not (robot := ROBOTS[entry] if name == "libraries" else name == "bots")
    ]
    assert told == []
    assert EXAMPLES["commit"] == LISTS["commit"]
    assert sum(len(agents) for name in ("bots", "apps", "libraries") for agents in EXAMPLES[name].values()) > 1300


def test_the_patterns_match_what_their_expressions_match() -> None:
    """Taken apart, and tried at the beginning only or as plain text, a list says what its expressions say."""
    agents = [agent for name in ("bots", "apps", "libraries") for each in EXAMPLES[name].values() for agent in each]
    for one in [*LISTS["bots"], *LISTS["libraries"]]:
        whole, apart = re.compile(one["pattern"]), Patterns([one["pattern"]])
        assert [agent for agent in agents if apart.match(agent)] == [agent for agent in agents if whole.search(agent)]


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("^a|b", ["^a", "b"]), ("(^a|b/)", ["^a", "b/"]), ("(a|b)c", ["(a|b)c"]), ("(a)|(b)", ["a", "b"]),
        (r"a[|)]\|", [r"a[|)]\|"]), (r"\(a|b\)", [r"\(a", r"b\)"]), ("(a)(b)", ["(a)(b)"]),
        ("^a(/.*)?$", ["^a(/.*)?$"]),
    ],
)  # fmt: skip
def test_an_expression_is_taken_apart_where_it_stands_in_no_parentheses(pattern: str, parts: list[str]) -> None:
    assert list(alternatives(pattern)) == parts


def test_no_pattern_takes_long_whatever_an_agent_says() -> None:
    """Nothing that repeats is repeated, and few parts repeat without a limit: over 512 characters the worst is bounded
    by a small power, and a newer list that broke this would fail here."""
    assert MOST_CHARACTERS <= 512
    for one in [*LISTS["bots"], *LISTS["apps"], *LISTS["libraries"]]:
        assert not re.search(rf"^(?:{CHARACTER})*?\)[*+{{]", one["pattern"]), one
        for part in alternatives(one["pattern"]):
            plain = re.sub(r"\\.", "a", re.sub(r"\[[^\]]*\]", "a", part.removeprefix(".*")))
            most = 5 if plain.startswith("^") else 2
            assert len(re.findall(r"[*+]", plain)) <= most, one


def test_the_date_of_the_lists_is_told_wherever_plays_are() -> None:
    """In the method (page, API, command, metrics), in the report, on the stage's page, in the documents; licence and
    commit stand beside the file."""
    day = datetime.date.fromisoformat(LISTS["date"])
    assert LISTS["date"] == LIST_DATE
    assert LIST_DATE in METHODS["plays"]
    for language, told in (("en", f"{day:%-d %B %Y}"), ("de", f"{day.day}. {MONTHS[day.month - 1]} {day.year}")):
        assert told in Catalogue("stentor.evidence").text(language, "report.how.plays")
        assert told in Catalogue("stentor.house").text(language, "numbers.plays")
    for page in ("evidence.md", "metrics.md"):
        assert LIST_DATE in (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert LISTS["commit"][:8] in (ROOT / "docs" / "reference" / "evidence.md").read_text("utf-8")
    assert (ROOT / "src" / "stentor" / "evidence" / "opawg" / "LICENSE").read_text("utf-8").startswith("MIT License")


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
        "AppleCoreMedia/1.0.0.22A3354 (iPhone; U; CPU OS 18_0 like Mac OS X; en_us)",
        "VLC/3.0.20 LibVLC/3.0.20", "mpv 0.37.0", "Overcast/3.0 (+http://overcast.fm/; iOS podcast app)",
        "PodcastAddict/v5 (+https://podcastaddict.com/; Android podcast app)", "AntennaPod/3.5.0",
        "Winamp/5.9", "Dalvik/2.1.0 (Linux; U; Android 14)", "stagefright/1.2",
    ],
)  # fmt: skip
def test_players_are_listeners(agent: str) -> None:
    assert not is_robot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "", "curl/8.5.0", "Wget/1.21", "python-requests/2.32", "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0)", "http.rb/5.1 (Mastodon/4.3; +https://m.example/)", "Lemmy/0.19",
        "Akkoma 3.1; https://a.example", "Misskey/2025.1", "Discordbot/2.0", "Prometheus/2.42", "Uptime-Kuma/1.23",
        "atc/1.0 watchOS/10", "(null) watchOS/10", "facebookexternalhit/1.1", "Mozilla/5.0 HeadlessChrome/120",
        "PodnewsBot/1.0", "Blackbox-Exporter/0.24", "Lavf/60.16.100", "okhttp/4.12.0",
    ],
)  # fmt: skip
def test_robots_are_none(agent: str) -> None:
    assert is_robot(agent)


def test_an_agent_is_remembered_by_what_is_looked_at() -> None:
    """Whoever sends another end each time, beyond what is looked at, has it looked at once."""
    robots._is_robot.cache_clear()
    for end in range(20):
        is_robot(f"{'curious ' * MOST_CHARACTERS}{end}")
    assert robots._is_robot.cache_info().misses == 1
