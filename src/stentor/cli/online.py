"""``stentor verify ADDRESS``: what a site shows of an evening, checked from outside with nothing but its addresses."""

from __future__ import annotations

import hashlib
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from stentor.base.detached import check, fingerprint
from stentor.base.errors import BadInput, Malformed, NotFound, Overloaded
from stentor.base.units import counted
from stentor.evidence.report import Report
from stentor.evidence.signed import EVIDENCE, REPORT, Evidence
from stentor.wire import manifest
from stentor.wire.manifest import Entry

MOST_TEXT_BYTES: Final = 16 << 20
"""Of a report, or of a list: two hours have under one."""
MOST_SEGMENT_BYTES: Final = 1 << 20
"""A segment of 3.84 s has 33 kB."""
MOST_PAGES: Final = 400
"""Four days."""
MOST_SPACES: Final = 20
TIMEOUT_S: Final = 20.0
TRIES: Final = 5
LONGEST_WAIT_S: Final = 10.0
MOST_REDIRECTS: Final = 3
Steps = Callable[[int], Iterator[int]]
"""Shows how far it is while it counts to a number."""


class Seen(NamedTuple):
    """``good`` was checked and is right, ``wrong`` is not, ``open`` could not be checked: sentences."""

    good: list[str]
    wrong: list[str]
    open: list[str]


class CheckOptions(NamedTuple):
    """What somebody wants to know besides: the key that they know, a hash that they wrote down, how much to fetch."""

    key: str | None = None
    witnessed: str | None = None
    audio: bool = True
    rendition: str = "aac-64"


class RemoteSite:
    """Fetches from one host, and no more of anything than it may have."""

    def __init__(self, client: httpx.Client, address: str) -> None:
        self._client = client
        self.origin, _, rest = address.partition("/s/")
        self.origin = self.origin.rstrip("/")
        found = re.match(r"([\w-]+)(/k/\w+)?", rest)
        self.space = f"{self.origin}/s/{found[0]}" if found else ""
        """The space's address, empty for that of a site."""

    @property
    def encrypted(self) -> bool:
        return self.origin.startswith("https:")

    def get(self, address: str, most_bytes: int = MOST_TEXT_BYTES) -> bytes:
        """Raises :class:`NotFound` (also where it was removed), :class:`Overloaded` or :class:`BadInput`."""
        for _ in range(TRIES):
            status, data, wait_s = self._once(address, most_bytes)
            if status == 200:
                return data
            if status in (404, 410):
                raise NotFound(f"{address} is not there.")
            if status not in (429, 503):
                raise BadInput(f"{address} answers with status {status}.")
            time.sleep(min(wait_s, LONGEST_WAIT_S))
        raise Overloaded(f"{address} is busy.", retry_after_s=60)

    def _once(self, address: str, most_bytes: int) -> tuple[int, bytes, float]:
        try:
            for _ in range(MOST_REDIRECTS):
                with self._client.stream("GET", address) as reply:
                    if reply.has_redirect_location:
                        address = self._same_host(urljoin(address, reply.headers["location"]))
                        continue
                    data = bytearray()
                    for piece in reply.iter_bytes():
                        data += piece
                        if len(data) > most_bytes:
                            raise BadInput(f"{address} is larger than {most_bytes >> 20} MB.")
                    return reply.status_code, bytes(data), _seconds(reply.headers.get("retry-after", ""))
        except httpx.HTTPError as error:
            why = "its certificate does not hold" if _untrusted(error) else str(error) or type(error).__name__
            raise BadInput(f"{address} cannot be fetched: {why}.") from error
        raise BadInput(f"{address} leads from one address to the next.")

    def _same_host(self, address: str) -> str:
        if urlsplit(address)[:2] != urlsplit(self.origin)[:2]:
            raise BadInput(f"{self.origin} sends us to {address}: verify that address instead.")
        return address


