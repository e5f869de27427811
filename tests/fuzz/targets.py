"""What is fuzzed: every parser that reads bytes of somebody else, with seeds that it accepts.

A target takes any bytes. It may raise nothing but the errors that the parser documents; these it swallows. Whatever
else comes out is a finding: another error, something read that is not written back the same, an answer that depends on
how the bytes were cut into pieces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from stentor.base.errors import CallerError, Malformed, NotSignedIn, StentorError
from stentor.base.rendition import BY_NAME, RENDITIONS, Source
from stentor.base.rsa import RsaKey
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.chat import Chats
from stentor.bus.crowd import Crowd
from stentor.bus.documents import Documents
from stentor.bus.status import Status, Statuses
from stentor.bus.withdrawals import Withdrawals
from stentor.crowd import door
from stentor.crowd.orders import Orders
from stentor.edge.protocol import Connection
from stentor.edge.reply import Reply, failure
from stentor.fediverse import clean, reading, signatures, things
from stentor.house.who.devices import Devices
from stentor.spaces import pulse, tokens, withdrawal
from stentor.spaces.comments import Chat, ChatState, Comment
from stentor.spaces.model import Removal, Role, State
from stentor.stage import offer, rtp
from stentor.wire import (
    chunk,
    cue,
    demux,
    edits,
    forwarded,
    http,
    ingest,
    manifest,
    mp4,
    proxy,
    sdp,
    speech,
    tick,
    whip,
)
from stentor.wire.chunk import Chunk
from stentor.wire.heads import Heads
from tests.support.spaces import with_guests

KEY = b"k" * 32
OFFER = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111 9
c=IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 3f1a.local 46243 typ host generation 0 network-id 1
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 0F:74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=20;useinbandfec=1
a=rtpmap:9 G722/8000
m=video 0 UDP/TLS/RTP/SAVPF 96
a=mid:1
a=sendonly
a=rtpmap:96 VP8/90000
"""
FRAGMENT = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 UDP/TLS/RTP/SAVPF 0
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0
a=end-of-candidates
"""
REQUESTS = [
    b"GET /s/talk/live.aac?rendition=aac-64 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br;q=0.1\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b%20c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /s/talk/react/heart HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET / HTTP/1.0\r\n\r\n",
    b'GET http://x/s/talk HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nIf-None-Match: "a", W/"b"\r\n\r\n',
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
]


class Target(NamedTuple):
    """``run`` takes any bytes; ``seeds`` are such as the parser accepts; ``large`` makes about so many bytes that it
    has to read to the end, as costly as we can think of; ``most`` is what reaches it at all."""

    run: Callable[[bytes], None]
    seeds: list[bytes]
    large: Callable[[int], bytes]
    most: int = 4096


def _message(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes]) -> Callable[[bytes], None]:
    """A message on the bus: :class:`Malformed` or something that comes back the same when it is written again."""

    def run(data: bytes) -> None:
        try:
            found = decode(data)
        except Malformed:
            return
        again = decode(encode(found))
        assert again == found or found != found, "what was read is written as something else"  # NaN

    return run


def _document(bucket: type[Documents[Any]]) -> Callable[[bytes], None]:
    """A document of the bus: whatever is none is as if it were not there."""
    documents = bucket(None)  # type: ignore[arg-type]  # reading needs no bus

    def run(data: bytes) -> None:
        found = documents._decode(data)
        if found is not None:
            assert documents._decode(msgspec.json.encode(found)) is not None
            documents.key(found)

    return run


def _withdrawal(data: bytes) -> None:
    """A list of what was removed: what it says of any chunk and segment can be asked, and joining it loses nothing."""
    try:
        found = withdrawal.decode(data)
    except Malformed:
        return
    assert withdrawal.decode(withdrawal.encode(found)) == found or found != found, "written as something else"  # NaN
    assert withdrawal.joined(found, found) is found
    found.at(0.0, 1e9)
    assert found.chunks(0, 1000) <= frozenset(range(1000))
    for number in (0, *found.pieces):
        found.piece(number)
    _document(Withdrawals)(data)


def _status(data: bytes) -> None:
    """A heartbeat that is none is passed over; one that is there can be asked everything."""
    statuses = Statuses(lambda: 0.0)
    statuses._hear("status.edge.edge-0", data)
    statuses.fresh(0.0)
    statuses.listeners("talk", 0.0)
    statuses.reactions("talk", 0.0)
    statuses.seats("talk", 0.0)


def _offer(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        sdp.check_offer(text)
        offer.read(text)
    except CallerError:
        return


def _answer(data: bytes) -> None:
    """An answer that asks for FEC already stays as it is."""
    once = sdp.ask_for_fec(data.decode("utf-8", "replace"))
    assert sdp.ask_for_fec(once) == once


def _published(data: bytes) -> None:
    """Of a server's answer no candidate is left that may not be reached, and nothing else is missing."""
    text = data.decode("utf-8", "replace")
    heeded, left, had = ingest.heeded(text, lambda address: address.startswith("192.0.2."))
    found = [line for line in heeded.splitlines() if line.startswith("a=candidate:")]
    assert len(found) == left <= min(had, ingest.MOST_CANDIDATES)
    assert all(line.split()[4].startswith("192.0.2.") for line in found)
    assert ingest.heeded(heeded, lambda _: True)[0] == heeded
    ingest.elsewhere("https://a.example.org/whip", text)


