"""One report of many processes, and its page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Tree

import msgspec

from stentor.rehearsal.order import CrowdMix, CrowdTally, Format, Moment
from stentor.rehearsal.page import page
from stentor.rehearsal.rehearsed import Rehearsed, by_second


def report(**changes: object) -> Rehearsed:
    found = Rehearsed(
        address="http://localhost:8081", space="talk", curve="step", within_s=2, for_s=5, seed=1, processes=2,
        began_ms=1_900_000_000_000, listeners=20, mix=CrowdMix({Format.AAC: 1.0}),
    )  # fmt: skip
    return msgspec.structs.replace(found, **changes)


def tally(**changes: object) -> CrowdTally:
    looks = [Moment(1.0, 4, 1, 0, 1, 0, 0, 0, 100), Moment(2.0, 10, 8, 1, 9, 1, 0, 2, 900)]
    found = CrowdTally(come=10, playing=8, heard=9, ways={"live.aac": 9}, first=[(0.5, 0.1), (1.1, 0.3)], moments=looks)
    return msgspec.structs.replace(found, **changes)


def test_processes_are_put_together_second_by_second() -> None:
    """Counts of a second are differences; what one process has not said yet is not made up."""
    first, second = by_second([tally().moments, tally().moments[:1]], tally().first)
    assert (first.came, first.playing, first.first_ms) == (8, 2, (100.0, 100.0, 100.0))
    assert (second.came, second.playing, second.refused, second.stalls) == (6, 9, 1, 2)


def test_waiting_at_the_door_is_no_fault() -> None:
    """Who was told to wait and did not get in is counted and shown; who was told nothing is a complaint."""
    told = report()
    told.judge([tally(waited=1, left_waiting=1), tally()])
    assert (told.come, told.heard, told.left_waiting, told.complaints) == (20, 18, 1, [])
    told.judge([tally(unheard=1), tally(refused=3)])
    assert told.complaints == ["1 of 20 never heard anything.", "3 times nobody was let in."]


def test_a_crowd_of_which_everybody_waited_shows_nothing() -> None:
    """A space whose doors are shut carries nobody well."""
    told = report()
    told.judge([tally(heard=0, playing=0, waited=10, left_waiting=10, first=[], moments=[])])
    assert told.complaints == ["Nobody was let in: open the doors of the space, and rehearse again."]


def test_a_report_says_what_it_says_nothing_about() -> None:
    """A plain http rehearsal of one format has not tested the others."""
    assert {"HLS players", "TLS", "slow lines", "speakers"} <= set(report().not_tested)
    driven = report(address="https://radio", mix=CrowdMix({Format.AAC: 1.0, Format.HLS: 1.0}, slow=0.1), speakers=2)
    assert not {"HLS players", "TLS", "slow lines", "speakers"} & set(driven.not_tested)
    assert driven.complaints == ["2 of 2 speakers did not get onto the stage."]


def test_the_page_loads_nothing() -> None:
    """One file with well-formed plots, without scripts and addresses to fetch, in which the name is text."""
    told = report(space="a<b")
    told.judge([tally(), tally()])
    text = page(told)
    for svg in re.findall("<svg.*?</svg>", text):
        Tree.fromstring(svg)
    assert text.count("<svg") == 5
    assert "<script" not in text
    assert "src=" not in text
    assert "href=" not in text
    assert "a&lt;b" in text
