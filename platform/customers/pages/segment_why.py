"""Why somebody is in a segment or not: its tree, each condition true or false, and what decided it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get

from core.context import current_principal
from core.errors import NotFound, Refused
from core.i18n import _
from core.pages import page
from core.policy import ensure
from customers import policy, seeing, segments
from customers.models import Person, Segment
from customers.pages.people import seen
from customers.pages.segments import may_ask, names_for, the_segment
from customers.segments.tree import Condition
from customers.segments.values import Where, companies_of, value_of

MOST = 10


class Branch(msgspec.Struct):
    """A condition as a sentence with its value, or a group; and whether it holds."""

    holds: bool
    text: str
    value: str = ""
    parts: list[Branch] = []


class SegmentWhyPages(Controller):
    path = "/staff/customers/segments/{segment_id:int}/why"

    @get("/", may="customers.read")
    async def show(self, segment_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_read(current_principal()))
        segment = await the_segment(segment_id)
        asked, who = request.query_params.get("person", ""), request.query_params.get("who", "").strip()[:200]
        person = await the_customer(int(asked)) if asked.isdecimal() and len(asked) < 19 else None
        found = await candidates(who) if who and person is None else []
        if len(found) == 1:
            person = found[0]
        branch, mistake = await explained(segment, person) if person else (None, "")
        return page("customers/segment_why.html", segment=segment, person=person, who=who, found=found, branch=branch,
                    mistake=mistake, is_in=bool(branch and branch.holds and person and person.state == "active"),
                    others=await Segment.filter(state="active").order_by("name").limit(300))  # fmt: skip


async def the_customer(person_id: int) -> Person:
    found = await policy.visible_people(current_principal()).get_or_none(id=person_id, kind="customer")
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


async def candidates(who: str) -> list[Person]:
    """People of this name, reading or address, whom whoever asks may see."""
    first, _blank, rest = who.replace("\u3000", " ").partition(" ")
    visible = policy.visible_people(current_principal()).filter(kind="customer")
    found = await visible.filter(family_name=first, given_name__startswith=rest.strip()).order_by("id").limit(MOST)
    if not found:
        found = await visible.filter(family_kana=first, given_kana__startswith=rest.strip()).order_by("id").limit(MOST)
    if not found and (await seeing.sight()).sees("person.email"):
        found = await visible.filter(email=who.lower()).order_by("id").limit(MOST)
    return list(found)


async def explained(segment: Segment, person: Person) -> tuple[Branch | None, str]:
    """The tree with its answers; or the sentence that says why it cannot be shown."""
    try:
        tree = await segments.tree_of(segment.id)
        await may_ask(tree)
    except Refused as refused:
        return None, refused.sentence
    await seen(person.id)
    names, where = await names_for(tree), await companies_of(person.id)
    return await branch_of(await segments.why(tree, person.id), person, where, names), ""


async def branch_of(why: segments.Why, person: Person, where: Where, names: dict[int, str]) -> Branch:
    if isinstance(why.node, Condition):
        value = await value_of(why.node, person, where)
        return Branch(why.holds, segments.sentence(why.node, names), value)
    joins = {"all": _("All of these hold"), "any": _("One of these holds"), "none": _("None of these holds")}
    parts = [await branch_of(one, person, where, names) for one in why.parts]
    return Branch(why.holds, joins[why.node.join], parts=parts)