def _fragment(data: bytes) -> None:
    """What was read is read again when we write it, but for candidates of sections that came twice."""
    try:
        found = sdp.parse_fragment(data.decode("utf-8", "replace"))
    except CallerError:
        return
    if found.ufrag or found.password or found.candidates or found.complete:
        again = sdp.parse_fragment(sdp.render_fragment(found))
        assert sorted(again.candidates) == sorted(found.candidates)
        assert (again.ufrag, again.password, again.complete) == (found.ufrag, found.password, found.complete)


def _pieces(data: bytes) -> list[bytes]:
    """The bytes behind the first, cut into pieces as that says."""
    if not data:
        return []
    size, rest = data[0] or 1, data[1:]
    return [rest[at : at + size] for at in range(0, len(rest), size)]


def _read(pieces: list[bytes], heads: Heads | None = None) -> tuple[list[http.Request], bool]:
    """The requests in these pieces, and whether all of them were taken."""
    parser, found = http.RequestParser(heads=heads), []
    for piece in pieces:
        try:
            found += parser.feed(piece)
        except StentorError as error:
            if error.status not in (400, 413, 414, 431, 501, 505):
                raise
            return found, False
    return found, True


def _heads(found: list[http.Request]) -> list[http.Request]:
    """The requests without bodies that are passed on while they come."""
    return [msgspec.structs.replace(request, stream=None) for request in found]


def _bodies(found: list[http.Request]) -> list[tuple[bytes, bool]]:
    """What has come of bodies that are passed on, and whether that is all."""
    return [(request.stream.take(), request.stream.complete) for request in found if request.stream is not None]


_KNOWN = Heads()
"""What was read of all inputs so far."""


def _http(data: bytes) -> None:
    """The same requests in whatever pieces they come; what lies before an error is answered, or lost with its read."""
    pieces = _pieces(data)
    cut, all_taken = _read(pieces)
    whole, taken = _read([b"".join(pieces)])
    for _ in range(2):  # read and learnt, then found
        remembered, all_remembered = _read(pieces, _KNOWN)
        assert (_heads(remembered), all_remembered) == (_heads(cut), all_taken)
    if taken and all_taken:
        assert _heads(cut) == _heads(whole)
        assert _bodies(cut) == _bodies(whole)
    else:
        assert _heads(cut)[: len(whole)] == _heads(whole)[: len(cut)]
    for request in whole + cut:
        assert request.path.startswith("/") or request.path == "*"
        http.accepts_gzip(request.headers.get("accept-encoding"))
        http.etag_matches(request.headers.get("if-none-match"), '"a"')
        with suppress(http.Unsatisfiable):
            http.parse_range(request.headers.get("range"), 100)


