"""What the check of a private space costs an edge for each request, beside a public one: ``python -m bench.private``.

In one run, side by side: the answer of ``Site.answer`` for a document of a public space, the same below the key of a
private one, and with a pass in a cookie as streams bring it. Microseconds of the processor, the median of seven.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import uvloop

from stentor.base.signing import doors_key
from stentor.spaces import private
from stentor.spaces.private import Pass
from stentor.spaces.visibility import Visibility
from stentor.wire.http import Request
from tests.support.edge import SECRET, Rig, edge, live_space

TIMES, ROUNDS = 20_000, 7


def _request(path: str, **headers: str) -> Request:
    return Request("GET", path, {}, {"host": "edge", **headers}, True, "1.1", b"", path.encode())


def _microseconds(call: Callable[[], Any]) -> float:
    begun = time.process_time()
    for _ in range(TIMES):
        call()
    return (time.process_time() - begun) / TIMES * 1e6


async def _of(rig: Rig, path: str) -> Callable[[], Any]:
    request, connection = _request(path), None
    return lambda: rig.site.answer(request, connection)  # type: ignore[arg-type]


async def main() -> None:
    key = private.secret(doors_key(SECRET))
    async with edge(live_space()) as public, edge(live_space(visibility=Visibility.MEMBERS, listed=False)) as hidden:
        space = hidden.channel.space
        below = private.below(private.keys(key, space, hidden.now)[0])
        text = private.issue(key, space.id, Pass(b"12345678", round(hidden.now * 1000), round(hidden.now) + 3600))
        with_pass = _request(f"/s/friday{below}/live.aac", cookie=f"a=b; stentor-pass-friday={text}")
        path = with_pass.path.split("/")[3:]
        calls = {
            "public: door.json": await _of(public, "/s/friday/door.json"),
            "private: door.json below the key": await _of(hidden, f"/s/friday{below}/door.json"),
            "private: the check of a stream's pass": lambda: hidden.site.private.enter(space, path, with_pass),
        }
        found = {name: [_microseconds(call) for call in calls.values()] for name in range(ROUNDS)}
        for number, name in enumerate(calls):
            print(f"{name}: {statistics.median(each[number] for each in found.values()):.2f} us")


if __name__ == "__main__":
    uvloop.run(main())
