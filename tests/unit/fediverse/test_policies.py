"""What holds for other servers: names, what several policies come to, and lists that are passed around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.fediverse import policies
from stentor.fediverse.policies import DomainPolicy, RowTrouble, ServerSeverity

MASTODON = """#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
bad.example,suspend,true,TRUE,"Spam, and worse",false
loud.example,silence,false,false,,false
pictures.example,noop,true,false,,false
nothing.example,noop,false,false,,false
s**e.example,suspend,false,false,,true
Bad.Example.,suspend,false,false,,false
a.ours.example,suspend,false,false,,false
ours.example,suspend,false,false,,false
not a name,suspend,false,false,,false
new.example,shadow,false,false,,false
"""


def test_a_list_of_mastodons_is_read() -> None:
    """Each row is taken, or it is said why not."""
    found = policies.read("\ufeff" + MASTODON.replace("\n", "\r\n"), ["a.ours.example:8443", "social.ours.example"])
    assert found.policies == (
        DomainPolicy(
            domain="bad.example",
            severity=ServerSeverity.BLOCK,
            no_media=True,
            no_reports=True,
            comment="Spam, and worse",
        ),
        DomainPolicy(domain="loud.example", severity=ServerSeverity.LIMIT),
        DomainPolicy(domain="pictures.example", no_media=True),
    )
    assert [each.trouble for each in found.skipped] == [
        RowTrouble.EMPTY, RowTrouble.HIDDEN, RowTrouble.TWICE, RowTrouble.OURS, RowTrouble.OURS, RowTrouble.NO_NAME,
        RowTrouble.SEVERITY,
    ]  # fmt: skip
    assert [each.line for each in found.skipped] == [5, 6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    "text",
    ["one.example\ntwo.example\n", "# of friends\none.example\n\n*.two.example\n", "domain\none.example\ntwo.example",
     "domain,severity,public_comment\none.example,,x\ntwo.example,block,\n"],
)  # fmt: skip
def test_other_lists_are_read_too(text: str) -> None:
    """A name a line, remarks, and columns without ``#``: what stands there is blocked."""
    found = policies.read(text, ["ours.example"])
    assert [(each.domain, each.blocks) for each in found.policies] == [("one.example", True), ("two.example", True)]
    assert found.skipped == ()


def test_what_is_written_is_read_again() -> None:
    """Also where a comment looks like a formula, which no spreadsheet may carry out."""
    every = (
        DomainPolicy(domain="bad.example", severity=ServerSeverity.BLOCK, comment='Spam, "and" worse'),
        DomainPolicy(domain="xn--bcher-kva.example", severity=ServerSeverity.LIMIT, no_media=True, no_reports=True),
    )
    assert policies.read(policies.write(every), []).policies == every
    assert "'=1+1" in policies.write([DomainPolicy(domain="x.example", no_media=True, comment="=1+1")])


@pytest.mark.parametrize(
    ("text", "name"),
    [("https://Bad.Example/", "bad.example"), ("Bücher.example", "xn--bcher-kva.example"),
     ("a.example:8443", "a.example:8443"), ("@a.example", "a.example")],
)  # fmt: skip
def test_names_are_compared_as_the_dns_has_them(text: str, name: str) -> None:
    assert policies.domain(text) == name


@pytest.mark.parametrize(
    "text", ["", "a b", "a..example", "-a.example", "a.example:x", "a_b.example", "x" * 64, "..", "a.example/x"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        policies.domain(text)


def test_a_policy_holds_for_all_below_its_name() -> None:
    """But not for one that only ends the same; and where several hold, the strictest does."""
    assert policies.names("a.b.example:8443") == ["a.b.example:8443", "a.b.example", "b.example", "example"]
    assert policies.below("b.example", "a.b.example")
    assert not policies.below("b.example", "ab.example")
    both = policies.strictest(
        [
            DomainPolicy(domain="a.b.example", no_media=True),
            DomainPolicy(domain="b.example", severity=ServerSeverity.BLOCK),
        ]
    )
    assert both.blocks
    assert both.no_media
    assert policies.strictest([]).empty


@given(st.text(max_size=300))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    """Nothing else comes of it, and what is taken has a name."""
    try:
        found = policies.read(text, ["ours.example"])
    except BadInput:
        return
    assert all(policies.domain(each.domain) == each.domain and not each.empty for each in found.policies)


def test_a_list_has_an_end() -> None:
    with pytest.raises(BadInput):
        policies.read("\n".join(f"s{number}.example" for number in range(policies.MOST_ROWS + 1)), [])
    with pytest.raises(BadInput):
        policies.read("x" * (policies.MOST_BYTES + 1), [])
