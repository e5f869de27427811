"""Lines of access logs, as proxies and CDNs write them: nginx, Varnish, Cloudflare, Fastly, CloudFront. Pure.

Three shapes: NCSA's, with what else is wanted as ``name=value`` behind it; one JSON object a line; a table, of tabs or
commas, whose first lines name its columns. What logs are called and how a format is set: docs/howto/import-logs.md.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from stentor.base.errors import Malformed

MOST_LINE_BYTES: Final = 64 * 1024
UNKNOWN_S: Final = -1.0
EARLIEST_S, LATEST_S = 946_684_800.0, 4_102_444_800.0
"""2000 to 2100; what is before or after is no time of a request."""


LEAST_COLUMNS: Final = 11
"""Of CloudFront, up to the agent."""


class LogShape(StrEnum):
    """Who wrote a log."""

    AUTO = "auto"
    NGINX = "nginx"
    VARNISH = "varnish"
    CLOUDFLARE = "cloudflare"
    FASTLY = "fastly"
    CLOUDFRONT = "cloudfront"


class LogLine(msgspec.Struct, frozen=True):
    """One request."""

    ended_s: float
    """Wall clock, when the reply was over."""
    took_s: float = UNKNOWN_S
    address: str = ""
    """Empty when the log does not say who asked."""
    forwarded: str = ""
    """``X-Forwarded-For``, as it came."""
    agent: str = ""
    method: str = ""
    target: str = ""
    """Path and query; empty for what was no HTTP."""
    status: int = 0
    """0 where nobody knows: Varnish does not look into what it pipes."""
    sent_bytes: int = 0
    connection: str = ""
    """What is the same for requests of one connection; empty when the log does not say."""
    first_byte: int = 0
    """Of a range that was asked for."""


_NCSA = re.compile(
    r'(?P<who>[^\[]*)\[(?P<time>[^\]]{10,40})\] "(?P<request>(?:[^"\\]|\\.)*)" '
    r"(?P<status>\d{3}|-) (?P<bytes>\d+|-)(?P<rest>.*)"
)
_SYSLOG = re.compile(
    r"<\d{1,3}>1(?: \S+){5} (?:-|(?:\[[^\]]*\])+) |"  # RFC 5424
    r"<\d{1,3}>.{0,200}?\]: ?|<\d{1,3}>\S+ \S+ [^:\s]+: ?"
)
_FIELD = re.compile(r'\s*(?:([A-Za-z_]+)=)?(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_MONTHS: Final = {name: number for number, name in enumerate(
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)}  # fmt: skip
_CLF_TIME = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_RANGE = re.compile(r"bytes=(\d+)-")
_CLOUDFRONT_COLUMNS: Final = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
).lower().split()  # fmt: skip
"""Of its standard logs; a log without its first lines is taken to have these."""
_REAL_TIME_COLUMNS: Final = (
    "timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes "
    "x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent "
    "cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end "
    "c-port"
).lower().split()  # fmt: skip
"""Of its real-time logs, which name none and begin with a number of seconds."""
_NEEDED_NAME: Final = "EdgeResponseStatus"
"""No line of CSV is worth anything without that column, and no address or agent is called so."""
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?\t")


class LogReader:
    """The lines of one file, one after the other."""

    def __init__(self, shape: LogShape = LogShape.AUTO) -> None:
        self._shape = shape
        self._columns: list[str] = []
        """As the log's first lines name them."""
        self._names: list[str] = []
        """The same of a table with commas, which each batch begins with."""

    def read(self, data: bytes) -> LogLine | None:
        """A line; None where it is empty or names columns. Raises :class:`Malformed`, which never quotes the line."""
        if len(data) > MOST_LINE_BYTES:
            raise Malformed("it is longer than 64 kB")
        text = data.decode("utf-8", "replace").strip("\r\n \ufeff")
        if not text.strip("[],"):
            return None
        if text.startswith("#"):
            if text.lower().startswith("#fields:"):
                self._columns = text[len("#fields:") :].lower().split()
            return None
        text = _SYSLOG.sub("", text, count=1) if text.startswith("<") else text
        if _NEEDED_NAME in text and (names := _names(text)):
            self._names = names
            return None
        parse = self._parser(text)
        try:
            return parse(text)
        except (ValueError, OverflowError) as error:
            raise Malformed("a number or a time in it does not parse") from error

    def _parser(self, text: str) -> Callable[[str], LogLine]:
        shape = self._shape
        if shape is LogShape.CLOUDFRONT or (shape is LogShape.AUTO and text.count("\t") >= LEAST_COLUMNS - 1):
            return self._of_table
        if text.startswith(("{", "[{", ",{")) or shape is LogShape.CLOUDFLARE:
            return self._of_csv if self._names and not text.startswith(("{", "[", ",")) else _of_json
        return self._of_csv if self._names else self._of_ncsa

    def _of_ncsa(self, text: str) -> LogLine:
        found = _NCSA.match(text)
        if found is None:
            raise Malformed('it has no [time] "request" status bytes')
        quoted, named = _rest(found["rest"])
        method, target = _request(found["request"])
        absolute = target.startswith(("http://", "https://"))
        took_s = _took(named)
        ended_s = _clf_time(found["time"])
        if "end" in named:
            ended_s = float(named["end"])
        elif "begin" in named:
            ended_s = float(named["begin"]) + max(0.0, took_s)
        elif took_s > 0 and "us" in named:  # Varnish and Apache say when a request came, nginx when its reply was over
            ended_s += took_s
        address, chain = _who(found["who"])
        return LogLine(
            _checked(ended_s),
            took_s,
            address,
            named.get("forwarded", "") or (quoted[2] if len(quoted) > 2 else "") or chain,
            quoted[1] if len(quoted) > 1 else "",
            method,
            _without_host(target) if absolute else target,
            0 if found["status"] == "-" else int(found["status"]),
            0 if found["bytes"] == "-" else int(found["bytes"]),
            named.get("connection", ""),
            _first_byte(named.get("range", "")),
        )

    def _of_csv(self, text: str) -> LogLine:
        cells = _cells(text)
        if len(cells) != len(self._names):
            raise Malformed("it has not as many fields as its first line names")
        return _of_fields(dict(zip(self._names, cells, strict=True)))

    def _of_table(self, text: str) -> LogLine:
        cells = text.split("\t")
        if len(cells) < LEAST_COLUMNS:
            raise Malformed("it has fewer columns than a line of CloudFront")
        columns = self._columns or (_REAL_TIME_COLUMNS if _EPOCH.match(text) else _CLOUDFRONT_COLUMNS)
        return _of_cloudfront(dict(zip(columns, cells, strict=False)))


