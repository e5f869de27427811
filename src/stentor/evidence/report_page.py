"""A report in words, tables and plots, in English and German: as HTML in a page or alone, and for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Final

from markupsafe import Markup

from stentor.base.detached import fingerprint
from stentor.base.html import Templates
from stentor.base.plot import STYLE, plot
from stentor.base.texts import Catalogue
from stentor.evidence import delays, faults
from stentor.evidence.counts import FIRST_SOUND_SHARE, Figure
from stentor.evidence.course import Step
from stentor.evidence.load import Portion, Resource
from stentor.evidence.report import Interruption, Report, TimelineEntry, What
from stentor.evidence.verdict import LEAST_COVER, Outcome

PACKAGE: Final = "stentor.evidence"
CATALOGUE: Final = Catalogue(PACKAGE)
TEMPLATES: Final = Templates(PACKAGE, CATALOGUE)
ON_TIME_S: Final = 15.0
"""Nobody calls that late."""
FIGURES: Final = ("peak", "unique", "listeners", "minutes", "refused_devices", "waited", "waited_minutes",
                  "first_sound_ms", "skipped", "plays")  # fmt: skip
"""Those that are shown, in this order; ``hearing`` comes before them while it is on."""
THOUGHT: Final = (What.RUNG, What.DOOR)
"""What the servers did by themselves."""
LONG_S: Final = 1.0
"""What is shorter a listener overhears."""
MOST_LONG: Final = 50
STYLES: Final = (
    Markup("""
.report { display: grid; gap: 1.5rem; }
.report section { display: grid; gap: .6rem; }
.report h2, .report p, .report ul { margin: 0; }
.report .lead { font-size: 1.35rem; line-height: 1.35; }
.report .wide { overflow-x: auto; }
.report table { width: 100%; border-collapse: collapse; }
.report td.t { width: 1%; white-space: nowrap; }
.report svg.plot { display: block; min-width: 34rem; width: 100%; }
.report th, .report td { padding: .35rem .75rem .35rem 0; border-block-end: 1px solid; border-color: color-mix(in srgb,
  currentColor 18%, transparent); text-align: start; vertical-align: top; overflow-wrap: normal; word-break: normal; }
.report td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
.report .how { font-size: .875rem; opacity: .8; }
.report code { overflow-wrap: anywhere; }
.report pre { margin: 0; padding: .75rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 18%,
  transparent); border-radius: .5rem; }
@media (max-width: 40rem) { .report .how { display: none; } }
.report section > * { min-width: 0; }
@media print { :root { color-scheme: light; } .report section { break-inside: avoid; }
  .report .wide { overflow: visible; }
  .report pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .report .how { display: revert; } }
""")
    + STYLE
)
"""The style sheet of :func:`article`; it takes type and colours from the page around it."""

_ALONE: Final = Markup("""
:root { color-scheme: light dark; } body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5
  system-ui, sans-serif; } h1 { font-size: 1.75rem; line-height: 1.2; } h2 { font-size: 1.2rem; }
""")


def article(report: Report, title: str, language: str, key: str = "") -> Markup:
    """The report as an HTML element; its styles are :data:`STYLES`. Takes 30 ms for a long evening.

    ``key`` is what signed copies of it are signed with (``base.detached``).
    """
    values = _values(report, title, language) | {"key": key, "fingerprint": fingerprint(key) if key else ""}
    return Markup(TEMPLATES.render("report", language, **values))


def standalone(report: Report, title: str, language: str, key: str = "") -> str:
    """A whole HTML document that loads nothing and runs nothing."""
    body = article(report, title, language, key)
    name = CATALOGUE.text(language, "report.title", title=title)
    return TEMPLATES.render("alone", language, title=name, body=body, style=_ALONE + STYLES)


def text(report: Report, title: str, language: str) -> str:
    """For a terminal: the same words without plots."""
    html = TEMPLATES.render("report", language, **_values(report, title, language, plots=False))
    html = re.sub(r"<(h1|h2)[^>]*>", r"\n<\1>", html)
    lines = (re.sub(r"\s+", " ", unescape(re.sub(r"</t[dh]>", "  ", line))) for line in html.split("\n"))
    stripped = (re.sub(r"<[^>]+>", "", line).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(stripped)).strip() + "\n"


def sentence(report: Report, language: str) -> str:
    """What it was, in one sentence."""
    verdict = report.verdict
    fault = fault_of(report)
    if fault is not None:
        return CATALOGUE.text(language, f"report.fault.{fault.value}")
    absorbed = verdict.accuses and verdict.finding is Outcome.NOTHING_WAS_FULL
    untold = verdict.finding is Outcome.MIXED and not verdict.accuses
    besides = ".absorbed" if absorbed else ".untold" if untold else ""
    return CATALOGUE.text(language, f"report.found.{verdict.finding.value}{besides}")


def fault_of(report: Report) -> faults.OwnFault | None:
    """The fault of one's own that the verdict names."""
    return next((each for each, said in faults.SAID.items() if said == report.verdict.reason), None)


