"""What comes from elsewhere: as others really write it, and as those write who want something."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput, Malformed
from stentor.base.rsa import RsaKey
from stentor.fediverse import clean, reading, sites, things
from stentor.fediverse.reading import RemoteActor, remote_actor, remote_post
from stentor.fediverse.sites import LONGEST, PUBLIC, Home, named, server
from stentor.social.model import Audience, PostPoll

PEM = RsaKey.make().public
EVE = "https://peer.example/users/eve"
NOW_MS = 1_800_000_000_000
HOME = Home("https://stentor.example", "https://house.example")


def person(**changed: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/activitystreams"], "id": EVE, "type": "Person", "preferredUsername": "eve",
        "name": "Eve", "inbox": f"{EVE}/inbox", "followers": f"{EVE}/followers",
        "endpoints": {"sharedInbox": "https://peer.example/inbox"},
        "publicKey": {"id": f"{EVE}#main-key", "owner": EVE, "publicKeyPem": PEM},
    } | changed  # fmt: skip


def eve() -> RemoteActor:
    return remote_actor(person(), EVE)


def note(**changed: Any) -> dict[str, Any]:
    return {
        "id": f"{EVE}/1", "type": "Note", "attributedTo": EVE, "content": "<p>Hello</p>", "to": [PUBLIC],
        "cc": [f"{EVE}/followers"], "published": "2026-11-30T08:00:00Z",
    } | changed  # fmt: skip


def test_a_person_is_read() -> None:
    """With the inbox of all on their server, and whom one asks for the key."""
    found = eve()
    assert (found.handle, found.domain, found.shared_inbox) == ("eve", "peer.example", "https://peer.example/inbox")
    assert remote_actor(person(publicKey=[person()["publicKey"]], type=["Person", "foaf:Person"]), EVE).key == PEM


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "https://peer.example/users/other"},
        {"type": "Note"},
        {"inbox": "file:///etc/passwd"},
        {"preferredUsername": "eve@other"},
        {"preferredUsername": ""},
        {"publicKey": {"id": "https://other.example/key", "owner": EVE, "publicKeyPem": PEM}},
        {"publicKey": {"id": f"{EVE}#main-key", "owner": "https://other.example/x", "publicKeyPem": PEM}},
        {"publicKey": {"id": f"{EVE}#main-key", "owner": EVE, "publicKeyPem": "none"}},
        {"publicKey": None},
    ],
)
def test_a_person_has_name_and_key_on_their_own_server(changed: dict[str, Any]) -> None:
    """Else they could be somebody else (misskey 2546)."""
    with pytest.raises(Malformed):
        remote_actor(person(**changed), EVE)


def test_a_shared_inbox_of_another_server_is_not_used() -> None:
    """What is for one would reach others there."""
    found = remote_actor(person(endpoints={"sharedInbox": "https://victim.example/inbox"}), EVE)
    assert found.shared_inbox == f"{EVE}/inbox"


@pytest.mark.parametrize(
    ("to", "cc", "audience"),
    [
        ([PUBLIC], [], Audience.PUBLIC),
        ("as:Public", None, Audience.PUBLIC),
        ([f"{EVE}/followers"], "Public", Audience.UNLISTED),
        ([f"{EVE}/followers"], [], Audience.FOLLOWERS),
        (["https://other.example/followers"], [], Audience.MENTIONED),
        ([{"id": "https://stentor.example/ap/actors/7"}], [], Audience.MENTIONED),
        (None, None, Audience.MENTIONED),
    ],
)
def test_who_may_read_follows_from_the_addressees(to: Any, cc: Any, audience: Audience) -> None:
    """Everybody is written in three ways; one value and a list are the same; whoever is unknown is nobody more."""
    assert remote_post(note(to=to, cc=cc), eve(), NOW_MS).audience is audience


@pytest.mark.parametrize(
    "changed",
    [
        {"attributedTo": "https://peer.example/users/other"},
        {"id": "https://other.example/1"},
        {"id": None},
        {"type": "Tombstone"},
    ],
)
def test_a_post_is_its_authors(changed: dict[str, Any]) -> None:
    """Nobody posts as another, not even of the same server."""
    with pytest.raises(Malformed):
        remote_post(note(**changed), eve(), NOW_MS)


def test_a_post_may_be_written_in_many_ways() -> None:
    """Objects for addresses, one for a list, only a contentMap, a time that is to come."""
    found = remote_post(
        note(
            attributedTo=[{"id": EVE, "type": "Person"}], content=None, contentMap={"de": "<p>Hallo</p>"},
            published="2999-01-01T00:00:00Z", inReplyTo={"id": "https://a.example/1"}, to=PUBLIC,
            tag={"type": "Hashtag", "name": "#Radio"},
        ),
        eve(), NOW_MS,
    )  # fmt: skip
    assert (found.html, found.text, found.language) == ("<p>Hallo</p>", "Hallo", "de")
    assert (found.created_ms, found.reply_to, found.tags) == (NOW_MS, "https://a.example/1", ("radio",))


def test_an_article_and_a_question_become_posts() -> None:
    """With title, answers, and where all of it stands."""
    article = remote_post(
        note(type="Article", name="On <air>", url=[{"type": "Link", "href": f"{EVE}/page", "mediaType": "text/html"}]),
        eve(),
        NOW_MS,
    )
    assert "<strong>On &lt;air&gt;</strong>" in article.html
    assert article.page == f"{EVE}/page"
    asked = note(type="Question", anyOf=[{"name": "Yes", "replies": {"totalItems": 3}}, {"name": "<b>No"}])
    found = remote_post(asked | {"endTime": "2026-01-01T00:00:00Z"}, eve(), NOW_MS).poll
    assert found == PostPoll(answers=("Yes", "<b>No"), several=True, votes=(3, 0), voters=3, ends_ms=1_767_225_600_000)
    question = remote_post(note(type="Question", oneOf=[{"name": "Yes"}, {"name": "Yes"}]), eve(), NOW_MS)
    assert (question.poll, "<li>Yes</li><li>Yes</li>" in question.html) == (None, True), "nobody could choose"


BAD_HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<p class="card" style="position:fixed" id="reply">x</p>',
    "<svg><script>x</script></svg>",
    '<form action="/home/posts"><button>x</button></form>',
    '<iframe src="https://evil.example"></iframe>',
    "<style>*{display:none}</style>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
]


@pytest.mark.parametrize("html", BAD_HTML)
def test_html_of_strangers_does_nothing(html: str) -> None:
    """No script, no style, no class of ours, no form, no picture that tells who looks."""
    found = clean.html(html)
    for bad in (
        "<script",
        "<img",
        "javascript:",
        "data:",
        "class=",
        "style",
        "<form",
        "<iframe",
        "<svg",
        "id=",
        "onerror=",
    ):
        assert bad not in found


@given(st.text(alphabet="<>/=\"' abpimgsclt&;:", max_size=80))
def test_cleaning_ends_what_it_began(html: str) -> None:
    """What is clean stays so, and every element is closed."""
    found = clean.html(html)
    assert clean.html(found) == found
    assert found.count("<p>") == found.count("</p>")
    clean.plain(html)


def test_elements_do_not_grow_into_a_page_of_megabytes() -> None:
    """A hundred kilobytes of links are text: each would have become fifteen times as long (found by fuzzing)."""
    found = clean.html("<a>" * 30_000 + "words")
    assert found == "<p>words</p>"
    assert len(clean.html("<p>" + "x" * 300_000)) <= clean.LONGEST


def test_activities_are_read_however_they_are_written() -> None:
    """The object as a whole or as an address; an id of another server is refused."""
    follow = reading.activity(
        {"id": f"{EVE}#f", "type": "Follow", "actor": {"id": EVE}, "object": [{"id": HOME.actor(7)}]}
    )
    assert (follow.kind, follow.actor, HOME.actor_at(follow.object)) == ("Follow", EVE, 7)
    undo = reading.activity(
        {"type": ["Undo"], "actor": EVE, "object": {"type": "Follow", "actor": EVE, "object": HOME.actor(7)}}
    )
    assert (undo.kind, undo.of) == ("Undo", "Follow")
    for wrong in ({"type": "Follow"}, {"actor": EVE}, {"type": "Like", "actor": EVE, "id": "https://other.example/1"}):
        with pytest.raises(Malformed):
            reading.activity(wrong)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nul",
        b"\xff",
        b'{"a":' * 30 + b"1" + b"}" * 30,
        b"[" * 100_000,
        b'{"a":"' + b"x" * 300_000 + b'"}',
        b'{"a":[' + b"1," * 20_000 + b"1]}",
    ],
    ids=["nothing", "a list", "no JSON", "no text", "deep", "very deep", "long", "much"],
)
def test_documents_have_bounds(body: bytes) -> None:
    """In size, in depth and in how much is in them."""
    with pytest.raises(Malformed):
        things.document(body)


def test_addresses_of_ours_are_known() -> None:
    """By one site, at its own addresses only."""
    assert HOME.actor_at(HOME.actor(7)) == 7
    assert HOME.post_at(HOME.post(9)) == HOME.post_at("https://stentor.example/@ada/9") == 9
    assert HOME.follow_at(HOME.follow(1, 2)) == HOME.follow_at(HOME.follow(1, 2, 3)) == (1, 2)
    assert HOME.follow(1, 2, 3) != HOME.follow(1, 2, 4)
    assert HOME.follow_at(f"{HOME.follow(1, 2, 3)}/4") is None
    assert HOME.owns("https://house.example/inbox")
    for wrong in (
        "https://stentor.example.evil/ap/actors/7",
        f"{HOME.actor(7)}/x",
        "https://stentor.example/ap/actors/-7",
        "",
    ):
        assert HOME.actor_at(wrong) is None
        assert HOME.follow_at(wrong) is None


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "example.org",
        "ftp://a",
        "http://",
        "http://a:b@c/",
        "http://a b/",
        "http://a\\b/",
        "http://a:99999/",
        "http://a/\n",
        "http://" + "a" * 600,
    ],
)
def test_an_address_is_of_the_web(uri: str) -> None:
    """Without a name and a password in it, and without what browsers read in two ways."""
    assert server(uri) == ""


def test_people_elsewhere_are_written_with_their_server() -> None:
    """As everywhere; a port may be there, a path may not."""
    assert named("@Eve@Peer.example") == ("Eve", "peer.example")
    assert named("acct:eve@localhost:8101") == ("eve", "localhost:8101")
    assert named("eve@bücher.example") == ("eve", "xn--bcher-kva.example")
    for wrong in ("eve", "@eve", "eve@", "@@x", "eve@a/b", "eve@a b", "e ve@a"):
        with pytest.raises(BadInput):
            named(wrong)


_WORDS = """id type actor object to cc tag name url href content attributedTo publicKey inbox endpoints links oneOf
    preferredUsername attachment published contentMap"""
_NAMES = st.sampled_from(_WORDS.split())
_PLAIN = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([EVE, PUBLIC, "Note", "Person"])
)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_anything_is_understood_or_refused(found: dict[str, Any]) -> None:
    """Whatever stands where, nothing but :class:`Malformed` comes of it."""
    for read in (
        reading.activity,
        reading.webfinger,
        lambda each: remote_actor(person(**each), EVE),
        lambda each: remote_post(note(**each), eve(), NOW_MS),
    ):
        with suppress(Malformed):
            read(found)
    msgspec.json.encode(found)


def test_what_is_too_long_for_an_address_is_not_kept() -> None:
    """Anybody may send some: in a cache a megabyte each would stay."""
    before = sites._server.cache_info().currsize
    assert server("https://there.example/" + "x" * LONGEST) == ""
    assert sites._server.cache_info().currsize == before
