"""Segments: the list, and the builder with counts on every condition, samples with reasons, and 'is this one in?'."""

from __future__ import annotations

import time
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import now
from core.context import current_principal
from core.database import rows
from core.errors import NotFound, Refused
from core.form_fields import ids_among
from core.i18n import _, ago
from core.listing import Choice, Column, Listing
from core.pages import flash, fragment, page
from core.policy import ensure
from customers import accounts, policy, seeing, segments, topics, tracking
from customers.beginnings import people_named
from customers.models import Account, Person, Segment
from customers.pages.common import CHANNELS, tabs, words
from customers.segments import builder
from customers.segments.vocabulary import FIELDS, OPERATION_LABELS

SAMPLE = 10
LARGE = 50_000  # people: from here on what a segment is made of takes longer than a page may, and follows it


class SegmentPages(Controller):
    path = "/staff/customers/segments"

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        query = Segment.all() if request.query_params.get("state") else Segment.filter(state="active")
        found = Listing(
            request,
            query=query,
            columns=[
                Column("name", _("Segment"), sort=True, head=True, href=lambda s: f"/staff/customers/segments/{s.id}"),
                Column("people", _("People"), num=True, value=lambda s: s.people),
                Column(
                    "is_static", _("How"), wide=True, format=lambda v: _("List by hand") if v else _("By conditions")
                ),
                Column("updated_at", _("Changed"), sort=True, wide=True, num=True, format=ago),
            ],
            filters=[Choice("state", _("State"), {"active": _("In use"), "archived": _("Put away")})],
            search=["name", "description"],
            default_sort="-updated_at",
            name="segments",
        )
        await found.load()
        for segment in found.rows:
            if segment.is_static or segment.people is None:  # else as it was a few seconds ago
                segment.people = await counted(segment)
        return page("customers/segments.html", segments=found, tabs=await tabs())

    @get("/new", may="customers.write")
    async def new(self) -> Response[Any]:
        return await self._builder({"all": [dict(builder.FIRST)]}, name="", segment=None)

    @get("/{segment_id:int}", may="customers.read")
    async def show(self, segment_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        segment = await the_segment(segment_id)
        tree = {"all": [{"field": "segment", "op": "is", "value": segment.id}]} if segment.is_static else segment.tree
        return await self._builder(tree, name=segment.name, segment=segment, who=request.query_params.get("who", ""),
                                   description=segment.description)  # fmt: skip

    @post("/new", may="customers.write", status_code=200)
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await self._posted(request, None)

    @post("/{segment_id:int}", may="customers.write", status_code=200)
    async def change(self, segment_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        segment = await the_segment(segment_id)
        if not segment.is_static:
            await may_ask(await segments.expanded(segment.tree))
        return await self._posted(request, segment)

    async def _posted(self, request: Request[Any, Any, Any], segment: Segment | None) -> Response[Any]:
        data = await request.form()
        tree = builder.read_tree(data)
        action, name = str(data.get("do", "update")), str(data.get("name", "")).strip()[:120]
        about = str(data.get("description", "")).strip()[:300]
        if action == "save":
            try:
                await may_ask(await segments.expanded(tree))
                version = str(data.get("version", ""))[:9]
                saved = await segments.save(name, tree, description=about, segment_id=segment.id if segment else None,
                                            version=int(version) if version.isdecimal() else 0)  # fmt: skip
            except Refused as refused:
                return await self._builder(
                    tree, name=name, segment=segment, mistake=refused.sentence, description=about, status=refused.status
                )
            flash(_("The segment is saved."))
            return Redirect(f"/staff/customers/segments/{saved.id}", status_code=303)
        if action not in {"update", "count", "sample", "why"}:
            tree = builder.change(tree, action)
        return await self._builder(
            tree,
            name=name,
            segment=segment,
            is_whole=action == "count",
            who=str(data.get("who", ""))[:200],
            description=about,
            skip=next(iter(ids_among([data.get("skip", "0")])), 0),
        )

    @post("/count", may="customers.read", status_code=200)
    async def count(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """For the script: the numbers beside the tree, while it is being changed."""
        data = await request.form()
        return fragment("customers/segment_count.html", **await numbers_of(builder.read_tree(data)))

    @post("/{segment_id:int}/archive", may="customers.write")
    async def archive(self, segment_id: int) -> Redirect:
        segment = await the_segment(segment_id)
        is_archived = segment.state == "active"
        await segments.archive(segment_id, is_archived)
        flash(
            _("The segment is archived.") if is_archived else _("The segment is in use again."),
            undo=f"/staff/customers/segments/{segment_id}/archive",
        )
        return Redirect("/staff/customers/segments", status_code=303)

    async def _builder(
        self, tree: dict[str, Any], *, name: str, segment: Segment | None, who: str = "", mistake: str = "",
        description: str = "", status: int = 200, skip: int = 0, is_whole: bool = False,
    ) -> Response[Any]:  # fmt: skip
        ensure(policy.can_read(current_principal()))
        numbers = await numbers_of(tree, is_whole or bool(segment and segment.is_static))
        if numbers["is_hidden"]:  # what it asks about is said to those who may see it
            tree = {"all": []}
        return page(
            "customers/segment.html",
            status=status,
            tree=builder.shown(tree),
            name=name,
            segment=segment,
            description=description,
            **await vocabulary(),
            **numbers | {"mistake": mistake or numbers["mistake"]},
            samples=[] if numbers["mistake"] else await samples(tree, skip, numbers["people"] > LARGE),
            next_skip=skip + SAMPLE,
            who=who,
            answer=None if numbers["mistake"] else await answer_for(tree, who),
        )


async def the_segment(segment_id: int) -> Segment:
    found = await Segment.get_or_none(id=segment_id)
    if found is None:
        raise NotFound(_("There is no such segment."))
    return found


async def counted(segment: Segment) -> int | None:
    try:
        return await segments.count(await segments.tree_of(segment.id))
    except Refused:  # the tree names something that is no longer there
        return None


async def vocabulary() -> dict[str, Any]:
    """What the selects offer."""
    groups: dict[str, list[Any]] = {}
    sight = await seeing.sight()
    for field in FIELDS:
        if not sight.may_ask(field.name):
            continue
        groups.setdefault(str(field.group), []).append(field)
    kinds = await rows("SELECT DISTINCT kind FROM touchpoint ORDER BY kind LIMIT 300")
    others = await Segment.filter(state="active").order_by("name").limit(300)
    return {
        "groups": groups,
        "op_labels": OPERATION_LABELS,
        "events": await tracking.event_names(),
        "kinds": [row[0] for row in kinds],
        "channels": words(CHANNELS),
        "topics": await topics.offered(),
        "references": {"account.csm": await accounts.staff_choices(), "segment": [(s.id, s.name) for s in others]},
    }


NOTHING_YET: dict[str, Any] = {"companies": None, "each": {}, "by_tier": [], "reach": []}


async def numbers_of(tree: dict[str, Any], is_whole: bool = True) -> dict[str, Any]:
    """How many people and companies, per tier and per channel, and on each condition; or the mistake.

    Unless `is_whole`, of a large segment only the people: `follows` says that the rest is still to be asked for.
    """
    try:
        parsed = await segments.expanded(tree)
        await may_ask(parsed)
        began = time.perf_counter()
        people = await segments.count(parsed)
        seconds = time.perf_counter() - began
        found = {"people": people, "seconds": seconds, "mistake": "", "is_hidden": False, "follows": False}
        if people > LARGE and not is_whole:
            return found | NOTHING_YET | {"follows": True}
        return found | {"companies": await segments.count_accounts(parsed), "each": await counts_of_each(tree),
                        "by_tier": await by_tier(parsed), "reach": await reach(parsed)}  # fmt: skip
    except Refused as refused:
        return NOTHING_YET | {"people": None, "seconds": 0, "mistake": refused.sentence, "follows": False,
                              "is_hidden": isinstance(refused, seeing.Unseen)}  # fmt: skip


async def may_ask(tree: segments.Group) -> None:
    """Raises Refused when the tree, or a segment it stands on, asks about a field that this role may not see."""
    sight = await seeing.sight()
    for one in segments.conditions_of(tree):
        if not sight.may_ask(one.field):
            raise seeing.Unseen(_("This segment asks about a field that your role may not see."))


async def counts_of_each(tree: dict[str, Any], path: str = "0", most: int = 30) -> dict[str, int]:
    """path → how many people that condition alone holds for."""
    found: dict[str, int] = {}
    for at, node in enumerate(builder.children_of(tree)):
        here = f"{path}.{at}"
        if "field" in node:
            found[here] = await segments.count({"all": [node]})
        else:
            found |= await counts_of_each(node, here, most - len(found))
        if len(found) >= most:
            break
    return found


async def by_tier(tree: segments.Group) -> list[tuple[str, int, str]]:
    sql, parameters = segments.members_sql(tree, now())
    found = await rows(
        "SELECT a.tier, COUNT(DISTINCT m.person_id) FROM membership m JOIN account a ON a.id = m.account_id"
        f" WHERE m.until IS NULL AND m.person_id IN ({sql}) GROUP BY a.tier", *parameters)  # fmt: skip
    numbers = {row[0]: int(row[1]) for row in found}
    looks = (("high", _("High touch"), "c3"), ("low", _("Low touch"), "c1"), ("tech", _("Tech touch"), "c2"))
    return [(label, numbers[tier], look) for tier, label, look in looks if tier in numbers]


async def reach(tree: segments.Group) -> list[tuple[str, int]]:
    """Who can be written to: an address on the channel, and no refusal of everything there."""
    sql, parameters = segments.members_sql(tree, now())
    found = []
    for channel, label in (("email", _("E-mail")), ("line", "LINE"), ("slack", "Slack")):
        given = await rows(
            f"SELECT COUNT(DISTINCT i.person_id) FROM identity i WHERE i.kind = ? AND i.person_id IN ({sql})"
            " AND EXISTS (SELECT 1 FROM consent c WHERE c.person_id = i.person_id AND c.channel = ?"
            " AND c.state = 'given')",
            channel,
            *parameters,
            channel,
        )
        found.append((label, int(given[0][0])))
    return found


async def samples(tree: dict[str, Any], skip: int = 0, is_large: bool = False) -> list[dict[str, Any]]:
    """Ten people this person may see, each with why."""
    parsed = await segments.expanded(tree)
    sql, parameters = segments.members_sql(parsed, now(), first_ones=is_large and skip <= 10 * SAMPLE)
    found = await rows(f"{sql} ORDER BY p.id LIMIT {SAMPLE} OFFSET ?", *parameters, min(skip, 10_000))
    people = await policy.visible_people(current_principal()).filter(id__in=[row[0] for row in found]).prefetch_related(
        "memberships__account")  # fmt: skip
    names = await names_for(parsed)
    return [{"person": one, "account": next((m.account for m in one.memberships if m.until is None), None),
             "why": segments.reasons(await segments.why(parsed, one.id), names)[:3]} for one in people]  # fmt: skip


async def answer_for(tree: dict[str, Any], who: str) -> dict[str, Any] | None:
    """この人は入りますか: the first person of that name or address, in or out, and why."""
    if not who.strip():
        return None
    principal, sees = current_principal(), (await seeing.sight()).sees("person.email")
    customers = policy.visible_people(principal).filter(kind="customer")
    found = next(iter(await people_named(principal, customers, who, sees, 1)), None)
    if found is None:
        return {"person": None, "is_in": False, "why": []}
    parsed = await segments.expanded(tree)
    said = await segments.why(parsed, found.id)
    is_in = said.holds and found.state == "active"
    return {"person": found, "is_in": is_in, "why": segments.reasons(said, await names_for(parsed))[:4]}


async def names_for(tree: segments.Group) -> dict[int, str]:
    """Names of the ids that conditions hold, for sentences."""
    names: dict[int, str] = {}
    for one in segments.conditions_of(tree):
        ids = [v for v in (one.value if isinstance(one.value, list) else [one.value]) if isinstance(v, int)]
        if one.field == "account.csm":
            names |= {p.id: p.full_name for p in await Person.filter(id__in=ids)}
        elif one.field == "account.id":
            names |= {a.id: a.name for a in await Account.filter(id__in=ids)}
        elif one.field == "segment":
            names |= {s.id: s.name for s in await Segment.filter(id__in=ids)}
    return names
