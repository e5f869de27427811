"""Ten thousand servers of the fediverse are told of a talk, and all come within a minute: what that costs its host.

``python -m bench.stampede [--sources 10000] [--seconds 60] [--rounds 1]``. A whole Stentor with TLS on PostgreSQL, a
host with an account who talks, and a post of hers with a picture that leads to the talk. Each source has an address of
its own and asks six times, each time on a new connection: for the actor and the note, signed as Mastodon signs, for the
head of the talk's page and for the page itself, for the picture of the card and for that of the post. In turn: calm,
the same stampede on an nginx with TLS and files as long, and on the site. Meanwhile requests of a host cross the edge
to the house, 50 a second, and the database says how many transactions it did. The stampede runs on this machine, too,
in C, so that it takes little of it (``bench/stampede.c``, with OpenSSL), and gives way to the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import msgspec
import numpy as np
from PIL import Image

from bench import peers
from bench.elsewhere import cpu_s
from bench.front import SETTLE_S, Queries
from bench.kept import head, keep, state, watched
from bench.program import compiled
from stentor.client import speak
from stentor.fediverse.writing import ACCEPT
from tests.support.certificates import Authority
from tests.support.postgres import Postgres, module
from tests.support.stampede import Order, Told, Wish, heads
from tests.support.whole import Whole, whole

EVERY_S: Final = 0.02
CALM_S: Final = 20.0
LONGEST_S: Final = 20.0
NICENESS: Final = 10
PROCESSORS: Final = os.cpu_count() or 1
"""An edge for each, as Stentor comes, and as many processes of nginx."""
ASKED: Final = "/sign-in"
"""What a host's request is here: a page of the house, through the edge."""


class Talk(msgspec.Struct):
    """What is asked of, as paths of the site, and how long each answer is."""

    wishes: list[Wish]
    bodies: dict[str, bytes]


@asynccontextmanager
async def hosted(house: Whole, trust: ssl.SSLContext) -> AsyncIterator[Talk]:
    """Somebody with an account who hosts a space, talks, and has posted a picture with it."""
    ours = {"Sec-Fetch-Site": "same-origin"}
    base = f"https://localhost:{house.settings.port}"
    async with httpx.AsyncClient(base_url=base, headers=ours, trust_env=False, verify=trust) as ada:
        made = {"handle": "ada", "name": "Ada", "password": "several words together"}
        (await ada.post("/api/v1/sign-up", json=made)).raise_for_status()
        begun = await ada.post("/api/v1/spaces", json={"id": "evening", "title": "The evening", "language": "en"})
        token = begun.raise_for_status().json()["invitation"]["token"]
        picture = io.BytesIO()
        Image.effect_noise((1200, 630), 30).convert("RGB").save(picture, "JPEG")
        kept = (await ada.put("/api/v1/media", content=picture.getvalue())).raise_for_status().json()
        wish = {"text": "Tonight at eight.", "media": [kept["id"]], "space": "evening"}
        post = (await ada.post("/api/v1/posts", json=wish)).raise_for_status().json()
        number = (await ada.get("/api/v1/people/ada")).json()["person"]["id"]
        (await ada.post("/api/v1/spaces/evening/live")).raise_for_status()
        talking = asyncio.create_task(speak.speak(base, "evening", ("reader",), name="Ada", token=token))
        try:
            await house.until("evening", lambda view: view["seats"][0]["state"] == "connected", "the host is on stage")
            await asyncio.sleep(SETTLE_S)
            yield await asked_of(house, trust, number, post["id"])
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking


async def asked_of(house: Whole, trust: ssl.SSLContext, number: str, post: str) -> Talk:
    """What a server asks for that was told of a post; each is there."""
    site = house.settings.audience_address
    async with httpx.AsyncClient(base_url=site, trust_env=False, verify=trust) as client:

        async def body(path: str, **headers: str) -> bytes:
            return (await client.get(path, headers=headers)).raise_for_status().content

        actor, note, card = f"/ap/actors/{number}", f"/ap/posts/{post}", "/s/evening"
        bodies = {path: await body(path, Accept=ACCEPT) for path in (actor, note)} | {card: await body(card)}
        image = re.search(r'og:image" content="([^"]+)"', bodies[card].decode())
        assert image is not None, "the card has no picture"
        for url in (image[1], msgspec.json.decode(bodies[note])["attachment"][0]["url"]):
            path = url.removeprefix(site)
            bodies[path] = await body(path)
    pictures = list(bodies)[3:]
    wishes = [Wish("GET", actor, signed=True), Wish("GET", note, signed=True), Wish("HEAD", card), Wish("GET", card)]
    return Talk([*wishes, *(Wish("GET", path) for path in pictures)], bodies)


async def waits(asked: str, trust: ssl.SSLContext, seconds: float) -> list[float]:
    """How long a host's requests take, 50 a second, for so long; in ms."""
    took: list[float] = []
    async with httpx.AsyncClient(trust_env=False, timeout=30, verify=trust) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            assert (await client.get(asked)).status_code == 200, asked
            took.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(EVERY_S)
    return took


def written(order: Order) -> bytes:
    """An order as the program reads it."""
    name = order.host.partition(":")[0]
    first = (
        order.port,
        order.sources,
        order.span_s,
        order.longest_s,
        int(order.tls),
        order.niceness,
        len(order.wishes),
    )
    lines = [f"{' '.join(map(str, first))} {name}\n".encode()]
    for each in heads(order):
        lines.append(b"%d\n" % len(each))
        lines += [b"%d\n%b" % (len(one), one) for one in each]
    return b"".join(lines)


