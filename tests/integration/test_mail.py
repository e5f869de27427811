"""Mail over a real SMTP server on loopback: every way it can be refused, what is written to whom, and the way back."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.people.model import FRESH_MS
from tests.integration.test_people import PASSWORD, browser, sign_up
from tests.support.certificates import Authority
from tests.support.house import House, age_sessions, database, problem, running_house
from tests.support.ports import free_port
from tests.support.smtp import Postbox, postbox
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def only(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with running_house(tmp_path_factory.mktemp("house"), sign_up="open") as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(only: House) -> House:
    """That house, with nobody in it, no mail on the way, and none set."""
    await only.forget_people()
    with database(only.settings) as connection:
        for table in ("jobs", "reports", "decisions", "cases"):
            connection.execute(f"DELETE FROM {table}")
    assert (await only.http.patch("/api/v1/site/mail", json={"server": "", "password": ""})).status_code == 200
    return only


async def use(house: House, box: Postbox, **wish: object) -> None:
    """Has the house send by a server."""
    given = {"server": "localhost", "port": box.port, "security": "none", "sender": "site@talk.example", "user": ""}
    answer = await house.http.patch("/api/v1/site/mail", json={**given, **wish})
    assert answer.status_code == 200, answer.text


async def tried(house: House) -> httpx.Response:
    return await house.http.post("/api/v1/site/mail/test", json={"to": "ada@talk.example"})


async def came(box: Postbox, mails: int = 1) -> EmailMessage:
    await eventually(lambda: len(box.mails) >= mails, f"{len(box.mails)} of {mails} mails came")
    return box.newest()


def text(mail: EmailMessage) -> str:
    return str(mail.get_content())


def link(mail: EmailMessage, path: str) -> str:
    """The path of the link in a mail that lies below ``path``."""
    found = re.search(rf"http://\S+?({path}/\S+)", text(mail))
    assert found, text(mail)
    return found[1]


async def hurry(house: House) -> None:
    """Makes what waits to be tried again due now."""
    with database(house.settings) as connection:
        connection.execute("UPDATE jobs SET due_ms = 0 WHERE done_ms IS NULL")


async def confirmed(house: House, box: Postbox, ada: httpx.AsyncClient, address: str = "Ada@Talk.Example") -> None:
    """Gives an address and follows the link that comes there."""
    before = len(box.mails)
    given = await ada.put("/account/mail", json={"mail": address})
    assert given.json() == {"mail": address.lower(), "confirmed_ms": None, "reports": True, "sends": True}
    path = link(await came(box, before + 1), "/account/confirm")
    assert "Yes, it" in (await house.anyone.get(path, headers=FORM)).text, "looking confirms nothing"
    assert (await ada.get("/account/mail")).json()["confirmed_ms"] is None
    assert (await house.anyone.post(path, headers=FORM, data={})).status_code == 200
    assert (await ada.get("/account/mail")).json()["confirmed_ms"]


async def test_a_test_mail_says_what_was_wrong(house: House) -> None:
    """Each mistake of a beginning has its own code and sentence; the right settings deliver."""
    problem(await tried(house), 409, "mail-off")
    with postbox() as box:
        await use(house, box, port=free_port())
        problem(await tried(house), 409, "mail-unreachable")
        await use(house, box, server="nowhere.invalid", security="tls")
        problem(await tried(house), 409, "mail-unknown-server")
        await use(house, box, security="tls")
        problem(await tried(house), 409, "mail-tls")
        await use(house, box, security="starttls")
        problem(await tried(house), 409, "mail-no-starttls")
        await use(house, box, user="ada", password="secret")
        problem(await tried(house), 409, "mail-no-login")
        await use(house, box)
        for command, answer, code in (
            ("MAIL", "550 not your address", "mail-sender"),
            ("RCPT", "550 no such person", "mail-recipient"),
            ("RCPT", "451 greylisted, come back later", "mail-later"),
            ("DATA", "554 looks like spam", "mail-rejected"),
        ):
            box.refusals.append((command, answer))
            assert problem(await tried(house), 409, code)["said"] == answer
        assert box.mails == [], "nothing went out before all was well"
        assert (await tried(house)).json() == {"to": "ada@talk.example"}
        assert box.senders == ["site@talk.example"]


async def test_a_server_has_to_be_who_it_is(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STARTTLS and TLS with a password: only with a certificate that is known and of this name."""
    authority = Authority(tmp_path, names=["localhost"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.chain, authority.key)
    for security, starttls in (("starttls", True), ("tls", False)):
        with postbox(login=("site", "secret"), tls=context, starttls=starttls) as box:
            await use(house, box, security=security, user="site", password="secret")
            problem(await tried(house), 409, "mail-certificate")
            with monkeypatch.context() as known:
                known.setenv("SSL_CERT_FILE", str(authority.ca))
                await use(house, box, security=security, server="127.0.0.1", user="site", password="secret")
                problem(await tried(house), 409, "mail-certificate")
                await use(house, box, security=security, user="site", password="wrong")
                problem(await tried(house), 409, "mail-login")
                assert box.mails == []
                await use(house, box, security=security, user="site", password="secret")
                assert (await tried(house)).status_code == 200
                assert box.tls == [True]


async def test_the_password_is_never_seen_again(house: House) -> None:
    """Not in answers, pages or the database; another server does not get it."""
    await use(house, Postbox(), server="one.example", security="tls", user="site", password="a secret of ours")
    assert (await house.http.get("/api/v1/site/mail")).json()["has_password"] is True
    stored = b"".join((Path(house.settings.folder) / name).read_bytes() for name in ("stentor.db", "stentor.db-wal"))
    assert b"one.example" in stored
    assert b"a secret of ours" not in stored
    await house.http.patch("/api/v1/site/mail", json={"port": 465})
    assert (await house.http.get("/api/v1/site/mail")).json()["has_password"] is True, "what is left out stays"
    await house.http.patch("/api/v1/site/mail", json={"server": "two.example"})
    assert (await house.http.get("/api/v1/site/mail")).json()["has_password"] is False


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"server": "smtp example"}, "server"),
        ({"security": "none", "server": "smtp.example.org"}, "security"),
        ({"sender": "nobody"}, "sender"),
        ({"user": "a\r\nDATA"}, "user"),
    ],
)
async def test_settings_are_checked(house: House, wish: dict[str, Any], field: str) -> None:
    """What cannot be meant is refused, with the field that is wrong."""
    good = {"server": "smtp.example.org", "security": "tls", "sender": "site@talk.example"}
    answer = await house.http.patch("/api/v1/site/mail", json={**good, **wish})
    assert problem(answer, 400, "bad-input")["field"] == field


