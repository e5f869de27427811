"""Which role on the site somebody has by the groups that a sign-in provider says. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final

from stentor.base.errors import BadInput, Conflict, NotFound, SetupError
from stentor.people.model import SiteRole

MOST_GROUPS: Final = 1000
"""That are looked at; directories of universities give hundreds."""
MOST_ROWS: Final = 200
"""Groups with a role that administrators give here."""
NAME_CHARACTERS: Final = 300
"""Names of directories are long: cn=desk,ou=newsroom,dc=example,dc=org."""
_HIGHEST_FIRST: Final = (SiteRole.ADMIN, SiteRole.MODERATOR, SiteRole.MEMBER)


def mapping(text: str) -> Mapping[str, SiteRole]:
    """Groups with their roles, as ``board=admin, desk=moderator``, or with semicolons where names have commas.

    Raises :class:`SetupError` for anything else.
    """
    found: dict[str, SiteRole] = {}
    for part in filter(None, map(str.strip, text.split(";" if ";" in text else ","))):
        group, _, role = part.rpartition("=")
        if not group.strip() or role.strip() not in {each.value for each in SiteRole}:
            raise SetupError(
                f"STENTOR_OIDC_ROLES is {text!r}; it needs groups with their roles, such as board=admin,desk=moderator."
            )
        found[group.strip()] = SiteRole(role.strip())
    return found


def claimed(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The groups in a claim, whose name may have dots (``realm_access.roles``); None where the provider says nothing.

    One that is a single text counts as a list of one.
    """
    found: Any = claims
    if name in claims:
        found = claims[name]
    else:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list):
        return None
    return frozenset(each for each in found[:MOST_GROUPS] if isinstance(each, str))


def role(groups: Collection[str], roles: Mapping[str, SiteRole]) -> SiteRole:
    """The highest role of somebody's groups; who has none that counts is a member."""
    theirs = {roles[group] for group in groups if group in roles}
    return next((each for each in _HIGHEST_FIRST if each in theirs), SiteRole.MEMBER)


def name(text: str) -> str:
    """A group as the provider names it, which is compared letter by letter; raises :class:`BadInput`."""
    found = text.strip()
    if not 1 <= len(found) <= NAME_CHARACTERS or any(unicodedata.category(sign)[0] == "C" for sign in found):
        said = f"A group is one line of 1 to {NAME_CHARACTERS} characters, written as the provider has it."
        raise BadInput(said, field="group")
    return found


def require_free(group: str, fixed: Mapping[str, SiteRole]) -> None:
    """Raises :class:`Conflict` for a group whose role the settings of the installation say."""
    if group in fixed:
        raise Conflict("This group's role is fixed in the settings of the installation.", code="group-fixed")


def given(rows: Mapping[str, SiteRole], group: str, role: SiteRole) -> dict[str, SiteRole]:
    """The rows with one more, or with another role for one that is there; raises :class:`Conflict`."""
    found = {**rows, group: role}
    if len(found) > MOST_ROWS:
        raise Conflict(f"{MOST_ROWS} groups have a role already; take one away first.", code="many-groups")
    return found


def taken(rows: Mapping[str, SiteRole], group: str) -> dict[str, SiteRole]:
    """The rows without one; raises :class:`NotFound`."""
    if group not in rows:
        raise NotFound("No role is given to this group here.", code="group-not-found")
    return {each: role for each, role in rows.items() if each != group}
