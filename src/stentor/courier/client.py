"""HTTP to servers of strangers: bounded in time and size, no redirects, and to the internet only."""

from __future__ import annotations

import contextvars
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

import stentor
from stentor.base.errors import StentorError
from stentor.courier.addresses import guarded
from stentor.courier.names import NameLookup
from stentor.courier.once import BrokenAnswer, Fields, Limits, SinglePosts
from stentor.wire.forwarded import Networks

CONNECT_S: Final = 5.0
ANSWER_S: Final = 15.0
"""For all of a request: a receiver that does its work before it answers should not."""
ONCE: Final = Limits(CONNECT_S, ANSWER_S)
MOST_BYTES: Final = 64 * 1024
"""Of an answer; what comes beyond is not read, and the connection is closed."""
MOST_DOCUMENT_BYTES: Final = 256 * 1024
"""Of what is fetched; what is larger is none."""
MOST_REDIRECTS: Final = 3
KEEP_S: Final = 4.0
"""A connection waits so long for the next job of its host. Who tells thousands of hosts at once keeps some hundreds."""
MOST_WAIT_S: Final = 86_400.0
"""However long a host asks for, after a day it is tried again."""


class Answer(msgspec.Struct, frozen=True):
    """What a server said. ``retry_after_s`` is what it asks for, 0 for nothing."""

    status: int
    body: bytes
    duration_ms: int
    retry_after_s: float = 0.0
    content_type: str = ""
    location: str = ""
    """Where else it is, where the server says so and nobody went there."""


class NoAnswer(StentorError):
    """There was no answer; ``code`` says why: ``refused-address``, ``no-such-host``, ``tls``, ``timeout``,
    ``not-reached``, ``broken-answer``. With ``answer`` there was one, of no use.
    """

    code, status, title = "not-reached", 502, "Not reached"

    def __init__(self, detail: str, code: str, duration_ms: int, answer: Answer | None = None) -> None:
        super().__init__(detail, code=code)
        self.duration_ms, self.answer = duration_ms, answer


_refused: contextvars.ContextVar[list[str]] = contextvars.ContextVar("refused addresses")
"""Of the request under way: connections are tried in tasks of their own."""


