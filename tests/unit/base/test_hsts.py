"""When browsers are told to come by https only."""

from __future__ import annotations

import pytest

from stentor.base.hsts import VALUE, value


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (("https://talk.example", "https://live.example:8081"), VALUE),
        (("https://talk.example", "http://talk.example:8081"), ""),
        (("http://talk.example",), ""),
        (("https://localhost:8080", "https://localhost:8081"), ""),
        (("https://talk.localhost",), ""),
        (("https://talk.example", ""), ""),
    ],
)
def test_only_where_everything_is_https(addresses: tuple[str, ...], expected: str) -> None:
    """The field holds for every port of a host name, and would lock out what is plain beside it."""
    assert value(*addresses) == expected