_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "address": ("clientip", "remoteaddr", "ip"),
    "forwarded": ("xforwardedfor", "httpxforwardedfor", "forwarded"),
    "agent": ("clientrequestuseragent", "requestuseragent", "httpuseragent", "useragent"),
    "method": ("clientrequestmethod", "requestmethod", "method"),
    "target": ("clientrequesturi", "requesturi", "clientrequestpath", "url", "path"),
    "request": ("request",),
    "status": ("edgeresponsestatus", "responsestatus", "status"),
    "bytes": ("edgeresponsebytes", "responsebodysize", "bytessent", "bodybytessent", "bytes", "length"),
    "began": ("edgestarttimestamp", "timestart", "began"),
    "ended": ("edgeendtimestamp", "timeend", "msec", "timestamp", "timeiso8601", "time", "date", "timelocal"),
    "us": ("timeelapsed", "us"),
    "seconds": ("requesttime", "seconds"),
    "connection": ("clientsrcport", "clientport", "connection"),
    "range": ("httprange", "range"),
}
"""What fields of JSON are called, without underlines and in small letters; the first that is there counts."""


def _of_cloudfront(cells: Mapping[str, str]) -> LogLine:
    """By the names of its columns, of which each log has those that were chosen."""
    found = {name: cell for name, cell in cells.items() if cell not in ("-", "")}
    moment = found.get("timestamp") or found.get("timestamp(ms)") or ""
    needed = ("sc-status", "cs-uri-stem") if moment else ("date", "time", "sc-status", "cs-uri-stem")
    if missing := [name for name in needed if name not in found]:
        raise Malformed(f"it has no {missing[0]}")
    ended_s = _moment(moment or f"{found['date']}T{found['time']}+00:00")
    path, query = found["cs-uri-stem"], found.get("cs-uri-query", "")
    agent = found.get("cs(user-agent)", "") or found.get("cs-user-agent", "")
    return LogLine(
        _checked(ended_s),
        float(found.get("time-taken", UNKNOWN_S)),
        _address(found.get("c-ip", "")),
        unquote(found.get("x-forwarded-for", "")),
        unquote(unquote(agent)),  # it is written %2520 for a space, or %20
        found.get("cs-method", ""),
        path + (f"?{query}" if query and "?" not in path else ""),  # real-time logs have the query in both
        int(found["sc-status"]),
        int(found.get("sc-bytes", 0)),
        found.get("c-port", ""),
        int(found.get("sc-range-start", 0)),
    )


