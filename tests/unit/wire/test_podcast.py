"""Feeds for players of podcasts, read by programs of others and held to what the documents say."""

from __future__ import annotations

import io
import json

import feedparser
import podcastparser
from hypothesis import given
from hypothesis import strategies as st

from stentor.wire import podcast
from stentor.wire.podcast import Episode, LiveStatus, Medium, Podcast, PodcastPerson, TranscriptLink
from tests.support.podcast_schema import faults, json_faults

HERE = "https://talks.example/shows/talk/podcast.xml"
PODCAST_OF_BEFORE = b"https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
SHOW = Podcast(
    "Talk & <more>", "Every Monday", "https://talks.example/shows/talk", HERE, "en", "Ada",
    "https://talks.example/logo", "https://hub.example/",
)  # fmt: skip
EPISODE = Episode(
    uid="old-1@site.stentor",
    title="The <first> one",
    text="About\nthis & that",
    page="https://talks.example/s/old",
    at_ms=1_900_000_000_000,
    media=(
        Medium("https://talks.example/s/old/recording.m4a", "audio/mp4", 480_000, 64_000, "AAC, 64 kbit/s"),
        Medium("https://talks.example/s/old/recording.m4a?rendition=opus-24", "audio/mp4", 180_000, 24_000, "Opus"),
    ),
    people=(PodcastPerson("Ada", "host", "https://talks.example/@ada"), PodcastPerson("Ben", "guest")),
    topics=("radio",),
    duration_s=3723,
    chapters="https://talks.example/s/old/chapters.json",
    transcripts=(TranscriptLink("https://talks.example/s/old/captions.vtt", "text/vtt", "en"),),
)
LIVE = EPISODE._replace(
    uid="old-1-on-air@site.stentor", duration_s=0, chapters="", transcripts=(), status=LiveStatus.PENDING,
    end_ms=1_900_003_600_000, media=(Medium("https://talks.example/s/old/live.aac", "audio/aac"),),
)  # fmt: skip


def test_players_and_readers_take_it() -> None:
    """feedparser and podcastparser find title, file, length, duration and chapters, and no fault."""
    body = podcast.xml(SHOW, [LIVE, EPISODE])
    assert faults(body) == []
    found = feedparser.parse(body)
    assert not found.bozo
    assert (found.feed.title, found.feed.author, found.feed.image.href) == ("Talk & <more>", "Ada", SHOW.image)
    assert len(found.entries) == 1
    assert [link.href for link in found.feed.links if link.rel == "hub"] == [SHOW.hub]
    # it knows the name space by its address of before
    old = body.replace(b"https://podcastindex.org/namespace/1.0", PODCAST_OF_BEFORE)
    read = podcastparser.parse(HERE, io.BytesIO(old))
    assert (read["title"], read["itunes_author"], read["language"]) == ("Talk & <more>", "Ada", "en")
    [episode] = read["episodes"]
    assert (episode["guid"], episode["total_time"], episode["published"]) == (EPISODE.uid, 3723, 1_900_000_000)
    [enclosure] = episode["enclosures"]
    assert (enclosure["url"], enclosure["file_size"]) == (EPISODE.media[0].address, 480_000)
    assert episode["chapters_json_url"] == EPISODE.chapters
    assert [each["name"] for each in episode["persons"]] == ["Ada", "Ben"]
    assert episode["transcript_url"] == EPISODE.transcripts[0].address


def test_a_live_item_says_when_and_whether_it_is_on() -> None:
    body = podcast.xml(SHOW, [LIVE._replace(status=LiveStatus.LIVE)]).decode()
    assert '<podcast:liveItem status="live" start="2030-03-17T17:46:40Z" end="2030-03-17T18:46:40Z">' in body
    assert '<podcast:contentLink href="https://talks.example/s/old">The &lt;first&gt; one</podcast:contentLink>' in body
    assert "pubDate" not in body


def test_the_identity_of_a_feed() -> None:
    """As the document of the namespace computes it for podnews.net/rss; the scheme and a last slash are no part."""
    for address in ("https://podnews.net/rss", "http://podnews.net/rss", "https://podnews.net/rss/"):
        assert podcast.guid(address) == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_json_feed() -> None:
    found = json.loads(podcast.json(SHOW, [LIVE, EPISODE]))
    assert json_faults(found) == []
    live, old = found["items"]
    assert "attachments" not in live, "nothing can be kept of what is not over"
    assert old["attachments"][0]["duration_in_seconds"] == 3723
    assert found["hubs"] == [{"type": "WebSub", "url": SHOW.hub}]


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_a_feed(title: str, text: str, name: str) -> None:
    """Whatever people call a talk or themselves: signs that XML does not know are left out."""
    person = PodcastPerson(name or "-", "guest")
    body = podcast.xml(SHOW._replace(title=title), [EPISODE._replace(title=title, text=text, people=(person,))])
    assert [each for each in faults(body) if "person" not in each and "author" not in each] == []