class _Host:
    """Lets everybody in."""

    now = 0.0
    replied_bytes = 0

    def __init__(self, heads: Heads) -> None:
        self.heads = heads
        self.replies = [0] * 6

    def opened(self, connection: Connection) -> bool:
        return True

    def closed(self, connection: Connection) -> None: ...
    def watch(self, connection: Connection, deadline: float) -> None: ...
    def left(self, connection: Connection) -> None: ...
    def refuse(self, error: StentorError) -> Reply:
        return failure(error, now=0.0)


def _reply(request: http.Request, connection: Connection) -> Reply:
    """Every request gets the same, at once."""
    return Reply(200, {"X-Path": str(len(request.path))}, b"ok", now=0.0)


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closing, self.ended = b"", False, False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closing, "written after closing"
        assert not self.ended, "written after the end"
        self.written += data

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def _connection(data: bytes) -> None:
    """An edge's connection answers or closes, and writes nothing after it has closed; the same when it knows the heads
    already.
    """
    heads, written = Heads(), []
    for _ in range(2):
        connection, transport = Connection(_Host(heads), _reply), _Transport()
        connection.connection_made(transport)
        for piece in _pieces(data):
            if transport.is_closing():
                break
            connection.data_received(piece)
        connection.connection_lost(None)
        written.append(transport.written)
    assert written[0] == written[1]
    assert not written[0] or written[0].startswith(b"HTTP/1.1 ")


def _proxy(data: bytes) -> None:
    """A header that is whole says so wherever the bytes are cut, and never claims more than there is."""
    try:
        found = proxy.parse(data)
    except Malformed:
        return
    if found is not None:
        assert 0 < found.size <= len(data)
        assert proxy.parse(data[: found.size]) == found
        for end in range(found.size):
            assert proxy.parse(data[:end]) is None


_TRUSTED = forwarded.networks("127.0.0.0/8, ::1, 10.0.0.0/8")


def _forwarded(data: bytes) -> None:
    """Whatever a client writes, the answer is an address of somebody."""
    usual, _, standard = data.decode("latin-1").partition("\n")
    first, _, scheme = usual.partition("\t")
    headers = {"x-forwarded-for": first, "forwarded": standard, "x-forwarded-proto": scheme}
    found = forwarded.origin("127.0.0.1", {name: value for name, value in headers.items() if value}, _TRUSTED)
    assert found.scheme in ("", "http", "https")
    assert forwarded.networks(found.address), "an address"


def _demux(data: bytes) -> None:
    reader = demux.Demuxer()
    try:
        for piece in _pieces(data):
            reader.feed(piece)
    except Malformed:
        return


def _rtp(data: bytes) -> None:
    for read in (rtp.parse, rtp.sender_report):
        with suppress(Malformed):
            read(data)


def _secrets(data: bytes) -> None:
    """Nothing that is not signed by us is taken, and nothing but :class:`NotSignedIn` comes of it."""
    text = data.decode("utf-8", "replace")
    assert door.check(KEY, "talk", text, now=0.0) is None
    assert door.check_pass(KEY, "talk", text, now=0.0) is door.Class.EVERYBODY
    assert Devices(KEY).read(text) is None
    with suppress(NotSignedIn):
        raise AssertionError(f"a token of nobody: {tokens.verify(text, KEY, now=0.0)}")


_EVE = "https://peer.example/users/eve"
_PEM = RsaKey.make().public


