"""What readiness certificates say, for the report: of those in the data folder that this installation has signed."""

from __future__ import annotations

from typing import Any

import msgspec

from stentor.base import certificates
from stentor.base.config import Settings
from stentor.evidence.report import Rehearsal


class _Signed(msgspec.Struct, frozen=True):
    certificate: dict[str, Any]
    key: str
    signature: str


def newest(settings: Settings, before_ms: int) -> Rehearsal | None:
    """The newest from before that time. None too where the installation's secret is not on this machine, without which
    nobody can tell whose a certificate is.
    """
    if settings.keys:
        return None
    own = certificates.own_key(settings)
    for file in reversed(certificates.kept(settings.folder)):
        try:
            signed = msgspec.json.decode(file.read_bytes()[: certificates.MOST_BYTES], type=_Signed)
            found = msgspec.convert(signed.certificate, type=Rehearsal)
        except (OSError, msgspec.MsgspecError):
            continue
        ours = signed.key == own and certificates.fits(signed.certificate, signed.key, signed.signature)
        if found.at_ms < before_ms and ours:
            return found
    return None
