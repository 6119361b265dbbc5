"""Companies: the list, one company with everything about it, and what staff change there."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.audit import audit
from core.charts import Series, line
from core.clock import local_day
from core.context import current_principal
from core.forms import Form, Line, Meta, Text
from core.i18n import _, day, ngettext
from core.listing import Bulk, Choice, Column, Listing
from core.pages import flash, page
from core.refs import Ref
from customers import accounts, capacity, end_reasons, goals, health, phases, policy, pulses, seeing, tiers
from customers.company_search import CompanySource
from customers.models import (
    Account,
    AccountAlias,
    AccountNote,
    AccountSource,
    Contract,
    HealthAlert,
    HealthSnapshot,
    Membership,
    Person,
    Touchpoint,
)
from customers.pages.common import (
    PHASES,
    TIERS,
    a_coming_day,
    around,
    days_of_use,
    happenings,
    tabs,
    the_account,
    told,
    words,
)
from customers.pages.company_filters import HealthChoice, OwnChoice
from customers.pages.request_cards import card as request_card
from customers.pages.tasks import card as tasks_card
from customers.usage_days import latest


class Assignment(msgspec.Struct):
    csm_id: int = 0


class Override(msgspec.Struct):
    tier: Literal["high", "low", "tech"]
    reason: Annotated[Line, Meta(min_length=2, max_length=200)]
    until: Annotated[str, Meta(max_length=10)] = ""


class Changes(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=200)]
    name_kana: Line = ""
    corporate_number: Annotated[Line, Meta(max_length=20)] = ""
    industry: Annotated[Line, Meta(max_length=120)] = ""
    employees: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    prefecture: Annotated[Line, Meta(max_length=40)] = ""
    address: Annotated[Line, Meta(max_length=300)] = ""
    phone: Annotated[Line, Meta(max_length=40)] = ""
    website: Annotated[Line, Meta(max_length=300)] = ""
    csm_id: int = 0
    deputy_id: int = 0


class NewNote(msgspec.Struct):
    body: Annotated[Text, Meta(min_length=1, max_length=5000)]


async def listed(request: Request[Any, Any, Any]) -> Listing:
    who = current_principal()
    query = policy.visible_accounts(who).select_related("csm")
    if request.query_params.get("own") == "1":
        query = query.filter(id__in=sorted(await accounts.own_of(who.person_id or 0)))
    staff, sight = await accounts.staff_choices(), await seeing.sight()
    money = [Column("expected_ltv", _("Expected LTV"), sort=True, wide=True, num=True)]
    return Listing(
        request,
        query=CompanySource(query),
        columns=[
            Column("name", _("Company"), sort=True, head=True, href=lambda a: f"/staff/customers/{a.id}"),
            Column("tier", _("Tier"), sort=True, export=lambda a: str(TIERS[a.tier])),
            Column("health", _("Health"), sort=True),
            Column("phase", _("Phase"), wide=True, format=lambda value: str(PHASES.get(value, value))),
            Column("csm", _("CSM"), wide=True, value=lambda a: a.csm.full_name if a.csm_id else ""),
            Column("renews_on", _("Renews"), sort=True, wide=True, num=True, format=day),
            *(money if sight.sees("account.money") else []),
        ],
        filters=[
            Choice("tier", _("Tier"), words(TIERS), many=True),
            HealthChoice("health", _("Health"), {"good": _("Good"), "watch": _("Watch"), "risk": _("At risk"),
                                                 "unknown": _("Unknown")}),
            Choice("phase", _("Phase"), words(PHASES)),
            Choice("csm", _("CSM"), [(str(id), name) for id, name in staff], field="csm_id"),
            Choice("state", _("State"), {"active": _("Customer"), "churned": _("Former customer")}),
            OwnChoice("own", _("Whose"), {"1": _("My companies")}),
        ],
        search=["name"],  # and more: customers/company_search.py
        default_sort="name", bulk_action="/staff/customers/assignment", exportable=True, name="accounts",
        bulk=[Bulk("csm", _("Set the CSM"), "user")] if who.may("customers.write") else [],
    )  # fmt: skip


class AccountPages(Controller):
    path = "/staff/customers"

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Any:
        found = await listed(request)
        if found.wants_csv:
            await audit("accounts.export", Ref("account", 0), note=str(request.url.query)[:300])
            return found.csv("companies")
        await found.load()
        return page("customers/accounts.html", accounts=found, tabs=await tabs())

    @post("/assignment", may="customers.write", status_code=200)
    async def assignment(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """The bulk action: first who, then done."""
        data = await request.form()
        ids = await (await listed(request)).chosen(data)
        staff = await accounts.staff_choices()
        if not ids:
            flash(_("Choose at least one company."), "warn")
            return Redirect("/staff/customers", status_code=303)
        form = Form(Assignment, data)
        if "csm_id" not in data or not form.valid:
            chosen = await Account.filter(id__in=ids[:20]).order_by("name")
            return page("customers/assignment.html", ids=ids, chosen=chosen, staff=staff, tabs=await tabs())
        changed = await accounts.assign(ids, csm_id=form.data.csm_id)
        flash(ngettext("The CSM of %(n)s company is set.", "The CSM of %(n)s companies is set.", changed))
        await warn_when_overfull(form.data.csm_id)
        return Redirect("/staff/customers", status_code=303)

    @get("/{account_id:int}", may="customers.read")
    async def show(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        sight = await seeing.sight()
        recent = sight.readable(Touchpoint.filter(account_id=account_id)).select_related("person")
        return page(
            "customers/account.html",
            **await around(account),
            happened=told(await latest(recent, days_of_use(sight, "account", account_id), 6)),
            score=await scored(account),
            goals=[one for one in await goals.standing(account_id) if one.goal.state == "open"],
            **await watched(account, sight),
            **await tasks_card(account_id),
            **await request_card("account", account_id),
            members=await members_of(account_id, 5),
            notes=await notes_of(account_id) if sight.sees("notes") else [],
            end_reasons=words(end_reasons.REASONS),
            contracts=await Contract.filter(account_id=account_id).order_by("-starts_on").limit(10),
            aliases=await AccountAlias.filter(account_id=account_id).order_by("id").limit(20),
            sources=await AccountSource.filter(account_id=account_id).order_by("source").limit(20),
        )

    @get("/{account_id:int}/timeline", may="customers.read")
    async def timeline(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        entries = await happenings(request, "account", account_id)
        return page("customers/timeline.html", **await around(account), entries=entries, happened=told(entries.rows))

    @get("/{account_id:int}/people", may="customers.read")
    async def people(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        return page("customers/account_people.html", **await around(account), members=await members_of(account_id, 500))

    @get("/{account_id:int}/settings", may="customers.write")
    async def settings(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        initial = {f: getattr(account, f) or "" for f in Changes.__struct_fields__} | {"employees": account.employees}
        if not (await seeing.sight()).sees("account.phone"):
            initial |= {"phone": "", "address": ""}
        return await self._settings(account, Form(Changes, initial=initial))

    @post("/{account_id:int}/settings", may="customers.write", status_code=200)
    async def change(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(Changes, await request.form())
        if form.valid:
            number = accounts.normal_number(form.data.corporate_number)
            if number and not accounts.is_valid(number):
                form.add_error("corporate_number", _("This is no corporate number: its check digit does not fit."))
        if not form.valid:
            return await self._settings(account, form, 422)
        said = msgspec.structs.asdict(form.data)
        if not (await seeing.sight()).sees("account.phone"):
            del said["phone"], said["address"]
        csm, deputy = said.pop("csm_id"), said.pop("deputy_id")
        await accounts.change(account_id, **said | {"corporate_number": number or None})
        changed = await accounts.assign([account_id], csm_id=csm, deputy_id=deputy)
        flash(_("Saved."))
        if changed:
            await warn_when_overfull(csm)
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    async def _settings(self, account: Account, form: Form[Changes], status: int = 200) -> Response[Any]:
        return page("customers/account_settings.html", status=status, **await around(account), form=form,
                    staff=await accounts.staff_choices())  # fmt: skip

    @post("/{account_id:int}/tier", may="customers.write", status_code=200)
    async def override(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(Override, await request.form())
        until = a_coming_day(form)
        if not form.valid:
            return page("customers/account_tier.html", status=422, **await around(account), tier_form=form)
        await tiers.override(account_id, form.data.tier, form.data.reason, until)
        flash(_("The tier is set."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @get("/{account_id:int}/tier", may="customers.write")
    async def tier(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        return page("customers/account_tier.html", **await around(account), tier_form=Form(Override, initial=account))

    @post("/{account_id:int}/tier/rule", may="customers.write")
    async def rule(self, account_id: int) -> Redirect:
        await the_account(account_id)
        await tiers.back_to_rule(account_id)
        flash(_("The rule decides the tier again."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @post("/{account_id:int}/notes", may="customers.read", status_code=200)
    async def note(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(NewNote, await request.form())
        if not form.valid:
            return page("customers/account_note.html", status=422, **await around(account), form=form)
        await accounts.write_note(form.data.body, account_id=account_id)
        flash(_("The note is saved."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @get("/{account_id:int}/notes", may="customers.read")
    async def notes(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        return page("customers/account_note.html", **await around(account), form=Form(NewNote))


async def watched(account: Account, sight: seeing.Sight) -> dict[str, Any]:
    """What its people watch: who decides the phase, the CSM's pulse, the fall that nobody has seen to yet."""
    held = phases.held_by(account)
    chooser = await Person.get_or_none(id=held.person_id) if held.person_id else None
    alert = await HealthAlert.filter(account_id=account.id, state="open").order_by("-id").first()
    lost = [{"label": health.MEASURES[one["measure"]].label(), "from": one["from"], "to": one["to"]}
            for one in (alert.lost if alert else []) if one["measure"] in health.MEASURES]  # fmt: skip
    latest = await pulses.of(account.id, 1) if sight.sees("notes") else []
    return {"held": held, "chooser": chooser.full_name if chooser else "", "alert": alert, "lost": lost,
            "pulse": latest[0] if latest else None}  # fmt: skip