async def stampede(program: str, order: bytes) -> Told:
    process = await asyncio.create_subprocess_exec(
        program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(order)
    assert process.returncode == 0, "the stampede broke off"
    return msgspec.json.decode(said, type=Told)


async def once(
    house: Whole, queries: Queries, trust: ssl.SSLContext, order: Order | None, seconds: float, pids: Sequence[int] = ()
) -> dict[str, Any]:
    """One measurement beside a stampede on the processes ``pids``, or beside none."""
    with compiled("stampede", "ssl", "crypto") as program:
        wish = written(order) if order is not None else b""
        return await beside(house, queries, trust, partial(stampede, program, wish) if wish else None, seconds, pids)


async def beside(
    house: Whole, queries: Queries, trust: ssl.SSLContext, come: Callable[[], Awaitable[Told]] | None, seconds: float,
    pids: Sequence[int],
) -> dict[str, Any]:  # fmt: skip
    found: dict[str, Any] = {}
    with watched(found):
        before, began, cpu_before_s = queries.transactions(), time.monotonic(), sum(map(cpu_s, pids))
        coming = asyncio.ensure_future(come()) if come is not None else None
        took = await waits(house.settings.audience_address + ASKED, trust, seconds)
        told = await coming if coming is not None else None
        done, passed_s = queries.transactions() - before, time.monotonic() - began
        found["transactions_per_s"] = round(done / passed_s, 1)
    p50, p99 = np.percentile(took, [50, 99])
    found |= {"p50_ms": round(float(p50), 2), "p99_ms": round(float(p99), 2)}
    if told is None:
        return found
    found["processor_ms_each"] = round(1000 * (sum(map(cpu_s, pids)) - cpu_before_s) / sum(told.answers.values()), 3)
    return found | {"stampede": msgspec.to_builtins(told)}


async def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="stampede") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: PTH101 the database runs as a user of its own
        authority = Authority(folder)
        trust = authority.trust()
        os.environ["SSL_CERT_FILE"] = str(authority.ca)  # for all that runs here
        server = module(folder).get_server(folder / "data", cleanup_mode="delete")
        try:
            postgres = Postgres(server.get_uri())
            more: dict[str, Any] = {
                "sign_up": "open", "create_spaces": "members", "new_account_hours": 0, "address_requests": 0,
                "federation": "on", "tls_cert": str(authority.chain), "tls_key": str(authority.key),
            }  # fmt: skip
            url = postgres.fresh()
            site = whole(folder / "site", edges=PROCESSORS, database_url=url, **more)
            async with site as house, hosted(house, trust) as talk:
                return await rounds(house, Queries(postgres.admin_url), trust, talk, options, authority)
        finally:
            server.cleanup()


def lay_out(folder: Path, talk: Talk) -> None:
    """The same as files, for nginx."""
    for path, body in talk.bodies.items():
        file = folder / path.partition("?")[0].lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)


async def rounds(
    house: Whole, queries: Queries, trust: ssl.SSLContext, talk: Talk, options: argparse.Namespace, by: Authority
) -> list[dict[str, Any]]:
    """Each with all three in turn."""
    found: list[dict[str, Any]] = []
    program = peers.nginx_program()
    if program is None:
        raise SystemExit("This needs Debian's package nginx.")
    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name), talk)
        tls = f"ssl; ssl_certificate {by.chain}; ssl_certificate_key {by.key}"
        with peers.nginx(program, name, PROCESSORS, tls=tls, core=f"0-{PROCESSORS - 1}") as (other, server):
            edges = [each.pid for each in house.supervisor.workers if each.name.startswith("edge") and each.pid]
            wish = Order(
                house.settings.audience_port, house.settings.audience_address.partition("://")[2], talk.wishes,
                options.sources, options.seconds * 0.9, tls=True, niceness=NICENESS, longest_s=LONGEST_S,
            )  # fmt: skip
            for _ in range(options.rounds):
                told = {
                    "calm": await once(house, queries, trust, None, CALM_S),
                    "nginx": await once(
                        house, queries, trust, msgspec.structs.replace(wish, port=other), options.seconds, [server.pid]
                    ),
                    "site": await once(house, queries, trust, wish, options.seconds, edges),
                }
                show(told)
                found.append(told)
    return found


def show(told: dict[str, Any]) -> None:
    """Lines for people."""
    for name, each in told.items():
        came = each.get("stampede")
        asked = f", {came['answers']} in {came['took_s']} s, p99 {came['p99_ms']} ms" if came else ""
        asked += f", {each['processor_ms_each']} ms of the processor each" if came else ""
        asked += f", who asks {came['processor_s'] / came['took_s']:.0%} of one" if came else ""
        print(
            f"{name:6} p50 {each['p50_ms']} ms, p99 {each['p99_ms']} ms, {each['transactions_per_s']} transactions a "
            f"second{asked} {state(each)}",
            flush=True,
        )


def ratio(found: Sequence[dict[str, Any]], name: str) -> float:
    return round(median(float(each["site"]["p99_ms"] / each[name]["p99_ms"]) for each in found), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    told = head()
    found = asyncio.run(measure(options))
    told |= {"sources": options.sources, "seconds": options.seconds, "rounds": found}
    keep("stampede", told | {"ratio_to_nginx": ratio(found, "nginx"), "ratio_to_calm": ratio(found, "calm")})


if __name__ == "__main__":
    main()
