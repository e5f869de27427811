"""The table of what works of Mastodon's client API."""

from __future__ import annotations

from tools import mastodon


def test_the_table_is_the_list() -> None:
    """Run ``python -m tools.mastodon`` after a change of the list, or with another version of the library."""
    assert mastodon.FILE.read_text("utf-8") == mastodon.table(), "python -m tools.mastodon"
