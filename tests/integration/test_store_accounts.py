"""Accounts in real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from stentor.base.errors import Conflict, NotFound
from stentor.people.model import Account, Challenge, Passkey, Session, SiteInvitation, SiteRole
from stentor.people.record import Deed, RecordEntry
from stentor.store import record
from stentor.store.accounts import MOST_PASSKEYS, MOST_SESSIONS, Accounts
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
NOW_MS = 1_800_000_000_000
ADA = Account(id="a1", handle="ada", name="Åda 🎙️", bio="Two\nlines", created_ms=NOW_MS)


@pytest.fixture
async def accounts(database_url: str) -> AsyncIterator[Accounts]:
    store = await Store.open(database_url)
    yield store.accounts
    await store.close()


def passkey(name: str = "key", account: str = "a1") -> Passkey:
    return Passkey(id=name, account=account, public_key=b"\0\1", sign_count=0, name="Phone", created_ms=NOW_MS)


def session(name: str, *, seen_ms: int = NOW_MS) -> Session:
    return Session(digest=name.ljust(64, "x"), account="a1", created_ms=NOW_MS, seen_ms=seen_ms, agent="Browser")


async def make(accounts: Accounts, *, password: str | None = "hash", key: Passkey | None = None) -> None:
    await accounts.create(ADA, password=password, passkey=key, codes=["c1", "c2"])


async def test_an_account_and_its_parts(accounts: Accounts) -> None:
    """What was stored is there again, by handle and by id; what is changed is changed, the rest stays."""
    await make(accounts, password=None, key=passkey())
    assert await accounts.find("ada") == ADA == await accounts.get("a1")
    assert await accounts.find("bob") is None
    await accounts.set_password("a1", "hash")
    await accounts.set_picture("a1", b"jpeg", now_ms=5)
    changed = await accounts.change("a1", name="Ada", role=SiteRole.ADMIN)
    assert (changed.name, changed.bio, changed.role) == ("Ada", ADA.bio, SiteRole.ADMIN)
    assert (changed.has_password, changed.picture_ms) == (True, 5)
    assert await accounts.list() == [changed]
    assert (await accounts.password("a1"), await accounts.picture("ada")) == ("hash", b"jpeg")
    await accounts.set_picture("a1", None, now_ms=6)
    assert (await accounts.get("a1")).picture_ms is None
    assert await accounts.picture("ada") is None


async def test_the_record_keeps_its_newest_entries(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is done to accounts, the record does not grow for ever."""
    monkeypatch.setattr(record, "KEPT", 3)
    for at_ms in range(5):
        entry = RecordEntry(at_ms=at_ms, by="ada", handle="bob", deed=Deed.SUSPENDED)
        await accounts.record.add(entry, by_account="a1", account="b1")
    assert [each.at_ms for each in await accounts.record.newest()] == [4, 3, 2]


async def test_a_handle_is_one_persons(accounts: Accounts) -> None:
    """The second account of a handle is refused, and nothing of it stays."""
    await make(accounts)
    other = Account(id="a2", handle="ada", name="Other", created_ms=NOW_MS)
    with pytest.raises(Conflict, match="taken"):
        await accounts.create(other, password="hash", passkey=passkey("k2", "a2"), codes=[])
    assert await accounts.passkey("k2") is None


async def delete(accounts: Accounts) -> None:
    await accounts.deletions.delete("a1", by="a1", digest="d", now_ms=NOW_MS)


async def test_deletion_leaves_nothing(accounts: Accounts) -> None:
    """With the account go its passkeys, sessions, codes, and the invitations it gave."""
    await make(accounts, key=passkey())
    await accounts.begin(session("s1"))
    await accounts.invitations.add(invitation())
    await delete(accounts)
    assert await accounts.find("ada") is None
    assert await accounts.passkey("key") is None
    assert await accounts.session(session("s1").digest, since_ms=0) is None
    assert await accounts.codes_left("a1") == 0
    assert await accounts.invitations.list(made_by=None, now_ms=NOW_MS) == []
    with pytest.raises(NotFound):
        await delete(accounts)
    with pytest.raises(NotFound):
        await accounts.get("a1")
    with pytest.raises(NotFound):
        await accounts.change("a1", name="x")


def invitation(name: str = "i1", *, role: SiteRole = SiteRole.MEMBER, made_by: str = "a1") -> SiteInvitation:
    digest = name.ljust(64, "0")
    return SiteInvitation(digest=digest, role=role, made_by=made_by, created_ms=NOW_MS, expires_ms=NOW_MS + 10)


