"""Names and titles can be seen, and look like what they are."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput
from stentor.spaces import checks


@pytest.mark.parametrize(
    "text",
    [
        "\u200b\u2060\u3164", "ad\u200bmin", "ad\u00admin", "ad\u200dmin", "ad\u200cmin", "ad\ufe0fmin", "ad\u3164min",
        "\u2800", "\u115f\u1160", "\u034f", "ad\U000e0061min", "\ufeffadmin", "a\u061c", "\u0301", "\u180e",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_refused(text: str) -> None:
    """Nothing visible, or a letter in between that nobody sees."""
    for check in (checks.title, checks.name):
        with pytest.raises(BadInput):
            check(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ada", "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f680",
        "I \u2764\ufe0f tea", "1\ufe0f\u20e3", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f44d\U0001f3fd", "\u5bb6", "!", "42",
    ],
)  # fmt: skip
def test_what_languages_and_emoji_need_stays(text: str) -> None:
    """Persian, Hindi, families, flags, keycaps."""
    assert checks.name(text) == text
