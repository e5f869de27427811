"""By which server mail is sent, as administrators have set it; the password is sealed in the database, never shown."""

from __future__ import annotations

import msgspec

from stentor.base.errors import SetupError
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.house.mail import schema
from stentor.house.mail.sender import trouble
from stentor.house.site.reread import Reread
from stentor.people import mail
from stentor.people.mail import MailWishes
from stentor.store.mail import MailTable

PURPOSE = "mail"
"""Of the key that the password is sealed with."""


class MailSettings(Reread):
    """``run`` is a task of the role. ``secret`` is the installation's."""

    named = "mail-settings-not-read"

    def __init__(self, table: MailTable, secret: bytes) -> None:
        self._table, self._seal = table, Seal(derive(secret, PURPOSE))
        self.wishes = MailWishes()
        self._sealed = ""

    @property
    def on(self) -> bool:
        return bool(self.wishes.server)

    @property
    def has_password(self) -> bool:
        return bool(self._sealed)

    def password(self) -> str:
        """The password, empty without one; raises :class:`NotSent` when it was sealed with another key."""
        try:
            return self._seal.open(self._sealed, PURPOSE).decode() if self._sealed else ""
        except SetupError as error:
            raise trouble("mail-password-lost") from error

    async def read(self) -> None:
        """Raises :class:`Overloaded`."""
        self.wishes, self._sealed = await self._table.settings()

    async def change(self, wish: schema.MailChange) -> None:
        """Sets what is given; what is left out stays. Another server gets no password that was for the one before.

        Raises :class:`BadInput`, :class:`Overloaded`.
        """
        await self.read()
        given = {name: value for name, value in msgspec.structs.asdict(wish).items() if value is not msgspec.UNSET}
        password = given.pop("password", None)
        wishes = mail.check(msgspec.structs.replace(self.wishes, **given))
        if password is None and (wishes.server, wishes.user) != (self.wishes.server, self.wishes.user):
            password = ""
        sealed = None if password is None else self._seal.close(password.encode(), PURPOSE) if password else ""
        await self._table.set(wishes, sealed)
        await self.read()

    def view(self) -> schema.MailView:
        wishes = self.wishes
        return schema.MailView(
            server=wishes.server,
            port=wishes.port,
            security=wishes.security,
            user=wishes.user,
            sender=wishes.sender,
            has_password=self.has_password,
        )
