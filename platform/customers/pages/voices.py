"""What one customer said: put into a request from where it was said or by hand, moved, taken out; and what they read
about it themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.clock import local_day, now
from core.context import current_principal
from core.database import transaction
from core.errors import Conflict, Forbidden, NotFound
from core.forms import Form, Line, Meta, Text
from core.i18n import _
from core.listing import Column, Listing
from core.pages import flash, page
from core.policy import Verdict, ensure
from core.refs import Ref
from core.settings import settings
from customers import policy
from customers.models import Account, Membership, Person
from customers.pages.common import the_account, the_person, words
from customers.pages.requests import shared
from customers.pages.tasks import people_of
from customers.requests import ranking, similar, sources, voices, writing
from customers.requests.sources import Said
from customers.requests.voices import Heard
from customers.requests.words import STATUSES, TONES, URL


class NewVoice(msgspec.Struct):
    """`request_id` 0: a new request, called `title`."""

    quote: Annotated[Text, Meta(min_length=1, max_length=1000)]
    source: Annotated[Line, Meta(max_length=40)] = ""
    account: int = 0
    person: int = 0
    said_on: Annotated[Line, Meta(max_length=10)] = ""
    request_id: int = 0
    title: Annotated[Line, Meta(max_length=120)] = ""
    area: Annotated[Line, Meta(max_length=60)] = ""


class Whither(msgspec.Struct):
    into: Annotated[int, Meta(ge=1)]


class Place(msgspec.Struct):
    """Where a voice comes from: a source that was found, or a company and a person."""

    source: Ref | None = None
    said: Said | None = None
    account: Account | None = None
    person: Person | None = None
    back: str = URL

    @property
    def verdict(self) -> Verdict:
        return policy.can_add_voice(current_principal(), self.account.id if self.account else None)

    @property
    def label(self) -> str:
        return sources.label_of(self.source.kind) if self.source else _("By hand")


async def place_of(source: str, account: int, person: int) -> Place:
    """Raises NotFound for what the reader may not see. Where the company is another CSM's, `verdict` says so."""
    if source:
        return await _from_source(source)
    if person:
        one = await the_person(person)
        if not account:
            own = policy.visible_accounts(current_principal()).filter(
                memberships__person_id=one.id, memberships__until=None
            )
            account = next(iter(await own.order_by("id").limit(1).values_list("id", flat=True)), 0)  # type: ignore[assignment]
        company = await the_account(account) if account else None
        return Place(account=company, person=one, back=f"/staff/customers/people/{one.id}")
    if account:
        company = await the_account(account)
        return Place(account=company, back=f"/staff/customers/{company.id}")
    raise NotFound(_("Begin where it was said: on a conversation, a post, a survey, a company or a person."))


async def _from_source(text: str) -> Place:
    kind, _colon, number = text.partition(":")
    said = await sources.find(kind, int(number)) if number.isdecimal() and len(number) < 19 else None
    if said is None:
        raise NotFound(_("There is no such place, or you may not read it."))
    account = await Account.get_or_none(id=said.account_id) if said.account_id else None
    person = await Person.get_or_none(id=said.person_id) if said.person_id else None
    return Place(Ref(kind, int(number)), said, account, person, said.href)


def _heard(form: Form[NewVoice], place: Place) -> Heard | None:
    """None, with the mistake in the form, when the day is none, or still to come."""
    given = form.data
    if place.source and place.said:
        return voices.heard(place.source, place.said, given.quote)
    at = now()
    if given.said_on and given.said_on != str(local_day()):
        try:
            day = date.fromisoformat(given.said_on)
        except ValueError:
            day = None
        if day is None or not date(2000, 1, 1) <= day <= local_day():
            form.add_error("said_on", _("Choose a day that is not to come."))
            return None
        at = datetime.combine(day, datetime.min.time(), settings().zone) + timedelta(hours=12)
    person = place.person.id if place.person else given.person or None
    return Heard(given.quote, at, place.account.id if place.account else None, person)


