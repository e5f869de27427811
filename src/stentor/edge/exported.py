"""What ``/metrics`` says besides the edges: of all other processes, and of each space on air."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from stentor.base import vitals
from stentor.bus.installation import Installation
from stentor.bus.status import Status
from stentor.edge.channel import Channel
from stentor.spaces.lights import Color

PROCESS: Final = ["role", "process"]
LIGHT: Final = {Color.OFF: 0.0, Color.GREEN: 1.0, Color.YELLOW: 2.0, Color.RED: 3.0}


class NumberExported(NamedTuple):
    """A number of the heartbeats of one role, or of all (``role`` empty)."""

    name: str
    """Behind ``stentor_``; a counter's without ``_total``."""
    text: str
    role: str
    number: str
    """Its name in the heartbeat."""
    counter: bool = False


NUMBERS: Final = (
    NumberExported("process_memory_bytes", "Memory in use.", "", vitals.MEMORY),
    NumberExported("process_cpu_ratio", "Processors in use, over ten seconds; 1 is all of one.", "", vitals.PROCESSOR),
    NumberExported("process_age_seconds", "Since it was started.", "", vitals.AGE),
    NumberExported("process_starts", "How often it was started since the supervisor began.", "", vitals.STARTED, True),
    NumberExported("stage_seats", "People connected to this stage.", "stage", "seats"),
    NumberExported("stage_load_ratio", "Share of a processor that mixing takes.", "stage", "tick_load"),
    NumberExported(
        "stage_skipped_ticks", "Ticks of 20 ms that came too late to be mixed.", "stage", "skipped_ticks", True
    ),
    NumberExported("programme_backlog", "Chunks made that the bus has not taken.", "programme", "backlog"),
    NumberExported("programme_dropped", "Chunks lost since the bus did not take them.", "programme", "dropped", True),
    NumberExported("archive_recordings", "Recordings under way, or being completed.", "archive", "recordings"),
    NumberExported("archive_gaps", "Chunks missing in recordings.", "archive", "gaps", True),
    NumberExported(
        "archive_store_retries", "Writes to the object store that failed.", "archive", "store_retries", True
    ),
    NumberExported("captions_waiting", "Pieces of speech that wait for recognition.", "captions", "waiting"),
    NumberExported("captions_failed", "Pieces of speech that could not be recognised.", "captions", "failed", True),
    NumberExported("house_jobs_waiting", "Jobs that wait, such as deletions.", "house", "jobs_waiting"),
    NumberExported("house_mail_waiting", "Mails that wait to be sent.", "house", "mail_waiting"),
    NumberExported("house_streams", "Connections of apps that are told what happens.", "house", "streams_open"),
    NumberExported(
        "house_streams_dropped", "Of them those that were too slow, and closed.", "house", "streams_dropped", True
    ),
    NumberExported(
        "house_refused", "Requests refused: all places for them were taken.", "house", "public_refused", True
    ),
)


def families(
    edges: Iterable[Status], found: Installation, channels: Mapping[str, Channel], hidden: Callable[[str], bool]
) -> Iterator[Metric]:
    """All of them, also those without a value now. Private spaces (``hidden``) are not named."""
    edges = list(edges)
    yield from _processes(edges, found)
    yield from _lag(found, hidden)
    yield from _spaces(found, channels, hidden)


def _processes(edges: list[Status], found: Installation) -> Iterator[Metric]:
    up = GaugeMetricFamily("stentor_process_up", "1 for each process that is heard.", labels=PROCESS)
    wrong = GaugeMetricFamily("stentor_process_problem", "1 where it says that something is wrong.", labels=PROCESS)
    every = [(one.role, one.instance, one.numbers, bool(one.problem)) for one in edges]
    every += [(one.role, one.instance, one.numbers, one.problem) for one in found.processes]
    for role, instance, _, problem in every:
        up.add_metric([role, instance], 1)
        wrong.add_metric([role, instance], float(problem))
    yield from (up, wrong)
    for each in NUMBERS:
        kind = CounterMetricFamily if each.counter else GaugeMetricFamily
        family = kind(f"stentor_{each.name}", each.text, labels=PROCESS)
        for role, instance, numbers, _ in every:
            if each.role in ("", role) and each.number in numbers:
                family.add_metric([role, instance], numbers[each.number])
        yield family


def _lag(found: Installation, hidden: Callable[[str], bool]) -> Iterator[Metric]:
    """Of two programmes or archives the one that is ahead counts: the other stands by."""
    family = GaugeMetricFamily("stentor_space_lag_seconds", "How far behind it is.", labels=["space", "role"])
    least: dict[tuple[str, str], int] = {}
    for process in found.processes:
        for space, lag_ms in process.lag_ms.items():
            if not hidden(space):
                least[space, process.role] = min(lag_ms, least.get((space, process.role), lag_ms))
    for (space, role), lag_ms in least.items():
        family.add_metric([space, role], lag_ms / 1000)
    yield family


def _spaces(found: Installation, channels: Mapping[str, Channel], hidden: Callable[[str], bool]) -> Iterator[Metric]:
    light = GaugeMetricFamily(
        "stentor_space_light", "Of a space on air: 0 off, 1 green, 2 yellow, 3 red.", labels=["space", "light"]
    )
    for space, shown in found.lights.items():
        for name, color in shown.items() if not hidden(space) else ():
            light.add_metric([space, name], LIGHT[Color(color)])
    yield light
    state = GaugeMetricFamily("stentor_space_state", "1 for the state that it is in.", labels=["space", "state"])
    door = GaugeMetricFamily(
        "stentor_space_door_ratio", "Share of those who ask that are let in; 1: the door is open.", labels=["space"]
    )
    for space, channel in sorted(channels.items()):
        if channel.space.on_air and not hidden(space):
            state.add_metric([space, channel.space.state.value], 1)
            door.add_metric([space], channel.orders.p)
    yield from (state, door)
