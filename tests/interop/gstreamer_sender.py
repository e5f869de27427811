"""A WHIP sender on GStreamer's ``webrtcbin``, run by Debian's own Python: ``gstreamer_sender.py URL TOKEN FILE.wav``.

Speaks the file once, as it is heard, and prints ``connected`` when the stage is reached. Imports nothing of Stentor.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import Any

import gi  # type: ignore[import-not-found, unused-ignore]

for library in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(library, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # type: ignore[import-not-found, unused-ignore]  # noqa: E402

PIPELINE = (
    "filesrc location={file} ! wavparse ! audioconvert ! audioresample ! identity sync=true ! "
    "opusenc ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=96 ! "
    "webrtcbin name=peer"
)


class Sender:
    """Offers with all candidates in one POST, as most WHIP senders do."""

    def __init__(self, url: str, token: str, file: str) -> None:
        self.url, self.token = url, token
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.parse_launch(PIPELINE.format(file=file))
        self.peer = self.pipeline.get_by_name("peer")
        transceiver = self.peer.emit("get-transceiver", 0)
        transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self.peer.connect("on-negotiation-needed", self.offer)
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        self.peer.connect("notify::connection-state", self.changed)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: self.fail(message.parse_error()))
        bus.connect("message::eos", lambda *_: self.loop.quit())

    def run(self) -> None:
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)

    def fail(self, why: object) -> None:
        print(why, file=sys.stderr, flush=True)
        self.loop.quit()

    def offer(self, peer: Any) -> None:
        def made(promise: Any, *_: object) -> None:
            reply = promise.get_reply()  # it owns the offer
            offer = reply.get_value("offer")
            peer.emit("set-local-description", offer, Gst.Promise.new())

        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(made))

    def gathered(self, peer: Any, _: object) -> None:
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.post)

    def post(self) -> bool:
        offer = self.peer.get_property("local-description").sdp.as_text()
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.token}", "Seat-Agreed": "1"}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, offer.encode(), headers), timeout=10) as reply:
                text = reply.read().decode()
        except urllib.error.HTTPError as error:
            self.fail(f"{error.code} {error.read().decode()}\n{offer}")
            return False
        _, answer = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, answer)
        self.peer.emit("set-remote-description", description, Gst.Promise.new())
        return False

    def changed(self, peer: Any, _: object) -> None:
        state = peer.get_property("connection-state")
        if state == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            print("connected", flush=True)
        elif state == GstWebRTC.WebRTCPeerConnectionState.FAILED:
            self.fail("the connection failed")


if __name__ == "__main__":
    Gst.init(None)
    Sender(*sys.argv[1:4]).run()
