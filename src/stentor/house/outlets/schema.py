"""What the REST API says and takes about outlets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Time
from stentor.outlets.contract import OutletAdapter
from stentor.outlets.webhooks import LONGEST_TEMPLATE
from stentor.outlets.words import LONGEST_WORDS
from stentor.store.outlets import OutletChoice, OutletPostRow, OutletRow

OutletKind = Annotated[str, Meta(max_length=16, pattern="^[a-z]{1,16}$")]
FilledIn = Annotated[dict[str, Annotated[str, Meta(max_length=LONGEST_TEMPLATE)]], Meta(max_length=10)]
OutletMomentName = Literal["planned", "doors", "live", "replay", "cancelled"]
"""The values of ``outlets.words.MOMENTS``."""
HostWords = Annotated[str, Meta(max_length=LONGEST_WORDS)]


class NewOutlet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account elsewhere to be connected. ``fields`` are those of its kind."""

    kind: OutletKind
    fields: FilledIn = {}


class OutletSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another token or password for one that is connected."""

    fields: FilledIn


class OutletFieldView(msgspec.Struct, frozen=True):
    """Something that is filled in to connect. ``given`` is what counts where nothing is; ``optional`` may be empty."""

    name: str
    secret: bool
    given: str
    optional: bool


class OutletKindView(msgspec.Struct, frozen=True):
    """A network, by the document that it is built to, as it was on the day ``read``."""

    kind: str
    name: str
    document: str
    read: str
    longest: int
    repeat: str
    """What is done after a time-out: ``safe`` posts again under the same name, ``look`` looks first, ``never`` asks."""
    fields: list[OutletFieldView]


class OutletView(msgspec.Struct, frozen=True):
    """An outlet, without its secret."""

    outlet: int
    kind: str
    host: str
    name: str
    """Whose account it is; empty before that is known."""
    made_ms: Time
    trouble: str
    """The code of what was wrong when it was looked at last; empty where nothing was."""
    said: str
    """In the network's own words."""


class OutletList(msgspec.Struct, frozen=True):
    outlets: list[OutletView]
    kinds: list[OutletKindView]
    """What can be connected."""


class OutletPostView(msgspec.Struct, frozen=True):
    """A post of one moment."""

    moment: str
    state: str
    """``waiting``, ``done``, ``unsure`` (look there, then try again), ``refused`` or ``given-up``."""
    link: str
    trouble: str
    said: str
    made_ms: Time
    can_try_again: bool
    """Whether somebody may ask for it again: it is still so."""


class OutletChoiceView(msgspec.Struct, frozen=True):
    """What of a space is posted at an outlet, and what was."""

    outlet: int
    moments: list[str]
    words: str
    """Of the host, for all moments; empty for ours."""
    own: dict[str, str]
    """Those of one moment, by moment."""
    posts: list[OutletPostView]


class OutletChoiceList(msgspec.Struct, frozen=True):
    space: str
    outlets: list[OutletChoiceView]


class OwnWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the host, for one moment each."""

    planned: HostWords = ""
    doors: HostWords = ""
    live: HostWords = ""
    replay: HostWords = ""
    cancelled: HostWords = ""


class OutletWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a space is to be posted; no moments for nothing."""

    moments: Annotated[list[OutletMomentName], Meta(max_length=5)]
    words: HostWords = ""
    own: OwnWords = OwnWords()


class PreviewWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A moment, with own words to be tried."""

    moment: OutletMomentName
    words: HostWords = ""


class OutletPreview(msgspec.Struct, frozen=True):
    """A post as it would be now."""

    text: str


def view(row: OutletRow) -> OutletView:
    return OutletView(row.number, row.kind, row.host, row.name, row.made_ms, row.trouble, row.said)


def kinds(found: Iterable[OutletAdapter]) -> list[OutletKindView]:
    """Networks that can be connected."""
    return [
        OutletKindView(
            each.kind, each.name, each.document, each.read, each.longest, each.repeat.value,
            [OutletFieldView(field.name, field.secret, field.given, field.signing) for field in each.fields],
        )
        for each in found
    ]  # fmt: skip


def choice(number: int, chosen: OutletChoice | None, posts: list[OutletPostView]) -> OutletChoiceView:
    chosen = chosen or OutletChoice(number, (), "")
    return OutletChoiceView(number, [each.value for each in chosen.moments], chosen.words, dict(chosen.own), posts)


def post(row: OutletPostRow, *, again: bool) -> OutletPostView:
    return OutletPostView(row.moment.value, row.state.value, row.link, row.trouble, row.said, row.made_ms, again)
