"""SDP as WHIP speaks it (RFC 8866, RFC 9725): judge an offer, mend an answer, read trickled candidates (RFC 8840).

Text only: what a peer sends is judged here before any media library sees it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from stentor.base.errors import BadInput, NotSupported, TooLarge

MAX_SDP_BYTES = 64 * 1024
"""Chromium's audio offer has 3 kB; with every codec and candidate of a big machine 20."""
MAX_LINES = 500
MAX_CANDIDATES = 64
"""In one fragment; a machine with many addresses gathers 30."""
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
OFFER_TYPE = "application/sdp"

_SENDING = ("sendonly", "sendrecv")
_DIRECTIONS = (*_SENDING, "recvonly", "inactive")
_LINE = re.compile(r"[a-z]=[^\0\r\n]*")
# RFC 8839, 5.4: ice-char, and what other alphabets of base64 have; ufrag of 4 to 256, pwd of 22 to 256
_UFRAG = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/=_-]{22,256}")
# RFC 8829, 5.1.2: "any profile in the offer matching one of" these is accepted; what is meant is DTLS-SRTP in each
_PROFILE = re.compile(r"(?:(?:UDP|TCP)/D?TLS/)?RTP/SAVPF?", re.IGNORECASE)
# RFC 8122, 5
_FINGERPRINT = re.compile(r"(sha-(?:1|224|256|384|512)) +((?:[0-9A-Fa-f]{2}:)+[0-9A-Fa-f]{2})", re.IGNORECASE)
# RFC 8839, 5.1: foundation, component, transport, priority, address (a name of mDNS, too), port, "typ", type, more
_CANDIDATE = re.compile(
    r"[A-Za-z0-9+/]{1,32} \d{1,3} \w{1,16} \d{1,10} [0-9A-Za-z.:-]{1,253} \d{1,5} typ \w{1,16}(?: [ -~]+)?",
    re.ASCII,
)
# What has a candidate's form, though it may not be one that is of use: zone ids, odd names, other transports
_CANDIDATE_FORM = re.compile(r"\S+ \S+ \S+ \S+ \S+ \S+ typ \S+(?: .*)?")
_A_CANDIDATE, _END = "a=candidate:", "a=end-of-candidates"
_MID = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}")  # RFC 5888, 4: token
_OPUS = re.compile(r"rtpmap:(\d{1,3}) +opus/48000(?:/2)?", re.IGNORECASE | re.ASCII)


class Offer(msgspec.Struct, frozen=True):
    """What matters of an acceptable offer. ``setup`` as offered (RFC 8842: actpass, active or passive);
    ``candidates`` as they stood, without ``a=candidate:`` (as aioice reads them).
    """

    mid: str
    opus_payload: int
    direction: str
    ice_ufrag: str
    ice_pwd: str
    fingerprint: str
    setup: str
    candidates: tuple[str, ...]


class IceFragment(msgspec.Struct, frozen=True):
    """A trickle-ICE fragment: the sender's credentials ("" when absent) and its candidates as (mid, candidate), in
    order. ``complete``: there will be no more.
    """

    ufrag: str
    password: str
    candidates: list[tuple[str, str]] = []
    complete: bool = False


def check_offer(text: str) -> Offer:
    """What an offer asks for, when it is one that a seat can answer.

    Raises :class:`TooLarge` (413) over 64 kB or 500 lines; :class:`BadInput` (400) for what is not such SDP, with a
    code that says what is missing; :class:`NotSupported` (422) ``no-opus`` without Opus, ``no-audio`` without
    exactly one audio section that sends, ``not-bundled`` when that is not in the BUNDLE group and not the only one.
    """
    session, sections = _sections(text)
    used = [section for section in sections if _in_use(section)]
    audio = [section for section in used if section[0].startswith("m=audio ")]
    sending = [section for section in audio if _direction(section, session) in _SENDING]
    if len(sending) != 1:
        raise NotSupported("An offer has exactly one audio section that sends.", code="no-audio", status=422)
    # A section of video, or one that only receives, is no fault: the answer rejects it.
    section = sending[0]
    if not _PROFILE.fullmatch(section[0].split()[2]):
        raise NotSupported("The audio is not over DTLS-SRTP.", code="no-dtls", status=422)
    mid = _one(section, "mid:") or ""
    _check_bundle(session, mid, alone=len(used) == 1)
    return Offer(
        mid,
        _opus_payload(section),
        _direction(section, session),
        _ice(section, session, "ice-ufrag:", _UFRAG),
        _ice(section, session, "ice-pwd:", _PWD),
        _fingerprint(section, session),
        _setup(section, session),
        _candidates(section),
    )


