"""Destinations of a simulcast as hosts make and change them: what is secret is sealed, and never said again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stentor.base import config
from stentor.base.keys import SEALING
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.spaces.simulcast import SEALED, DestinationSecret
from tests.support.house import House, database, problem, running_house

pytestmark = pytest.mark.timeout(60)

LIST = "/api/v1/spaces/talk/destinations"
MADE: list[tuple[dict[str, str], str, DestinationSecret]] = [
    ({"server": "rtmps://live.example.org/app", "key": "k1"}, "rtmps://live.example.org/app", DestinationSecret("k1")),
    ({"server": "rtmps://live.example.org/app/k2", "key": ""}, "rtmps://live.example.org/app", DestinationSecret("k2")),
    (
        {"kind": "srt", "server": "srt://h.example.org:9?streamid=#!::r=a&passphrase=0123456789", "key": ""},
        "srt://h.example.org:9", DestinationSecret("#!::r=a", "0123456789"),
    ),
    (
        {"kind": "whip", "server": "https://h.example.org/s3cret/a", "key": ""},
        "https://h.example.org", DestinationSecret("", path="/s3cret/a"),
    ),
    (
        {"kind": "icecast", "server": "icecast://h.example.org:8000/live.aac", "key": " pw "},
        "icecast://h.example.org:8000/live.aac", DestinationSecret("pw"),
    ),
]  # fmt: skip


def secret(house: House, number: int) -> DestinationSecret:
    """As the courier opens it."""
    with database(house.settings) as connection:
        (sealed,) = connection.execute("SELECT sealed FROM destinations WHERE number = ?", (number,)).fetchone()
    key = config.signing_key(house.settings)
    return DestinationSecret.read(Seal(derive(key, SEALING)).open(sealed, SEALED).decode())


async def test_what_is_secret_is_not_said_again(tmp_path: Path) -> None:
    """Whole addresses are parted (obs-multi-rtmp #256); what is changed later leaves the rest of the secret as it was.
    One of a kind that a newer version has made is left alone."""
    async with running_house(tmp_path) as house:
        await house.create()
        numbers = []
        for wish, shown, kept in MADE:
            made = await house.http.post(LIST, json={"name": "A", **wish})
            assert made.status_code == 201, made.text
            assert made.json()["server"] == shown
            assert not [word for word in (kept.key, kept.passphrase, kept.path) if word and f'"{word}' in made.text]
            numbers.append(made.json()["number"])
            assert secret(house, numbers[-1]) == kept
        for number, change, kept in (
            (numbers[0], {"server": "rtmps://b.example.org/app"}, DestinationSecret("k1")),
            (numbers[2], {"passphrase": "another-long-one"}, DestinationSecret("#!::r=a", "another-long-one")),
            (numbers[3], {"key": "token"}, DestinationSecret("token", path="/s3cret/a")),
            (numbers[3], {"server": "https://c.example.org/live"}, DestinationSecret("token")),
        ):
            changed = await house.http.patch(f"/api/v1/destinations/{number}", json=change)
            assert changed.status_code == 200, changed.text
            assert secret(house, number) == kept
        await refused(house, {"kind": "srt", "server": "srt://h.example.org:9", "passphrase": "a"}, "bad-passphrase")
        await refused(house, {"kind": "srt", "server": "https://h.example.org/a"}, "bad-server")
        await refused(house, {"kind": "whip", "server": "https://h.example.org/a", "key": "a b"}, "bad-stream-key")
        await refused(house, {"kind": "rtmp", "server": "rtmp://h.example.org"}, "bad-stream-key")
        with database(house.settings) as connection:
            connection.execute("UPDATE destinations SET kind = 'newer' WHERE number = ?", (numbers[0],))
        found = (await house.http.get(LIST)).json()["destinations"]
        assert [each["number"] for each in found] == numbers[1:]


async def refused(house: House, wish: dict[str, Any], code: str) -> None:
    """With a sentence, and nothing is kept."""
    answer = await house.http.post(LIST, json={"name": "A", "key": "", **wish})
    problem(answer, 400, code)
