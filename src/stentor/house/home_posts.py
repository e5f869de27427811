"""Writing a post, changing it, and what one does with those of others: forms and buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, Response, post, route
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import BadInput, StentorError
from stentor.house.forms import Page, form_of, see
from stentor.house.home_forms import PICTURE, ComposerForm
from stentor.house.home_pages import HOME, HomePages, PostReader, nothing
from stentor.house.media.service import MOST_BYTES as MOST_OF_PICTURE
from stentor.house.pages import READ
from stentor.house.social import schema
from stentor.house.social.api_later import read
from stentor.house.social.service import numbers, parse_id
from stentor.people import checks
from stentor.social import pictures
from stentor.social.model import Consented
from stentor.store.posts import Gesture

MOST_BYTES: Final = 256 * 1024
"""Of a form: the longest text and four alt texts as percent-encoded Chinese."""
GESTURES: Final = {"like": Gesture.LIKE, "bookmark": Gesture.BOOKMARK, "pin": Gesture.PIN}
_Request = Request[Any, Any, Any]


class Composers:
    """Where one writes: on a page of its own, in a timeline, below a post."""

    def __init__(self, home: HomePages) -> None:
        self.home, self.desk = home, home.desk

    async def asked(self, reader: PostReader, query: dict[str, str]) -> ComposerForm:
        """The form that an address asks for: ``reply``, ``quote``, ``draft``, ``post`` or ``space``; or ``text``, to
        which devices that share something with the installed site add ``title`` and ``url``."""
        if draft := query.get("draft"):
            found = {f"{each.id}": each for each in await self.desk.later.drafts(reader.me)}.get(draft)
            if found is not None:
                form = ComposerForm.of_post(read(found.body), draft=draft)
                known = await self.desk.media.table.get([int(each) for each in form.pictures])
                form.pictures = {id_: known[int(id_)].alt for id_ in form.pictures if int(id_) in known}
                return form
        if changed := query.get("post"):
            return ComposerForm.of_view(await self._own(reader, changed))
        form = ComposerForm(
            language=reader.visit.language, reply_to=query.get("reply", ""), quote=query.get("quote", ""),
            space=query.get("space", ""), text=_handed(query)[:5000],
        )  # fmt: skip
        if form.reply_to:
            form.visibility = (await self.desk.view(parse_id(form.reply_to), reader.me)).visibility
        return form

    async def _own(self, reader: PostReader, id_: str) -> schema.PostView:
        found = await self.desk.view(parse_id(id_), reader.me)
        if found.author.id != f"{reader.me}" or found.boost:
            raise nothing()
        return found

    async def show(
        self, reader: PostReader, form: ComposerForm, wrong: str = "", *, part: bool = False
    ) -> Response[str]:
        """The page, or the form alone."""
        answered = await self.desk.view(parse_id(form.reply_to), reader.me) if form.reply_to else None
        quoted = await self.desk.view(parse_id(form.quote), reader.me) if form.quote else None
        changed = await self.desk.view(parse_id(form.post), reader.me) if form.post else None
        return self.home.show(
            reader, "compose-part" if part else "compose",
 answered=answered, quoted=quoted, changed=changed,
            form=form, wrong=wrong, part=part, views=await self._pictures(reader, form), kind="compose",
            offered=await self.home.cards.offered(reader.account, form.space),
        )  # fmt: skip

    async def _pictures(self, reader: PostReader, form: ComposerForm) -> list[dict[str, str]]:
        """The pictures of a form with where they are seen: only one's own."""
        known = await self.desk.media.table.get([int(each) for each in form.pictures])
        return [
            {"id": id_, "alt": alt, "url": f"/api/v1/media/{id_}/file?small=true"}
            for id_, alt in form.pictures.items()
            if (found := known.get(int(id_))) is not None and found.actor == reader.me
        ]

    async def send(self, request: _Request, work: Callable[[PostReader, ComposerForm], Awaitable[str]]) -> Page:
        """What the form is sent for; where that is refused the form comes back as it was, with the reason."""
        self.home.sessions.guard(request)
        form = ComposerForm.of(await form_of(request))

        async def done(reader: PostReader) -> Page:
            try:
                return see(await work(reader, form))
            except StentorError as error:
                shown = await self.again(reader, form, error)
                return self.home.refused(reader, error, shown)

        return await self.home.only(request, done)

    async def again(self, reader: PostReader, form: ComposerForm, error: StentorError) -> Response[str]:
        """The form with what is wrong; where what it answers or quotes is gone, it does not any more."""
        wrong = self.home.told(reader, error)
        try:
            return await self.show(reader, form, wrong)
        except StentorError:
            form.reply_to = form.quote = form.post = ""
            return await self.show(reader, form, wrong)

    async def post(self, reader: PostReader, form: ComposerForm) -> str:
        """Posts it, at once or later, or changes what it changes; where to go then."""
        if form.post:
            await self.desk.change(reader.account, parse_id(form.post), form.change())
            return f"{HOME}/posts/{form.post}"
        wish = form.wish()
        await self._describe(reader, form)
        if wish.at_ms is not None:
            await self.desk.schedule(reader.account, wish, wish.at_ms)
            await self._drop(reader, form)
            return f"{HOME}/scheduled"
        written = await self.desk.write(reader.account, wish, key=form.key)
        await self._drop(reader, form)
        return f"{HOME}/posts/{written.id}" if form.reply_to or written.withheld else HOME

    async def keep(self, reader: PostReader, form: ComposerForm) -> str:
        """Keeps it as a draft."""
        if not form.begun:
            raise BadInput("There is nothing to keep yet.", code="empty-post", field="text")
        wish = form.wish(at_once=True)
        await self._describe(reader, form)
        draft = parse_id(form.draft) if form.draft else None
        await self.home.keep_draft(reader, wish, draft)
        return f"{HOME}/drafts"

    async def _describe(self, reader: PostReader, form: ComposerForm) -> None:
        for id_, alt in form.pictures.items():
            await self.desk.media.table.describe(numbers([id_])[0], reader.me, pictures.alt(alt))

    async def _drop(self, reader: PostReader, form: ComposerForm) -> None:
        if form.draft and form.draft in {f"{each.id}" for each in await self.desk.later.drafts(reader.me)}:
            await self.desk.later.drop_draft(parse_id(form.draft), reader.me)


