"""Phases as the company sets them: how each is entered, and what health weighs in it."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import now
from core.context import current_principal
from core.database import rows
from core.errors import NotFound, Refused
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from core.policy import ensure
from customers import health, jobs, phases, policy, segments
from customers.models import PHASES as NAMES
from customers.pages.common import PHASES, words
from customers.pages.segments import vocabulary
from customers.rules import PhaseRule, rule
from customers.segments import builder, companies
from customers.segments.tree import Group

HEAVIEST = 100


class PhasePages(Controller):
    path = "/staff/customers/phases"

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        rules = await phases.entry_rules()
        said = {
            phase: [segments.sentence(one) for one in segments.conditions_of(tree)] for phase, tree in rules.items()
        }
        return page("customers/phases.html", phases=words(PHASES), counts=await phases.counts(), said=said,
                    weights=await health.weights_in(), measures=_measures())  # fmt: skip

    @get("/{phase:str}", may="settings.manage")
    async def show(self, phase: str) -> Response[Any]:
        given: PhaseRule = await rule("phases")
        return await self._page(_known(phase), given.entry.get(phase), await _weights(phase))

    @post("/{phase:str}", may="settings.manage", status_code=200)
    async def change(self, phase: str, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        _known(phase)
        data = await request.form()
        action = str(data.get("do", "update"))
        tree = builder.read_tree(data) if data.get("node") else None
        if action == "suggest":
            tree = phases.SUGGESTED[phase]
        elif action == "by_hand":
            tree = None
        elif action not in {"update", "save"} and tree is not None:
            tree = builder.change(tree, action)
        weights, mistake = _typed(data, await _weights(phase))
        if action == "save" and not mistake:
            try:
                await phases.set_phase_rule(phase, tree, weights)
            except Refused as refused:
                return await self._page(phase, tree, weights, refused.sentence, 422)
            await jobs.enter_phases.later(key="rules")
            await jobs.score_health.later(key="rules")
            flash(_("Saved. Phases and health are worked out again now."))
            return Redirect("/staff/customers/phases", status_code=303)
        return await self._page(phase, tree, weights, mistake, 422 if mistake else 200)

    async def _page(self, phase: str, tree: Any, weights: dict[str, int], mistake: str = "",
                    status: int = 200) -> Response[Any]:  # fmt: skip
        holds = None
        if tree is not None and not mistake:
            try:
                holds = await _holding(companies.parse_of_companies(tree))
            except Refused as refused:
                mistake = refused.sentence
        offered = await vocabulary() | {"groups": _groups()}
        return page("customers/phase.html", status=status, phase=phase, name=words(PHASES)[phase], weights=weights,
                    tree=builder.shown(tree) if tree is not None else None, mistake=mistake, holds=holds,
                    measures=_measures(), heaviest=HEAVIEST, each={}, **offered)  # fmt: skip


def _known(phase: str) -> str:
    if phase not in NAMES:
        raise NotFound(_("There is no such phase."))
    return phase


def _measures() -> list[tuple[str, str]]:
    return [(name, measure.label()) for name, measure in health.MEASURES.items()]


async def _weights(phase: str) -> dict[str, int]:
    found = await health.weights_in()
    return dict(found.get(phase, found[""]))


def _typed(data: Any, before: dict[str, int]) -> tuple[dict[str, int], str]:
    """The weights that were typed; and the mistake, if there is one."""
    found, mistake = dict(before), ""
    for name in before:
        text = str(data.get(f"weight-{name}", before[name])).strip()
        if text.isascii() and text.isdigit() and int(text) <= HEAVIEST:
            found[name] = int(text)
        else:
            mistake = _("A weight is a whole number from 0 to %(most)s.", most=HEAVIEST)
    return found, mistake


async def _holding(tree: Group) -> int:
    c = companies.CompanyCompiler(now())
    sql = f"SELECT COUNT(*) FROM account a WHERE a.state <> 'merged' AND ({c.node(tree)})"
    return int((await rows(sql, *c.parameters))[0][0])


def _groups() -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for field in companies.fields():
        groups.setdefault(str(field.group), []).append(field)
    return groups


navigation.add("settings", lazy("Phases and weights of health"), "/staff/customers/phases", may="settings.manage",
               icon="flag", order=41, group=2)  # fmt: skip
