"""Names out of a list of guests, as spreadsheets write it; the page of listeners has the same cases (scripts)."""

from __future__ import annotations

import pytest

from stentor.cli.listeners import first_column


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["Name,Mail", "Grace Hopper,g@example.org", "Alan,a@example.org"], ["Grace Hopper", "Alan"]),
        (["Namen;Ort", "Ada;London", ";Paris", "", "Mary\tRom"], ["Ada", "Mary"]),
        (['"Hopper, Grace",x', '  "Joan ""Joe"" Clarke";y', "Name"], ["Hopper, Grace", 'Joan "Joe" Clarke', "Name"]),
        (
            ['"Grace\r\nHopper",g@example.org', 'Ada,"London\nParis"\tx', 'Joe "the\tJ', 'Bo"'],
            ["Grace Hopper", "Ada", 'Joe "the', 'Bo"'],
        ),
        (["Name"], ["Name"]),
        (["", ",,"], []),
    ],
)
def test_the_first_column_of_a_list_of_guests(lines: list[str], names: list[str]) -> None:
    """With commas, semicolons or tabs; headings are nobody."""
    assert first_column([f"{line}\r\n" for line in lines]) == names
