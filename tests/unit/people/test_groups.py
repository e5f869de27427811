"""Roles on the site by the groups of a sign-in provider."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput, Conflict, NotFound, SetupError
from stentor.people import groups
from stentor.people.model import SiteRole

ROLES = groups.mapping("board=admin; desk=moderator; cn=x,ou=y=moderator; staff=member")


def test_the_highest_role_counts() -> None:
    """Of all groups; nobody's groups count less than none."""
    assert groups.role(["desk", "board"], ROLES) is SiteRole.ADMIN
    assert groups.role(["staff", "desk"], ROLES) is SiteRole.MODERATOR
    assert groups.role(["others"], ROLES) is SiteRole.MEMBER
    assert groups.role([], ROLES) is SiteRole.MEMBER


def test_a_group_may_be_named_as_in_a_directory() -> None:
    """With commas and equals signs; and commas separate where there is no semicolon."""
    assert groups.mapping("a=admin,b=member") == {"a": SiteRole.ADMIN, "b": SiteRole.MEMBER}
    assert groups.role(["cn=x,ou=y"], ROLES) is SiteRole.MODERATOR


@pytest.mark.parametrize("text", ["board", "board=king", "=admin", "board=admin,desk"])
def test_a_mapping_that_is_none_is_named(text: str) -> None:
    with pytest.raises(SetupError, match="STENTOR_OIDC_ROLES"):
        groups.mapping(text)


@pytest.mark.parametrize(
    ("claims", "name", "found"),
    [
        ({"groups": ["a", "b", 5]}, "groups", {"a", "b"}),
        ({"groups": "a"}, "groups", {"a"}),
        ({"groups": []}, "groups", set()),
        ({}, "groups", None),
        ({"groups": {"a": 1}}, "groups", None),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"https://example.org/groups": ["a"]}, "https://example.org/groups", {"a"}),
        ({"realm_access": "a"}, "realm_access.roles", None),
    ],
)
def test_where_groups_are_found(claims: dict[str, object], name: str, found: set[str] | None) -> None:
    """In the claim of that name, or within others; nothing said is not no groups."""
    assert groups.claimed(claims, name) == found


def test_rows_that_administrators_give() -> None:
    """Given, changed, taken away; what the settings say is fixed, and there is an end to them."""
    rows = groups.given(groups.given({}, "desk", SiteRole.MEMBER), "desk", SiteRole.MODERATOR)
    assert rows == {"desk": SiteRole.MODERATOR}
    assert groups.taken(rows, "desk") == {}
    with pytest.raises(NotFound):
        groups.taken(rows, "Desk")
    groups.require_free("others", ROLES)
    with pytest.raises(Conflict) as refused:
        groups.require_free("desk", ROLES)
    assert refused.value.error_code == "group-fixed"
    full = {str(number): SiteRole.MEMBER for number in range(groups.MOST_ROWS)}
    assert groups.given(full, "5", SiteRole.ADMIN)["5"] is SiteRole.ADMIN
    with pytest.raises(Conflict):
        groups.given(full, "one more", SiteRole.MEMBER)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\u200bb", "x" * (groups.NAME_CHARACTERS + 1)])
def test_what_is_no_group(text: str) -> None:
    with pytest.raises(BadInput):
        groups.name(text)
