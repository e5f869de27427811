"""A verdict in words. Who is not accused is not called an attacker anywhere in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stentor.evidence.load import Demand, Portion, Resource
from stentor.evidence.verdict import LEAST_COVER, NightVerdict, Sign

NAMES = {
    Resource.PLACES: "places for listeners",
    Resource.CONNECTIONS: "connections",
    Resource.PROCESSOR: "processor",
    Resource.LINE: "line",
}


def lines(verdict: NightVerdict) -> Iterator[str]:
    """The verdict first, then what it rests on."""
    yield f"{verdict.finding}. {verdict.reason}"
    for load in verdict.loads[:1]:
        yield from _load(load, verdict)
    away = ", ".join(f"{times:,} ({reason})" for reason, times in sorted(verdict.turned_away.items()))
    yield f"Turned away, times: {away or 'nobody'}."
    yield "Looked for, and what was found:"
    yield from (f"  {_sign(sign)}" for sign in verdict.signs)
    yield f"Seen: {verdict.cover:.0%} of the traffic, {verdict.rows:,} rows of {verdict.edges} edges."
    if verdict.cover < LEAST_COVER:
        yield (
            "The rest was not: edges said nothing for a time, or it came through a proxy that names nobody "
            "(X-Forwarded-For, STENTOR_TRUSTED_PROXIES)."
        )
    yield (
        "Not seen: what did not reach the edges, such as a line that is full before it. "
        "Who comes to do harm and listens is a listener here."
    )


def _load(load: Demand, verdict: NightVerdict) -> Iterator[str]:
    name = NAMES[load.resource]
    if load.full_seconds:
        yield f"Full: {name}, for {load.full_seconds:,} edges' seconds."
    else:
        yield f"Nothing was full; nearest to it: {name}, at {_percent(load.used)} in the busiest seconds."
    yield f"The audience, with those who waited: {_range(load.audience)} of what there is."
    of = next((one for one in verdict.loads if one.resource is verdict.by), load)
    if of is not load:
        yield f"Attackers: {_range(of.hostile)} of {NAMES[of.resource]}, which was at {_percent(of.used)}."
    elif verdict.accuses:
        yield f"Attackers: {_range(of.hostile)}."
    else:
        yield f"Sources that behaved as no audience does: {_range(of.hostile)}."
    yield f"Without these sources it would have stood at {_range(of.audience)} of capacity."


def _range(share: Portion) -> str:
    return f"{_percent(share)} ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _percent(share: Portion) -> str:
    return f"{100 * share.value:.0f} %"


def _sign(sign: Sign) -> str:
    if not sign.sources:
        return f"{sign.name}: none"
    sources = "1 source" if sign.sources == 1 else f"{sign.sources:,} sources"
    if not sign.times:  # they ask for nothing more, and keep what they have
        return f"{sign.name}: {sources} at most at once"
    return f"{sign.name}: {sign.times:,} requests and connections, {sign.share:.1%} of all, {sources} at most at once"
