"""What a peer connection takes from a speaker's SDP offer, and the answer to it (RFC 8866, 8829, 8839, 8842).

Whether an offer may be taken at all is judged before, by ``wire.sdp.check_offer``. Of all media sections one is used:
the first audio section with Opus; the others are refused with port 0 (RFC 3264, 6).
"""

from __future__ import annotations

import re

import msgspec

from stentor.base.errors import BadInput, NotSupported

_RTPMAP = re.compile(r"(\d{1,3}) +opus/48000(?:/2)?", re.IGNORECASE)
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
ANSWERS = {"sendrecv": "sendrecv", "sendonly": "recvonly"}
"""Direction of the offer → direction of the answer; a speaker who does not send is none."""


class Section(msgspec.Struct):
    """One media section; attributes of the session are already merged in."""

    kind: str
    port: int
    protocol: str
    formats: list[str]
    attributes: list[tuple[str, str]]

    def first(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.attributes if key == name), default)

    @property
    def direction(self) -> str:
        return next((name for name, _ in self.attributes if name in _DIRECTIONS), "sendrecv")

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


class SpeakerOffer(msgspec.Struct):
    """The speaker's half of the connection."""

    sections: list[Section]
    audio: int
    """Index of the section in use."""
    payload_type: int
    direction: str
    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    """Hash function and value of the speaker's certificate."""
    setup: str
    candidates: list[str]
    """As in ``a=candidate:``, without the name."""
    complete: bool
    """Whether the offer says that no more candidates follow."""
    bundled: bool = False
    """Whether the offer has a BUNDLE group: the answer has one only then (RFC 9143, 7.3)."""

    @property
    def listens(self) -> bool:
        """Whether the speaker wants the mix back on this connection."""
        return self.direction == "sendrecv"


def read(text: str) -> SpeakerOffer:
    """Reads an offer; raises :class:`BadInput` (no usable SDP) or :class:`NotSupported` (422, no Opus)."""
    sections = _sections(text)
    index, payload_type = _opus(sections)
    section = sections[index]
    direction = section.direction
    fingerprints = [_pair(value) for value in section.every("fingerprint")]
    ufrag, password = section.first("ice-ufrag"), section.first("ice-pwd")
    if not (ufrag and password and fingerprints):
        raise BadInput("The offer has no ICE credentials or no DTLS fingerprint.")
    if direction not in ANSWERS:
        raise NotSupported("A speaker sends: the offer must be sendrecv or sendonly.", status=422, code="not-sending")
    return SpeakerOffer(
        sections=sections,
        audio=index,
        payload_type=payload_type,
        direction=direction,
        ufrag=ufrag,
        password=password,
        fingerprints=fingerprints,
        setup=section.first("setup", "active"),
        candidates=section.every("candidate"),
        complete="end-of-candidates" in dict(section.attributes),
        bundled=section.first("group").startswith("BUNDLE"),
    )


def dtls_role(offer: SpeakerOffer) -> str:
    """Our DTLS role. An offer of ``actpass`` leaves it to us, and waiting saves the speaker half a round trip."""
    return "client" if offer.setup == "passive" else "server"


class Local(msgspec.Struct):
    """Our half of the connection."""

    session: int
    version: int
    ufrag: str
    password: str
    candidates: list[str]
    fingerprints: list[tuple[str, str]]
    ssrc: int
    cname: str
    host: str
    port: int


def answer(offer: SpeakerOffer, local: Local) -> str:
    """The SDP answer: Opus only, in one bundled section, with all our candidates."""
    mid = offer.sections[offer.audio].first("mid")
    family = "IP6" if ":" in local.host else "IP4"
    lines = [
        "v=0",
        f"o=- {local.session} {local.version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        *([f"a=group:BUNDLE {mid}"] if mid and offer.bundled else []),
        "a=msid-semantic: WMS *",
    ]
    for index, section in enumerate(offer.sections):
        if index != offer.audio:
            lines += _refused(section)
            continue
        lines += [
            f"m=audio {local.port} {section.protocol} {offer.payload_type}",
            f"c=IN {family} {local.host}",
            f"a={ANSWERS[offer.direction]}",
            *([f"a=mid:{mid}"] if mid else []),
            "a=rtcp-mux",
            f"a=rtpmap:{offer.payload_type} opus/48000/2",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            "a=ice-options:trickle ice2",
            *(f"a=candidate:{candidate}" for candidate in local.candidates),
            "a=end-of-candidates",
            *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in local.fingerprints),
            f"a=setup:{'active' if dtls_role(offer) == 'client' else 'passive'}",
        ]
        if offer.listens:
            lines += [f"a=msid:stentor {local.cname}", f"a=ssrc:{local.ssrc} cname:{local.cname}"]
    return "\r\n".join(lines) + "\r\n"


def _refused(section: Section) -> list[str]:
    mid = section.first("mid")
    return [
        f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        *([f"a=mid:{mid}"] if mid else []),
    ]


def _sections(text: str) -> list[Section]:
    session: list[tuple[str, str]] = []
    sections: list[Section] = []
    for line in text.splitlines():
        if line.startswith("m="):
            parts = line[2:].split()
            if len(parts) < 4:
                raise BadInput("An m= line of the offer is cut short.")
            port = parts[1].partition("/")[0]
            sections.append(Section(parts[0], int(port) if port.isdecimal() else 0, parts[2], parts[3:], []))
        elif line.startswith("a="):
            name, _, value = line[2:].strip().partition(":")
            (sections[-1].attributes if sections else session).append((name, value.strip()))
    if not sections:
        raise BadInput("The offer has no media section.")
    for section in sections:
        section.attributes += session  # what a section says itself comes first and wins
    return sections


def _opus(sections: list[Section]) -> tuple[int, int]:
    """Index of the first audio section with Opus, one that sends if there is one, and its payload type."""
    ranked = sorted(enumerate(sections), key=lambda each: each[1].direction not in ANSWERS)
    for index, section in ranked:
        off = section.port == 0 and ("bundle-only", "") not in section.attributes
        if section.kind != "audio" or off:
            continue
        for value in section.every("rtpmap"):
            match = _RTPMAP.fullmatch(value)
            if match and match[1] in section.formats and int(match[1]) < 128:
                return index, int(match[1])
    raise NotSupported("The offer has no Opus audio.", status=422, code="no-opus")


def _pair(value: str) -> tuple[str, str]:
    first, _, second = value.partition(" ")
    return first, second.strip()