async def test_no_name_adds_a_field(house: House) -> None:
    """Fields are as machines want them, in the site's own name, whatever that is."""
    with postbox() as box:
        await use(house, box)
        await house.http.patch("/api/v1/site", json={"name": 'Ädas "Talk", <x@y.example>'})
        try:
            assert (await tried(house)).status_code == 200
        finally:
            await house.http.patch("/api/v1/site", json={"name": "Stentor"})
    mail = box.newest()
    assert [each.addr_spec for each in mail["From"].addresses] == ["site@talk.example"]
    assert mail["From"].addresses[0].display_name == 'Ädas "Talk", <x@y.example>'
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@localhost>", mail["Message-ID"])
    assert mail["Date"]
    assert mail.get_content_type() == "text/plain"


async def test_the_way_back_in(house: House) -> None:
    """A confirmed address gets a link that signs in once; nothing tells strangers who has an account."""
    with postbox() as box:
        await use(house, box)
        async with browser(house) as ada, browser(house) as later:
            await sign_up(ada)
            asked = "/api/v1/sign-in/lost"
            same = [await house.anyone.post(asked, json={"who": who}) for who in ("ada", "nobody", "x@y.example")]
            assert {(each.status_code, each.text) for each in same} == {(202, "{}")}
            await confirmed(house, box, ada)
            assert len(box.mails) == 1, "without a confirmed address nothing was sent"
            assert (await house.anyone.post("/account/lost", headers=FORM, data={"who": "ADA@talk.example"})).is_success
            path = link(await came(box, 2), "/account/way-back")
            token = path.rpartition("/")[2]
            assert "@ada" in (await later.get(f"{house.anyone.base_url}{path}")).text
            with database(house.settings) as connection:
                assert token not in "".join(connection.iterdump()), "only its digest is stored"
            short = {"password": "short"}
            wrong = await later.post(f"{house.anyone.base_url}{path}", data=short)
            assert (wrong.status_code, "@ada" in wrong.text) == (400, True), "it was not used up by that"
            new = {"password": "quite another set of words"}
            assert (await later.post(f"{house.anyone.base_url}{path}", data=new)).status_code == 303
            assert (await later.get("/account")).json()["profile"]["handle"] == "ada"
            problem(await ada.get("/account"), 401, "not-signed-in")
            problem(await later.post("/sign-in/link", json={"token": token}), 401, "link-gone")
            problem(await ada.post("/sign-in", json={"handle": "ada", "password": PASSWORD}), 401, "sign-in-wrong")


