"""A recording as it was stored, for whoever checks it (``stentor verify ADDRESS``): the pages of its manifest, and
segments whose hashes are those of the manifest, without the names that replays put into them.
"""

from __future__ import annotations

from stentor.base.errors import NotFound
from stentor.edge.numbered import is_number
from stentor.edge.shown import ShownRecording
from stentor.wire import manifest

PAGE = "manifest-"


def page(recording: ShownRecording, name: str) -> bytes | None:
    """``manifest-0.jsonl`` and on; None for what is called otherwise. Raises :class:`NotFound` behind the last one."""
    number = name.removeprefix(PAGE).removesuffix(".jsonl")
    if name != f"{PAGE}{number}.jsonl" or not is_number(number):
        return None
    start = int(number) * manifest.PAGE_ENTRIES
    found = recording.manifest.entries[start : start + manifest.PAGE_ENTRIES]
    if not found:
        raise NotFound("The manifest has no such page.", code="no-such-file")
    return manifest.encode_page(found)


def segment_key(recording: ShownRecording, rendition: str, file: str) -> str:
    """Of a segment that is shown and of which nothing was removed; raises :class:`NotFound` for others."""
    number = file.removesuffix(".m4s")
    if file.endswith(".m4s") and is_number(number):
        entry = next((entry for entry in recording.entries if entry.number == int(number)), None)
        if entry is not None and recording.changed(entry.number) is None and rendition in entry.renditions:
            return entry.renditions[rendition].key
    raise NotFound("There is no such segment, or something of it was removed.", code="no-such-file")
