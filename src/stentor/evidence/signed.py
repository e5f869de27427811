"""The one file about an evening that is signed: it names everything else by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from stentor.base.detached import Detached
from stentor.evidence.report import Report

EVIDENCE: Final = "evidence.json"
REPORT: Final = "report.json"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. In the folder of ``stentor report --save`` it names every file, at an address the report."""

    v: int = 1
    space: str
    title: str
    until_ms: int
    final: bool
    recording_last_hash: str | None
    """Of the recording's hash chain: with it all segments before are proven."""
    sha256: dict[str, str]
    """By name of the file."""


class SignedEvidence(msgspec.Struct, frozen=True):
    """The file and its signatures, as text; kept as one object, so that they always fit each other."""

    evidence: str
    minisig: str
    sig: str

    def file(self, name: str) -> str:
        """``evidence.json``, ``evidence.json.minisig`` or ``evidence.json.sig``."""
        return {EVIDENCE: self.evidence, f"{EVIDENCE}.minisig": self.minisig, f"{EVIDENCE}.sig": self.sig}[name]


FILES: Final = (EVIDENCE, f"{EVIDENCE}.minisig", f"{EVIDENCE}.sig")


def kept_key(space: str) -> str:
    """Under which key it is kept as an object, a :class:`SignedEvidence` as JSON."""
    return f"reports/{space}.signed.json"


def evidence_of(found: Report, title: str, files: Mapping[str, bytes]) -> bytes:
    """The text of ``evidence.json`` for these files."""
    made = Evidence(
        space=found.space,
        title=title,
        until_ms=found.until_ms,
        final=found.final,
        recording_last_hash=found.recording.last_hash if found.recording else None,
        sha256={name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
    )
    return msgspec.json.format(msgspec.json.encode(made))


def sign(found: Report, title: str, files: Mapping[str, bytes], signer: Detached) -> SignedEvidence:
    """``evidence.json`` of these files, and both signatures."""
    evidence = evidence_of(found, title, files)
    comment = f"evidence of {found.space}, until {found.until_ms}"
    return SignedEvidence(evidence.decode(), signer.minisign(evidence, comment).decode(), signer.ssh(evidence).decode())
