"""What apps send, as fields."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.house.clients.fields import MOST, nested, wish_of


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("id[]=1&id[]=2", {"id": ["1", "2"]}),
        ("id[]=1", {"id": ["1"]}),
        ("poll[options][]=yes&poll[options][]=no&poll[multiple]=true",
         {"poll": {"options": ["yes", "no"], "multiple": "true"}}),
        ("f[1][name]=b&f[0][name]=a&f[0][value]=x", {"f": [{"name": "a", "value": "x"}, {"name": "b"}]}),
        ("m[][id]=1&m[][text]=a&m[][id]=2", {"m": [{"id": "1", "text": "a"}, {"id": "2"}]}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("]=1&a[=2&[x]=3&=4", {}),
    ],
)  # fmt: skip
def test_brackets_are_lists_and_records(sent: str, fields: object) -> None:
    """As Rails reads them; what is none is left aside."""
    pairs = [each.partition("=")[::2] for each in sent.split("&")]
    assert nested(pairs) == fields


@given(st.lists(st.tuples(st.text("ab[]01", max_size=12), st.just("x")), max_size=40))
def test_any_names_are_read(pairs: list[tuple[str, str]]) -> None:
    """Or left aside, but never a fault."""
    nested(pairs)


def test_there_is_an_end() -> None:
    """Of values."""
    with pytest.raises(BadInput):
        nested([("a[]", "x")] * (MOST + 1))


class _Wish(msgspec.Struct, frozen=True):
    ids: list[str] | None = None
    on: bool = False
    text: str | None = None
    seconds: int | None = None


@pytest.mark.parametrize(
    ("sent", "wish"),
    [
        ({"ids": "1", "on": "true", "text": ""}, _Wish(["1"], True)),
        ({"ids": ["1"], "on": True, "seconds": "5", "more": 1}, _Wish(["1"], True, None, 5)),
        ({"text": 5, "seconds": ""}, _Wish(text="5")),
        ({"ids": None}, _Wish()),
    ],
)
def test_words_become_what_is_meant(sent: dict[str, object], wish: _Wish) -> None:
    """One value where a list is meant, ``true`` in a form, a number where text is; what nobody knows is left aside."""
    assert wish_of(_Wish, sent) == wish


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(BadInput, match="seconds"):
        wish_of(_Wish, {"seconds": "soon"})
