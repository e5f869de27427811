"""The description of the API (OpenAPI 3.1), made true: the framework alone does not know everything.

Types come from msgspec, which also reads the requests: so limits, patterns and unknown fields are described as they are
enforced. Who has to show what, which errors there are, and what stands in an address follow from the tables below. A
test sends what the description allows, and much that it does not, to a real house.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import MediaType, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme

import stentor
from stentor.base.errors import PROBLEM_TYPE
from stentor.base.units import MADE_ID, SEAT_ID, SPACE_ID
from stentor.house.accounts import schema as account_schema
from stentor.house.admin import schema as admin_schema
from stentor.house.admin.backups import NAME
from stentor.house.announcing import schema as announcing_schema
from stentor.house.captions import schema as caption_schema
from stentor.house.comments import ballot_schema
from stentor.house.comments import schema as comment_schema
from stentor.house.counts import schema as counts_schema
from stentor.house.covers import schema as cover_schema
from stentor.house.delay import schema as delay_schema
from stentor.house.door import schema as door_schema
from stentor.house.editions import schema as edition_schema
from stentor.house.federation import policy_schema
from stentor.house.federation import schema as federation_schema
from stentor.house.hooks import schema as hook_schema
from stentor.house.imports import schema as import_schema
from stentor.house.mail import schema as mail_schema
from stentor.house.media import schema as media_schema
from stentor.house.moderation import elsewhere as elsewhere_schema
from stentor.house.moderation import schema as moderation_schema
from stentor.house.outlets import schema as outlet_schema
from stentor.house.private import schema as private_schema
from stentor.house.programs import schema as program_schema
from stentor.house.reach import schema as reach_schema
from stentor.house.removals import schema as removal_schema
from stentor.house.retention import schema as retention_schema
from stentor.house.safety import schema as safety_schema
from stentor.house.searching import schema as search_schema
from stentor.house.seats import schema as seat_schema
from stentor.house.shows import schema as show_schema
from stentor.house.simulcast import schema as simulcast_schema
from stentor.house.site import schema as look_schema
from stentor.house.social import schema as social_schema
from stentor.house.spaces import schema, site_schema, upload_schema
from stentor.people.checks import HANDLE
from stentor.social.notices import NoticeKind
from stentor.social.pictures import KEY

TOKEN, SESSION = "token", "session"
_EITHER: list[dict[str, list[str]]] = [{TOKEN: []}, {SESSION: []}]
_ANYONE_KNOWN_OR_NOT: list[dict[str, list[str]]] = [{}, *_EITHER]
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "GET /spaces": _ANYONE_KNOWN_OR_NOT,
    "POST /spaces/{space}/requests": _ANYONE_KNOWN_OR_NOT,
    "GET /account": _EITHER,
    "GET /recordings": [],
    "POST /sign-up": [],
    "POST /sign-up/options": [],
    "POST /sign-in": [],
    "POST /sign-in/options": [],
    "POST /sign-in/provider": [],
    "POST /sign-in/confirmation": [],
    "POST /sign-in/lost": [],
    "POST /sign-in/link": [],
    "GET /account/deletion/{token}": [],
    "GET /spaces/{space}/requests/own": [{TOKEN: []}],
    "DELETE /spaces/{space}/requests/own": [{TOKEN: []}],
    "POST /spaces/{space}/claim": [{SESSION: []}],
    "POST /spaces/{space}/comments": [{SESSION: []}],
    "GET /spaces/{space}/comments/own": [{SESSION: []}],
    "POST /spaces/{space}/entrance": _ANYONE_KNOWN_OR_NOT,
    "POST /spaces/{space}/guest-comments": [],
    "GET /spaces/{space}/quote": _ANYONE_KNOWN_OR_NOT,
    "POST /reports": _ANYONE_KNOWN_OR_NOT,
    "GET /reports/{receipt}": [],
    "GET /decisions/{receipt}": [],
    "POST /decisions/{receipt}/answer": [],
    "POST /sign-out": [{SESSION: []}],
    "GET /templates": [{SESSION: []}],
    "POST /templates": [{SESSION: []}],
    "DELETE /templates/{template}": [{SESSION: []}],
    "POST /templates/{template}/spaces": [{SESSION: []}],
    "GET /posts/{post}": _ANYONE_KNOWN_OR_NOT,
    "GET /posts/{post}/history": _ANYONE_KNOWN_OR_NOT,
    "GET /posts/{post}/thread": _ANYONE_KNOWN_OR_NOT,
    "GET /timelines/local": _ANYONE_KNOWN_OR_NOT,
    "GET /timelines/tags/{tag}": _ANYONE_KNOWN_OR_NOT,
    "GET /people/{handle}/posts": _ANYONE_KNOWN_OR_NOT,
    "GET /people/{handle}/pins": _ANYONE_KNOWN_OR_NOT,
    "GET /people/{handle}/followers": _ANYONE_KNOWN_OR_NOT,
    "GET /people/{handle}/following": _ANYONE_KNOWN_OR_NOT,
    "GET /media/{media}/file": _ANYONE_KNOWN_OR_NOT,
}
"""Who is asked for what; ``/account…`` takes a session, everything else either."""
UPLOADS = {
    "PUT /spaces/{space}/hold": "The sound file.",
    "PUT /spaces/{space}/sounds": "The sound file.",
    "PUT /spaces/{space}/cover": "JPEG, PNG, WebP, GIF or AVIF.",
    "PUT /account/picture": "PNG, JPEG or WebP.",
    "PUT /media": "JPEG, PNG, WebP, GIF or AVIF.",
    "PUT /imports/list": "A CSV file.",
    "PUT /imports/archive": "ZIP, tar, tar.gz, or its outbox.json.",
    "PUT /imports/uploads/{upload}": "So many bytes of it, 4 MiB at most.",
    "PUT /site/logo": "PNG, JPEG, WebP or GIF.",
}
FILES = {
    "GET /site/backups/{backup}": "application/x-tar",
    "GET /media/{media}/file": "image/webp",
    "GET /account/archive": "application/zip",
    "GET /account/lists/{list_name}": "text/csv",
    "GET /moderation/cases/{case}/pictures/{key}": "image/webp",
    "GET /site/server-lists": "text/csv",
}
"""What is answered with a file, which the framework takes for a form."""
MAY_BE_MISSING = {
    "POST /shows",
    "POST /templates",
    "POST /sign-up",
    "POST /reports",
    "PUT /imports/archive",
    "POST /site/tonight",
    "GET /site/attack.csv",
    "POST /posts",
    "POST /drafts",
}
"""Without a name in the address, and still of something that may not be there."""
_NAME = {"type": "string", "pattern": MADE_ID}
_SOCIAL_ID = {"type": "string", "pattern": "^[0-9]{1,19}$"}
IN_ADDRESSES: dict[str, dict[str, Any]] = {
    "space": {"type": "string", "pattern": SPACE_ID},
    "seat": {"type": "string", "pattern": SEAT_ID},
    "handle": {"type": "string", "pattern": HANDLE},
    "case": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "decision": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "receipt": {"type": "string", "pattern": "^[0-9]{1,9}-[0-9a-f]{40}$"},
    "show": {"type": "string", "pattern": SPACE_ID},
    "ticket": {"type": "string", "pattern": "^[0-9]{1,8}$"},
    "backup": {"type": "string", "pattern": NAME},
    "hook": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "destination": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "outlet": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "moment": {"type": "string", "enum": ["planned", "doors", "live", "replay", "cancelled"]},
    "delivery": {"type": "string", "pattern": "^[0-9]{1,9}\\.[dst](\\.[A-Za-z0-9_-]{1,64}){1,3}$"},
    "comment": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "question": {"type": "string", "pattern": "^-?[0-9]{1,9}$"},
    "cue": {"type": "string", "pattern": "^[0-9]{1,10}-[A-Za-z0-9_-]{0,48}$"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 40},
    "before": {"type": "integer", "minimum": 1, "maximum": schema.LARGEST},
    "after": _SOCIAL_ID,
    "post": _SOCIAL_ID,
    "media": _SOCIAL_ID,
    "key": {"type": "string", "pattern": f"^{KEY}$"},
    "list_id": _SOCIAL_ID,
    "filter_id": _SOCIAL_ID,
    "draft": _SOCIAL_ID,
    "scheduled": _SOCIAL_ID,
    "import_id": _SOCIAL_ID,
    "of": {"type": "string", "enum": ["following", "blocks", "mutes", "domains", "lists", "bookmarks"]},
    "name": {"type": "string", "maxLength": 200},
    "list_name": {"type": "string", "enum": ["following", "blocks", "mutes", "domains", "lists", "bookmarks"]},
    "line": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
    "kinds": {"type": "string", "pattern": f"^({'|'.join(NoticeKind)})(,({'|'.join(NoticeKind)}))*$"},
    "person": {"type": "string", "pattern": r"^[A-Za-z0-9_]{1,60}@([a-z0-9-]{1,63}\.){1,3}[a-z][a-z0-9-]{0,60}$"},
    "domain": {"type": "string", "pattern": r"^([a-z0-9-]{1,63}\.){1,3}[a-z][a-z0-9-]{0,60}$"},
    "q": {"type": "string", "maxLength": 200},
    "kind": {"type": "string", "enum": ["posts", "people", "tags", "spaces", "lines"]},
    "tag": {"type": "string", "minLength": 1, "maxLength": 100},
    "timeline": {"type": "string", "enum": ["home", "notifications"]},
}
"""What stands in paths and queries; any other name is an id that the house has made (:data:`_NAME`)."""
ONE_OF: dict[str, list[dict[str, Any]]] = {
    "NewAccount": [
        {"required": ["password"], "properties": {"password": {"type": "string"}}},
        {"required": ["passkey"], "properties": {"passkey": {"type": "object"}}},
    ],
    "SignIn": [
        {"required": ["passkey"], "properties": {"passkey": {"type": "object"}}},
        {
            "required": ["handle", "password"],
            "properties": {"handle": {"type": "string"}, "password": {"type": "string"}},
        },
        {
            "required": ["handle", "recovery_code"],
            "properties": {"handle": {"type": "string"}, "recovery_code": {"type": "string", "minLength": 1}},
        },
    ],
    "SeatChange": [{"required": ["role"]}, {"required": ["muted"]}],
    "NewPost": [
        {"required": ["text"], "properties": {"text": {"type": "string", "pattern": "[A-Za-z0-9]"}}},
        {"required": ["media"], "properties": {"media": {"type": "array", "minItems": 1}}},
        {"required": ["poll"], "properties": {"poll": {"type": "object"}}},
        {"required": ["quote"], "properties": {"quote": {"type": "string"}}},
    ],
}
"""Of which at least one is needed: msgspec knows no such rule, the handlers do."""
ERRORS = {
    400: "The input is not valid.",
    401: "A token or a session is needed; or what was sent with it is wrong.",
    403: "Not allowed.",
    404: "Not found.",
    409: "Not possible in this state.",
    422: "The `Idempotency-Key` came with another request before.",
    413: "The body is too large.",
    415: "The body is not of a kind that this address takes.",
    429: "Too often; `Retry-After` says when to come back.",
    503: "Too much to do, or a part is away; `Retry-After` says when to come back.",
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. An error may have fields of its own besides.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "code": {"type": "string", "description": "Stable; for programs."},
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and request get the same answer for a day, so that a request may be sent again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_PREFIX = "/api/v1"


class Description(JsonRenderPlugin):
    """Serves the description; it is made once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._made is None:
            self._made = msgspec.json.encode(described(openapi_schema))
        return self._made


