"""Whether a column has one of many values: they are one parameter, so a query is the same however many there are.

A list of parameters would be another query for each length: written out, parsed and planned anew, which took longer
than reading what is shown beside the posts of a page (`bench/social`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Values(TypeDecorator[Iterable[Any]]):
    """An array where the database has them, and JSON elsewhere."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        arrays = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(self.item) if arrays else Text())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        found = list(value or ())
        return found if dialect.name == "postgresql" else json.dumps(found)


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would compare it with 1 for SQLite, which then looks at every row."""
        return self


@compiles(_Among)
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} = ANY ({values}))"


def among(column: ColumnElement[Any], values: str | Iterable[Any]) -> ColumnElement[bool]:
    """``values`` are themselves, or the name of the parameter that brings them. None is among no values."""
    kind = _Values(column.type)
    if isinstance(values, str):
        return _Among(column, BindParameter(values, type_=kind))
    return _Among(column, BindParameter(None, list(values), type_=kind, unique=True))