def _values(report: Report, title: str, language: str, *, plots: bool = True) -> dict[str, object]:
    words = _Words(report, language)
    return {
        "report": report,
        "title": title,
        "sentence": sentence(report, language),
        "words": words,
        "plots": list(words.plots()) if plots else [],
        "key": "",
    }


class _Words:
    """What the template says, with numbers as the language writes them."""

    def __init__(self, report: Report, language: str) -> None:
        self._report, self._language = report, language

    def _say(self, key: str, **values: object) -> str:
        return CATALOGUE.text(self._language, f"report.{key}", **values)

    def number(self, value: float) -> str:
        """Whole when it is large, else with at most two places."""
        written = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")
        return written.translate(str.maketrans(",.", ".,")) if self._language == "de" else written

    def share(self, value: float) -> str:
        between = "\N{NO-BREAK SPACE}" if self._language == "de" else ""
        return f"{self.number(round(100 * value))}{between}%"

    def when(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def clock(self, at_ms: int) -> str:
        """The time of day; with the date where it is not that of the doors."""
        whole, doors = self.when(at_ms), self.when(self._report.doors_ms)
        return whole[11:] if whole[:10] == doors[:10] else whole

    def length(self, seconds: float) -> str:
        whole = round(abs(seconds))
        if whole < 60:
            return self._say("seconds", value=self.number(whole if whole >= 10 else round(abs(seconds), 1)))
        minutes, rest = divmod(whole, 60)
        if minutes < 60:
            return self._say("minutes", minutes=minutes, seconds=rest)
        return self._say("hours", hours=minutes // 60, minutes=minutes % 60)

    def start(self) -> str:
        late_s = self._report.late_s
        if self._report.live_ms is None:
            return self._say("start.never")
        if late_s is None:
            return self._say("start.unplanned")
        if abs(late_s) < ON_TIME_S:
            return self._say("start.on_time")
        return self._say("start.late" if late_s > 0 else "start.early", by=self.length(late_s))

    def times(self) -> Iterator[tuple[str, str]]:
        report = self._report
        found = {"scheduled": report.scheduled_ms, "doors": report.doors_ms, "live": report.live_ms,
                 "ended": report.ended_ms}  # fmt: skip
        for name, at_ms in found.items():
            if at_ms is not None or name != "scheduled":
                yield self._say(f"start.{name}"), self.when(at_ms) if at_ms else self._say("start.not_yet")

    def figures(self) -> Iterator[tuple[str, str, str, str]]:
        """Name, value, interval, method."""
        names = FIGURES if self._report.ended_ms else ("hearing", *FIGURES)
        for name in names:
            one = self._report.figures[name]
            heard = name != "first_sound_ms" or one.value > 0
            value, between = (self._figure(one), self._between(one)) if heard else (self._say("nothing_known"), "")
            yield self._say(f"figure.{name}"), value, between, self._say(f"how.{name}")

    def ways(self) -> Iterator[tuple[str, str, str, str]]:
        """Name, how many came, were told, and messages; those by which most came first."""
        for way, one in sorted(self._report.ways.items(), key=lambda each: (-each[1].came, each[0])):
            numbers = [self.number(each) for each in (one.came, one.told, one.sent)]
            yield self._say(f"way.{way}"), numbers[0], numbers[1], numbers[2]

    def _between(self, one: Figure) -> str:
        if one.low != one.high:
            return f"{self.number(one.low)} – {self.number(one.high)}"
        return self._say("or_more" if one.at_least else "exact")

    def _figure(self, one: Figure) -> str:
        value = self.number(one.value)
        if one.at_least:
            value = self._say("at_least", value=value)
        return self._say("at", value=value, time=self.clock(one.at_ms)) if one.at_ms and one.value else value

    def moments(self, *, thought: bool) -> Iterator[tuple[str, str]]:
        for moment in self._report.moments:
            if (moment.what in THOUGHT) == thought:
                yield self.clock(moment.at_ms), self._moment(moment)

    def _moment(self, moment: TimelineEntry) -> str:
        numbers = moment.numbers
        written = {name: self.number(value) for name, value in numbers.items()}
        match moment.what:
            case What.RESCHEDULED if "to_ms" not in numbers:
                return self._say("moment.unscheduled")
            case What.RESCHEDULED:
                return self._say("moment.rescheduled", to=self.when(round(numbers["to_ms"])))
            case What.CLOCK:
                sign = "−" if numbers["by_s"] < 0 else "+"
                return self._say("moment.clock", by=sign + self.length(numbers["by_s"]))
            case What.DELAY if not numbers.get("seconds"):
                return self._say("moment.no_delay")
            case What.PINNED if not numbers:
                return self._say("moment.unpinned")
            case What.DOOR:
                shares = {"share": self.share(numbers["p"]), "was": self.share(numbers["was"])}
                return self._say("moment.door", **{**written, **shares})
            case What.RUNG:
                cause = self._say(f"cause.{moment.cause.value}") if moment.cause else ""
                return self._say("moment.rung", cause=cause, **written)
            case _:
                return self._say(f"moment.{moment.what.value}", **written)

    def long(self) -> list[Interruption]:
        """Those that a listener cannot overhear, the longest when there are very many; in their order."""
        found = [one for one in self._report.interruptions if one.seconds >= LONG_S]
        longest = sorted(found, key=lambda one: -one.seconds)[:MOST_LONG]
        return sorted(longest, key=lambda one: one.start_ms)

    def rest(self) -> str:
        """The others in a sentence; empty for none."""
        told = {id(one) for one in self.long()}
        rest = [one.seconds for one in self._report.interruptions if id(one) not in told]
        if not rest:
            return ""
        return self._say("interruptions.rest", count=self.number(len(rest)), length=self.length(sum(rest)))

    def interruption(self, one: Interruption) -> tuple[str, str, str]:
        """When, what, and by how many it was heard."""
        known = one.heard_by is not None
        heard = self._say("heard_by", count=self.number(one.heard_by or 0)) if known else self._say("heard_by.unknown")
        return self.clock(one.start_ms), self._say(f"interruption.{one.source}", length=self.length(one.seconds)), heard

    def resource(self) -> str:
        loads = self._report.verdict.loads
        return self._say(f"resource.{loads[0].resource.value}") if loads else ""

    def cause(self) -> Iterator[str]:
        verdict = self._report.verdict
        if not verdict.loads:
            yield self._say("unmeasured")
            return
        load = verdict.loads[0]
        if load.full_seconds:
            yield self._say("full", resource=self.resource(), seconds=self.number(load.full_seconds))
        else:
            yield self._say("nearest", resource=self.resource(), share=self.share(load.used.value))
        yield self._say("audience", **self._portion(load.audience))
        of = next((one for one in verdict.loads if one.resource is verdict.by), load)
        without = {f"without{name}": value for name, value in self._portion(of.audience, "").items()}
        key = "hostile.of" if of is not load else "hostile" if verdict.accuses else "unlike"
        values = {**self._portion(of.hostile), **without}
        if of is not load:
            values |= {"resource": self._say(f"resource.{of.resource.value}"), "used": self.share(of.used.value)}
        yield self._say(key, **values)

    def _portion(self, one: Portion, names: str | None = None) -> dict[str, str]:
        keys = ("share", "low", "high") if names is None else ("", "_low", "_high")
        return dict(zip(keys, map(self.share, (one.value, one.low, one.high)), strict=True))

    def signs(self) -> Iterator[tuple[str, str]]:
        for at, sign in enumerate(self._report.verdict.signs):
            if not sign.sources:
                seen = self._say("sign.none")
            elif not sign.times:
                seen = self._say("sign.held", sources=self.number(sign.sources))
            else:
                seen = self._say("sign.seen", times=self.number(sign.times), share=self.share(sign.share),
                                 sources=self.number(sign.sources))  # fmt: skip
            yield self._say(f"sign.{at}"), seen

    def rehearsed(self) -> Iterator[tuple[str, str, str]]:
        """Name, as it was rehearsed, as it came."""
        before, figures = self._report.rehearsal, self._report.figures
        if before is None:
            return
        first = before.first_sound_p95_ms
        yield self._say("rehearsed.listeners"), self.number(before.listeners), self._figure(figures["peak"])
        yield self._say("rehearsed.joins"), self.number(before.joins_per_s), self.number(self._report.joins_per_s)
        yield (
            self._say("rehearsed.first"),
            "" if first is None else self.number(first),
            self.number(figures["first_sound_ms"].value),
        )

    def unknown(self) -> Iterator[str]:
        if self._report.verdict.cover < 1.0 - 0.005:
            yield self._say("unknown.cover", share=self.share(1 - self._report.verdict.cover))
        if any(one.at_least for one in self._report.figures.values()):
            yield self._say("unknown.cache")
        if self._report.silent:
            yield self._say("unknown.silent", servers=", ".join(self._report.silent))
        if self._report.final and self._report.recording and not self._report.recording.complete:
            yield self._say("unknown.recording")
        for name in ("before", "mimicry", "people", "clocks"):
            yield self._say(f"unknown.{name}")

    def changes(self) -> Iterator[str]:
        verdict, fault = self._report.verdict, fault_of(self._report)
        if fault is not None:
            yield self._say(f"change.{fault.value}")
        elif verdict.finding is Outcome.POPULARITY:
            yield self._say(f"change.POPULARITY.{verdict.loads[0].resource.value}")
        else:
            yield self._say(f"change.{verdict.finding.value}")
        if self._report.interruptions:
            yield self._say("change.interruptions")

    @property
    def doubtful(self) -> bool:
        return self._report.verdict.cover < LEAST_COVER

    def plots(self) -> Iterator[tuple[str, Markup]]:
        course = self._report.course
        steps, step_s = course.steps, course.step_s
        begin_s = self._report.doors_ms // 1000
        xs = [max(0.0, (course.since_s + at * step_s - begin_s) / 60) for at in range(len(steps))]
        yield self._plot("demand", xs, wanted=[one.hearing + one.waiting for one in steps],
                         listening=[one.hearing for one in steps])  # fmt: skip
        yield self._plot("joins", xs, let_in=[one.joins / step_s for one in steps],
                         turned=[one.turned_away / step_s for one in steps])  # fmt: skip
        if self._report.verdict.loads:
            at = list(Resource).index(self._report.verdict.loads[0].resource)
            used = [one.used[at] if at < len(one.used) and one.used[at] >= 0 else None for one in steps]
            lines: dict[str, Sequence[float | None]] = {"in_use": used, "room": [1.0] * len(steps)}
            if self._report.verdict.accuses:
                pairs = zip(used, steps, strict=True)
                lines["without"] = [None if share is None else share - one.hostile[at] for share, one in pairs]
            yield self._plot("used", xs, title=self._say("plot.used", resource=self.resource()), **lines)
        yield self._plot("sound", xs, first=[_first_s(one) for one in steps],
                         missed=[one.skipped * 0.32 / step_s for one in steps])  # fmt: skip

    def _plot(
        self, name: str, xs: Sequence[float], title: str = "", **lines: Sequence[float | None]
    ) -> tuple[str, Markup]:
        title = title or self._say(f"plot.{name}")
        series = {self._say(f"plot.{line}"): values for line, values in lines.items()}
        return title, plot(title, xs, series, x_name=self._say("plot.x"))


def _first_s(step: Step) -> float | None:
    found = delays.quantile(step.first_sound, FIRST_SOUND_SHARE)
    return None if found is None else found.high_ms / 1000
