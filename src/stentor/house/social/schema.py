"""What the REST API takes and gives about posts, follows and timelines; times are ms since 1970 (UTC).

Ids are digits in text: they rise with time and have 18, and a number of that size loses its end in JavaScript.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stentor.house.media.schema import Alt, MediaView, Number
from stentor.house.spaces.schema import ONE_LINE, Language, Name, SpaceText, Time
from stentor.social import pictures
from stentor.spaces.model import State
from stentor.spaces.phase import Phase

VisibilityWord = Literal["public", "unlisted", "followers", "mentioned"]
_PLAIN = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
PostText = Annotated[
    str, Meta(max_length=20_000, extra_json_schema={"maxLength": 1000, "pattern": rf"^(?:{_PLAIN}|\n)*$"})
]
"""1,000 characters as people count them; one of those may be made of many."""
WarningText = Annotated[str, Meta(max_length=500, extra_json_schema={"maxLength": 200, "pattern": f"^{_PLAIN}*$"})]
Answer = Annotated[str, Meta(min_length=1, max_length=80, extra_json_schema=ONE_LINE)]
MOST_ANSWERS = 4


class NewPostPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers that readers choose from. Results are seen by those who have voted, its author, and by all at the end."""

    answers: Annotated[
        list[Answer], Meta(min_length=2, max_length=MOST_ANSWERS, extra_json_schema={"uniqueItems": True})
    ]
    open_s: Annotated[int, Meta(ge=300, le=2_592_000)]
    """How long, in seconds: 5 minutes to 30 days."""
    several: bool = False
    """Whether one may choose more than one."""


class NewPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be said. A post has text, pictures, a poll or a quote."""

    text: PostText = ""
    """Plain text. Links, ``@handle`` and ``#tag`` become links."""
    visibility: VisibilityWord = "public"
    warning: WarningText = ""
    """What readers see first; the rest when they want to."""
    language: Language | None = None
    reply_to: Number | None = None
    quote: Number | None = None
    """Shown with the post when the quoted one's author has agreed."""
    media: Annotated[list[Number], Meta(max_length=pictures.MOST)] = []
    poll: NewPostPoll | None = None
    space: SpaceText | None = None
    """A space whose card stands in the post."""
    at_ms: Time | None = None
    """When it is posted, at least 5 minutes from now; the answer is then a scheduled post (202)."""


class PostChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes different; what is left out stays. Earlier versions stay readable."""

    text: PostText | UnsetType = UNSET
    warning: WarningText | UnsetType = UNSET
    language: Language | UnsetType | None = UNSET
    media: Annotated[list[Number], Meta(max_length=pictures.MOST)] | UnsetType = UNSET
    alts: dict[Number, Alt] | UnsetType = UNSET
    """Alt texts by the ids of pictures."""


class AuthorView(msgspec.Struct, frozen=True):
    id: str
    handle: str
    name: str
    picture_url: str | None
    """Below the address of the site."""


class AnswerView(msgspec.Struct, frozen=True):
    text: str
    votes: int | None
    """None while one may not see it yet."""


class PostPollView(msgspec.Struct, frozen=True):
    answers: list[AnswerView]
    ends_ms: Time
    ended: bool
    several: bool
    voters: int
    voted: list[int] | None
    """Which answers one has chosen, from 0; None for nobody who is signed in."""


class PostCounts(msgspec.Struct, frozen=True):
    replies: int
    boosts: int
    likes: int
    quotes: int


class Mine(msgspec.Struct, frozen=True):
    """What one has done with a post."""

    liked: bool
    boosted: bool
    bookmarked: bool
    pinned: bool
    muted: bool
    """One wants to be told nothing more of its thread."""


class QuotedView(msgspec.Struct, frozen=True):
    """A quoted post: ``asked`` until its author agrees, and then shown; ``revoked`` when they do not, or no more."""

    state: Literal["asked", "granted", "revoked", "gone"]
    id: str
    post: PostView | None


class SpaceCardView(msgspec.Struct, frozen=True):
    """A space that a post is about, as it is now."""

    id: str
    title: str
    host: str
    """Their name."""
    state: State
    phase: Phase
    scheduled_ms: Time | None
    live_ms: Time | None
    ended_ms: Time | None
    recorded: bool
    """Whether there is, or will be, something to hear afterwards."""
    page: str
    """Below the address of the site."""


class FilteredView(msgspec.Struct, frozen=True):
    """A word filter of one's own that a post meets."""

    filter: str
    """Its id."""
    title: str
    words: list[str]
    """Those of its words that stand there."""


