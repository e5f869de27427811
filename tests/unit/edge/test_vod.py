"""The playlists of recordings that grow."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

import msgspec
import pytest

from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.edge import vod
from stentor.edge.reply import Document
from stentor.edge.shown import ShownManifest, ShownRecording, read_again
from stentor.spaces.withdrawal import Withdrawal
from stentor.wire import playlist
from stentor.wire.manifest import Entry, Run, StoredObject

AAC, OPUS = RENDITIONS[0], RENDITIONS[-1]
START_MS = 1_900_000_000_000


def grown(count: int, *, holes: Sequence[int] = ()) -> list[Entry]:
    """The first ``count`` entries of a recording; those of ``holes`` end with a gap."""
    stored = {AAC.name: StoredObject("k", 1, "")}
    entries = []
    for number in range(count):
        first, last = number * 12, number * 12 + 12
        gap = [Run(Source.STAGE, first, first + 6), Run(Source.GAP, first + 6, last)]
        runs = gap if number in holes else [Run(Source.STAGE, first, last)]
        hash_ = f"{number}-{number in holes}"
        entries.append(
            Entry(number=number, start_ms=START_MS + number * 3840, runs=runs, renditions=stored, hash=hash_)
        )
    return entries


def shown(entries: list[Entry], *, final: bool = False, version: int = 0) -> ShownRecording:
    found = Withdrawal(SpaceId("friday"), version=version)
    return ShownRecording(ShownManifest(entries, final, 0.0), found, None, entries, entries)


def test_one_that_grows_says_at_each_step_what_one_made_at_once_says() -> None:
    """With gaps that go on over segments, and a rendition that is not there; the last has its end and is VOD."""
    media = vod.MediaPlaylists()
    for count in (1, 2, 3, 4, 7):
        recording = shown(grown(count, holes=(1, 2)))
        for rendition in (AAC, OPUS):
            text = media.render("friday", rendition, recording)
            assert text == vod.MediaPlaylists().render("friday", rendition, recording)
            assert text.count(b"#EXTINF") == count
            assert b"#EXT-X-PLAYLIST-TYPE:EVENT" in text
            assert b"ENDLIST" not in text
    final = media.render("friday", AAC, shown(grown(7, holes=(1, 2)), final=True))
    assert b"#EXT-X-PLAYLIST-TYPE:VOD" in final
    assert final.endswith(b"#EXT-X-ENDLIST\n")


def test_each_segment_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there costs nothing again, however long the recording is."""
    looked: list[int] = []
    before = playlist.RecordedPlaylist.add

    def add(made: playlist.RecordedPlaylist, entries: Sequence[Entry]) -> None:
        looked.extend(each.number for each in entries)
        before(made, entries)

    monkeypatch.setattr(playlist.RecordedPlaylist, "add", add)
    media = vod.MediaPlaylists()
    for count in range(1, 30):
        media.render("friday", AAC, shown(grown(count)))
    assert looked == list(range(29))


@pytest.mark.parametrize("change", ["another recording", "removed"])
def test_what_is_not_the_same_recording_is_begun_anew(change: str) -> None:
    """Another chain of hashes under the same name, or something was removed: nothing of before is left."""
    media = vod.MediaPlaylists()
    media.render("friday", AAC, shown(grown(4)))
    if change == "removed":
        left = grown(5)
        left[2] = msgspec.structs.replace(left[2], renditions={})
        text = media.render("friday", AAC, shown(left, version=1))
        assert b"#EXT-X-GAP\n" in text
    else:
        text = media.render("friday", AAC, shown(grown(5, holes=(3,))))
        assert b"stentor.gap" in text
    assert text.count(b"#EXTINF") == 5


def test_playlists_of_many_recordings_are_bounded() -> None:
    """Those that nobody asks for are forgotten."""
    media = vod.MediaPlaylists()
    for number in range(vod.GROWING_KEPT + 10):
        media.render(f"space-{number}", AAC, shown(grown(1)))
    assert len(media._growing) == vod.GROWING_KEPT


def test_a_manifest_in_which_nothing_has_come_is_the_one_that_is_known() -> None:
    """So nothing is rendered again for it; one with another end is new."""
    known = ShownManifest(grown(3), final=False, read_s=1.0)
    again = read_again(known, grown(3), final=False, read_s=3.0)
    assert again.entries is known.entries
    assert again.read_s == 3.0
    for entries in (grown(4), grown(3, holes=(2,))):
        assert read_again(known, entries, final=False, read_s=3.0).entries is entries


def test_a_long_playlist_is_zipped_quickly_and_whole() -> None:
    """It is another with each segment: most of its cost was zip's. What is short and stays is zipped well."""
    text = vod.MediaPlaylists().render("friday", AAC, shown(grown(1800)))
    small = Document(text, playlist.CONTENT_TYPE, "max-age=2", now=1.0).answer({"accept-encoding": "gzip"}).body
    assert gzip.decompress(small) == text
    assert small == gzip.compress(text, 3, mtime=0) != gzip.compress(text, 6, mtime=0)
    page = b"<p>A page</p>" * 100
    kept = Document(page, "text/html", "max-age=2", now=1.0).answer({"accept-encoding": "gzip"}).body
    assert kept == gzip.compress(page, 6, mtime=0)
