"""New accounts write slowly; after their first hours, and for those who keep order, nothing is slower."""

from __future__ import annotations

import pytest

from stentor.base.errors import Overloaded
from stentor.house.who.newcomers import LIMIT, Newcomers
from stentor.people.model import Account, SiteRole

NOW = 1_800_000_000.0
NEW = Account(id="ada", handle="ada", name="Ada", created_ms=round(NOW * 1000))


def test_a_new_account_writes_a_few_times_and_then_slowly() -> None:
    """It is told when to come back; then one more is allowed."""
    newcomers = Newcomers(24)
    for _ in range(LIMIT.burst):
        newcomers.spend(NEW, NOW)
    with pytest.raises(Overloaded) as error:
        newcomers.spend(NEW, NOW)
    assert (error.value.error_code, error.value.status) == ("new-account", 429)
    newcomers.spend(NEW, NOW + error.value.retry_after_s)


@pytest.mark.parametrize(
    ("hours", "role", "later_s"),
    [(0, SiteRole.MEMBER, 0.0), (24, SiteRole.MODERATOR, 0.0), (24, SiteRole.MEMBER, 24 * 3600.0)],
)
def test_nobody_else_is_slower(hours: int, role: SiteRole, later_s: float) -> None:
    """Where a site does not want it, for moderators, and after a day."""
    newcomers = Newcomers(hours)
    account = Account(id="ada", handle="ada", name="Ada", role=role, created_ms=NEW.created_ms)
    for _ in range(3 * LIMIT.burst):
        newcomers.spend(account, NOW + later_s)