@contextmanager
def site(address: str) -> Iterator[RemoteSite]:
    """The site that has ``address``, of a space or of its own. Raises :class:`BadInput` for what is no address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise BadInput(f"{address} is no address of a site or a space.")
    with httpx.Client(timeout=TIMEOUT_S, headers={"User-Agent": "stentor-verify"}) as client:
        yield RemoteSite(client, parts._replace(query="", fragment="").geturl())


def verify(found: RemoteSite, asked: CheckOptions, steps: Steps = lambda most: iter(range(most))) -> Seen:
    """Everything about one space. Raises as :meth:`RemoteSite.get` where there is nothing to check."""
    seen = Seen([], [], [])
    key = _key(found, asked, seen)
    evidence, report = _signed(found, key, seen)
    entries = _entries(found)
    if not entries:
        seen.open.append("The recording: this site shows none.")
    else:
        _chain(evidence, entries, asked, seen)
        if asked.audio:
            _audio(found, entries, asked.rendition, seen, steps)
        else:
            seen.open.append("The sound itself: it was not fetched.")
    if asked.witnessed and not entries:
        seen.wrong.append("The witnessed hash: there is no recording that it could be in.")
    if not report.final:
        seen.open.append("What comes after: the report still grows.")
    seen.open.append(
        "The rows that the report was computed from: they are not public. Whoever runs the site has them: "
        "stentor report SPACE --save FOLDER."
    )
    seen.open.append("Whether what was signed was true. A signature shows that nobody has changed it since.")
    return seen


def spaces(found: RemoteSite) -> list[str]:
    """The addresses of the newest spaces in a site's list."""
    feed = found.get(f"{found.origin}/feed.xml").decode("utf-8", "replace")
    links = re.findall(r"<link>([^<]*/s/[\w-]+)</link>", feed)
    return [f"{found.origin}/s/{name}" for name in dict.fromkeys(each.rpartition("/")[2] for each in links)][
        :MOST_SPACES
    ]


def _key(found: RemoteSite, asked: CheckOptions, seen: Seen) -> str:
    shown = found.get(f"{found.origin}/evidence.pub", 4096).decode("ascii", "replace").strip().rpartition("\n")[2]
    if asked.key and asked.key not in (shown, _fingerprint(shown)):
        seen.wrong.append(f"The site shows another key than yours: {shown} ({_fingerprint(shown)})")
    if not asked.key:
        seen.open.append(
            f"Whose key it is: the site itself says {_fingerprint(shown)}. Compare it with one that was published "
            "elsewhere before, or give the key with --key."
        )
    if not found.encrypted and not _own(found.origin):
        seen.open.append(
            "Whether this is the site: the address is not encrypted (http), anybody on the way could be it."
        )
    return asked.key if asked.key and not asked.key.startswith("SHA256:") else shown


def _signed(found: RemoteSite, key: str, seen: Seen) -> tuple[Evidence, Report]:
    """``evidence.json`` and the report, which belong together; while they grow, a new one may come in between."""
    for last in (False, False, True):
        text = found.get(f"{found.space}/{EVIDENCE}")
        signature = found.get(f"{found.space}/{EVIDENCE}.minisig", 4096)
        told = found.get(f"{found.space}/{REPORT}")
        try:
            said = check(key, signature, text)
            evidence, report = msgspec.json.decode(text, type=Evidence), msgspec.json.decode(told, type=Report)
        except msgspec.DecodeError as error:
            raise BadInput(f"{found.space} shows what this version does not read: {error}.") from error
        except BadInput:
            if last:
                raise
            continue
        if evidence.sha256.get(REPORT) == hashlib.sha256(told).hexdigest() or last:
            break
    seen.good.append(f"Signed with the key {_fingerprint(key)}: {said}.")
    if found.space.split("/s/")[1].partition("/")[0] != evidence.space:
        seen.wrong.append(f"What is signed is of another space: {evidence.space}.")
    if evidence.sha256.get(REPORT) == hashlib.sha256(told).hexdigest():
        seen.good.append("The report is the one that was signed.")
    else:
        seen.wrong.append("The report is not the one that was signed.")
    return evidence, report


