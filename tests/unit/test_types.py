"""What scripts believe of the documents that they read (``web/types``) is what the server says of them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from stentor.crowd.orders import Orders
from stentor.edge import door
from stentor.house.accounts import schema as accounts
from stentor.house.comments import schema as comments
from stentor.house.editions import schema as editions
from stentor.house.seats import schema as seats
from stentor.house.spaces import schema as spaces
from stentor.house.spaces.upload_schema import Missing
from stentor.people.record import RecordEntry
from stentor.spaces import model
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.spaces.readiness import Hindrance
from stentor.wire.cue import Cue
from stentor.wire.edits import Loudness
from tests.support.edge import DOORS_OPEN_MS, live_space

TYPES = Path(__file__).parents[2] / "web" / "types"
SAME_NAMES: tuple[type[msgspec.Struct], ...] = (
    *(spaces.SpaceRow, spaces.SpaceView, spaces.PinView, spaces.LadderView, spaces.DoorView),
    *(spaces.PlayingView, seats.Waiting, seats.RequestView, seats.BackstageMessage, spaces.SeatView, spaces.You),
    *(spaces.Ban, comments.CommentView, comments.Person, accounts.ProfileView, accounts.AccountView, RecordEntry),
    *(accounts.PasskeyView, accounts.SessionView, accounts.SiteInvitationView, accounts.DeletionView, Missing),
    *(comments.GuestCommentView, comments.HeldComment, comments.GuestView, comments.GuestModeration),
    *(Hindrance, Pulse, PulseSeat, Cue, model.Pin, editions.EditionView, editions.CutView, Loudness),
)
DOCUMENTS = {each.__name__: each for each in SAME_NAMES} | {
    "ModerationView": comments.Moderation,
    "KeepTimes": model.Keep,
    "RemovalView": model.Removal,
    "TrimView": model.Trim,
    "ItemView": model.RundownItem,
    "SoundView": model.Sound,
}
"""By the name of the interface."""
PLAIN: dict[type, str] = {
    inspect.StrType: "string",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
}
INTERFACE = re.compile(r"^interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+)(\??): (.+);$", re.MULTILINE)


def interfaces() -> dict[str, dict[str, str]]:
    """The types of fields by interface and name, each with what it extends."""
    text = "\n".join(file.read_text("utf-8") for file in sorted(TYPES.glob("*.d.ts")))
    bases: dict[str, str] = {}
    found: dict[str, dict[str, str]] = {}
    for name, base, body in INTERFACE.findall(text):
        bases[name] = base
        found[name] = {field: f"{kind} | undefined" if may else kind for field, may, kind in FIELD.findall(body)}
    return {name: found.get(bases[name], {}) | fields for name, fields in found.items()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_scripts_know_the_fields(name: str) -> None:
    """Each field is one of the document's, plain where that is plain, and null where that may be null."""
    document = inspect.type_info(DOCUMENTS[name])
    assert isinstance(document, inspect.StructType)
    there = {field.encode_name: field.type for field in document.fields}
    believed = interfaces()[name]
    assert believed
    assert set(believed) <= set(there)
    for field, kind in believed.items():
        told = there[field]
        choices = told.types if isinstance(told, inspect.UnionType) else (told,)
        wrong = f"{name}.{field} is {kind}; the server says {told}"
        assert any(isinstance(each, inspect.NoneType) for each in choices) == kind.endswith(" | null"), wrong
        assert all(PLAIN[type(each)] in kind.split(" | ") for each in choices if type(each) in PLAIN), wrong


def test_scripts_know_the_door() -> None:
    """Each field of ``DoorDocument`` and ``Streams`` stands in ``door.json`` of a space on air whose door is narrow."""
    late = DOORS_OPEN_MS / 1000 + 3600
    told = door.door(
        live_space(overflow_s=60), Orders("friday", p=0.5), address="", overflow="a", now=late, captions=True
    )
    document = msgspec.json.decode(told)
    assert set(interfaces()["DoorDocument"]) <= set(document)
    assert set(interfaces()["Streams"]) <= set(document["streams"])
