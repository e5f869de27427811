"""Bodies of requests: JSON where a handler takes JSON, and exactly of its type.

The framework converts leniently (0 is false, "5" is five), and gives up on JSON that is nested too deep. Here a body is
read as the API's description says, before a handler sees it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request

from stentor.base.errors import BadInput, NotSupported
from stentor.house.web.problems import not_valid

_AT = re.compile(r" - at `\$\.?(.*)`$")
_NAMED = re.compile(r"field `(\w+)`")


async def check_body(request: Request[Any, Any, Any]) -> None:
    """Raises :class:`NotSupported` for another kind of body (RFC 9110, 15.5.16), :class:`BadInput` for a wrong one."""
    wanted = request.route_handler.parsed_data_field
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if wanted is None and request.method not in ("POST", "PATCH"):
        return  # a file, or nothing
    body = await request.body()
    if kind != "application/json" and (body or (wanted is not None and kind)):
        raise NotSupported("Send JSON, with Content-Type: application/json.")
    if wanted is None:
        return
    try:
        msgspec.convert(_whole(msgspec.json.decode(body)), wanted.annotation)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_valid([("body", "a JSON object is needed")]) from error


def _whole(value: Any) -> Any:
    """With whole numbers as such: to JSON Schema 5.0 is an integer like 5."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    return value


def _wrong(said: str) -> BadInput:
    """What msgspec says, as a problem that names the field."""
    place = _AT.search(said)
    expected = said[: place.start()] if place else said
    named = _NAMED.search(expected)
    field = place[1] if place and place[1] else named[1] if named else "body"
    return not_valid([(field, expected.removeprefix("Object "))])