class VoicePages(Controller):
    path = URL

    @get("/voices/new", may="customers.read")
    async def new(
        self, source: str = "", account: int = 0, person: int = 0, q: str = "", quote: str = ""
    ) -> Response[Any]:
        place = await place_of(source, account, person)
        if not (verdict := place.verdict):  # a post is for all to read; whose customer wrote it, is not
            flash(verdict.reason, "warn")
            return Redirect(place.back, status_code=303)
        quote = quote[:1000] or (place.said.quote if place.said else "")
        form = Form(NewVoice, initial={"quote": quote, "said_on": str(local_day()), "person": person})
        return await self._page(form, place, q)

    @post("/voices/new", may="customers.read", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewVoice, data := await request.form())
        place = await place_of(form.value("source"), _number(data.get("account")), self._person(data))
        ensure(place.verdict)
        heard = _heard(form, place) if form.valid else None
        if form.valid and not form.data.request_id and not form.data.title.strip():
            form.add_error("title", _("Choose one of the requests, or say what the new one is called."))
        await self._check_person(form, place)
        if not form.valid or heard is None:
            return await self._page(form, place, "", 422)
        try:
            request_id = await self._joined(form.data, heard)
        except Conflict as twice:
            form.add_error("request_id", str(twice))
            return await self._page(form, place, "", 422)
        flash(_("The voice is in the request."))
        return Redirect(f"{URL}/{request_id}", status_code=303)

    def _person(self, data: Any) -> int:
        """Only where the person's page is where it began: on a company's the form has a choice of its own."""
        return 0 if _number(data.get("account")) else _number(data.get("person"))

    async def _check_person(self, form: Form[NewVoice], place: Place) -> None:
        if not form.valid or place.source or not place.account or not form.data.person:
            return
        if not await Membership.filter(account_id=place.account.id, person_id=form.data.person).exists():
            form.add_error("person", _("This person does not belong to the company."))

    async def _joined(self, given: NewVoice, heard: Heard) -> int:
        async with transaction():
            if given.request_id:
                found = await writing.find(given.request_id)
            else:
                found = await writing.open_request(writing.Wanted(given.title, area=given.area))
            await voices.join(found.id, heard)
        return int(found.id)

    async def _page(self, form: Form[NewVoice], place: Place, q: str, status: int = 200) -> Response[Any]:
        asked = q.strip()[:200] or form.value("quote").strip()
        near = await similar.find(asked, 6) if asked else await similar.latest(6)
        at_hand = [] if place.source or place.person or not place.account else await people_of(place.account.id)
        inside = (
            (await voices.joined(place.source.kind, [place.source.id])).get(place.source.id, []) if place.source else []
        )
        return page(
            "customers/voice_form.html", status=status, form=form, place=place, near=near, q=q, people=at_hand,
            inside=inside, resembles=bool(asked), areas=await writing.areas(), statuses=words(STATUSES), tones=TONES,
            counts=await ranking.weights([one.id for one in near], with_money=False),
        )  # fmt: skip

    @get("/{request_id:int}/voices/{voice_id:int}/request", may="customers.read")
    async def whither(self, request_id: int, voice_id: int, q: str = "") -> Response[Any]:
        return await self._whither(request_id, voice_id, q, Form(Whither))

    @post("/{request_id:int}/voices/{voice_id:int}/request", may="customers.read", status_code=200)
    async def move(self, request_id: int, voice_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Whither, await request.form())
        if not form.valid:
            return await self._whither(request_id, voice_id, "", form, 422)
        await voices.move(await voices.find(request_id, voice_id), (await writing.find(form.data.into)).id)
        flash(_("The voice is in the other request now."))
        return Redirect(f"{URL}/{form.data.into}", status_code=303)

    async def _whither(
        self, request_id: int, voice_id: int, q: str, form: Form[Whither], status: int = 200
    ) -> Response[Any]:
        voice = await voices.find(request_id, voice_id)
        if not policy.can_change_voice(current_principal(), voice):
            raise Forbidden(policy.can_change_voice(current_principal(), voice).reason)
        near = await similar.find(q.strip()[:200] or voice.quote, 8, without=request_id)
        return page(
            "customers/voice_move.html", status=status, **shared(await writing.find(request_id)), voice=voice,
            form=form, q=q, near=near, counts=await ranking.weights([one.id for one in near], with_money=False),
        )  # fmt: skip

    @delete("/{request_id:int}/voices/{voice_id:int}", may="customers.read", status_code=200)
    async def take_out(self, request_id: int, voice_id: int) -> Redirect:
        await voices.take_out(await voices.find(request_id, voice_id))
        flash(_("The voice is taken out of the request."))
        return Redirect(f"{URL}/{request_id}", status_code=303)


class OwnRequestPages(Controller):
    path = "/me/requests"

    @get("/", may="signed_in")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """What became of what they asked for: only what they were told."""
        told = policy.own_answers(current_principal()).select_related("decision__request")
        found = Listing(request, query=told, columns=[Column("id", _("When"), sort=True)], default_sort="-id",
                        counted=False, name="answers")  # fmt: skip
        return page("customers/own_requests.html", answers=await found.load(), statuses=words(STATUSES), tones=TONES)


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 19 else 0