def ask_for_fec(answer: str) -> str:
    """``answer`` with ``minptime=10;useinbandfec=1`` in the fmtp of every Opus payload (RFC 7587, 6.1).

    In-band FEC is what the sender is told the receiver can use; libwebrtc sends none unasked. Other parameters stay.
    """
    lines = re.split(r"\r?\n", answer)
    for payload in [found for line in lines if (found := _opus(line))]:
        prefix = f"a=fmtp:{payload} "
        at = next((n for n, line in enumerate(lines) if line.startswith(prefix)), None)
        parameters: dict[str, str | None] = {}
        if at is not None:
            for item in filter(None, (part.strip() for part in lines[at][len(prefix) :].split(";"))):
                name, equals, value = item.partition("=")
                parameters[name] = value if equals else None
        parameters["minptime"], parameters["useinbandfec"] = "10", "1"
        fmtp = prefix + ";".join(name if value is None else f"{name}={value}" for name, value in parameters.items())
        if at is not None:
            lines[at] = fmtp
        else:
            rtpmap = next(n for n, line in enumerate(lines) if _opus(line) == payload)
            lines.insert(rtpmap + 1, fmtp)
    return "\r\n".join(lines)


def _opus(line: str) -> str | None:
    """The payload type that a line names as Opus."""
    found = _OPUS.fullmatch(line[2:]) if line.startswith("a=") else None
    return found[1] if found else None


def parse_fragment(text: str) -> IceFragment:
    """What is in a body of type ``application/trickle-ice-sdpfrag`` (RFC 8840, 9).

    The only section needs no name, as in the offer. Credentials may stand before the first section or in one. It is
    complete when ``a=end-of-candidates`` stands before the sections or in every one. Raises :class:`TooLarge` (413) and
    :class:`BadInput` (400).
    """
    session, sections = _sections(text, fragment=True)
    lines = [*session, *(line for section in sections for line in section)]
    candidates: list[tuple[str, str]] = []
    for section in sections:
        mid = _one(section, "mid:") or ""
        if not (_MID.fullmatch(mid) or (not mid and len(sections) == 1)):
            raise BadInput("A section of a fragment has no a=mid.", code="no-mid")
        if not all(_CANDIDATE_FORM.fullmatch(candidate) for candidate in _told(section)):
            raise BadInput("A candidate is not valid.", code="bad-candidate")
        candidates += [(mid, candidate) for candidate in _candidates(section)]
    if len(candidates) > MAX_CANDIDATES:
        raise TooLarge(f"A fragment has at most {MAX_CANDIDATES} candidates.")
    ufrag, password = _one(lines, "ice-ufrag:") or "", _one(lines, "ice-pwd:") or ""
    if (ufrag and not _UFRAG.fullmatch(ufrag)) or (password and not _PWD.fullmatch(password)):
        raise BadInput("The ICE credentials of the fragment are not valid.", code="bad-ice")
    if any(line.startswith(_A_CANDIDATE) for line in session):
        raise BadInput("The candidates stand in no section: put an m= line and a=mid before them.", code="no-section")
    everywhere = bool(sections) and all(_END in section for section in sections)
    return IceFragment(ufrag, password, candidates, everywhere or _END in session)


def render_fragment(fragment: IceFragment) -> str:
    """The body that :func:`parse_fragment` reads."""
    lines = [f"a=ice-ufrag:{fragment.ufrag}"] if fragment.ufrag else []
    lines += [f"a=ice-pwd:{fragment.password}"] if fragment.password else []
    lines += [_END] if fragment.complete else []
    for mid, candidates in groupby(fragment.candidates, key=itemgetter(0)):
        # RFC 8840, 9.1: the m-line is there for the grammar; port 9 and payload 0 mean nothing
        lines += ["m=audio 9 UDP/TLS/RTP/SAVPF 0", *([f"a=mid:{mid}"] if mid else [])]
        lines += [f"a=candidate:{candidate}" for _, candidate in candidates]
    return "".join(f"{line}\r\n" for line in lines)