async def warn_when_overfull(csm_id: int) -> None:
    if csm_id and (found := await capacity.overfull(csm_id)):
        flash(_("%(name)s now looks after more than one person can: %(percent)s%%.", name=found.name,
                percent=found.percent), "warn")  # fmt: skip


async def notes_of(account_id: int) -> list[AccountNote]:
    return await AccountNote.filter(account_id=account_id).select_related("author").order_by("-id").limit(3)


async def members_of(account_id: int, most: int) -> list[Membership]:
    found = Membership.filter(account_id=account_id).select_related("person")
    return await found.order_by("until", "-is_primary", "id").limit(most)


async def scored(account: Account) -> dict[str, Any]:
    """Score, its line over 90 days, and each reason with what changed in 28 days."""
    history = await health.history(account.id)
    before = await health.reasons_on(account.id, local_day() - timedelta(days=28))
    reasons = [_reason(one, before) for one in account.health_reasons if one["measure"] in health.MEASURES]
    chart = ""
    if len(history) > 1 and account.health is not None:
        finding = _("Health went from %(before)s to %(after)s", before=history[0][1], after=account.health)
        scores = Series(_("Health"), [value for _d, value in history], {"good": "c3", "watch": "c5", "risk": "c4"}.get(
            health.band(account.health), "c1"))  # fmt: skip
        share = Series(_("Share measured"), [value for _d, value in await health.coverage(account.id)], "past")
        chart = line([scores, share], [day(one) for one, _v in history], finding=finding)
    last = await HealthSnapshot.filter(account_id=account.id).order_by("-day").first()
    return {"reasons": sorted(reasons, key=lambda one: one["points"] is None), "chart": chart,
            "day": last.day if last else None, "fell": _fell(history, account.health)}  # fmt: skip


def _reason(one: dict[str, Any], before: dict[str, float | None]) -> dict[str, Any]:
    measure, old = health.MEASURES[one["measure"]], before.get(one["measure"])
    known = one["points"] is not None
    return {"label": measure.label(), "of": one["of"], "points": one["points"],
            "words": measure.say(one["facts"]) if known else _("Nothing is recorded, so it is left out"),
            "change": round(one["points"] - old, 1) if known and old is not None else None}  # fmt: skip


def _fell(history: list[Any], now: int | None) -> int | None:
    """By how much the score changed in 28 days."""
    old = [value for one, value in history if one <= local_day() - timedelta(days=28) and value is not None]
    return now - old[-1] if old and now is not None else None
