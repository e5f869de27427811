"""Where something is sent by SRT: addresses as OBS, ffmpeg and servers write them.

``srt://host:port?streamid=…&passphrase=…&latency=…``. What is secret of it is parted from what may be shown
(:func:`parted`).
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from stentor.base.errors import BadInput

LATENCY_MS: Final = 1000
"""What is lost on the way may be sent anew for so long. More than libsrt's 120, which holds for 40 ms to the other side
and back at most: the picture is seconds behind the talk anyway."""
MOST_LATENCY_MS: Final = 8000
MICROSECONDS: Final = 20_000
"""From here on a latency is one in microseconds, as OBS and ffmpeg write it; srt-live-transmit and servers write
milliseconds."""
SHORTEST_PASSPHRASE, LONGEST_PASSPHRASE = 10, 79
"""Of libsrt's."""
MOST_STREAM_BYTES: Final = 512
KEY_BYTES: Final = (0, 16, 24, 32)
_SECRET: Final = ("streamid", "passphrase")
_KEPT: Final = ("latency", "pbkeylen")
"""What else of an address is heeded. The rest is about how others send (``pkt_size``, ``timeout``)."""


class SrtAddress(NamedTuple):
    """Where to call, and what to say there."""

    host: str
    port: int
    stream: str
    """Stream ID; may be empty."""
    passphrase: str
    """Encrypts all of it (AES); empty: in the clear."""
    latency_ms: int
    key_bytes: int
    """16, 24 or 32; 0: as the other side wants."""


def parted(server: str, key: str, passphrase: str) -> tuple[str, str, str]:
    """Takes stream ID and passphrase out of an address; what was given beside it counts before them. Raises
    :class:`BadInput`."""
    host, port, fields = _read(server)
    kept = "&".join(f"{name}={quote(fields[name], safe='')}" for name in _KEPT if fields.get(name))
    name = f"[{host}]" if ":" in host else host
    shown = f"srt://{name}:{port}" + (f"?{kept}" if kept else "")
    return shown, key.strip() or fields.get("streamid", ""), passphrase.strip() or fields.get("passphrase", "")


def address(server: str, stream: str, passphrase: str) -> SrtAddress:
    """Raises :class:`BadInput`, which names neither stream ID nor passphrase."""
    shown, stream, passphrase = parted(server, stream, passphrase)
    host, port, fields = _read(shown)
    if len(stream.encode()) > MOST_STREAM_BYTES or not stream.isprintable():
        raise BadInput("A stream ID has 512 letters at most.", code="bad-stream-key")
    long_enough = SHORTEST_PASSPHRASE <= len(passphrase.encode()) <= LONGEST_PASSPHRASE
    if passphrase and not (long_enough and passphrase.isprintable()):
        raise BadInput("A passphrase of SRT has 10 to 79 letters.", code="bad-passphrase")
    key_bytes = _number(fields.get("pbkeylen", "0"))
    if key_bytes not in KEY_BYTES:
        raise BadInput("pbkeylen is 16, 24 or 32.", code="bad-server")
    latency = _number(fields.get("latency", str(LATENCY_MS)))
    latency = latency // 1000 if latency >= MICROSECONDS else latency
    if latency > MOST_LATENCY_MS:
        raise BadInput(f"A latency is {MOST_LATENCY_MS} milliseconds at most.", code="bad-server")
    return SrtAddress(host, port, stream, passphrase, latency, key_bytes)


def _read(server: str) -> tuple[str, int, dict[str, str]]:
    base, _, query = server.strip().partition("?")  # not by urlsplit: stream IDs begin with #!::
    wrong = BadInput("The server is an address such as srt://live.example.org:9000.", code="bad-server")
    try:
        parts = urlsplit(base)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme != "srt" or not host or not port or parts.username or parts.path not in ("", "/"):
        raise wrong
    fields = {}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        fields[name] = unquote(value)
    if fields.get("mode", "caller") not in ("caller", "client"):
        raise BadInput("Stentor calls; the server has to listen.", code="bad-server")
    return host, port, fields


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise BadInput(f"{text[:20]!r} is no number.", code="bad-server")
    return int(text)
