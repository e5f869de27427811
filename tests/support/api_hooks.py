"""What Schemathesis needs to know of the house that it asks: which things there are, and how a page of ours asks.

It loads this file by itself (``SCHEMATHESIS_HOOKS``); what there is stands in ``STENTOR_API_WORLD``, a JSON file.
"""

from __future__ import annotations

import itertools
import json
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import schemathesis

_WORLD: dict[str, Any] = json.loads(Path(os.environ["STENTOR_API_WORLD"]).read_text("utf-8"))
_NUMBERS = itertools.count(int(ip_address("10.0.0.1")))
_FILES = {name: Path(path).read_bytes() for name, path in _WORLD["files"].items()}


def _valid(case: Any) -> bool:
    """Whether all of a request is as the description allows."""
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A request of one of our own pages, from an address of its own: limits by address are tested elsewhere.

    A valid one is for something that is there, every other time; else the description would be tested with nothing but
    404. Files are files, and a time lies ahead.
    """
    number = next(_NUMBERS)
    case.headers["X-Forwarded-For"] = str(ip_address(number))
    case.headers["Sec-Fetch-Site"] = "same-origin"
    if not _valid(case):
        return
    for name, there in _WORLD["names"].items():
        if name in case.path_parameters and number % 4:
            case.path_parameters[name] = there[number % len(there)]
    upload = case.path.rpartition("/")[2]
    if upload in _FILES and case.method == "PUT":
        case.body = _FILES[upload]
    body = case.body if isinstance(case.body, dict) else {}
    if isinstance(body.get("scheduled_ms"), int):
        body["scheduled_ms"] = _WORLD["soon_ms"]
    if isinstance(body.get("sounds"), int):  # days; a space keeps them no longer than its site
        body["sounds"] = min(body["sounds"], 30)
    if isinstance(body.get("password"), str) and len(set(body["password"])) < 4:  # refused as too easy
        body["password"] = "several words together"
    if isinstance(body.get("rule"), dict):  # a pattern knows no calendar
        body["rule"] = {"starts": "2027-03-01T20:00", "zone": "Europe/Berlin"}
    if "since" in body:
        body["since"] = None
    if "skips" in body:
        body["skips"] = ["2027-03-08"]
    if isinstance(body.get("settings"), dict) and "visibility" in body["settings"]:
        body["settings"]["visibility"] = "unlisted"
    if "why" in body:  # what is asked of people without an account only stands in its text
        body |= {"good_faith": True, "text": "It is an advertisement.", "mail": ""}
        if body.get("kind") == "address":  # one of this site would have to be made up
            body["kind"] = "person"
