"""The pages about reports, reminders, outlets, newsletters and mail, and the API of mail."""

from __future__ import annotations

from litestar import Router

from stentor.house import mail_pages, moderation_pages, newsletter_pages, outlet_pages, pages, remind_pages
from stentor.house.accounts.people import People
from stentor.house.mail import api as mail_api
from stentor.house.mail.desk import MailDesk
from stentor.house.mailing import MailParts
from stentor.house.moderation.service import CaseDesk
from stentor.house.private.guard import Guard
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.store.actors import ActorsTable


def of_desks(
    shown: pages.Pages, desk: CaseDesk, mailing: MailParts, people: People, spaces: Spaces,
    callers: Callers, sessions: Sessions, guard: Guard,
) -> list[Router]:  # fmt: skip
    """All of them."""
    mails = MailDesk(mailing.mail, people, spaces.clock)
    return [
        remind_pages.routes(
            shown,
            mailing.reminders,
            spaces,
            sessions,
            ActorsTable(spaces.store.work),
            mailing.outlets.newsletters.table,
        ),
        outlet_pages.routes(shown, mailing.outlets, mailing.browsers, guard, callers, sessions),
        newsletter_pages.routes(shown, mailing.outlets.newsletters, sessions),
        moderation_pages.routes(shown, desk, callers, guard),
        mail_api.routes(mails, callers, sessions),
        mail_pages.routes(shown, mails, sessions),
    ]