def settings_of(cookie: str) -> OpenAPIConfig:
    """How the description is made and where it lies; ``cookie`` is the name of that of sessions."""
    schemes: dict[str, SecurityScheme | Reference] = {
        TOKEN: SecurityScheme(
            type="http",
            scheme="bearer",
            description="The admin's, that of an invitation, or a program's (`stentor_…`).",
        ),
        SESSION: SecurityScheme(
            type="apiKey",
            security_scheme_in="cookie",
            name=cookie,
            description="What signing in sets. A request must come from our own pages (`Sec-Fetch-Site: same-origin`).",
        ),
    }
    return OpenAPIConfig(
        title="Stentor",
        version=stentor.__version__,
        description=(
            "Spaces, their stage and their recordings. Errors are problem documents (RFC 9457) with a stable `code`. "
            "Times are milliseconds since 1970 (UTC). The bearer token is the admin's, or that of an invitation; "
            "without one, the cookie of a session counts."
        ),
        # The framework answers 404 in its own way for whatever lies under this path, so nothing of ours may.
        path=f"{_PREFIX}/openapi.json",
        render_plugins=[Description(path="/", media_type=MediaType.JSON)],
        components=Components(security_schemes=schemes),
        use_handler_docstrings=True,
    )


MODULES = (
    schema,
    account_schema,
    admin_schema,
    announcing_schema,
    ballot_schema,
    caption_schema,
    comment_schema,
    counts_schema,
    cover_schema,
    delay_schema,
    moderation_schema,
    door_schema,
    edition_schema,
    elsewhere_schema,
    federation_schema,
    policy_schema,
    hook_schema,
    import_schema,
    simulcast_schema,
    outlet_schema,
    private_schema,
    program_schema,
    reach_schema,
    removal_schema,
    retention_schema,
    safety_schema,
    search_schema,
    seat_schema,
    show_schema,
    look_schema,
    mail_schema,
    media_schema,
    social_schema,
    site_schema,
    upload_schema,
)
"""Where the types of the description are."""


