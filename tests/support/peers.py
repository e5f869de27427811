"""What others speak our protocols with: ``python -m tests.support.peers`` fetches all of it now, instead of each in the
first test that needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from tests.support import mastodon_mock, node, pasture, snac, venvs


def peers() -> Iterator[tuple[str, Callable[[], str]]]:
    """Each by name, with what fetches it and says why it cannot be had."""
    for name in node.names():
        yield name, lambda name=name: node.missing(name)  # type: ignore[misc]
    yield "snac2", snac.missing
    yield "fediverse-pasture", pasture.missing
    yield "mastodon-mock", mastodon_mock.missing
    yield "toot", lambda: venvs.missing("toot", venvs.TOOT)


def main() -> int:
    """Never fails: without one its tests say so."""
    for name, fetch in peers():
        if why := fetch():
            print(f"{name} cannot be had, and what it is asked in tests will fail: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
