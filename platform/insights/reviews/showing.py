# ruff: noqa: E501 -- a statement and a table are read whole
"""A review as it is shown: which sheets this reader sees of which audience's version, each with what it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from markupsafe import Markup

from core.charts import Series, line, shares
from core.errors import NotFound
from core.i18n import _, day, ngettext
from core.principal import Principal
from customers import health
from customers.seeing import Sight
from customers.task_words import titled
from insights.models import BusinessReview, ReviewAction, ReviewLine, ReviewVersion
from insights.parts import against
from insights.reviews import findings
from insights.reviews.sections import MONEY, SECTIONS

QUOTES, TASKS = 6, 12  # on a sheet


class Sheet(msgspec.Struct):
    """One section on one sheet: `finding` stands above, `made` holds its figures."""

    name: str
    label: str
    finding: str
    made: Any = None
    chart: Markup = Markup("")


class Material(msgspec.Struct):
    """All that a version holds, before anybody's rights and choices were asked."""

    version: ReviewVersion
    lines: list[ReviewLine]
    actions: list[ReviewAction]


async def material(review: BusinessReview, number: int | None = None) -> Material:
    """The latest version, or that one. Raises NotFound."""
    found = (
        await ReviewVersion.filter(review_id=review.id, number=number or review.version)
        .select_related("made_by")
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    lines = await ReviewLine.filter(version_id=found.id).select_related("person", "owner").order_by("id")
    actions = await ReviewAction.filter(review_id=review.id).select_related("owner").order_by("due_on", "id")
    return Material(found, lines, actions)


def filled(review: BusinessReview, got: Material, who: Principal) -> dict[str, Any]:
    """Section → what there is to show, only where there is something."""
    words = {"summary": review.summary, "words": review.achievements + review.challenges}
    quotes = [one for one in got.lines if one.section == "quotes" and (one.kind != "csat" or who.may("inbox.answer"))]
    tasks = [one for one in got.lines if one.section == "tasks"]
    found = got.version.figures | words | {"quotes": quotes, "tasks": tasks, "actions": got.actions}
    return {name: found[name] for name in SECTIONS if found.get(name)}


def sheets(review: BusinessReview, got: Material, audience: str, who: Principal, sight: Sight) -> list[Sheet]:
    """In the order of SECTIONS. The customer's version never tells health among the peers' measures."""
    there, shown = filled(review, got, who), review.shown.get(audience, [])
    if audience == "customer" and "peers" in there:
        told = [one for one in there["peers"]["measures"] if one["name"] != "score"]
        there["peers"] = there["peers"] | {"measures": told}
        shown = [name for name in shown if name != "peers" or told]
    return [_sheet(name, there[name]) for name, section in SECTIONS.items()
            if name in shown and name in there and section.is_open_to(who, sight)]  # fmt: skip


def sees_money(review: BusinessReview, audience: str, sight: Sight) -> bool:
    return sight.sees("account.money") and (audience == "internal" or MONEY in review.shown.get("customer", []))


def _sheet(name: str, made: Any) -> Sheet:
    finding = FINDINGS[name](made) if name in FINDINGS else str(SECTIONS[name].label)
    sheet = Sheet(name, str(SECTIONS[name].label), finding, made)
    if name in DRAWN:
        sheet.chart = DRAWN[name](made, finding)
    return sheet


FINDINGS = {
    "goals": findings.goals, "use": findings.use, "peers": findings.peers, "health": findings.health,
    "support": findings.support, "feedback": findings.feedback, "quotes": findings.quotes,
    "community": findings.community, "contract": findings.contract, "tasks": findings.tasks, "actions": findings.actions,
}  # fmt: skip


# What is drawn -----------------------------------------------------------------------------------------------


def _use(made: Mapping[str, Any], finding: str) -> Markup:
    now, before = made["active"], [*made["active_before"], *[None] * len(made["active"])][: len(made["active"])]
    series = [Series(_("Active people"), now)]
    if any(before):
        series.append(Series(_("Before"), before, "past"))
    return line(series, labels(made["ends"], made["is_monthly"]), finding=finding, unit=_("people"))


def labels(ends: Sequence[str], is_monthly: bool) -> list[str]:
    """The last day of each point."""
    days = [date.fromisoformat(one) for one in ends]
    return [
        _("until %(day)s", day=day(one)) if is_monthly and n == 0 else f"{one.month}/{one.day}"
        for n, one in enumerate(days)
    ]


def _health(made: Mapping[str, Any], finding: str) -> Markup:
    told = made["line"]
    if len(told) < 2:
        return Markup("")
    days = [date.fromisoformat(one) for one, _score in told]
    return line(
        [Series(_("Health"), [score for _day, score in told])],
        [f"{one.month}/{one.day}" for one in days],
        finding=finding,
    )


def _feedback(made: Mapping[str, Any], finding: str) -> Markup:
    if not made["n"]:
        return Markup("")
    return shares([(_("Promoters (9–10)"), made["promoters"], "good"), (_("Passives (7–8)"), made["passives"], "unknown"),
                   (_("Detractors (0–6)"), made["detractors"], "risk")], tall=True)  # fmt: skip


DRAWN = {"use": _use, "health": _health, "feedback": _feedback}


def range_bar(own: float, low: float, middle: float, high: float, label: str) -> Markup:
    """A scale of 0 to 100: the middle half of the others, their middle, and one's own as a dot."""
    x = [round(3 * max(0.0, min(100.0, one)), 1) for one in (own, low, middle, high)]
    return Markup(
        '<svg class="range" viewBox="0 0 300 24" preserveAspectRatio="none" role="img" aria-label="{}" overflow="visible">'
        '<path class="grid" d="M0 12H300"/><rect class="block c6" x="{}" y="6" width="{}" height="12" opacity=".35"/>'
        '<path class="mark" d="M{} 3V21"/><g class="c1"><path class="line end" d="M{} 12h.01"/></g></svg>'
    ).format(label, x[1], max(1.5, x[3] - x[1]), x[2], x[0])  # fmt: skip


# Words for templates -----------------------------------------------------------------------------------------


def task_title(one: ReviewLine) -> str:
    return titled(one.body, one.kind, one.facts)


def reason_label(one: Mapping[str, Any]) -> str:
    known = health.MEASURES.get(one["measure"])
    return known.label() if known else str(one["measure"])


def reason_words(one: Mapping[str, Any]) -> str:
    known = health.MEASURES.get(one["measure"])
    return (
        known.say(one["facts"]) if known and one["points"] is not None else _("Nothing is recorded, so it is left out")
    )


def a_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def peer_words(name: str) -> str:
    return {"active_seats": _("Seats in use"), "login_days": _("Days of 28 with a sign-in"),
            "core_features": _("Core features in use"), "score": _("Health")}[name]  # fmt: skip


def with_change(now: float | None, before: float | None, shown: str = "") -> str:
    return "" if before is None else against(shown or f"{before:,g}", None if now is None else round(now - before, 1))


def of_seats(made: Mapping[str, Any]) -> str:
    return ngettext("of %(n)s seat", "of %(n)s seats", made["seats"]) if made["seats"] else ""


WORDS = {"task_title": task_title, "reason_label": reason_label, "reason_words": reason_words, "a_day": a_day,
         "peer_words": peer_words, "with_change": with_change, "of_seats": of_seats, "range_bar": range_bar,
         "minutes": findings.minutes, "signed": findings.signed}  # fmt: skip