def _handed(query: dict[str, str]) -> str:
    """The text to begin with; what says again what stands there already is left out."""
    title, text, url = (query.get(name, "") for name in ("title", "text", "url"))
    lines = [title.strip()] if title.strip() and title.strip() not in text else []
    return "\n".join([*lines, *([text] if text else []), *([url] if url and url not in text else [])])


def writing(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/compose`` and what its buttons do."""
    composers = Composers(made)

    @route("/compose", http_method=READ, include_in_schema=False)
    async def compose(request: _Request) -> Page:
        query = {name: str(value) for name, value in request.query_params.items()}

        async def work(reader: PostReader) -> Page:
            return await composers.show(reader, await composers.asked(reader, query), part="part" in query)

        return await made.only(request, work)

    @post("/posts", include_in_schema=False, request_max_body_size=MOST_BYTES)
    async def write(request: _Request) -> Page:
        return await composers.send(request, composers.post)

    @post("/drafts", include_in_schema=False, request_max_body_size=MOST_BYTES)
    async def keep(request: _Request) -> Page:
        return await composers.send(request, composers.keep)

    @post("/compose", include_in_schema=False, request_max_body_size=MOST_BYTES, status_code=200)
    async def change(request: _Request) -> Page:
        made.sessions.guard(request)
        fields = await form_of(request)
        form = ComposerForm.of(
            {name: value for name, value in fields.items() if name != PICTURE + fields.get("out", "")}
        )
        return await made.only(request, lambda reader: composers.show(reader, form))

    @post(
        "/compose/picture", include_in_schema=False, request_max_body_size=MOST_OF_PICTURE + MOST_BYTES, status_code=200
    )
    async def add(request: _Request) -> Page:
        made.sessions.guard(request)
        sent = await request.form()
        form = ComposerForm.of({name: value for name, value in sent.items() if isinstance(value, str)})
        file = sent.get("picture")

        async def work(reader: PostReader) -> Page:
            try:
                data = await file.read() if isinstance(file, UploadFile) else b""
                if not data:
                    raise BadInput("Choose a picture first.", code="no-file", field="picture")
                if len(form.pictures) >= pictures.MOST:
                    raise BadInput(
                        f"A post has {pictures.MOST} pictures at most.", code="too-many-in-post", field="media"
                    )
                found = await made.desk.media.upload(reader.account, reader.me, data)
            except StentorError as error:
                return made.refused(reader, error, await composers.again(reader, form, error))
            form.pictures[f"{found.id}"] = ""
            return await composers.show(reader, form)

        return await made.only(request, work)

    return [compose, write, keep, change, add]


def reading(made: HomePages) -> list[HTTPRouteHandler]:
    """A post with its thread, alone, its history, and what is asked before it is deleted."""
    composers = Composers(made)

    @route("/posts/{id_:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, id_: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            found = parse_id(id_)
            one, around = await made.desk.view(found, reader.me), await made.desk.thread(found, reader.me)
            form = await composers.asked(reader, {"reply": (one.boost or one).id})
            return made.show(
                reader, "thread", one=one, above=around.before,
                below=_deepened(one.id, around.after), form=form, views=(), answered=one.boost or one, quoted=None,
                changed=None, offered=await made.cards.offered(reader.account, ""), beside=await made.cards.beside(),
            )  # fmt: skip

        return await made.only(request, work)

    @route("/posts/{id_:str}/card", http_method=READ, include_in_schema=False)
    async def card(request: _Request, id_: FromPath[str]) -> Page:
        large, depth = "large" in request.query_params, str(request.query_params.get("depth", "0"))

        async def work(reader: PostReader) -> Page:
            one = await made.desk.view(parse_id(id_), reader.me)
            here = checks.local_path(str(request.query_params.get("here", HOME)))
            return made.show(reader, "post-part", one=one, large=large, depth=depth[:1], here=here)

        return await made.only(request, work)

    @route("/posts/{id_:str}/history", http_method=READ, include_in_schema=False)
    async def history(request: _Request, id_: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            one = await made.desk.view(parse_id(id_), reader.me)
            found = await made.desk.history(parse_id(id_), reader.me)
            return made.show(reader, "history", one=one, versions=found.versions[::-1])

        return await made.only(request, work)

    @route("/posts/{id_:str}/delete", http_method=READ, include_in_schema=False)
    async def ask(request: _Request, id_: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            one = await made.desk.view(parse_id(id_), reader.me)
            return made.show(reader, "delete", one=one)

        return await made.only(request, work)

    return [look, card, history, ask]


def deeds(made: HomePages) -> list[HTTPRouteHandler]:
    """The buttons below a post."""

    async def done(request: _Request, id_: str, deed: str) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await _do(made, reader, parse_id(id_), deed, fields)
            back = checks.local_path(fields.get("next", ""))
            return back if deed != "delete" or not back.startswith(f"{HOME}/posts/") else HOME

        return await made.doing(request, work)

    @post("/posts/{id_:str}/delete", include_in_schema=False)
    async def delete(request: _Request, id_: FromPath[str]) -> Page:
        return await done(request, id_, "delete")

    @post("/posts/{id_:str}/{deed:str}", include_in_schema=False)
    async def do(request: _Request, id_: FromPath[str], deed: FromPath[str]) -> Page:
        return await done(request, id_, deed)

    return [delete, do]


async def _do(made: HomePages, reader: PostReader, id_: int, deed: str, fields: dict[str, str]) -> None:
    """A button below a post. Raises :class:`NotFound` for one that is none."""
    desk, on = made.desk, not deed.startswith("un")
    name = deed if on else deed.removeprefix("un")
    if deed == "delete":
        await desk.remove(id_, reader.me)
        return
    desk.touch(reader.account)
    if deed == "vote":
        chosen = [int(value) for key, value in fields.items() if key.startswith("answer") and value.isdecimal()]
        if not chosen:
            raise BadInput("Choose an answer first.", code="no-answer", field="answers")
        await desk.table.vote(reader.me, id_, chosen, now_ms=desk.now_ms)
    elif name in GESTURES:
        await desk.table.mark(GESTURES[name], reader.me, id_, on=on, now_ms=desk.now_ms)
    elif deed == "boost":
        await desk.boost(reader.me, id_)
    elif deed == "unboost":
        await desk.table.unboost(reader.me, id_, now_ms=desk.now_ms)
    elif name == "mute":
        await desk.blocks.mute_thread(reader.me, id_, on=on)
    elif deed in ("consent", "unconsent"):
        state = Consented.GRANTED if on else Consented.REVOKED
        await desk.table.consent(reader.me, id_, state, now_ms=desk.now_ms)
    else:
        raise nothing()


def _deepened(top: str, below: list[schema.PostView]) -> list[tuple[schema.PostView, int]]:
    """Answers with how many steps each is below ``top``, three at most."""
    depths = {top: -1}
    found = []
    for each in below:
        depth = depths[each.id] = min(3, depths.get(each.reply_to or "", -1) + 1)
        found.append((each, depth))
    return found
