"""Who listens: bounded, and a slow client costs nobody else anything."""

from __future__ import annotations

import pytest

from stentor.base.errors import Overloaded
from stentor.house.streaming import hub as hubs
from stentor.house.streaming.hub import END, MOST_OF_ACCOUNT, MOST_WAITING, REMEMBERED, Hub, StreamClient
from stentor.house.streaming.messages import StreamEvent
from stentor.social.streams import USER, StreamKind, StreamName


def client(me: int = 1) -> StreamClient:
    made = StreamClient(me, lambda event, _: event.line())
    made.names.add(USER)
    return made


async def test_who_is_too_slow_is_dropped_and_nobody_else() -> None:
    """What waits for it is thrown away, it is told to go, and counted once."""
    hub, slow, quick = Hub(), client(), client(2)
    for each in (slow, quick):
        hub.join(each)
    for number in range(2 * MOST_WAITING):
        event = StreamEvent("update", f"{number}")
        for each in (slow, quick):
            hub.tell(each, event, USER)
        assert quick.waiting.get_nowait() == event.line()
    assert slow.dropped
    assert not quick.dropped
    assert slow.waiting.get_nowait() == END
    assert slow.waiting.empty()
    assert hub.numbers() == {"streams_open": 2, "streams_told": 3 * MOST_WAITING, "streams_dropped": 1}


async def test_there_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one account, and of all; who leaves makes room, and leaving twice is no error."""
    monkeypatch.setattr(hubs, "MOST_CLIENTS", MOST_OF_ACCOUNT + 1)
    hub, mine = Hub(), [client() for _ in range(MOST_OF_ACCOUNT)]
    for each in mine:
        hub.join(each)
    with pytest.raises(Overloaded) as refused:
        hub.join(client())
    assert (refused.value.status, refused.value.error_code) == (429, "too-many-streams")
    hub.join(client(2))
    with pytest.raises(Overloaded) as full:
        hub.join(client(3))
    assert full.value.status == 503
    for _ in range(2):
        hub.leave(mine[0])
    hub.join(client(3))
    for number in (1, 2, 3):
        for one in hub.clients(number):
            hub.leave(one)
    assert not hub.came.is_set()
    assert not hub.people


async def test_a_client_remembers_what_it_was_told() -> None:
    """The newest, and only in streams that it still follows."""
    hub, mine, tag = Hub(), client(), StreamName(StreamKind.TAG, "radio")
    mine.names.add(tag)
    for number in range(REMEMBERED + 1):
        hub.tell(mine, StreamEvent("update", "{}"), USER, number)
        mine.waiting.get_nowait()
    hub.tell(mine, StreamEvent("update", "{}"), tag, 7)
    assert mine.told_of(0) == set()
    assert mine.told_of(7) == {USER, tag}
    mine.names.discard(tag)
    assert mine.told_of(7) == {USER}


def test_an_event_says_which_stream_it_is_of() -> None:
    """Over WebSocket with the payload as text; as a line of events without."""
    event = StreamEvent("update", '{"id":"1"}')
    framed = event.frame(StreamName(StreamKind.TAG, "radio"))
    assert framed[2:] == b'{"stream":["hashtag","radio"],"event":"update","payload":"{\\"id\\":\\"1\\"}"}'
    assert framed[:2] == bytes([0x81, len(framed) - 2])
    assert event.line() == b'event: update\ndata: {"id":"1"}\n\n'
    assert StreamEvent("filters_changed").frame(USER)[2:] == b'{"stream":["user"],"event":"filters_changed"}'
    assert StreamEvent("filters_changed").line() == b"event: filters_changed\ndata: undefined\n\n"