class OutsideClient:
    """Made by :func:`outside`."""

    def __init__(self, session: aiohttp.ClientSession, single: SinglePosts) -> None:
        self._session, self._single = session, single

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sends ``body`` and reads the answer, whatever its status, and of what it says only the beginning: for the
        rest nobody waits. Raises :class:`NoAnswer`."""
        return await self._request("POST", url, body, headers, MOST_BYTES, whole=False)

    async def post_once(self, url: str, body: bytes, headers: Fields) -> Answer:
        """As :meth:`post`, to a host that gets no other one soon: of what it says nothing is read but its status and
        when it wants to be asked again, and no connection is kept. ``headers`` may be made when the connection stands.
        Raises :class:`NoAnswer`."""
        refused: list[str] = []
        token, began = _refused.set(refused), time.monotonic()

        def unreachable(detail: str, code: str) -> NoAnswer:
            return NoAnswer(detail, code, round((time.monotonic() - began) * 1000))

        try:
            head = await self._single.post(url, body, headers, ONCE)
        except TimeoutError as error:
            raise unreachable("It did not answer in time.", "timeout") from error
        except ssl.SSLError as error:
            raise unreachable(f"Its certificate is not good: {_ssl_reason(error)}.", "tls") from error
        except socket.gaierror as error:
            raise unreachable("There is no host of that name.", "no-such-host") from error
        except BrokenAnswer as error:
            raise unreachable("It broke off, or sent no HTTP.", "broken-answer") from error
        except ValueError as error:
            raise unreachable("The address is none.", "refused-address") from error
        except OSError as error:
            if refused:
                raise unreachable(f"{refused[0]} is not on the internet.", "refused-address") from error
            raise unreachable("Nobody answers there.", "not-reached") from error
        finally:
            _refused.reset(token)
        took_ms = round((time.monotonic() - began) * 1000)
        return Answer(head.status, b"", took_ms, _retry_after_s(head.retry_after))

    async def get(self, url: str, headers: Mapping[str, str], *, most: int = MOST_DOCUMENT_BYTES) -> Answer:
        """Asks once, and goes nowhere else. What is longer than ``most`` is cut off a byte behind it. Raises
        :class:`NoAnswer`."""
        return await self._request("GET", url, None, headers, most + 1, whole=True)

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """As :meth:`post`, by another method and with all of what is answered."""
        return await self._request(method, url, body, headers, MOST_BYTES, whole=True)

    async def _request(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], most: int, *, whole: bool
    ) -> Answer:
        refused: list[str] = []
        token = _refused.set(refused)
        began = time.monotonic()

        def unreachable(detail: str, code: str) -> NoAnswer:
            return NoAnswer(detail, code, round((time.monotonic() - began) * 1000))

        try:
            async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer:
                return await _read(answer, most, began, whole=whole)
        except aiohttp.InvalidURL as error:
            raise unreachable("The address is none.", "refused-address") from error
        except TimeoutError as error:
            raise unreachable("It did not answer in time.", "timeout") from error
        except aiohttp.ClientSSLError as error:
            raise unreachable(f"Its certificate is not good: {_ssl_reason(error)}.", "tls") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise unreachable("There is no host of that name.", "no-such-host") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if refused:
                raise unreachable(f"{refused[0]} is not on the internet.", "refused-address") from error
            if isinstance(error, aiohttp.ClientConnectorError):
                raise unreachable("Nobody answers there.", "not-reached") from error
            raise unreachable("It broke off, or sent no HTTP.", "broken-answer") from error
        finally:
            _refused.reset(token)


async def _read(answer: aiohttp.ClientResponse, most: int, began: float, *, whole: bool) -> Answer:
    read = bytearray(await answer.content.read(most))
    while whole and len(read) < most and (part := await answer.content.read(most - len(read))):
        read += part
    return Answer(
        answer.status,
        bytes(read),
        round((time.monotonic() - began) * 1000),
        _retry_after_s(answer.headers.get("retry-after", "")),
        answer.headers.get("content-type", ""),
        answer.headers.get("location", ""),
    )


def target(url: str) -> str:
    """Path and query of an address as they are sent: who signs a request signs these."""
    return URL(url).raw_path_qs


class _CheckedPeer(ssl.SSLObject):
    """A connection whose certificate OpenSSL has checked, with the name of its host. The loop wants all that stands in
    it as a dict, for each connection, which nobody here reads."""

    def getpeercert(self, binary_form: bool = False) -> Any:
        return super().getpeercert(True) if binary_form else {}


def _checking() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslobject_class = _CheckedPeer
    return context


@asynccontextmanager
async def outside(allowed: Networks, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[OutsideClient]:
    """A client, until it is left. It reaches the internet and the networks ``allowed``; no proxy, no cookie."""

    def refuse(address: str) -> None:
        _refused.get([]).append(address)

    names, checking = NameLookup(), tls or _checking()
    fixed = {"user-agent": f"Stentor/{stentor.__version__}", "accept-encoding": "identity"}
    connector = aiohttp.TCPConnector(
        limit=0,  # who asks counts: to wait here would count as waiting for the host
        resolver=names,
        keepalive_timeout=KEEP_S,
        ssl=checking,
        family=socket.AF_UNSPEC,
        socket_factory=guarded(allowed, refuse),
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=ANSWER_S, connect=CONNECT_S, sock_connect=CONNECT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers=fixed,
    ) as session:
        yield OutsideClient(session, SinglePosts(allowed, names, checking, fixed, refuse))


def _retry_after_s(value: str) -> float:
    """Seconds, or a date (RFC 9110, 10.2.3); 0 for what is neither, a day at most."""
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MOST_WAIT_S)
    if not value:
        return 0.0
    try:
        return max(0.0, min(parsedate_to_datetime(value).timestamp() - time.time(), MOST_WAIT_S))
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _ssl_reason(error: aiohttp.ClientSSLError | ssl.SSLError) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return str(getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "it is refused")