def _activity(data: bytes) -> None:
    """Whatever comes to an inbox, or stands at an address, is understood or refused; its HTML does nothing."""
    try:
        found = things.document(data)
    except Malformed:
        return
    actor = dict(found) | {"id": _EVE, "inbox": _EVE, "preferredUsername": "eve", "type": "Person"}
    actor["publicKey"] = {"id": _EVE, "owner": _EVE, "publicKeyPem": _PEM}
    who = reading.remote_actor(actor, _EVE)
    with suppress(Malformed):
        reading.activity(found)
    with suppress(Malformed):
        reading.webfinger(found)
    with suppress(Malformed):
        post = reading.remote_post(dict(found) | {"id": _EVE, "attributedTo": _EVE}, who, 1)
        assert "<script" not in post.html
        assert clean.html(post.html) == post.html, "what is clean stays so"


def _signature(data: bytes) -> None:
    """Fields that nobody signed are refused, or a claim that does not hold."""
    names = ("signature", "signature-input", "digest", "content-digest", "date", "host")
    fields = dict(zip(names, data.decode("latin-1").split("\n"), strict=False))
    message = signatures.SignedRequest(
        method="POST", target="/inbox", authority="a.example", scheme="https", headers=fields, body=b"{}"
    )
    with suppress(signatures.Unsigned):
        assert not signatures.claim(message, 1_800_000_000.0).holds(_PEM)


def _deep(most: int) -> Callable[[int], bytes]:
    """JSON of so many bytes with a list in a list in a list."""
    return lambda size: b'{"x":' + b"[" * min(size, most)


_DEEP = b'{"x":' + b"[" * 3000
"""JSON that a decoder can only follow so far; whoever sends it must not end the reader."""
_DEEP_PACK = b"\x91" * 3000
"""The same in MessagePack."""
_OPUS = BY_NAME["opus-24"]
_MP4 = mp4.init(_OPUS) + mp4.fragment(_OPUS, sequence=1, decode_time=0, frames=[b"frame"] * _OPUS.frames_per_chunk)
_CHUNK = Chunk(
    "talk", 7, 1_800_000_000_000, Source.STAGE, 1_800_000_001_000, 80, b'{"v":1}',
    {each.name: [b"frame"] * each.frames_per_chunk for each in RENDITIONS},
)  # fmt: skip
_CUE = cue.Cue(SpaceId("talk"), 1, 1000, 3000, SeatId("ada"), "Ada", "Good evening.", "en", 4000)
_ENTRY = manifest.chain(
    manifest.FIRST_HASH,
    manifest.Entry(
        number=1,
        start_ms=3840,
        runs=[manifest.Run(Source.STAGE, 12, 24)],
        renditions={"aac-64": manifest.StoredObject("recordings/talk/aac-64/1.m4s", 30_000, "ab" * 32)},
    ),
)
_EDITS = edits.EditList(
    space="talk",
    doors_open_ms=1,
    last_hash="ab",
    length_ms=640,
    cut_ms=320,
    pause_ms=4000,
    kept_pause_ms=1000,
    kept=[edits.Kept(320, 640, 0)],
    left_out=[edits.CutOut(0, 320, edits.CutReason.LOBBY)],
    rendition="aac-64",
)
_SPACES = [msgspec.json.encode(with_guests(state)) for state in State]
_CHAT = msgspec.json.encode(Chat("talk", 3, ChatState.OPEN, [Comment(1, "Ada", "ada", "host", "Hello", 1)]))
_STATUS = msgspec.json.encode(Status("edge", "edge-0", 1, 2, {}, {"listeners": 3.0}))
_WITHDRAWAL = withdrawal.encode(
    withdrawal.Withdrawal(
        SpaceId("talk"),
        2,
        [Removal(1000, 5000, 7, "host", "On request")],
        pieces={0: withdrawal.Piece(1, {"aac-64": manifest.StoredObject("recordings/talk/0", 12, "ab")})},
    )
)
_PULSE = pulse.build(
    with_guests(State.LIVE), chunk=7, at_ms=7, source=Source.STAGE, listeners=3, seats=[], delay_ms=0, reactions={}
)
_WHIP = whip.encode(whip.WhipRequest("POST", "talk", None, "claim", "application/sdp", OFFER.encode(), ""))
_TOKENS = [
    sign(tokens.Invitation(SpaceId("talk"), SeatId("ada"), "Ada", Role.HOST, 9), b"x" * 32).encode()
    for sign in (tokens.sign, tokens.sign_short)
]

