"""People: the list, and one person with their timeline, consents and addresses. Looking at one is audited."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.audit import audit
from core.clock import days_ago
from core.context import current_principal
from core.database import rows
from core.forms import Form, Line, Meta
from core.i18n import _, ago
from core.listing import Column, Listing
from core.models import AuditEntry
from core.pages import flash, page
from core.policy import ensure
from core.refs import Ref
from customers import accounts, consent, line_users, policy, seeing, topics, touches
from customers.beginnings import people_source
from customers.models import AccountNote, Consent, ConsentProof, Identity, Membership, Person, Segment
from customers.pages import wordings
from customers.pages.accounts import NewNote
from customers.pages.common import CHANNELS, happenings, tabs, the_person, told
from customers.pages.people_filters import people_filters
from customers.pages.request_cards import card as request_card


class Decision(msgspec.Struct):
    topic: Annotated[Line, Meta(max_length=40)]
    channel: Literal["email", "line", "slack", "in_app"]
    state: Literal["given", "refused"]
    reason: Annotated[Line, Meta(min_length=2, max_length=200)]


class PersonPages(Controller):
    path = "/staff/customers/people"

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Any:
        sight = await seeing.sight()
        principal = current_principal()
        query = policy.visible_people(principal).prefetch_related("memberships__account")
        seen_last = [Column("last_seen_at", _("Last seen"), sort=True, wide=True, num=True, format=ago)]
        is_searched, tier = bool(request.query_params.get("q")), request.query_params.get("tier", "")
        addresses = [Column("email", _("E-mail address"), wide=True, value=lambda p: p.email or "")]
        found = Listing(
            request,
            query=people_source(principal, query, sight.sees("person.email")),
            columns=[
                Column(
                    "family_kana",
                    _("Person"),
                    sort=True,
                    head=True,
                    value=lambda p: p.full_name,
                    href=lambda p: f"/staff/customers/people/{p.id}",
                ),
                Column(
                    "company",
                    _("Company"),
                    value=lambda p: ", ".join(m.account.name for m in p.memberships if m.until is None),
                ),
                *(addresses if sight.sees("person.email") else []),
                *(seen_last if sight.sees("person.usage") else []),
            ],
            filters=await people_filters(tier, is_searched),
            search=["name"],  # how: customers/beginnings.py
            # Of whom a word finds, each is looked at for their company: a tenth of them means ten times as many looks.
            most_counted=200 if is_searched and tier else 1000,
            default_sort="family_kana",
            exportable=True,
            name="people",
        )
        if found.wants_csv:
            await audit("people.export", Ref("person", 0), note=str(request.url.query)[:300])
            return found.csv("people")
        await found.load()
        return page("customers/people.html", people=found, tabs=await tabs())

    @get("/{person_id:int}", may="customers.read")
    async def show(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        person = await the_person(person_id)
        await seen(person_id)
        entries = await happenings(request, "person", person_id, size=10)
        return page("customers/person.html", **await self._around(person), entries=entries, happened=told(entries.rows),
                    form=Form(Decision))  # fmt: skip

    async def _around(self, person: Person) -> dict[str, Any]:
        memberships = await Membership.filter(person_id=person.id).select_related("account").order_by("until", "id")
        proofs = await ConsentProof.filter(person_id=person.id).order_by("-at", "-id").limit(20)
        offered, inside = await segments_around(person)
        consents, sight = await matrix(person.id), await seeing.sight()
        notes = AccountNote.filter(person_id=person.id).select_related("author").order_by("-id").limit(5)
        return {"person": person, "memberships": memberships, "consents": consents,
                **await request_card("person", person.id),
                "topic_options": [(one["slug"], one["name"]) for one in consents], "proofs": proofs,
                "identities": await Identity.filter(person_id=person.id).order_by("kind", "id").limit(50),
                "line_channels": await line_users.channel_names(),
                "segments": offered, "in_segments": inside, "used": await touches.used(person.id), "channels": CHANNELS,
                "metrics": await metrics_of(person.id) if sight.sees("person.usage") else [], "sight": sight,
                "notes": await notes if sight.sees("notes") else [],
                "words": wordings, "may_hand_out": bool(policy.can_change_everything(current_principal()))}  # fmt: skip

    @post("/{person_id:int}/consent", may="customers.write", status_code=200)
    async def decide(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        """Staff write down what a customer said, with how it was said."""
        person = await the_person(person_id)
        ensure(policy.can_write(current_principal()))
        form = Form(Decision, await request.form())
        if not form.valid:
            entries = await happenings(request, "person", person_id, size=10)
            return page("customers/person.html", status=422, **await self._around(person), entries=entries,
                        happened=told(entries.rows), form=form)  # fmt: skip
        said = form.data
        await consent.decide(person_id, said.topic, said.channel, said.state, source="staff",
                             evidence={"by": current_principal().name, "reason": said.reason})  # fmt: skip
        await audit("consent.decide", Ref("person", person_id), after=msgspec.to_builtins(said), reason=said.reason)
        flash(_("Saved."))
        return Redirect(f"/staff/customers/people/{person_id}", status_code=303)

    @post("/{person_id:int}/notes", may="customers.read", status_code=200)
    async def note(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        await the_person(person_id)
        form = Form(NewNote, await request.form())
        if form.valid:
            await accounts.write_note(form.data.body, person_id=person_id)
            flash(_("The note is saved."))
        else:
            flash(form.errors.get("body", form.failure), "bad")
        return Redirect(f"/staff/customers/people/{person_id}", status_code=303)


async def seen(person_id: int) -> None:
    """Staff looked at a person: one line a day for each of the staff."""
    who = current_principal().person_id
    if who is None or who == person_id:
        return
    if not await AuditEntry.filter(
        actor_id=who, action="person.view", target_id=person_id, at__gt=days_ago(1)
    ).exists():
        await audit("person.view", Ref("person", person_id))


async def matrix(person_id: int) -> list[dict[str, Any]]:
    """Everything that a person decides, with the state on each of its channels; topics decided earlier stay visible."""
    decided = {(one.topic, one.channel): one for one in await Consent.filter(person_id=person_id)}
    has = await topics.channels_of(person_id)
    found = []
    for offer in await topics.choices():
        channels = [one for one in offer.channels if one in has or (offer.slug, one) in decided]
        states = [{"channel": channel, "consent": decided.pop((offer.slug, channel), None)} for channel in channels]
        found.append({"slug": offer.slug, "name": offer.name, "description": str(offer.description), "states": states,
                      "is_given": offer.is_given})  # fmt: skip
    for (topic, channel), one in sorted(decided.items()):
        found.append(
            {
                "slug": topic,
                "name": topic,
                "description": "",
                "states": [{"channel": channel, "consent": one}],
                "is_given": False,
            }
        )
    return found


async def segments_around(person: Person, most: int = 8) -> tuple[list[Segment], set[int]]:
    """Segments to ask about, those first in which the person was a few seconds ago; and their ids."""
    if person.kind != "customer":
        return [], set()
    inside = await Segment.filter(state="active", members__person_id=person.id).order_by("name").limit(most)
    others = await Segment.filter(state="active").order_by("-updated_at").limit(most)
    ids = {one.id for one in inside}
    return [*inside, *(one for one in others if one.id not in ids)][:most], ids


async def metrics_of(person_id: int) -> list[Any]:
    return await rows("SELECT metric, d7, d30, d90, total, last_at FROM person_metric WHERE person_id = ?"
                      " ORDER BY d30 DESC, total DESC LIMIT 12", person_id)  # fmt: skip