async def test_a_link_does_not_last(house: House) -> None:
    """It is too old after half an hour, and gone with the address that it was sent to."""
    with postbox() as box:
        await use(house, box)
        async with browser(house) as ada:
            await sign_up(ada)
            await confirmed(house, box, ada)
            tokens = []
            for mails in (2, 3):
                await house.anyone.post("/api/v1/sign-in/lost", json={"who": "@Ada"})
                tokens.append(link(await came(box, mails), "/account/way-back").rpartition("/")[2])
            with database(house.settings) as connection:
                late = "UPDATE challenges SET expires_ms = expires_ms - 1800000 WHERE purpose = 'way-back'"
                connection.execute(late)
            problem(await ada.post("/sign-in/link", json={"token": tokens[0]}), 401, "link-gone")
            with database(house.settings) as connection:
                connection.execute("UPDATE challenges SET expires_ms = expires_ms + 1800000")
            assert (await ada.put("/account/mail", json={"mail": ""})).json()["mail"] == ""
            problem(await ada.post("/sign-in/link", json={"token": tokens[1]}), 401, "link-gone")
            age_sessions(house.settings, FRESH_MS + 1000)
            problem(await ada.put("/account/mail", json={"mail": "b@talk.example"}), 403, "sign-in-again")


async def test_what_is_not_taken_now_is_tried_again(house: House) -> None:
    """A server that is away or greylists gets it later; what it refuses for good is given up, and both can be read."""
    with postbox() as box:
        await use(house, box)
        async with browser(house) as ada:
            await sign_up(ada)
            box.refusals += [("RCPT", "451 come back later"), ("DATA", "421 busy")]
            await ada.put("/account/mail", json={"mail": "ada@talk.example"})
            await _troubled(house, "mail-later", 1)
            await hurry(house)
            await _troubled(house, "mail-later", 2)
            await hurry(house)
            await came(box)
            box.refusals.append(("RCPT", "550 no such person"))
            await ada.put("/account/mail", json={"mail": "gone@talk.example"})
            await _troubled(house, "mail-recipient", 0, done=True)
    assert len(box.mails) == 1


async def _troubled(house: House, code: str, attempts: int, *, done: bool = False) -> None:
    query = "SELECT count(*) FROM jobs WHERE trouble = ? AND attempts = ? AND (done_ms IS NOT NULL) = ?"

    def seen() -> bool:
        with database(house.settings) as connection:
            return bool(connection.execute(query, [code, attempts, done]).fetchone()[0])

    await eventually(seen, f"no mail met {code} after {attempts} tries")


