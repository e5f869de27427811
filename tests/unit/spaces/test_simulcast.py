"""What is secret of a destination, as it is sealed."""

from __future__ import annotations

import pytest

from stentor.spaces.simulcast import DestinationSecret


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("abc-1?x={y}", DestinationSecret("abc-1?x={y}")),  # as it was when there were keys alone
        ("", DestinationSecret("")),
        ("publish:talk\na-passphrase", DestinationSecret("publish:talk", "a-passphrase")),
        ("\na-passphrase", DestinationSecret("", "a-passphrase")),
    ],
)
def test_a_secret_is_read_as_it_was_written(text: str, secret: DestinationSecret) -> None:
    """Also one that was sealed when there were only keys."""
    assert DestinationSecret.read(text) == secret
    assert secret.text == text