def _entries(found: RemoteSite) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(MOST_PAGES):
        try:
            page = manifest.decode_page(found.get(f"{found.space}/evidence/manifest-{number}.jsonl"))
        except NotFound:
            return entries
        except Malformed as error:
            raise BadInput(f"The manifest cannot be read: {error.detail}") from error
        entries += page
        if len(page) < manifest.PAGE_ENTRIES:
            return entries
    raise BadInput(f"The recording has more than {MOST_PAGES * manifest.PAGE_ENTRIES} segments.")


def _chain(evidence: Evidence, entries: list[Entry], asked: CheckOptions, seen: Seen) -> None:
    faults = manifest.verify(entries)
    seen.wrong.extend(fault.detail for fault in faults)
    hashes = {entry.hash: at for at, entry in enumerate(entries)}
    signed = evidence.recording_last_hash
    at = hashes.get(signed or "")
    if signed is None:
        seen.open.append("The recording's chain: nothing of it was signed yet.")
    elif at is None:
        seen.wrong.append("The last hash that was signed is not in the recording's chain.")
    elif not faults:
        seen.good.append(
            f"The recording's chain of hashes holds together, and {counted(at + 1, 'segment')} are signed."
        )
        if at + 1 < len(entries):
            seen.open.append(f"{counted(len(entries) - at - 1, 'segment')} that came after what was signed.")
    if asked.witnessed:
        known = hashes.get(asked.witnessed.lower())
        if known is None:
            seen.wrong.append(
                "The witnessed hash is not in the recording's chain: it was changed since, or is another's."
            )
        elif not faults:
            when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(entries[known].start_ms / 1000))
            seen.good.append(
                f"The witnessed hash is that of segment {known + 1}, {when}: all up to there is as it was."
            )


def _audio(found: RemoteSite, entries: list[Entry], rendition: str, seen: Seen, steps: Steps) -> None:
    """Every segment of one rendition, as it is stored."""
    wanted = [entry for entry in entries if rendition in entry.renditions]
    if not wanted:
        seen.open.append(f"The sound: the recording has no rendition {rendition}.")
        return
    right, absent, size = 0, 0, 0
    for at in steps(len(wanted)):
        entry = wanted[at]
        try:
            data = found.get(f"{found.space}/evidence/{rendition}/{entry.number}.m4s", MOST_SEGMENT_BYTES)
        except NotFound:
            absent += 1
            continue
        size += len(data)
        if hashlib.sha256(data).hexdigest() == entry.renditions[rendition].sha256:
            right += 1
        else:
            seen.wrong.append(f"Segment {entry.number} of {rendition} is not what the manifest says.")
    if right:
        size_mb = f"{size / 1e6:,.1f} MB"
        seen.good.append(
            f"{right:,} of {counted(len(wanted), 'segment')} of {rendition} are what was stored ({size_mb})."
        )
    if absent:
        seen.open.append(f"{counted(absent, 'segment')} that the site does not show: cut off, or removed on request.")
    others = sorted({name for entry in wanted for name in entry.renditions} - {rendition})
    if others:
        seen.open.append(f"The sound in other renditions ({', '.join(others)}): see --rendition.")


def _fingerprint(key: str) -> str:
    try:
        return fingerprint(key)
    except ValueError as error:
        raise BadInput(f"That is no key of a Stentor: {key[:80]}") from error


def _own(origin: str) -> bool:
    """Whether it is this machine."""
    host = urlsplit(origin).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 1.0


def _untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def lines(seen: Iterable[str], mark: str) -> Iterator[str]:
    """To be printed."""
    for each in seen:
        yield f"{mark} {each}"
