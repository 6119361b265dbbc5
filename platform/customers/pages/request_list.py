"""What customers want, in the order of its weight: of all time, or of a quarter."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.audit import audit
from core.clock import local_day, when
from core.context import current_principal
from core.forms import Form, Line, Meta, Text
from core.i18n import _, day
from core.listing import Choice, Column, Listing
from core.pages import flash, page
from core.policy import ensure
from core.refs import Ref
from customers import accounts, policy, seeing
from customers.models import Segment
from customers.pages.common import TIERS, tabs, words
from customers.requests import ranking, writing
from customers.requests.ranking import Asked, days_of_quarter, quarter_of
from customers.requests.words import STATUSES, TONES, URL

QUARTERS = 8  # to choose from


class NewRequest(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=120)]
    description: Annotated[Text, Meta(max_length=2000)] = ""
    area: Annotated[Line, Meta(max_length=60)] = ""
    owner_id: int = 0


class OfVoices(Choice, frozen=True):
    """Which voices count: the counts are narrowed (ranking.Asked), and requests without such a voice leave."""

    def conditions(self, chosen: list[str]) -> list[Any]:
        return [("voices", ">", 0)]


class OwnerChoice(Choice, frozen=True):
    def conditions(self, chosen: list[str]) -> list[Any]:
        return [("owner_id", "=", int(chosen[0]))]


def quarters(today: date) -> list[tuple[str, str]]:
    """(value, words), this one first."""
    year, quarter = quarter_of(today)
    found = []
    for _n in range(QUARTERS):
        found.append((f"{year}-{quarter}", _("%(year)s, quarter %(n)s", year=year, n=quarter)))
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    return found


async def _filters() -> list[Any]:
    staff = [(str(id), name) for id, name in await accounts.staff_choices()]
    areas = [(one, one) for one in await writing.areas()]
    groups = [(str(one.id), one.name) for one in await Segment.filter(state="active").order_by("name", "id").limit(200)]
    return [
        OfVoices("quarter", _("Said in"), quarters(local_day())),
        Choice("status", _("State"), words(STATUSES), many=True),
        *([Choice("area", _("Product area"), areas)] if areas else []),
        OfVoices("tier", _("Tier"), words(TIERS), many=True),
        *([OfVoices("segment", _("Segment"), groups)] if groups else []),
        OwnerChoice("owner", _("Owner"), [("0", _("nobody")), *staff]),
    ]


def _asked(filters: list[Any], request: Request[Any, Any, Any]) -> Asked:
    sent = {one.name: one.parse(request.query_params.getall(one.name, [])) for one in filters}
    first, last = None, None
    if chosen := sent.get("quarter"):
        year, _dash, quarter = chosen[0].partition("-")
        first, last = days_of_quarter(int(year), int(quarter))
    segment = sent.get("segment") or ["0"]
    return Asked(first, last, tuple(sent.get("tier") or ()), int(segment[0]))


async def listed(request: Request[Any, Any, Any]) -> Listing:
    sees = (await seeing.sight()).sees("account.money")
    filters = await _filters()
    asked = _asked(filters, request)
    unit = await ranking.currency() if sees else ""
    money = [
        Column("revenue", _("Revenue a month (%(currency)s)", currency=unit or "–"), sort=True, num=True, wide=True)
    ]
    return Listing(
        request,
        query=ranking.ranked(current_principal(), asked, with_money=sees),
        columns=[
            Column("title", _("Request"), sort=True, head=True),
            Column("status", _("State"), wide=True, format=lambda one: str(STATUSES[one])),
            Column("points", _("Points"), sort=True, num=True),
            Column("accounts", _("Companies"), sort=True, num=True),
            Column("high", _("High touch"), sort=True, num=True, wide=True),
            Column("people", _("People"), sort=True, num=True, wide=True),
            *(money if sees else []),
            Column("last_at", _("Last said"), num=True, wide=True, value=lambda row: when(row["last_at"]),
                   export=lambda row: when(row["last_at"])),
        ],
        filters=filters, search=["title", "description", "area"], default_sort="-points", exportable=True,
        name="requests",
    )  # fmt: skip


def views(today: date) -> list[tuple[str, str, str]]:
    """(value of `quarter`, words, address)"""
    (this, _this), (last, _last) = quarters(today)[:2]
    return [("", _("All time"), URL), (this, _("This quarter"), f"{URL}?quarter={this}"),
            (last, _("Last quarter"), f"{URL}?quarter={last}")]  # fmt: skip


class RequestListPages(Controller):
    path = URL

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Any:
        found = await listed(request)
        if found.wants_csv:
            await audit("requests.export", Ref("product_request", 0), note=str(request.url.query)[:300])
            return found.csv("requests")
        chosen = (found.chosen_filters.get("quarter") or [""])[0]
        span = ""
        if chosen:
            first, last = days_of_quarter(*(int(part) for part in chosen.split("-")))
            span = _("%(first)s to %(last)s", first=day(first), last=day(last))
        await found.load()
        return page("customers/requests.html", requests=found, tabs=await tabs(), views=views(local_day()), when=when,
                    chosen=chosen, span=span, tones=TONES, statuses=words(STATUSES), weights=ranking.WEIGHTS,
                    recent=ranking.RECENT)  # fmt: skip

    @get("/new", may="customers.read")
    async def new(self) -> Response[Any]:
        return await request_form(Form(NewRequest), URL, _("Write a request"))

    @post("/new", may="customers.read", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_add_voice(current_principal(), None))
        form = Form(NewRequest, await request.form())
        await check_owner(form)
        if not form.valid:
            return await request_form(form, URL, _("Write a request"), status=422)
        made = await writing.open_request(writing.Wanted(**msgspec.structs.asdict(form.data)))
        flash(_("The request is written down."))
        return Redirect(f"{URL}/{made.id}", status_code=303)


async def request_form(
    form: Form[NewRequest], back: str, title: str, *, status: int = 200, of: Any = None
) -> Response[Any]:
    return page("customers/request_form.html", status=status, form=form, back=back, title=title, request=of,
                areas=await writing.areas(), staff=await accounts.staff_choices())  # fmt: skip


async def check_owner(form: Form[NewRequest]) -> None:
    if (
        form.valid
        and form.data.owner_id
        and form.data.owner_id not in {id for id, _n in await accounts.staff_choices()}
    ):
        form.add_error("owner_id", _("Choose somebody of the staff."))