async def test_reports_are_told_and_answered(house: House) -> None:
    """Moderators hear of new reports once an hour, whoever left an address hears twice; in their own languages."""
    with postbox() as box:
        await use(house, box)
        await house.create("talk")
        async with browser(house) as boss:
            made = (await house.http.post("/api/v1/site/invitations", json={"role": "admin"})).json()["link"]
            await sign_up(boss, "boss", invitation=made.partition("=")[2])
            await confirmed(house, box, boss, "boss@talk.example")
            stranger = {
                "kind": "space", "id": "talk", "why": "spam", "text": "It is.", "good_faith": True,
                "name": "Eve\r\nBcc: all@talk.example", "mail": "eve@talk.example",
            }  # fmt: skip
            answer = await house.anyone.post(
                "/api/v1/reports", json={**stranger, "name": "Eve"}, headers={"Accept-Language": "de"}
            )
            assert answer.status_code == 201, answer.text
            await came(box, 3)
            by = {str(mail["To"]): mail for mail in box.mails[1:]}
            assert "1 case" in text(by["boss@talk.example"]) or "one case" in text(by["boss@talk.example"])
            assert by["eve@talk.example"]["Subject"].startswith("Ihre Meldung"), "in the language of the page"
            assert answer.json()["link"] in text(by["eve@talk.example"])
            await house.anyone.post("/api/v1/reports", json={**stranger, "name": "", "mail": "", "why": "other"})
            with database(house.settings) as connection:
                waits = (
                    "SELECT count(*) FROM jobs WHERE key = 'staff' AND done_ms IS NULL AND due_ms > made_ms + 3000000"
                )
                assert connection.execute(waits).fetchone()[0] == 1, "moderators are told again in an hour"
            case = (await boss.get("/moderation/cases")).json()["cases"][0]["number"]
            decided = await boss.post(f"/moderation/cases/{case}/decisions", json={"action": "none"})
            assert decided.status_code == 201, decided.text
            last = await came(box, 4)
            assert (str(last["To"]), "entschieden" in last["Subject"]) == ("eve@talk.example", True)


async def test_the_page_of_administrators(house: House) -> None:
    """A plain form: what is wrong stands above what was typed, and the test mail's trouble in words with the answer."""
    with postbox() as box:
        async with browser(house) as boss:
            made = (await house.http.post("/api/v1/site/invitations", json={"role": "admin"})).json()["link"]
            await sign_up(boss, "boss", invitation=made.partition("=")[2])
            page = f"{house.anyone.base_url}/admin/mail"
            assert "sends no e-mail" in (await boss.get(page)).text
            form = {
                "server": "localhost",
                "port": str(box.port),
                "security": "none",
                "sender": "x",
                "user": "",
                "password": "",
            }
            wrong = await boss.post(page, data=form, headers=FORM)
            assert (wrong.status_code, f'value="{box.port}"' in wrong.text) == (400, True)
            saved = await boss.post(page, data={**form, "sender": "site@talk.example"}, headers=FORM)
            assert (saved.status_code, "Saved." in saved.text) == (200, True)
            box.refusals.append(("RCPT", "550 5.1.1 unknown"))
            tried = await boss.post(f"{page}/test", data={"to": "ada@talk.example"}, headers=FORM)
            assert tried.status_code == 409
            assert "deliver to this address" in tried.text
            assert "550 5.1.1 unknown" in tried.text
            assert (await boss.post(f"{page}/test", data={"to": "ada@talk.example"}, headers=FORM)).status_code == 200
            assert (await boss.post(page, data={"off": "yes"}, headers=FORM)).status_code == 200
            assert (await boss.get("/site/mail")).json()["server"] == ""
        async with browser(house) as member:
            await sign_up(member, "eve")
            assert (await member.get(page)).status_code == 403


async def test_a_queue_has_an_end(house: House) -> None:
    """A server that is away for long fills nothing: who asks is told so, and notices are left out."""
    with database(house.settings) as connection:
        names = "kind, key, subject, payload, made_ms, due_ms, attempts, trouble"
        row = f"INSERT INTO jobs ({names}) VALUES ('mail', 'x', '', '{{}}', 0, 4000000000000, 0, '')"
        for _ in range(1000):
            connection.execute(row)
    await use(house, Postbox())
    async with browser(house) as ada:
        await sign_up(ada)
        problem(await ada.put("/account/mail", json={"mail": "last@talk.example"}), 503, "overloaded")
