"""Browsers and systems as people call them."""

from __future__ import annotations

import pytest

from stentor.people.browser import named

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 27_2 like Mac OS X)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/157.0.0.0"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:160.0) Gecko/20100101 Firefox/160.0", ("Firefox", "Windows")),
        (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Mobile Safari/537.36", ("Chrome", "Android")),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Safari/537.36 Edg/157.0.0.0", ("Edge", "Windows")),
        (f"Mozilla/5.0 (X11; Linux x86_64) {BLINK} Safari/537.36 OPR/120.0", ("Opera", "Linux")),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Safari/537.36", ("Chrome", "ChromeOS")),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/27.2 Safari/605.1.15", ("Safari", "macOS")),
        (f"{PHONE} {APPLE} CriOS/157.0 Safari/604.1", ("Chrome", "iPhone")),
        (f"Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) {APPLE} FxiOS/160.0 Safari/605.1.15", ("Firefox", "iPad")),
        ("curl/8.14.1", ("curl", "")),
        ("", ("", "")),
        ("<script>", ("", "")),
    ],
)  # fmt: skip
def test_a_browser_has_the_name_that_people_know(agent: str, expected: tuple[str, str]) -> None:
    """Whoever it claims to be besides; what is not known has no name."""
    assert named(agent) == expected
