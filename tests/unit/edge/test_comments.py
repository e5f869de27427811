"""Comments at the edge: one file for all readers, the door that says where, and what a crowded edge leaves out."""

from __future__ import annotations

import json

import msgspec
import pytest

from stentor.crowd.orders import Orders
from stentor.crowd.rungs import RUNGS, TOP
from stentor.edge.door import commenting, comments
from stentor.spaces.comments import NEWEST, Chat, ChatState, Comment
from stentor.spaces.model import Commenting, State
from tests.support.edge import DOORS_OPEN_MS, SPACE, edge, live_space

WRITTEN = Comment(7, "Ada", "ada", "", "</script><b>Hi</b>", DOORS_OPEN_MS)
CHAT = Chat(SPACE, 1, ChatState.OPEN, [WRITTEN])


async def test_one_file_for_everybody() -> None:
    """For caches for two seconds, the same bytes for all; new as soon as the house tells of a new one."""
    async with edge(chunks=1) as rig:
        rig.channel.chat = CHAT
        status, fields, body = await rig.get("/s/friday/comments.json")
        assert (status, fields["cache-control"]) == (200, "public, max-age=2")
        told = json.loads(body)
        assert told["comments"] == [msgspec.to_builtins(WRITTEN)]
        assert {"v": 1, "space": "friday", "state": "open", "slow_s": 5, "retry_s": [3, 6]}.items() <= told.items()
        assert (await rig.get("/s/friday/comments.json", f"If-None-Match: {fields['etag']}"))[0] == 304
        rig.channel.chat = msgspec.structs.replace(CHAT, version=2, comments=[])
        assert json.loads((await rig.get("/s/friday/comments.json"))[2])["comments"] == []
        assert (await rig.get("/s/friday/comments.json", method="POST"))[0] == 405


def test_whether_guests_may_write_travels_with_the_chat() -> None:
    """As the house says; one of before says nothing, and an edge of before does not look at it."""

    class ChatBefore(msgspec.Struct, frozen=True):
        space: str
        version: int
        state: ChatState
        comments: list[Comment]

    guest = Comment(-3, "Gina", "", "", "Hi", DOORS_OPEN_MS)
    chat = msgspec.structs.replace(CHAT, comments=[WRITTEN, guest], guests=True)
    assert json.loads(comments(live_space(), chat, 0))["guests"] is True
    assert json.loads(comments(live_space(), chat, 0))["comments"][1]["handle"] == ""
    old = msgspec.json.decode(msgspec.json.encode(chat), type=ChatBefore)
    assert old.comments == chat.comments
    assert msgspec.json.decode(msgspec.json.encode(old), type=Chat).guests is False


@pytest.mark.parametrize("rung", range(len(RUNGS)))
def test_a_crowded_edge_gives_them_up_first(rung: int) -> None:
    """Asked for more rarely on the first rung, not told at all above it; then they cost a hundred bytes."""
    space = live_space()
    told = json.loads(comments(space, CHAT, rung))
    door = commenting(space, rung, base="", house="http://house")
    assert (told["state"], bool(told["comments"]), door is not None) == (
        ("open", True, True) if rung < 2 else ("crowded", False, False)
    )
    assert rung == TOP or told["retry_s"][0] <= json.loads(comments(space, CHAT, rung + 1))["retry_s"][0]


@pytest.mark.parametrize(
    ("changes", "open_"),
    [
        ({}, True),
        ({"comments": Commenting.OFF}, False),
        ({"state": State.REPLAY}, False),
        ({"state": State.ENDED}, False),
    ],
)
def test_the_door_says_where(changes: dict[str, object], open_: bool) -> None:
    """On air and not turned off; the house's page only where there is a house."""
    space = live_space(**changes)
    found = commenting(space, 0, base="http://edge/s/friday", house="http://house")
    both = {"read": "http://edge/s/friday/comments.json", "write": "http://house/comments/friday"}
    assert found == (both if open_ else None)
    if open_:
        assert commenting(space, 0, base="", house="") == {"read": "/comments.json", "write": None}


def test_after_the_end_nothing_is_told() -> None:
    """What was the chat is no news any more, whatever the edge still holds."""
    told = json.loads(comments(live_space(state=State.REPLAY), CHAT, Orders(SPACE).rung))
    assert (told["state"], told["comments"]) == ("off", [])


def test_a_chat_is_small() -> None:
    """The longest comments of the longest names, all at once, are less than a tenth of what the bus carries."""
    longest = Comment(10**9, "😀" * 80, "a" * 30, "co_host", "😀" * 280, DOORS_OPEN_MS)
    chat = Chat("s" * 48, DOORS_OPEN_MS, ChatState.OPEN, [longest] * NEWEST)
    assert len(msgspec.json.encode(chat)) < 100_000