def _sections(text: str, *, fragment: bool = False) -> tuple[list[str], list[list[str]]]:
    """Lines of the session and of each media section; raises :class:`TooLarge` and :class:`BadInput`."""
    if len(text) > MAX_SDP_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_SDP_BYTES:
        raise TooLarge(f"SDP has at most {MAX_SDP_BYTES} bytes.")
    # RFC 8866, 5: "parsers SHOULD be tolerant and also accept records terminated with a single newline"; senders leave
    # blank lines and spaces at the ends of lines as well, editors a mark of the byte order before the first, and C the
    # zero behind the last
    found = re.split(r"\r\n?|\n", text.removeprefix("\ufeff").rstrip("\0"))
    if len(found) > 2 * MAX_LINES:
        raise TooLarge(f"SDP has at most {MAX_LINES} lines.")
    lines = [line for line in (line.rstrip(" \t") for line in found) if line]
    if len(lines) > MAX_LINES:
        raise TooLarge(f"SDP has at most {MAX_LINES} lines.")
    if not lines or not all(_LINE.fullmatch(line) for line in lines) or (not fragment and lines[0] != "v=0"):
        raise BadInput("Not SDP.", code="not-sdp")
    session: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append([line])
        else:
            (sections[-1] if sections else session).append(line)
    for section in sections:
        if len(section[0].split()) < 4 or _port(section) is None:
            raise BadInput("A media line of the SDP is not valid.", code="not-sdp")
    return session, sections


def _in_use(section: Sequence[str]) -> bool:
    """Whether a section is on: port 0 means off (RFC 8866, 5.14), but for one that shares another's (RFC 9143, 6)."""
    return _port(section) != 0 or "a=bundle-only" in section


def _port(section: Sequence[str]) -> int | None:
    port = section[0].split()[1].partition("/")[0]
    return int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else None


def _one(lines: Sequence[str], name: str) -> str | None:
    """The value of the first attribute ``name`` (with its colon), None when there is none."""
    prefix = f"a={name}"
    return next((line[len(prefix) :].strip() for line in lines if line.startswith(prefix)), None)


def _direction(section: Sequence[str], session: Sequence[str]) -> str:
    told = (d for lines in (section, session) for d in _DIRECTIONS if f"a={d}" in lines)
    return next(told, "sendrecv")  # RFC 8866, 6.7: the default


def _check_bundle(session: Sequence[str], mid: str, *, alone: bool) -> None:
    # RFC 9725, 4.4: both ends of WHIP support BUNDLE (RFC 9143), so that one path carries everything; a single section
    # has no other to share it with, and then needs no name either
    groups = [line.split()[1:] for line in session if line.startswith("a=group:BUNDLE")]
    if not any(groups) and alone and (not mid or _MID.fullmatch(mid)):
        return
    if not _MID.fullmatch(mid):
        raise BadInput("The audio section has no a=mid.", code="no-mid")
    if not any(mid in group for group in groups):
        raise NotSupported("The audio section is not in the BUNDLE group.", code="not-bundled", status=422)


def _opus_payload(section: Sequence[str]) -> int:
    formats = section[0].split()[3:]
    for line in section:
        found = _OPUS.fullmatch(line[2:])
        if found and found[1] in formats:
            return int(found[1])
    raise NotSupported("The offer has no Opus (opus/48000/2).", code="no-opus", status=422)


def _ice(section: Sequence[str], session: Sequence[str], name: str, form: re.Pattern[str]) -> str:
    value = _one(section, name) or _one(session, name)
    if value is None or not form.fullmatch(value):
        raise BadInput("The offer has no valid ICE credentials.", code="bad-ice")
    return value


def _fingerprint(section: Sequence[str], session: Sequence[str]) -> str:
    name = "a=fingerprint:"
    told = (line[len(name) :].strip() for line in (*section, *session) if line.startswith(name))
    value = next(filter(_FINGERPRINT.fullmatch, told), None)  # of several, those with another hash are passed over
    if value is None:
        raise BadInput("The offer has no valid DTLS fingerprint.", code="no-fingerprint")
    return value


def _setup(section: Sequence[str], session: Sequence[str]) -> str:
    # RFC 9725, 4.4: an offer should say actpass; active is allowed, and RFC 8842, 5.2 knows passive too
    value = (_one(section, "setup:") or _one(session, "setup:") or "active").lower()  # RFC 4145, 4: the default
    if value not in ("actpass", "active", "passive"):
        raise BadInput("The offer has no valid a=setup.", code="bad-setup")
    return value


def _candidates(section: Sequence[str]) -> tuple[str, ...]:
    """The candidates of a section, without those that say nothing to us: one that is of no use leaves the others."""
    return tuple(candidate for candidate in _told(section) if _CANDIDATE.fullmatch(candidate))


def _told(section: Sequence[str]) -> list[str]:
    return [line[len(_A_CANDIDATE) :].strip() for line in section if line.startswith(_A_CANDIDATE)]