async def test_a_recovery_code_counts_once(accounts: Accounts) -> None:
    """Of many who bring the same code at once, one has it; new codes take the place of the old ones."""
    await make(accounts)
    assert sorted(await asyncio.gather(*(accounts.use_code("a1", "c1") for _ in range(5)))) == [False] * 4 + [True]
    assert not await accounts.use_code("somebody", "c2")
    await accounts.set_codes("a1", ["d1", "d2", "d3"])
    assert await accounts.codes_left("a1") == 3
    assert not await accounts.use_code("a1", "c2")


async def test_an_invitation_counts_once_and_in_time(accounts: Accounts) -> None:
    """It makes one account, ends at its millisecond, and can be taken back by whoever gave it."""
    await make(accounts)
    for name in ("i1", "i2"):
        await accounts.invitations.add(invitation(name))
    found = await accounts.invitations.find(invitation().digest, now_ms=NOW_MS + 9)
    assert found == invitation()
    assert await accounts.invitations.find(invitation().digest, now_ms=NOW_MS + 10) is None
    bob, eve = (Account(id=name, handle=name, name=name, created_ms=NOW_MS) for name in ("bob", "eve"))
    await accounts.create(bob, password="h", passkey=None, codes=[], invitation=invitation().digest)
    with pytest.raises(NotFound, match="used"):
        await accounts.create(eve, password="h", passkey=None, codes=[], invitation=invitation().digest)
    assert await accounts.find("eve") is None
    assert [each.id for each in await accounts.invitations.list(made_by="a1", now_ms=NOW_MS)] == [invitation("i2").id]
    with pytest.raises(NotFound):
        await accounts.invitations.withdraw(invitation("i2").id, made_by="bob")
    await accounts.invitations.withdraw(invitation("i2").id, made_by=None)
    assert await accounts.invitations.list(made_by=None, now_ms=NOW_MS) == []


async def test_passkeys(accounts: Accounts) -> None:
    """One passkey is one account's; the last way to sign in stays; there is a limit."""
    await make(accounts, password=None, key=passkey())
    with pytest.raises(Conflict, match="in use"):
        await accounts.add_passkey(passkey())
    with pytest.raises(Conflict, match="only way"):
        await accounts.remove_passkey("a1", "key")
    for number in range(MOST_PASSKEYS - 1):
        await accounts.add_passkey(passkey(f"key{number}"))
    with pytest.raises(Conflict, match="at most"):
        await accounts.add_passkey(passkey("more"))
    await accounts.used_passkey("key", sign_count=7, now_ms=NOW_MS + 1)
    used = await accounts.passkey("key")
    assert used is not None
    assert (used.sign_count, used.used_ms, used.public_key) == (7, NOW_MS + 1, b"\0\1")
    await accounts.remove_passkey("a1", "key")
    assert len(await accounts.passkeys("a1")) == MOST_PASSKEYS - 1
    with pytest.raises(NotFound):
        await accounts.remove_passkey("a1", "key")


async def test_sessions(accounts: Accounts) -> None:
    """A session ends when it is not seen, when its owner says so, or when another takes its place."""
    await make(accounts)
    await accounts.begin(session("s1"))
    await accounts.begin(session("s2", seen_ms=NOW_MS + 1), instead_of=session("s1").digest)
    assert await accounts.session(session("s1").digest, since_ms=0) is None
    found = await accounts.session(session("s2").digest, since_ms=NOW_MS)
    assert found is not None
    assert (found[0].agent, found[1].handle) == ("Browser", "ada")
    assert await accounts.session(session("s2").digest, since_ms=NOW_MS + 2) is None
    await accounts.seen(session("s2").digest, now_ms=NOW_MS + 2)
    assert await accounts.session(session("s2").digest, since_ms=NOW_MS + 2) is not None
    await accounts.begin(session("s3"))
    assert [each.id[:2] for each in await accounts.sessions("a1", since_ms=0)] == ["s2", "s3"]
    assert await accounts.end("a1", only=session("s3").id) == 1
    await accounts.begin(session("s4"))
    assert await accounts.end("a1", but=session("s4").digest) == 1
    for number in range(MOST_SESSIONS):
        await accounts.begin(session(f"t{number}", seen_ms=NOW_MS + 10))
    assert await accounts.session(session("s4").digest, since_ms=0) is None, "the oldest made room"


async def test_a_challenge_counts_once_and_for_one_purpose(accounts: Accounts) -> None:
    """What was answered, was meant for something else, or has run out is no challenge of ours."""
    given = Challenge(challenge="c", purpose="sign-in", account="", expires_ms=NOW_MS + 10)
    await accounts.challenge(given, now_ms=NOW_MS)
    assert await accounts.answered("c", "sign-up", now_ms=NOW_MS) is None
    assert await accounts.answered("c", "sign-in", now_ms=NOW_MS + 10) is None
    assert await accounts.answered("c", "sign-in", now_ms=NOW_MS) == given
    assert await accounts.answered("c", "sign-in", now_ms=NOW_MS) is None
