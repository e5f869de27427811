"""A WHIP server on GStreamer's ``webrtcbin``, run by Debian's own Python: ``whip_receiver.py PORT FOLDER TOKEN``.

Takes H.264 and Opus at ``/live``, for whoever has the token, and writes each session as a file of Matroska, as it came.
``/sent-on`` leads to ``/live`` (307). A POST to a session asks for a picture that stands alone (PLI). Prints a line for
each session that begins or ends. Imports nothing of Stentor.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import gi  # type: ignore[import-not-found, unused-ignore]

for library in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(library, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # type: ignore[import-not-found, unused-ignore]  # noqa: E402

PIPELINE = (
    "webrtcbin name=peer bundle-policy=max-bundle matroskamux name=mux streamable=true ! filesink location={file} "
    "rtph264depay name=video ! h264parse ! queue ! mux. rtpopusdepay name=audio ! opusparse ! queue ! mux."
)
WAIT_S = 10


class Session:
    """One of a sender's: answers with all candidates."""

    def __init__(self, file: str, offer: str) -> None:
        self.answer = ""
        self.answered = threading.Event()
        self.pipeline = Gst.parse_launch(PIPELINE.format(file=file))
        self.peer = self.pipeline.get_by_name("peer")
        self.peer.connect("pad-added", self.linked)
        self.peer.get_by_name("rtpbin").connect("on-new-ssrc", self.often)
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        self.pipeline.set_state(Gst.State.PLAYING)
        _, message = GstSdp.SDPMessage.new_from_text(offer)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
        self.peer.emit("set-remote-description", description, Gst.Promise.new_with_change_func(self.offered))

    def offered(self, _promise: Any, *_: object) -> None:
        self.peer.emit("create-answer", None, Gst.Promise.new_with_change_func(self.made))

    def made(self, promise: Any, *_: object) -> None:
        reply = promise.get_reply()  # it owns the answer
        self.peer.emit("set-local-description", reply.get_value("answer"), Gst.Promise.new())

    def gathered(self, peer: Any, _: object) -> None:
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.answer = peer.get_property("local-description").sdp.as_text()
            self.answered.set()

    def linked(self, _: object, pad: Any) -> None:
        caps = pad.get_current_caps() or pad.query_caps(None)
        kind = caps.get_structure(0).get_string("media")
        sink = self.pipeline.get_by_name(kind).get_static_pad("sink")
        if not sink.is_linked():
            pad.link(sink)

    def often(self, rtpbin: Any, session: int, _: int) -> None:
        rtpbin.emit("get-internal-session", session).set_property("rtcp-min-interval", 500_000_000)

    def ask(self) -> None:
        """As a decoder that has lost a picture."""
        lost = Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, Gst.Structure.new_empty("GstForceKeyUnit"))
        self.pipeline.get_by_name("video").get_static_pad("sink").push_event(lost)

    def end(self) -> None:
        self.pipeline.set_state(Gst.State.NULL)


class Endpoint(BaseHTTPRequestHandler):
    """What is asked over HTTP."""

    protocol_version = "HTTP/1.1"
    token = folder = ""
    sessions: ClassVar[dict[str, Session]] = {}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/sent-on":
            self.say(307, {"Location": "live"})
        elif self.headers.get("Authorization") != f"Bearer {self.token}":
            self.say(401, {})
        elif (name := self.path.removeprefix("/sessions/")) in self.sessions:
            self.sessions[name].ask()
            self.say(202, {})
        elif self.path != "/live" or self.headers.get("Content-Type") != "application/sdp":
            self.say(404, {})
        else:
            name = f"session-{len(self.sessions)}"
            session = self.sessions[name] = Session(f"{self.folder}/{name}.mkv", body)
            if not session.answered.wait(WAIT_S):
                self.say(500, {})
                return
            print("begun", name, flush=True)
            # without a slash at its beginning: below the endpoint's folder
            self.say(201, {"Location": f"sessions/{name}", "Content-Type": "application/sdp"}, session.answer)

    def do_DELETE(self) -> None:
        name = self.path.removeprefix("/sessions/")
        known = name in self.sessions and self.headers.get("Authorization") == f"Bearer {self.token}"
        if known:
            self.sessions[name].end()
            print("ended", name, flush=True)
        self.say(200 if known else 404, {})

    def say(self, status: int, headers: dict[str, str], body: str = "") -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body.encode()))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    Gst.init(None)
    Endpoint.folder, Endpoint.token = sys.argv[2], sys.argv[3]
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint)
    print("listening", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    GLib.MainLoop().run()
