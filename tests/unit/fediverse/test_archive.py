"""Posts of an archive: their dates, readers and words, and what does not come along."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.fediverse.archive import ArchivedFile, ImportedOutbox, file_of, outbox
from stentor.fediverse.sites import PUBLIC
from stentor.social import text
from stentor.social.model import Audience

NOW_MS = 1_900_000_000_000
FOLLOWERS = "https://old.example/users/ada/followers"


def note(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "type": "Note", "id": f"https://old.example/users/ada/statuses/{number}", "content": "<p>Hello</p>",
        "published": "2020-01-02T03:04:05Z", "to": [PUBLIC], "cc": [FOLLOWERS], **fields,
    }  # fmt: skip


def read(*items: object) -> ImportedOutbox:
    return outbox(json.dumps({"orderedItems": items}).encode(), NOW_MS)


def create(**fields: Any) -> dict[str, Any]:
    return {"type": "Create", "object": note(**fields)}


@pytest.mark.parametrize(
    ("to", "cc", "audience"),
    [
        ([PUBLIC], [FOLLOWERS], Audience.PUBLIC),
        (["as:Public"], [], Audience.PUBLIC),
        ([FOLLOWERS], [PUBLIC], Audience.UNLISTED),
        ([FOLLOWERS], [], Audience.FOLLOWERS),
        (FOLLOWERS, None, Audience.FOLLOWERS),
    ],
)
def test_who_may_read_it_is_what_the_archive_says(to: Any, cc: Any, audience: Audience) -> None:
    [post] = read(create(to=to, cc=cc)).posts
    assert (post.audience, post.created_ms) == (audience, 1_577_934_245_000)


def test_what_does_not_come_along_is_counted() -> None:
    found = read(
        create(), create(number=2, to=["https://x.example/users/bob"], cc=[]), {"type": "Announce", "object": "x"},
        create(number=3, published="2999-01-01T00:00:00Z"), create(number=4, content=""), {"type": "Create"}, 7, "x",
        create(),
    )  # fmt: skip
    assert (len(found.posts), found.boosts, found.letters, found.broken) == (1, 1, 1, 5)


def test_people_are_those_of_where_they_were() -> None:
    """``@anna`` of another server names nobody here, and no markup comes along."""
    said = (
        '<p>Dear <a href="https://x.example/@anna" class="u-url mention">@<span>anna</span></a> and @bob,<br>see '
        '<a href="https://a.example/b"><span class="invisible">https://</span>a.example/b</a> '
        '<a href="https://old.example/tags/radio">#<span>radio</span></a></p><script>alert(1)</script>'
    )
    tag = [{"type": "Mention", "href": "https://x.example/users/anna", "name": "@anna"}]
    [post] = read(create(content=said, tag=tag, summary="Careful\n<b>now</b>", contentMap={"de": said})).posts
    assert post.text == "Dear @anna@x.example and @\u200bbob,\nsee https://a.example/b #radio"
    assert text.mentions(post.text) == ["anna@x.example"]
    assert (post.tags, post.warning, post.language) == (("radio",), "Careful now", "de")


def test_a_poll_is_its_answers() -> None:
    [post] = read(create(type="Question", oneOf=[{"name": "Yes"}, {"name": "No"}])).posts
    assert post.text == "Hello\n\n• Yes\n• No"


def test_pictures_come_along_and_films_do_not() -> None:
    files = [
        {"type": "Document", "mediaType": "image/png", "url": "/media_attachments/a.png", "name": "A\nbridge"},
        {"type": "Document", "mediaType": "video/mp4", "url": "/media_attachments/b.mp4"},
        {"type": "Document", "url": "bucket/media_attachments/c.jpg"},
    ]
    [post] = read(create(attachment=files)).posts
    assert post.files == (
        ArchivedFile("/media_attachments/a.png", "A bridge"),
        ArchivedFile("bucket/media_attachments/c.jpg"),
    )
    assert post.left_out == 1
    names = ["media_attachments/a.png", "media_attachments/c.jpg"]
    assert [file_of(each.name, names) for each in post.files] == names
    assert file_of("/media_attachments/d.png", names) == ""


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "object", "id", "content", "published", "to", "cc", "tag", "attachment", "name", "url", "summary"]), inner, max_size=6), max_leaves=12))  # fmt: skip  # noqa: E501
def test_whatever_stands_there_is_read_or_counted(item: Any) -> None:
    found = read(item)
    assert len(found.posts) + found.boosts + found.letters + found.broken == 1


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"orderedItems": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_outbox_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        outbox(data, NOW_MS)
