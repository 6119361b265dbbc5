"""Business reviews for staff: the list, making one, its words and parts, and the sheets that are shown and printed."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.clock import local_day
from core.context import current_principal, here
from core.errors import Conflict, Refused
from core.forms import Form
from core.i18n import LANGUAGES, _, day, lazy, ngettext
from core.listing import Choice, Column, Listing, Rows
from core.pages import flash, page
from core.policy import ensure
from customers import accounts, seeing
from customers import policy as customers_policy
from customers.company_search import CompanySource
from customers.days import a_day
from customers.models import Account
from customers.pages.common import AccountLink, account_links, the_account, words
from customers.pages.tasks import people_of
from insights import policy
from insights.models import BusinessReview, ReviewVersion
from insights.policy import own_accounts
from insights.reviews import making, periods, sections, showing
from insights.reviews.forms import NewAction, NewReview, Shown, Written
from insights.reviews.sheets import BASE, SheetPages
from insights.two_periods import day_in

WORDY = {"summary", "words", "actions", "tasks", "contract"}  # there without anything being measured
PERIODS = {"quarter": lazy("The last quarter"), "m3": lazy("The last 3 months"), "m6": lazy("The last 6 months"),
           "m12": lazy("The last 12 months"), "custom": lazy("Other days")}  # fmt: skip


account_links.append(AccountLink(lazy("Make a business review"), f"{BASE}/of/{{account_id}}", "chart",
                                 ("customers.write", "insights.read")))  # fmt: skip


async def listed(request: Request[Any, Any, Any]) -> Listing:
    who = current_principal()
    query = Rows(
        "SELECT r.id AS id, r.title AS title, a.name AS account, r.account_id AS account_id, r.first_day AS first_day,"
        " r.last_day AS last_day, r.version AS version, r.updated_at AS updated_at, COALESCE(a.csm_id, 0) AS csm"
        " FROM business_review r JOIN account a ON a.id = r.account_id WHERE a.state <> 'merged'"
        f" AND {own_accounts(who, 'r.account_id')}")  # fmt: skip
    return Listing(
        request, query=query,
        columns=[
            Column("account", _("Company"), sort=True, head=True, href=lambda row: f"{BASE}/{row['id']}"),
            Column("title", _("Title"), wide=True, value=lambda row: row["title"] or _("Business review")),
            Column("last_day", _("Period"), sort=True, value=_days),
            Column("version", _("Version"), num=True, wide=True),
            Column("updated_at", _("Changed"), sort=True, wide=True, format=day),
        ],
        filters=[CsmChoice("csm", _("CSM"), [(str(id), name) for id, name in await accounts.staff_choices()])],
        search=["account", "title"], default_sort="-updated_at", name="reviews",
    )  # fmt: skip


def _days(row: Any) -> str:
    return _("%(first)s to %(last)s", first=day(a_day(row["first_day"])), last=day(a_day(row["last_day"])))


class CsmChoice(Choice, frozen=True):
    def conditions(self, chosen: list[str]) -> list[Any]:
        return [(self.name, "in", [int(one) for one in chosen])]


class ReviewPages(Controller):
    path = BASE
    include_in_schema = False

    @get("/", may="insights.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        from insights.pages import tabs

        ensure(policy.can_read(current_principal(), "reviews"))
        found = await (await listed(request)).load()
        return page("insights/reviews.html", listed=found, sections=tabs(), base=BASE)

    @get("/companies", may="customers.write")
    async def companies(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Which company a new one is about."""
        ensure(policy.can_read(current_principal(), "reviews"))
        query = customers_policy.visible_accounts(current_principal()).select_related("csm")
        found = Listing(
            request, query=CompanySource(query),
            columns=[Column("name", _("Company"), sort=True, head=True, href=lambda a: f"{BASE}/of/{a.id}"),
                     Column("csm", _("CSM"), wide=True, value=lambda a: a.csm.full_name if a.csm_id else ""),
                     Column("renews_on", _("Renews"), sort=True, num=True, format=day)],
            search=["name"], default_sort="name", name="companies",
        )  # fmt: skip
        return page("insights/review_companies.html", listed=await found.load(), base=BASE)

    # Making one

    @get("/of/{account_id:int}", may="customers.write")
    async def new(self, account_id: int) -> Response[Any]:
        account = await _reviewed(account_id)
        return await self._new(account, Form(NewReview, initial={"language": here().language}))

    @post("/of/{account_id:int}", may="customers.write", status_code=200)
    async def make(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await _reviewed(account_id)
        form = Form(NewReview, await request.form())
        first, last = (day_in(getattr(form.data, name)) if form.valid else None for name in ("first", "last"))
        if form.valid and form.data.period == "custom" and (wrong := periods.why_not(first, last, local_day())):
            form.add_error("first", wrong)
        if not form.valid:
            return await self._new(account, form, 422)
        said = form.data
        made = await making.build(
            account_id, periods.chosen(said.period, local_day(), first, last), language=said.language,
            for_customers=said.audience == "customer",
        )  # fmt: skip
        flash(_("The review is made."))
        return Redirect(f"{BASE}/{made.id}", status_code=303)

    async def _new(self, account: Account, form: Form[NewReview], status: int = 200) -> Response[Any]:
        before = policy.visible_reviews(current_principal()).filter(account_id=account.id).select_related("account")
        today = local_day()
        said = {name: label if name == "custom" else f"{label}　{periods.chosen(name, today).words}"
                for name, label in words(PERIODS).items()}  # fmt: skip
        return page("insights/review_new.html", status=status, account=account, form=form, base=BASE, periods=said,
                    audiences=words(sections.AUDIENCES), before=await before.order_by("-id").limit(10),
                    longest=periods.LONGEST)  # fmt: skip

    # One

    @get("/{review_id:int}", may="insights.read")
    async def show(self, review_id: int) -> Response[Any]:
        return await _desk(await making.find(review_id))

    @post("/{review_id:int}/words", may="customers.write", status_code=200)
    async def say(self, review_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        review = await making.find(review_id)
        form = Form(Written, await request.form())
        if not form.valid:
            return await _desk(review, written=form, status=422)
        said = form.data
        if said.do == "preview":
            return await _desk(review, written=form, preview=said)
        try:
            await making.say(review, making.Words(said.title, said.language, said.summary, said.achievements,
                                                  said.challenges), said.revision)  # fmt: skip
        except Conflict as conflict:
            theirs = await making.find(review_id)
            form.fail(conflict.sentence)
            return await _desk(theirs, written=form, preview=theirs, status=409)
        flash(_("Saved."))
        return Redirect(f"{BASE}/{review_id}", status_code=303)

    @post("/{review_id:int}/sections", may="customers.write", status_code=200)
    async def choose(self, review_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        review = await making.find(review_id)
        data = await request.form()
        form = Form(Shown, data)
        sight = await seeing.sight()
        decides = {one.name for one in sections.open_to(current_principal(), sight)}
        if sight.sees("account.money"):
            decides.add(sections.MONEY)
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        named = {name: str(data.get(f"label:{name}", ""))[: making.LABEL] for name in await _events(review)}
        chosen = {"internal": form.data.internal, "customer": form.data.customer}
        await making.choose(review, chosen, dict(review.labels) | named, decides)
        flash(_("Saved."))
        return Redirect(f"{BASE}/{review_id}", status_code=303)

    @post("/{review_id:int}/versions", may="customers.write")
    async def refresh(self, review_id: int) -> Redirect:
        number = await making.refresh(await making.find(review_id))
        flash(_("The figures are of now. This is version %(n)s.", n=number))
        return Redirect(f"{BASE}/{review_id}", status_code=303)

    @get("/{review_id:int}/deletion", may="customers.write")
    async def ask(self, review_id: int) -> Response[Any]:
        return page("insights/review_deletion.html", review=await making.find(review_id), base=BASE)

    @delete("/{review_id:int}", may="customers.write", status_code=303)
    async def drop(self, review_id: int) -> Redirect:
        await making.drop(await making.find(review_id))
        flash(_("The review is deleted."))
        return Redirect(BASE, status_code=303)


class ReviewActionPages(Controller):
    path = f"{BASE}/{{review_id:int}}"
    include_in_schema = False

    @post("/actions", may="customers.write", status_code=200)
    async def add(self, review_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        review = await making.find(review_id)
        form = Form(NewAction, await request.form())
        due, side, owner = None, "", 0
        if form.valid:
            said = form.data
            due = day_in(said.due_on)
            if said.due_on and (due is None or due < local_day()):
                form.add_error("due_on", _("Choose a day that is still to come."))
            side, _colon, id = said.owner.partition(":")
            owner = int(id) if id.isdecimal() and len(id) < 19 else -1
            if not await making.can_own(review.account_id, owner, side):
                form.add_error("owner", _("Choose somebody of the list."))
        if not form.valid:
            return await _desk(review, action=form, status=422)
        await making.add_action(review, form.data.title, owner, side, due)
        flash(_("The next action is written down."))
        return Redirect(f"{BASE}/{review_id}#actions", status_code=303)

    @delete("/actions/{action_id:int}", may="customers.write", status_code=303)
    async def drop(self, review_id: int, action_id: int) -> Redirect:
        await making.drop_action(await making.find(review_id), action_id)
        flash(_("The next action is taken away."))
        return Redirect(f"{BASE}/{review_id}#actions", status_code=303)

    @post("/tasks", may="customers.write")
    async def to_tasks(self, review_id: int) -> Redirect:
        made = await making.to_tasks(await making.find(review_id))
        if made:
            flash(ngettext("%(n)s task is opened.", "%(n)s tasks are opened.", made))
        else:
            flash(_("Every next action is a task already."), "warn")
        return Redirect(f"{BASE}/{review_id}#actions", status_code=303)


async def _reviewed(account_id: int) -> Account:
    account = await the_account(account_id)
    ensure(policy.can_review(current_principal(), account_id))
    return account


async def _events(review: BusinessReview) -> list[str]:
    """Events of the product that the sheets name."""
    found = await ReviewVersion.get(review_id=review.id, number=review.version)
    named = [one["name"] for one in found.figures.get("use", {}).get("features", [])]
    named += [one["event"] for one in found.figures.get("goals", {}).get("goals", []) if one["event"]]
    return list(dict.fromkeys(named))


async def _desk(review: BusinessReview, *, written: Form[Written] | None = None, action: Form[NewAction] | None = None,
                preview: Any = None, status: int = 200) -> Response[Any]:  # fmt: skip
    """Where a review is worked on."""
    who, sight = current_principal(), await seeing.sight()
    got = await showing.material(review)
    versions = ReviewVersion.filter(review_id=review.id).select_related("made_by").order_by("-number")
    there = set(showing.filled(review, got, who))
    may_change = bool(policy.can_review(who, review.account_id))
    theirs = await people_of(review.account_id) if may_change else []
    return page(
        "insights/review.html", status=status, review=review, base=f"{BASE}/{review.id}", may_change=may_change,
        written=written or Form(Written, initial=review), action=action or Form(NewAction), preview=preview,
        period=making.period_of(review), open_sections=sections.open_to(who, sight), money=sections.MONEY,
        there=there, has_figures=bool(there - WORDY), sees_money=sight.sees("account.money"), actions=got.actions,
        versions=await versions.limit(20),
        open_actions=sum(one.task_id is None for one in got.actions), events=await _events(review), languages=LANGUAGES,
        owners=[("ours:0", _("We")), *((f"ours:{id}", name) for id, name in await accounts.staff_choices())],
        their_owners=[("theirs:0", review.account.name), *((f"theirs:{id}", name) for id, name in theirs)],
    )  # fmt: skip


controllers: list[Any] = [ReviewPages, ReviewActionPages, SheetPages]
