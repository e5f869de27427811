"""What is wrong, as a sentence for people in their own language; the detail is for those who write programs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stentor.base.errors import Overloaded, StentorError

GENERAL = ("bad-input", "bad-request", "conflict")
"""Codes that do not say what is wrong: where nothing else does, the detail stands behind the sentence."""
_FIRST = re.compile(r"[^.\[]*")


def sentence(texts: Mapping[str, str], error: StentorError) -> str:
    """``texts`` are those of the house in one language, by their keys; where none fits, the detail of the error."""
    values = dict(error.fields)
    if isinstance(error, Overloaded):
        values["seconds"] = math.ceil(error.retry_after_s)
    for key in _keys(error):
        if key in texts:
            said = texts[key].format_map(values)
            return f"{said} ({error.detail})" if key.removeprefix("problem.") in GENERAL else said
    return error.detail


def _keys(error: StentorError) -> Iterator[str]:
    """Keys of texts that may say it, the closest first."""
    code, fields = error.error_code, error.fields
    if "reason" in fields:
        yield from (f"unread.{fields['reason']}", f"wrong.{fields['reason']}")
    yield f"refused.{code}.{error.status}"
    if code == "bad-input":
        yield f"wrong.{_field(fields)}"
    if code == "conflict":
        yield f"wrong.{fields.get('state')}"
    yield from (f"problem.{code}", f"refused.{code}")


def _field(fields: Mapping[str, Any]) -> str:
    """What was filled in wrong: of ``items[0].title`` the ``items``."""
    listed = fields.get("errors") or [{}]
    found = _FIRST.match(str(fields.get("field") or listed[0].get("field", "")))
    return found[0] if found else ""
