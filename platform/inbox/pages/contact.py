"""問い合わせ: whoever writes, signed in or not; the bot or a person answers, everything stays readable.

The page works without scripts; `static/contact.js` sends without a reload, `static/live.js` brings what is new.
"""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from access.sessions import new_token
from core.context import here
from core.entrance import client_ip
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.media import picture_file
from core.pages import flash, page
from core.settings import settings
from core.streams import stream
from core.web import cookie_prefix, wants_json
from inbox import customer as customers
from inbox import own, returning, verifying, words
from inbox.actions import chatting
from inbox.customer import KEPT_UNUSED, Customer
from inbox.forms import Address, Code, Question, Rated, Seen, Tap
from inbox.live import Own, watch
from inbox.models import ChatVisitor

HOME = "/contact"
LATEST = "/contact#latest"


def cookie_name() -> str:
    return f"{cookie_prefix()}chat"


def _cookie(token: str, age: int = int(KEPT_UNUSED.total_seconds())) -> Cookie:
    return Cookie(key=cookie_name(), value=token, path="/", max_age=age, httponly=True, samesite="lax",
                  secure=settings().is_secure)  # fmt: skip


async def visitor_of(request: Any) -> ChatVisitor | None:
    """By the cookie: a token, or the seal of a mail that was followed."""
    said = request.cookies.get(cookie_name(), "")
    return await customers.visitor_with(said) or (await returning.opened(said) if said else None)


async def who_asks(request: Any) -> Customer | None:
    """The person who is signed in, else the visitor of the cookie; what a visitor said is theirs once they sign in."""
    me = here().principal
    visitor = await visitor_of(request)
    if me.person_id is None:
        return await customers.of_visitor(visitor, here().language) if visitor else None
    if visitor and not me.is_staff:
        await customers.came_in(visitor, me.person_id)
    return customers.of_person(me.person_id, me.name, here().language, me.brand)


async def _writer(request: Request[Any, Any, Any]) -> tuple[Customer, list[Cookie]]:
    """Who writes, and the cookie of somebody new."""
    if found := await who_asks(request):
        return found, []
    token = new_token()
    made = await customers.new_visitor(token, client_ip(request.scope), here().language)
    return await customers.of_visitor(made, here().language), [_cookie(token)]


class ContactPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="anyone")
    async def index(self, request: Request[Any, Any, Any], question: str = "") -> Response[Any]:
        return await shown(request, body=question[:5000])

    @get("/live", may="anyone")
    async def live(self, request: Request[Any, Any, Any], known: str = "") -> Response[Any]:
        """Server-sent events: the talk again whenever it changed."""
        found = await who_asks(request)
        if found is None:
            raise NotFound(_("There is no conversation yet."))
        page_of = Own(lambda: who_asks(request), request.headers.get("last-event-id", known)[:60])
        return stream(found.seat, page_of.look, watch.joined)

    @get("/{conversation_id:int}", may="anyone")
    async def earlier(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        who = await who_asks(request)
        conversation = await own.one(who, conversation_id)
        return page("inbox/contact-earlier.html", conversation=conversation, turns=await own.turns(conversation, who))

    @get("/pictures/{key:str}", may="anyone")
    async def picture(self, request: Request[Any, Any, Any], key: str) -> Response[bytes]:
        return await picture_file(await own.picture(await who_asks(request), key))

    @post("/messages", may="anyone")
    async def write(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Words, a picture, or both: two messages."""
        form = Form(Question, await request.form())
        if form.valid and not form.data.body.strip() and not form.data.picture:
            form.add_error("body", _("Write something first."))
        if not form.valid and wants_json(request):
            raise Refused(next(iter(form.errors.values()), _("Reload the page and send it again.")))
        if not form.valid:
            return await shown(request, form=form, status=422)
        who, cookies = await _writer(request)
        key = form.data.key or secrets.token_urlsafe(16)
        if form.data.body.strip():
            await chatting.write_message(who, form.data.body, id=key)
        if form.data.picture:
            sent = form.data.picture
            await chatting.send_picture(who, await sent.read(), sent.filename or "", id=f"{key}p"[:64])
        if wants_json(request):
            return Response(None, status_code=204, cookies=cookies)
        return Redirect(LATEST, status_code=303, cookies=cookies)

    @post("/taps", may="anyone")
    async def tap(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """A button under an answer: it helped, this one, ask a person."""
        form = Form(Tap, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await chatting.tap(await _known(request), form.data.tap, id=form.data.key or secrets.token_urlsafe(16))
        return Redirect(LATEST, status_code=303)

    @post("/seen", may="anyone")
    async def seen(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Seen, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await chatting.seen(await _known(request), form.data.number)
        return Response(None, status_code=204)

    @post("/rating", may="anyone")
    async def rate(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Rated, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await chatting.rate(await _known(request), form.data.score, form.data.comment)
        flash(_("Thank you for telling us."))
        return Redirect(HOME, status_code=303)

    @delete("/visitor", may="anyone", status_code=303)
    async def leave(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """For a computer that others use too: this browser does not know the conversation any more."""
        if visitor := await visitor_of(request):
            await customers.leave(visitor)
        return Redirect(HOME, status_code=303, cookies=[_cookie("", 0)])


class AddressPages(Controller):
    """A visitor's address: where unread replies go, and whose the conversation is."""

    path = "/contact/address"
    include_in_schema = False

    @post("/", may="anyone")
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Address, await request.form())
        if not form.valid:
            return await shown(request, address=form, status=422)
        visitor = await _visitor(request)
        await verifying.send_code(visitor, form.data.mail, client_ip(request.scope), here().language)
        flash(_("We sent six digits to %(mail)s.", mail=visitor.asked_mail))
        return Redirect(f"{HOME}#address", status_code=303)

    @post("/code", may="anyone")
    async def check(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Code, await request.form())
        if not form.valid:
            return await shown(request, code=form, status=422)
        try:
            await verifying.check_code(await _visitor(request), form.data.code)
        except Refused as refused:
            form.add_error("code", refused.sentence)
            return await shown(request, code=form, status=refused.status)
        flash(_("Replies that you do not read here come by mail."))
        return Redirect(HOME, status_code=303)


class ReturnPages(Controller):
    """The way back from a mail; a button, because filters follow links."""

    path = "/contact/return"
    include_in_schema = False

    @get("/{sealed:str}", may="anyone")
    async def ask(self, sealed: str) -> Response[Any]:
        if await returning.opened(sealed) is None:
            raise NotFound(_("This link is not valid any more."))
        return page("inbox/contact-return.html", sealed=sealed)

    @post("/{sealed:str}", may="anyone")
    async def go(self, sealed: str) -> Response[Any]:
        if await returning.opened(sealed) is None:
            raise NotFound(_("This link is not valid any more."))
        return Redirect(LATEST, status_code=303, cookies=[_cookie(sealed)])


async def _known(request: Request[Any, Any, Any]) -> Customer:
    if found := await who_asks(request):
        return found
    raise NotFound(_("There is no conversation yet."))


async def _visitor(request: Request[Any, Any, Any]) -> ChatVisitor:
    found = await visitor_of(request)
    if found is None or here().principal.is_signed_in:
        raise NotFound(_("There is no conversation yet."))
    return found


async def shown(
    request: Request[Any, Any, Any], *, form: Form[Question] | None = None, address: Form[Address] | None = None,
    code: Form[Code] | None = None, body: str = "", status: int = 200,
) -> Response[Any]:  # fmt: skip
    """The page; what it shows counts as seen."""
    who = await who_asks(request)
    conversation = await own.current(who)
    if who and conversation and conversation.customer_read < conversation.message_count:
        await chatting.seen(who, conversation.message_count)
        await conversation.refresh_from_db(fields=["customer_read", "version"])
    visitor = None if here().principal.is_signed_in else await visitor_of(request)
    return page(
        "inbox/contact.html", status=status, conversation=conversation, turns=await own.turns(conversation, who),
        earlier=await own.earlier(who, conversation.id) if conversation else [], visitor=visitor,
        rating=bool(conversation and await own.may_rate(conversation)), hours=words.hours_said(),
        address=address or Form(Address), code=code or Form(Code), scores=words.SCORES,
        form=form or Form(Question, initial={"body": body}), key=secrets.token_urlsafe(16),
    )  # fmt: skip