TARGETS: dict[str, Target] = {
    "chunk": Target(
        _message(chunk.decode, chunk.encode),
        [chunk.encode(_CHUNK), _DEEP_PACK],
        lambda size: chunk.encode(msgspec.structs.replace(_CHUNK, pulse=b"x" * size)),
        8192,
    ),
    "tick": Target(
        _message(tick.decode, lambda ticks: b"".join(map(tick.encode, ticks))),
        [tick.encode(tick.Tick(7, 80, 1, bytes(1920))), tick.encode(tick.Tick(8, 80, 1, bytes(1920))) * 2],
        bytes,
        2 * 1940,
    ),
    "speech": Target(
        _message(speech.decode, speech.encode),
        [speech.encode(speech.Speech(1, 3, bytes(2 * speech.CHUNK_SAMPLES)))],
        bytes,
        speech.MESSAGE_BYTES,
    ),
    "cue": Target(
        _message(cue.decode, cue.encode),
        [cue.encode(_CUE), _DEEP],
        lambda size: cue.encode(msgspec.structs.replace(_CUE, text="x" * size)),
    ),
    "transcript": Target(
        _message(cue.decode_transcript, cue.encode_transcript),
        [cue.encode_transcript(cue.Transcript(1, 1, "engine", [_CUE])), _DEEP],
        lambda size: cue.encode_transcript(cue.Transcript(1, 1, "engine", [_CUE] * (size // 150))),
    ),
    "edits": Target(_message(edits.decode, edits.encode), [edits.encode(_EDITS), _DEEP], _deep(1 << 20)),
    "manifest": Target(
        _message(manifest.decode_page, manifest.encode_page),
        [manifest.encode_page([_ENTRY]), _DEEP],
        lambda size: manifest.encode_page([_ENTRY] * min(size // 330, 256)),
    ),
    "space": Target(_document(Board), [*_SPACES, _DEEP], _deep(1 << 20)),
    "orders": Target(_document(Crowd), [msgspec.json.encode(Orders("talk", passes=("press",))), _DEEP], _deep(1 << 20)),
    "chat": Target(_document(Chats), [_CHAT, _DEEP], _deep(1 << 20)),
    "status": Target(_status, [_STATUS, _DEEP], _deep(1 << 20)),
    "withdrawal": Target(_withdrawal, [_WITHDRAWAL, _DEEP], _deep(1 << 20)),
    "pulse": Target(_message(pulse.read, msgspec.json.encode), [_PULSE, _DEEP], _deep(1 << 20)),
    "whip-request": Target(
        _message(whip.decode_request, whip.encode), [_WHIP, _DEEP_PACK], lambda size: _WHIP + b"x" * size
    ),
    "whip-reply": Target(
        _message(whip.decode_reply, whip.encode),
        [whip.encode(whip.WhipReply(201, {"ETag": '"x"'}, b"answer")), _DEEP_PACK],
        lambda size: whip.encode(whip.WhipReply(201, {str(n): "x" for n in range(size // 8)}, b"")),
    ),
    "offer": Target(
        _offer,
        [OFFER.encode(), OFFER.replace("\n", "\r\n").encode()],
        lambda size: (OFFER + "a=rtpmap:9 G722/8000\n" * ((size - len(OFFER)) // 21)).encode(),
    ),
    "answer": Target(_answer, [OFFER.encode()], lambda size: (OFFER * (size // len(OFFER))).encode()),
    "published": Target(
        _published,
        [OFFER.encode(), b"a=candidate:1 1 UDP 2015363327 192.0.2.1 5000 typ host\r\n", b"../sessions/1?a=b"],
        lambda size: b"a=candidate:1 1 UDP 2015363327 10.0.0.1 5000 typ host\n" * (size // 54),
    ),
    "fragment": Target(
        _fragment,
        [FRAGMENT.encode(), FRAGMENT.replace("\n", "\r\n").encode()],
        lambda size: (FRAGMENT + "a=x:y\n" * (size // 6)).encode(),
    ),
    "http": Target(
        _http,
        [bytes([size]) + each for each in REQUESTS for size in (1, 7, 255)],
        lambda size: b"\x01" + b"".join([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * (size // 27)]),
    ),
    "connection": Target(
        _connection,
        [bytes([size]) + each for each in REQUESTS for size in (1, 7, 255)],
        lambda size: b"\x07" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * (size // 27),
    ),
    "proxy": Target(
        _proxy,
        [
            b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET",
            b"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n",
            b"PROXY UNKNOWN\r\n",
            proxy.SIGNATURE + b"\x21\x11\x00\x0c" + bytes(12),
            proxy.SIGNATURE + b"\x21\x21\x00\x24" + bytes(36),
        ],
        lambda size: proxy.SIGNATURE + b"\x21\x11" + min(size, 2032).to_bytes(2, "big") + bytes(size),
    ),
    "forwarded": Target(
        _forwarded,
        [
            b"192.0.2.9, 10.0.0.1\thttps\n",
            b"[2001:db8::1]:80\t\n",
            b'\t\nfor=192.0.2.60;proto=http, for="[2001:db8::1]:4711"',
        ],
        lambda size: b"10.0.0.1," * (size // 9) + b"\t\n" + b"for=10.0.0.1;" * (size // 13),
        8192,
    ),
    "demux": Target(
        _demux,
        [bytes([size]) + _MP4 for size in (255, 7)],
        lambda size: b"\x40" + _MP4 + b"\x00\x00\x00\x08free" * (size // 8),
    ),
    "rtp": Target(_rtp, [rtp.pack(111, 1, 2, 3, b"opus"), b"\x80\xc8\x00\x06" + bytes(24)], bytes, 1500),
    "activity": Target(
        _activity,
        [
            msgspec.json.encode(each)
            for each in (
                {"id": f"{_EVE}#1", "type": "Follow", "actor": _EVE, "object": ["https://a.example/ap/actors/1"]},
                {
                    "type": ["Note"],
                    "to": "as:Public",
                    "content": '<p class="x">a<a href="https://b">b</a>',
                    "tag": {"type": "Hashtag", "name": "#x"},
                    "attachment": [{"url": [{"href": "https://c/d.png"}]}],
                },
                {
                    "type": "Question",
                    "oneOf": [{"name": "Yes"}],
                    "contentMap": {"de": "x"},
                    "url": {"href": "https://e"},
                },
                {"links": [{"rel": "self", "type": "application/activity+json", "href": _EVE}]},
            )
        ]
        + [_DEEP],
        lambda size: b'{"type":"Note","content":"' + b"<a>" * (min(size, things.MOST_BYTES - 40) // 3) + b'"}',
        8192,
    ),
    "signature": Target(
        _signature,
        [
            b'keyId="https://a/b",algorithm="rsa-sha256",headers="(request-target) host date digest",'
            b'signature="AAAA"\n\n'
            b"SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\n\nFri, 15 Jan 2027 08:00:00 GMT\na.example",
            b'sig1=:AAAA:\nsig1=("@method" "@target-uri" "content-digest");keyid="https://a/b";created=1800000000\n\n'
            b"sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
        ],
        lambda size: b"a=b," * (min(size, 4000) // 4),
    ),
    "secrets": Target(_secrets, [*_TOKENS, Devices(b"x" * 32).made("ada").encode()], lambda size: b"a" * size + b"."),
}
