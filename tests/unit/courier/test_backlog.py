"""What a destination of a simulcast gets when: pictures give way, sound is put off."""

from __future__ import annotations

from stentor.base.grid import CHUNK_MS
from stentor.courier.simulcast.backlog import GAP_MS, KEPT_MS, KEPT_PICTURES_BYTES, WHOLE_MS, DestinationQueue
from stentor.courier.simulcast.line import Sent
from stentor.courier.simulcast.video import EncodedPicture

SIZE = 1000
PICTURE_MS, KEY_MS = 100, 2000


def put(backlog: DestinationQueue, begin_ms: int, end_ms: int, *, late: bool = False, picture: bytes = b"p") -> None:
    """Sound and pictures of a time, each when it is heard or seen; no pictures where one has no bytes."""
    made = [Sent(at, [b"s"], [b"o"]) for at in range(-(-begin_ms // CHUNK_MS) * CHUNK_MS, end_ms, CHUNK_MS)]
    for at in range(begin_ms, end_ms, PICTURE_MS) if picture else ():
        made.append(Sent(at, [], [], EncodedPicture(picture, at % KEY_MS == 0)))
    for sent in sorted(made, key=lambda each: each.at_ms):
        backlog.put(sent, sent.at_ms / 1000, late=late)


def taken(backlog: DestinationQueue, now_s: float, until_s: float) -> list[tuple[float, Sent]]:
    """What a line takes that takes everything at once, and when."""
    got = []
    while (wait_s := backlog.wait_s(now_s)) is not None and now_s + wait_s < until_s:
        now_s += wait_s
        got.append((now_s, backlog.take()))
        backlog.sent(SIZE, now_s)
        backlog.confirmed(0)
    return got


def sound(got: list[tuple[float, Sent]]) -> list[int]:
    return [sent.at_ms for _, sent in got if sent.picture is None]


def test_what_was_missed_comes_later_and_not_too_fast() -> None:
    """All sound in its order, half as fast again as it is heard; pictures too, the first of which stands alone. A radio
    server gets it as fast as it is heard, and stays later."""
    for speed, end_s in ((1.5, 60.0), (1.0, 60.0)):
        backlog = DestinationQueue()
        backlog.begin(0.0, speed)
        put(backlog, 0, 2000)
        assert sound(taken(backlog, 1.95, 1.96)) == [0, 320, 640, 960, 1280, 1600, 1920]
        backlog.end()
        put(backlog, 2000, 32_000)
        assert backlog.behind_ms > 29_000
        backlog.begin(32.0, speed)
        got = taken(backlog, 32.0, end_s)
        assert sound(got) == list(range(2240, 2240 + len(sound(got)) * CHUNK_MS, CHUNK_MS))
        assert got[-1][0] - got[0][0] >= (got[-1][1].at_ms - got[0][1].at_ms) / 1000 / speed - 0.01
        pictures = [sent for _, sent in got if sent.picture is not None]
        assert pictures[0].picture is not None
        assert pictures[0].picture.key
        assert len(pictures) > 200
        assert backlog.dropped == 0
        assert (backlog.behind_ms == 0) is (speed > 1)


def test_what_nobody_confirmed_is_sent_once_more() -> None:
    """Also what was on its way when the line broke; not what was confirmed."""
    backlog = DestinationQueue()
    backlog.begin(0.0, 1.5)
    put(backlog, 0, 2000, picture=b"")
    for _ in range(4):
        backlog.take()
        backlog.sent(SIZE, 1.0)
    assert backlog.take().at_ms == 1280
    backlog.confirmed(2 * SIZE - 1)  # of the last two, and not whole
    backlog.end()
    backlog.begin(2.0, 1.5)
    assert sound(taken(backlog, 2.0, 9.0)) == [640, 960, 1280, 1600, 1920]
    assert not backlog.behind_ms
    assert backlog.empty


def test_a_slow_line_gets_no_pictures_until_it_has_caught_up() -> None:
    """And after that from one on that stands alone. Its sound waits."""
    backlog = DestinationQueue()
    backlog.begin(0.0, 1.5)
    put(backlog, 0, 400)
    backlog.take()  # and the line does not take it
    put(backlog, 400, 6000)
    assert backlog.dropped > 30
    backlog.sent(SIZE, 6.0)
    put(backlog, 6000, 8000)
    got = taken(backlog, 8.0, 30.0)
    assert [sent for _, sent in got if sent.picture is not None] == []
    assert sound(got) == list(range(320, 8000, CHUNK_MS))
    put(backlog, 8000, 10_000)
    assert [sent.picture.key for _, sent in taken(backlog, 10.0, 30.0) if sent.picture][:2] == [True, False]


def test_a_line_that_loses_datagrams_gets_no_pictures() -> None:
    """It says so itself, and when it has them again the first stands alone."""
    backlog = DestinationQueue()
    backlog.begin(0.0, 1.0)
    put(backlog, 0, 1000, late=True)
    assert backlog.dropped == 10
    taken(backlog, 1.0, 1.1)
    put(backlog, 1000, 3000)
    keys = [sent.picture.key for _, sent in taken(backlog, 3.0, 30.0) if sent.picture is not None]
    assert keys == [True] + [False] * 9


def test_what_waits_has_an_end() -> None:
    """Ten minutes of sound; after a minute only pictures that stand alone, and never more than so many bytes."""
    backlog = DestinationQueue()
    backlog.begin(0.0, 1.5)
    put(backlog, 0, 100)
    taken(backlog, 0.1, 0.2)
    backlog.end()
    put(backlog, 100, 2 * WHOLE_MS)
    waiting = [each for each in backlog._queue if each.picture is not None]
    assert sum(not each.picture.key for each in waiting if each.picture) <= WHOLE_MS / PICTURE_MS
    assert len(waiting) < WHOLE_MS / PICTURE_MS + WHOLE_MS / KEY_MS + 2
    assert backlog.lost_ms == 0
    put(backlog, 2 * WHOLE_MS, KEPT_MS + 2 * GAP_MS)
    assert backlog.lost_ms in (2 * GAP_MS, 3 * GAP_MS)
    assert backlog.behind_ms <= KEPT_MS
    put(backlog, KEPT_MS + 2 * GAP_MS, KEPT_MS + 4 * GAP_MS, picture=bytes(KEPT_PICTURES_BYTES // 4))
    assert backlog._picture_bytes <= KEPT_PICTURES_BYTES
    backlog.begin(1000.0, 1.0)
    first = next(sent for _, sent in taken(backlog, 1000.0, 2000.0) if sent.picture is None)
    assert first.at_ms >= backlog.lost_ms
