"""Roles on the site by the groups of a sign-in provider."""

from __future__ import annotations

import pytest

from stentor.base.errors import SetupError
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
