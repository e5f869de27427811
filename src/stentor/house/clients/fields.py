"""What apps send: a query, a form, parts of a form or JSON, all of which say the same things.

Lists and records stand in brackets, as Rails writes them: ``id[]=1&id[]=2``, ``poll[options][]=yes``,
``fields_attributes[0][name]=x``.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar import Request

from stentor.base.errors import BadInput, NotSupported
from stentor.house.web.problems import not_valid

MOST: Final = 1000
"""Values of a request: the longest that an app sends is a list of 40 ids."""
DEEPEST: Final = 4
_NAME: Final = re.compile(r"([^\[\]]{1,100})((?:\[[^\[\]]{0,100}\]){0,4})")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_Request = Request[Any, Any, Any]
Wish = TypeVar("Wish", bound=msgspec.Struct)
Fields = dict[str, Any]


async def fields_of(request: _Request) -> Fields:
    """All that a request says; what its body says goes before its query. Raises :class:`BadInput`,
    :class:`NotSupported`."""
    found = nested(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        return found | nested((await request.form()).multi_items())
    body = await request.body()  # also with GET: Mastodon.py asks for familiar followers in JSON
    if not body:
        return found
    if kind != "application/json":
        raise NotSupported("Send a form or JSON.")
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_valid([("body", "JSON that can be read is needed")]) from error
    if not isinstance(sent, dict):
        raise not_valid([("body", "a JSON object is needed")])
    return found | {name.removesuffix("[]"): value for name, value in sent.items()}


def nested(items: Iterable[tuple[str, Any]]) -> Fields:
    """Names with brackets as lists and records. Raises :class:`BadInput` for too much."""
    found: Fields = {}
    for count, (name, value) in enumerate(items):
        if count >= MOST:
            raise BadInput(f"A request has at most {MOST} values.", field="body")
        parts = _NAME.fullmatch(name)
        if parts is not None:
            _put(found, [parts[1], *_PART.findall(parts[2])], value)
    return {name: _listed(value) for name, value in found.items()}


def _put(record: Fields, path: list[str], value: Any) -> None:
    first, rest = path[0], path[1:]
    if not rest:
        record[first] = value
        return
    inner = record.setdefault(first, {})
    if not isinstance(inner, dict):
        inner = record[first] = {}
    if rest[0]:
        _put(inner, rest, value)
        return
    # "[]": the next of a list, or the next record of one whose fields come again
    keys = [key for key in inner if key.isdecimal()]
    last = keys[-1] if keys else ""
    goes_on = len(rest) > 1 and last and isinstance(inner[last], dict) and not _there(inner[last], rest[1:])
    _put(inner, [last if goes_on else str(len(keys)), *rest[1:]], value)


def _there(record: Fields, path: list[str]) -> bool:
    return path[0] in record and bool(path[0])


def _listed(value: Any) -> Any:
    """Records whose names are all numbers are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def wish_of(kind: type[Wish], fields: Fields) -> Wish:
    """The fields that ``kind`` has, the others are left aside: apps send what newer servers know. Raises
    :class:`BadInput`."""
    hints = get_type_hints(kind)
    sent = {name: _shaped(fields[name], hints[name]) for name in hints if name in fields}
    try:
        return msgspec.convert(sent, kind, strict=False)
    except msgspec.ValidationError as error:
        said = str(error)
        field = said.rpartition("$.")[2].rstrip("`") if "$." in said else "body"
        raise not_valid([(field, said.partition(" - at ")[0].removeprefix("Object "))]) from error


def _shaped(value: Any, hint: Any) -> Any:
    """One value where a list is meant is a list of one; an empty one where nothing may stand is nothing."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value == "" and type(None) in kinds:
        return None
    lists = any(get_origin(each) is list for each in kinds)
    if lists and not isinstance(value, list | types.NoneType):
        return [value]
    if lists:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and str in kinds and int not in kinds:
        return str(value)
    return value