class PostView(msgspec.Struct, frozen=True):
    """A post as whoever asks may see it."""

    id: str
    author: AuthorView
    visibility: VisibilityWord
    withheld: bool
    """Only its author reads it: moderators have taken it down, or look at it first."""
    text: str
    """As it was written; empty for a boost."""
    html: str
    """Ours, with nothing in it but paragraphs, breaks and links."""
    warning: str
    """What readers see first: that of the author, or the label of moderators."""
    label: str
    """What moderators have put before it; empty mostly."""
    language: str
    made_ms: Time
    edited_ms: Time | None
    reply_to: str | None
    reply_to_handle: str | None
    media: list[MediaView]
    poll: PostPollView | None
    space: str | None
    """To its author always; to others None where there is no card."""
    space_card: SpaceCardView | None
    """None where everybody may not know of the space, and where it is gone."""
    boost: PostView | None
    """What was boosted: the post itself is then empty."""
    quote: QuotedView | None
    counts: PostCounts
    mine: Mine | None
    """None for nobody who is signed in."""
    filtered: list[FilteredView] = []
    """Word filters of the reader that it meets: it belongs behind a line that says so."""


class VersionView(msgspec.Struct, frozen=True):
    text: str
    html: str
    warning: str
    at_ms: Time


class Versions(msgspec.Struct, frozen=True):
    """The oldest first; the last is what it says now."""

    versions: list[VersionView]


class Thread(msgspec.Struct, frozen=True):
    """What a post answers, from the first on, and what answers it; each answer after what it answers."""

    before: list[PostView]
    after: list[PostView]


class PostPage(msgspec.Struct, frozen=True):
    """Posts, the newest first, as far as they are for whoever asks."""

    posts: list[PostView]
    next: str | None
    """Where older ones are, below the address of the site; None where there are none."""
    previous: str | None
    """Where newer ones are, to be asked now and then; the same stands in the ``Link`` header."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answers: Annotated[list[Annotated[int, Meta(ge=0, lt=MOST_ANSWERS)]], Meta(min_length=1, max_length=MOST_ANSWERS)]
    """From 0."""


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to somebody who quotes one's post."""

    state: Literal["granted", "revoked"]


class FollowChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    boosts: bool = True
    """Whether their boosts stand in one's home timeline."""
    notify: bool = False
    """Whether one is told of each of their posts."""


class RelationView(msgspec.Struct, frozen=True):
    """How one stands to somebody, and they to oneself."""

    person: AuthorView
    following: bool
    asked: bool
    """One has asked to follow them, and they have not answered yet."""
    boosts: bool
    notify: bool
    followed_by: bool
    asks: bool
    """They have asked to follow, and wait for an answer."""
    blocking: bool
    blocked_by: bool
    domain_blocked: bool
    """One blocks where they are from."""
    muting: bool
    muting_notifications: bool
    muted_until_ms: Time | None


class PeoplePage(msgspec.Struct, frozen=True):
    people: list[AuthorView]
    before: str | None
    """What the next page is asked for with; None where there is none."""


class FollowRequests(msgspec.Struct, frozen=True):
    """Who has asked to follow and waits, the newest accounts first."""

    approves: bool
    """Whether one wants to be asked."""
    people: list[AuthorView]
    before: str | None


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    approves: bool


class NewList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name


class ListView(msgspec.Struct, frozen=True):
    id: str
    name: str


class Lists(msgspec.Struct, frozen=True):
    lists: list[ListView]


class MarkerView(msgspec.Struct, frozen=True):
    """Up to which post one has read a timeline."""

    post: str | None


class Marker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    post: Number


class DraftView(msgspec.Struct, frozen=True):
    id: str
    post: NewPost
    changed_ms: Time


class Drafts(msgspec.Struct, frozen=True):
    drafts: list[DraftView]


class ScheduledView(msgspec.Struct, frozen=True):
    id: str
    post: NewPost
    at_ms: Time
    trouble: str
    """The code of why it could not be posted; empty while it waits."""


class Scheduled(msgspec.Struct, frozen=True):
    scheduled: list[ScheduledView]


class NewTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at_ms: Time