def described(document: dict[str, Any]) -> dict[str, Any]:
    """The framework's document, mended."""
    made = copy.deepcopy(document)
    made["paths"] = {path: item for path, item in made["paths"].items() if path.startswith(f"{_PREFIX}/")}
    for path, item in made["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                _mend(f"{method.upper()} {path.removeprefix(_PREFIX)}", operation)
    types = [each for module in MODULES for each in _structs(module)]
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for name, choices in ONE_OF.items():
        found[name]["anyOf"] = choices
    made["components"]["schemas"] |= {**found, "Problem": PROBLEM}
    return made


def _mend(route: str, operation: dict[str, Any]) -> None:
    operation["security"] = SECURITY.get(route, [{SESSION: []}] if route.split("/")[1] == "account" else _EITHER)
    if route.startswith("POST ") and SECURITY.get(route, _EITHER):
        operation.setdefault("parameters", []).append(copy.deepcopy(IDEMPOTENCY_KEY))
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if name in IN_ADDRESSES or parameter["in"] == "path":
            parameter["schema"] = IN_ADDRESSES.get(name, _NAME)
    if route in UPLOADS:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}}
        operation["requestBody"] = {"required": True, "description": UPLOADS[route], "content": content}
    kept = {status: answer for status, answer in operation["responses"].items() if int(status) < 400}
    if route in FILES:
        operation["responses"]["200"]["content"] = {FILES[route]: {"schema": {"type": "string", "format": "binary"}}}
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refused = {
        str(status): {"description": ERRORS[status], "content": content} for status in _statuses(route, operation)
    }
    operation["responses"] = kept | refused


def _statuses(route: str, operation: dict[str, Any]) -> Iterator[int]:
    """Which errors an operation can answer with. A wrong token is refused everywhere (401), a page of another site
    wherever a cookie might count (403), and everything when there is too much to do.
    """
    yield from (401, 403, 429, 503)
    if "requestBody" in operation or "parameters" in operation:
        yield 400
    if "{" in route or "provider" in route or route in MAY_BE_MISSING:
        yield 404
    if not route.startswith("GET "):
        yield from (409, 413, 415)
    if route.startswith("POST ") and SECURITY.get(route, _EITHER):
        yield 422


def _structs(module: Any) -> Iterator[type[msgspec.Struct]]:
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__module__ == module.__name__:
            yield each
