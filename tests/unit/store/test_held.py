"""No table is forgotten where people take along what is kept about them."""

from __future__ import annotations

import importlib
import pkgutil

import stentor.store
from stentor.store.held import HELD, HeldRows
from stentor.store.metadata import metadata

WHOSE = {"account", "actor", "author", "follower", "owner"}
"""How columns are called that say whose a row is."""


def everything() -> None:
    """Loads all modules of the store: each may have tables."""
    for each in pkgutil.iter_modules(stentor.store.__path__):
        if each.name != "migrations":
            importlib.import_module(f"stentor.store.{each.name}")


def test_every_table_says_what_is_in_it_of_people() -> None:
    """A new table is entered in ``store.held.HELD``: its rows are given, or it is said where else, or why not."""
    everything()
    assert HELD.keys() == metadata.tables.keys()
    for name, held in HELD.items():
        if isinstance(held, HeldRows):
            assert {held.whose, *held.but} <= set(metadata.tables[name].c.keys()), name
        else:
            assert held[:1].isupper(), name
            assert held.endswith("."), name


def test_what_says_whose_it_is_is_never_nobodys() -> None:
    """Whoever writes "nobody's" beside a table that has a person's column is wrong."""
    everything()
    for name, held in HELD.items():
        if isinstance(held, str) and "nobody's" in held:
            assert not WHOSE & set(metadata.tables[name].c.keys()), name
