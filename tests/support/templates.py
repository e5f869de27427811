"""All houses and edges of one process of tests share what their templates are compiled to.

Each compiles its own when it starts, which is half of what a start takes of a processor; tests start hundreds.
"""

from __future__ import annotations

from functools import cache, partial

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from stentor.base import html


class _Compiled(BytecodeCache):
    """Kept in memory, by the name and the text of each template."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


@cache
def share() -> None:
    """From now on."""
    setattr(html, "Environment", partial(Environment, bytecode_cache=_Compiled()))  # noqa: B010 (mypy: not exported)