def _of_json(text: str) -> LogLine:
    """An object, perhaps one of a list that goes over lines, or within what Splunk calls an event."""
    try:
        fields: Mapping[str, Any] = msgspec.json.decode(text.lstrip("[, ").rstrip("], "), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed("it is no JSON object, and no line before it names the columns of CSV") from error
    if isinstance(fields.get("event"), dict):
        fields = fields | fields["event"]
    if "cs-uri-stem" in fields:
        return _of_cloudfront({name.lower(): str(value) for name, value in fields.items() if value is not None})
    return _of_fields(fields)


def _of_fields(fields: Mapping[str, Any]) -> LogLine:
    """By their names, as JSON or the head of CSV has them."""
    known = {name.replace("_", "").replace("-", "").lower(): value for name, value in fields.items()}
    found = {
        ours: next((known[name] for name in names if known.get(name) not in (None, "")), None)
        for ours, names in _NAMES.items()
    }
    if found["status"] is None or (found["target"] is None and found["request"] is None):
        raise Malformed("it has no status or no path")
    method, target = str(found["method"] or ""), str(found["target"] or "")
    if not target:
        method, target = _request(str(found["request"]))
    took_s = _took({name: str(found[name]) for name in ("us", "seconds") if found[name] is not None})
    began_s = None if found["began"] is None else _moment(found["began"])
    ended_s = None if found["ended"] is None else _moment(found["ended"])
    if began_s is not None and ended_s is not None and took_s < 0:
        took_s = max(0.0, ended_s - began_s)
    if ended_s is None:
        if began_s is None:
            raise Malformed("it has no time")
        ended_s = began_s + max(0.0, took_s)
    return LogLine(
        _checked(ended_s),
        took_s,
        _address(str(found["address"] or "")),
        str(found["forwarded"] or ""),
        str(found["agent"] or ""),
        method,
        _without_host(target),
        int(found["status"]),
        int(found["bytes"] or 0),
        str(found["connection"] or ""),
        _first_byte(str(found["range"] or "")),
    )


def _cells(text: str) -> list[str]:
    """Of RFC 4180."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise Malformed("its quotes do not fit") from error


def _names(text: str) -> list[str]:
    """The names of columns, if this is Cloudflare's line of them; else none."""
    if not text.replace('"', "").replace(",", "").isalnum():
        return []
    cells = _cells(text)
    return cells if _NEEDED_NAME in cells else []


def _who(text: str) -> tuple[str, str]:
    """The address of NCSA's beginning, and those of the proxies before it: ``host client, proxy - user``.

    The last one is who came here; what is before it was told to it.
    """
    found: list[str] = []
    for word in text.split():
        if word == "-" and found:
            break
        if address := _address(word.strip('",()')):
            found.append(address)
    return (found[-1], ", ".join(found[:-1])) if found else ("", "")


def _address(text: str) -> str:
    """Empty for what is none, such as ``-``, ``***`` or a name."""
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return ""


def _rest(text: str) -> tuple[list[str], dict[str, str]]:
    """What stands behind the bytes: quoted words without a name, and words with one."""
    quoted, named = [], {}
    for name, long, word in _FIELD.findall(text):
        value = "" if (long or word) == "-" else long or word
        if name:
            named[name.lower()] = value
        elif not word:
            quoted.append(value)
    return quoted, {name: value for name, value in named.items() if value}


def _request(text: str) -> tuple[str, str]:
    """Method and target; empty for what was no HTTP: NCSA's logs have TLS and worse in that place.

    Some servers take a blank in a target, and write it as it came."""
    method, _, rest = text.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not method.isascii() or not method.isalpha() or not target.strip() or not version.startswith("HTTP/"):
        return "", ""
    return method, target


def _without_host(target: str) -> str:
    """Varnish writes an address with the host before the path."""
    if not target.startswith(("http://", "https://")):
        return target
    parts = urlsplit(target)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _took(named: Mapping[str, str]) -> float:
    """Seconds that a request took."""
    if "us" in named:
        return max(0.0, float(named["us"]) / 1e6)
    return max(0.0, float(named["seconds"])) if "seconds" in named else UNKNOWN_S


def _first_byte(text: str) -> int:
    found = _RANGE.match(text)
    return int(found[1]) if found else 0


def _clf_time(text: str) -> float:
    found = _CLF_TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        moment = datetime.datetime.fromisoformat(text)  # $time_iso8601; without a zone it is UTC
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    day, _, year, hour, minute, second, sign, hours, minutes = found.groups()
    east = (1 if sign == "+" else -1) * datetime.timedelta(hours=int(hours), minutes=int(minutes))
    at = datetime.datetime(
        int(year), _MONTHS[found[2]], int(day), int(hour), int(minute), min(59, int(second)),
        tzinfo=datetime.timezone(east),
    )  # fmt: skip
    return at.timestamp()


def _moment(value: object) -> float:
    """Seconds since 1970, of a number of seconds, milliseconds, microseconds or nanoseconds, or of RFC 3339."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return _clf_time(value)
    found = float(str(value))
    while found > LATEST_S:
        found /= 1000
    return found


def _checked(at_s: float) -> float:
    if not EARLIEST_S <= at_s <= LATEST_S:
        raise Malformed("its time is before 2000 or after 2100")
    return at_s
