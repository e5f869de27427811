"""Nights of recorded rows: a crowd as it was, somebody hostile as they were, mixed in known parts.

What was recorded each for itself (``tests.support.recording``) is put together second by second: so many times the
crowd, so many times the attack, so many times those who are outside as they were where there was no room. How much the
edge has follows from what is to be full, and who comes in is decided by that. The truth is the parts of the mixture and
the ledgers of the takes. What a request costs is drawn anew for each night, as in :mod:`tests.support.nights`; so are
processor time and lag, since the takes are of one machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from stentor.evidence.kinds import Kind
from stentor.evidence.load import Resource
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond
from stentor.evidence.sources import COSTLIEST, KindSum, ReachSum
from tests.support.nights import ATTACKS, BEGAN_MS, ROOMY, SPACE, Costs, Ledger, Night, Replay, Truth, is_full
from tests.support.recording import Take, kept

SECONDS = 30
SETTLED_S = 20
"""An attack that was recorded for less time goes on as it was from there on."""
OUTSIDE = 10
"""Seconds of a take with fewer outside say little of what each of them does."""


@dataclass(frozen=True)
class Moment:
    """A second of a take."""

    row: EdgeSecond
    hears: int
    outside: int
    """Who wants to hear, and does not."""

    def takes(self, resource: Resource, costs: Costs) -> float:
        if resource is Resource.PLACES:
            return float(self.hears)
        if resource is Resource.CONNECTIONS:
            return float(self.row.open)
        row = self.row
        return row.requests * costs.request + row.accepted * costs.connection + self.hears * costs.listener


@cache
def takes() -> Mapping[tuple[str, str], list[Moment]]:
    """By way and name."""
    return {(one.way, one.name): moments(one) for one in kept()}


def moments(one: Take) -> list[Moment]:
    side = 1 if one.way == "attack" else 0
    return [
        Moment(row, told.hears[side], max(0, told.wants[side] - told.hears[side]) if not side else 0)
        for row, told in zip(one.rows, one.ledger, strict=True)
    ]


def crowds() -> list[str]:
    return [name for way, name in takes() if way == "room"]


def attacks() -> list[str]:
    return [name for way, name in takes() if way == "attack" and name in ATTACKS]


def replay(night: Night) -> Replay:
    """The rows of the night, and its truth."""
    return _Mixture(night).run()


class _Mixture:
    def __init__(self, night: Night) -> None:
        self.night, self.chance = night, random.Random(night.seed)
        self.costs, self.resource = Costs(self.chance), night.resource
        self.crowd = takes()["room", night.crowd]
        self.people = self.chance.uniform(1.5, 5.0)
        """Times the crowd."""
        self.begins = self.chance.randrange(2, 6)
        self.attack = takes()["attack", night.attack] if night.share else []
        self.alone = Ledger()
        for second in range(SECONDS):
            for each in Resource:
                self.alone.took[each][second][False] = self.people * self._crowd(second).takes(each, self.costs)
        wanted = sorted(self.alone.took[self.resource][second][False] for second in range(SECONDS))
        level = sum(wanted[-SECONDS // 4 :]) / len(wanted[-SECONDS // 4 :])
        self.hostile = 0.0
        """Times the attack."""
        if night.share:
            usual = [one.takes(self.resource, self.costs) for one in self.attack[5:]]
            self.hostile = level * night.share / (1 - night.share) / (sum(usual) / len(usual))
        self.room = self._room(level / (1 - night.share) / night.load)
        self.outside = self._outside()
        self.ledger = Ledger()
        self.inside = {False: 0.0, True: 0.0}
        self.busy = 0.0
        self.rows: list[EdgeSecond] = []

    def _crowd(self, second: int) -> Moment:
        return self.crowd[min(second, len(self.crowd) - 1)]

    def _sender(self, second: int) -> Moment | None:
        at = second - self.begins
        if at < 0 or not self.attack:
            return None
        if at >= len(self.attack):
            again = self.attack[min(SETTLED_S, len(self.attack) - 2) :]
            return again[(at - len(self.attack)) % len(again)]
        return self.attack[at]

    def _room(self, most: float) -> dict[Resource, float]:
        """Of what is to be full as given, of the others enough, but not too much."""
        peaks = {each: max(side[False] for side in self.alone.took[each]) for each in Resource}
        besides = {each: max((one.takes(each, self.costs) for one in self.attack), default=0.0) for each in Resource}
        room = {each: ROOMY * max(1.0, peaks[each]) + 1.5 * self.hostile * besides[each] for each in Resource}
        room[self.resource] = max(1.0, most)
        if self.resource is not Resource.PROCESSOR:
            usual = sum(side[False] for side in self.alone.took[Resource.PROCESSOR][SECONDS - 10 : SECONDS]) / 10
            used = usual * (0.35 + min(1.0, most / max(1.0, peaks[self.resource])))
            if self.attack:
                theirs = sum(one.takes(Resource.PROCESSOR, self.costs) for one in self.attack) / len(self.attack)
                used += self.hostile * theirs
            room[Resource.PROCESSOR] = used * self.chance.uniform(1.1, 1.35)  # no limit that was set too low
        return room

    def _outside(self) -> list[Moment]:
        """Seconds of a crowd that had no room: the same crowd, where it was recorded so."""
        way = "connections" if self.resource is Resource.CONNECTIONS else "places"
        these = takes().get((way, self.night.crowd))
        if these is None:
            these = takes()[self.chance.choice([key for key in takes() if key[0] == way])]
        return [one for one in these if one.outside >= OUTSIDE]

    def run(self) -> Replay:
        for second in range(SECONDS):
            self._second(second)
        truths = [_truth(self.ledger, each, self.room[each], self.alone) for each in Resource if self.room.get(each)]
        truth = max(truths, key=lambda truth: (truth.full_seconds, truth.total))
        return Replay(self.night, self.rows, truth, self.ledger)

    def _second(self, second: int) -> None:
        guests, sender = self._crowd(second), self._sender(second)
        here, theirs = self._let_in(guests, sender)
        out = self.people * guests.hears - here * self.people * guests.hears
        if self.resource is Resource.CONNECTIONS:
            out = (1 - here) * self.people * (guests.hears + guests.row.spaces[""].asking)
        people = _times(_ordinary(guests.row, here), self.people, self.chance)
        waiting = _empty()
        if out > 0 and self.outside:
            one = self.chance.choice(self.outside)
            self.ledger.told[second] = round(out * one.row.turned_away.get("waiting", 0) / one.outside)
            waiting = _times(_beyond(one.row), out / one.outside, self.chance)
        audience_us = _us(people, self.people * here * guests.hears, self.costs) + _us(waiting, 0.0, self.costs)
        bad = _empty()
        if sender is not None:
            left = self.room[Resource.PROCESSOR] - audience_us
            wanted = self.hostile * sender.takes(Resource.PROCESSOR, self.costs)
            pace = 1.0 if left >= wanted or not wanted else max(0.02, left / wanted)
            bad = _times(_paced(_all(sender.row), theirs, pace), self.hostile, self.chance)
        bad_us = _us(bad, self.hostile * theirs * sender.hears if sender else 0.0, self.costs)
        most = self.room[Resource.PROCESSOR]
        if audience_us + bad_us > most:  # what is too much is left for later
            share = most / (audience_us + bad_us)
            people, waiting, bad = (_times(one, share, self.chance, standing=False) for one in (people, waiting, bad))
            audience_us, bad_us = audience_us * share, bad_us * share
        self._note(second, guests, sender, here, theirs, audience_us, bad_us)
        self.busy = (audience_us + bad_us) / most
        self.rows.append(self._row(second, [people, waiting, bad]))

    def _let_in(self, guests: Moment, sender: Moment | None) -> tuple[float, float]:
        """The share of the crowd that is inside, and of the hostile sources."""
        if self.resource is Resource.PROCESSOR:
            wanted = self.people * guests.hears
            before = self.inside[False]
            self.inside[False] = min(wanted, before) if self.busy >= 0.9 else wanted
            return (self.inside[False] / wanted if wanted else 1.0), 1.0
        wants = {False: self.people * guests.takes(self.resource, self.costs), True: 0.0}
        if sender is not None:
            wants[True] = self.hostile * sender.takes(self.resource, self.costs)
        inside = {side: min(self.inside[side], wants[side]) for side in wants}
        free = self.room[self.resource] - sum(inside.values())
        asking = sum(wants.values()) - sum(inside.values())
        share = min(1.0, max(0.0, free) / asking) if asking > 0 else 0.0
        self.inside = {side: inside[side] + share * (wants[side] - inside[side]) for side in wants}
        here, theirs = (self.inside[side] / wants[side] if wants[side] else 1.0 for side in (False, True))
        return here, theirs

    def _note(
        self, second: int, guests: Moment, sender: Moment | None, here: float, theirs: float, audience_us: float,
        bad_us: float,
    ) -> None:  # fmt: skip
        took = self.ledger.took
        took[Resource.PROCESSOR][second] = {False: audience_us, True: bad_us}
        for each in (Resource.PLACES, Resource.CONNECTIONS):
            took[each][second] = {
                False: here * self.people * guests.takes(each, self.costs),
                True: theirs * self.hostile * sender.takes(each, self.costs) if sender else 0.0,
            }

    def _row(self, second: int, parts: Sequence[dict[str, Any]]) -> EdgeSecond:
        whole = _sum(parts)
        busy = min(1.0, self.busy)
        cpu_ms = round(1000 * busy) if busy < 1 else round(1000 * self.chance.uniform(0.93, 1.0))
        places, connections = (round(min(1e9, self.room[each])) for each in (Resource.PLACES, Resource.CONNECTIONS))
        kinds = [msgspec.convert(one, KindSum) for one in whole["kinds"]]
        hearing, asking, lobby, joins = whole["space"]
        return EdgeSecond(
            "edge-0", BEGAN_MS + 1000 * second, whole["open"], whole["accepted"], whole["requests"], whole["full"],
            whole["crowded"], whole["hasty"], whole["malformed"], whole["failed"], replies=whole["replies"],
            turned_away={reason: times for reason, times in whole["turned_away"].items() if times},
            cpu_ms=cpu_ms, lag_ms=round(100 * busy**8),
            spaces={SPACE: SpaceSecond(hearing=min(hearing, places), asking=asking, lobby=lobby, joins=joins)},
            costliest=sorted(whole["costliest"], key=lambda one: -sum(one[1:]))[:COSTLIEST],
            stages=[msgspec.convert(one, ReachSum) for one in whole["stages"]], kinds=kinds,
            room=EdgeRoom(places, connections, 0, 1000),
        )  # fmt: skip


FIELDS = ("open", "accepted", "requests", "full", "crowded", "hasty", "malformed", "failed")
STANDING = ("open", "space")
"""What stands at the end of the second, and is not done in it."""


def _all(row: EdgeSecond) -> dict[str, Any]:
    """A row in parts that can be multiplied and added."""
    one = row.spaces[""]
    return {
        **{name: getattr(row, name) for name in FIELDS},
        "replies": list(row.replies) or [0] * 5,
        "turned_away": dict(row.turned_away),
        "space": [one.hearing, one.asking, one.lobby, one.joins],
        "costliest": [list(each) for each in row.costliest],
        "stages": msgspec.to_builtins(row.stages),
        "kinds": msgspec.to_builtins(row.kinds),
    }


def _empty() -> dict[str, Any]:
    return {
        **dict.fromkeys(FIELDS, 0), "replies": [0] * 5, "turned_away": {}, "space": [0] * 4, "costliest": [],
        "stages": [], "kinds": [],
    }  # fmt: skip


def _ordinary(row: EdgeSecond, here: float) -> dict[str, Any]:
    """Of a crowd that had room so many are inside; what all did who came, they do also outside."""
    found = _all(row)
    listening = found["kinds"][Kind.LISTENING]
    found["kinds"][Kind.LISTENING] = _scaled(listening, here, None)
    lost = [(1 - here) * listening[number] for number in (1, 2, 3)]
    for name, less in zip(("requests", "accepted", "open"), lost, strict=True):
        found[name] = max(0.0, found[name] - less)
    found["space"] = [here * each for each in found["space"]]
    return found


def _beyond(row: EdgeSecond) -> dict[str, Any]:
    """Of a crowd that had no room what those did who were outside."""
    found = _empty()
    whole = _all(row)
    kinds: list[Any] = [[0] * 10 + [None, 0, 0, None, 0] for _ in whole["kinds"]]
    for number, one in enumerate(whole["kinds"]):
        if number in (Kind.WAITING, Kind.NEW):
            kinds[number] = one
            continue
        kind = msgspec.convert(one, KindSum)
        asked, came = kind.waits + kind.again, kind.anew
        told = KindSum(
            requests=asked, connections=came, waits=kind.waits, anew=came, again=kind.again, hls=kind.hls,
            barred=kind.barred, outside=kind.outside,
        )  # fmt: skip
        kinds[number] = msgspec.to_builtins(told)
    found["kinds"] = kinds
    found["requests"] = sum(one[1] for one in kinds)
    found["accepted"] = sum(one[2] for one in kinds)
    found["open"] = sum(one[3] for one in kinds)
    found["full"], found["turned_away"] = row.full, dict(row.turned_away)
    found["space"] = [0, 0, row.spaces[""].lobby, 0]
    return found


def _paced(one: dict[str, Any], there: float, pace: float) -> dict[str, Any]:
    """Of senders so many got what they hold, and they do so much of what they would."""
    found = {
        name: value if name == "costliest" else _scaled(value, pace, None)
        for name, value in one.items()
        if name not in (*STANDING, "kinds")
    }
    found["open"], found["space"] = there * one["open"], [there * each for each in one["space"]]
    kinds = []
    for kind in one["kinds"]:
        scaled = _scaled(kind, pace, None)
        scaled[0], scaled[3], scaled[4] = (there * kind[number] for number in (0, 3, 4))
        scaled[10], scaled[13] = (_late(kind[number], there, pace) for number in (10, 13))
        kinds.append(scaled)
    found["kinds"] = kinds
    return found


def _late(late: list[float] | None, there: float, pace: float) -> list[float] | None:
    """Of what they had done before they were known: sources, seconds, requests, connections, what they held."""
    return [one * by for one, by in zip(late, (there, there, pace, pace, there, there), strict=True)] if late else None


def _times(one: dict[str, Any], by: float, chance: random.Random, *, standing: bool = True) -> dict[str, Any]:
    """So many times that; without ``standing`` only of what is done."""
    found = {}
    for name, value in one.items():
        if name == "costliest" or (not standing and name in STANDING):
            found[name] = value
        elif name == "kinds" and not standing:
            found[name] = [[*kind[:1], *_scaled(kind[1:3], by, chance), *kind[3:]] for kind in value]
        else:
            found[name] = _scaled(value, by, chance)
    return found


def _scaled(value: Any, by: float, chance: random.Random | None) -> Any:
    """Numbers, in lists and dictionaries; rounded by chance where there is one."""
    if isinstance(value, list):
        return [_scaled(each, by, chance) for each in value]
    if isinstance(value, dict):
        return {key: _scaled(each, by, chance) for key, each in value.items()}
    if value is None:
        return None
    return int(value * by + chance.random()) if chance else value * by


def _us(one: dict[str, Any], hears: float, costs: Costs) -> float:
    return float(one["requests"] * costs.request + one["accepted"] * costs.connection + hears * costs.listener)


def _sum(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = _empty()
    for part in parts:
        whole = {name: _added(whole[name], part[name], name) for name in whole}
    return whole


def _added(one: Any, other: Any, name: str = "") -> Any:
    if name == "costliest":
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
        return [_added(each, shorter[at]) if at < len(shorter) else each for at, each in enumerate(longer)]
    if isinstance(one, dict):
        return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _truth(ledger: Ledger, resource: Resource, most: float, alone: Ledger) -> Truth:
    """As in :mod:`tests.support.nights`, of a night of so many seconds."""
    took = ledger.took[resource][:SECONDS]
    totals = [(side[False] + side[True]) / most for side in took]
    full = [second for second, total in enumerate(totals) if is_full(ledger, resource, second, total)]
    judged = full if len(full) >= 3 else sorted(range(SECONDS), key=lambda second: -totals[second])[:5]
    done = sum(totals[second] for second in judged) / len(judged)
    most *= max(1.0, done)
    audience = sum(alone.took[resource][second][False] for second in judged) / most / len(judged)
    hostile = sum(took[second][True] for second in judged) / most / len(judged)
    return Truth(resource, audience, hostile, len(full), max(min(1.0, done), audience + hostile), "")
