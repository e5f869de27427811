"""The API's description has every type that the API takes or gives, as msgspec checks it."""

from __future__ import annotations

import importlib
from pathlib import Path

import msgspec
import pytest

from stentor.house import openapi

HOUSE = Path(openapi.__file__).parent
MODULES = sorted(".".join(path.relative_to(HOUSE).with_suffix("").parts) for path in HOUSE.rglob("*schema.py"))


@pytest.mark.parametrize("name", MODULES)
def test_every_type_is_described(name: str) -> None:
    """The framework's own guess of one that is forgotten says less than what is refused: no bounds, any field."""
    found = openapi.described({"paths": {}, "components": {"schemas": {}}})["components"]["schemas"]
    module = importlib.import_module(f"stentor.house.{name}")
    types = {each.__name__: each for each in vars(module).values() if isinstance(each, type)}
    own = {
        key for key, each in types.items() if issubclass(each, msgspec.Struct) and each.__module__ == module.__name__
    }
    assert own <= found.keys(), f"add {name} to the modules of openapi.described"
