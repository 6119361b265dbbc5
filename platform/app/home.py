"""The staff's first page: what waits for me now, and how my customers are. Every number has its definition."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import Any

import msgspec
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from campaigns.policy import visible_campaigns
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows
from core.i18n import _, ago, day, lazy, ngettext, number
from core.principal import Principal
from customers import tasks
from customers.health import band
from customers.models import Account, HealthAlert, HealthSnapshot, Pilot
from customers.policy import visible_accounts
from customers.task_words import title_of
from helpcenter.models import ContentGap
from inbox.models import Conversation
from inbox.policy import visible_conversations

DAYS = 28
SHOWN = 6
FALLS = 3
CHANNELS = {"line": "LINE", "slack": "Slack", "web": lazy("Web"), "mail": lazy("Mail"), "email": lazy("Mail")}
TIERS = {"high": lazy("High touch"), "low": lazy("Low touch"), "tech": lazy("Tech touch")}


class Figure(msgspec.Struct):
    """A number with its unit, its line over the last weeks, and what it means."""

    label: str
    value: str
    unit: str
    meaning: str
    href: str = ""
    note: str = ""
    tone: str = ""
    values: list[float | None] = []
    look: str = "c1"


class Work(msgspec.Struct):
    title: str
    text: str
    href: str
    icon: str
    end: str = ""
    tone: str = ""


class Fallen(msgspec.Struct):
    id: int
    name: str
    health: int | None
    state: str
    change: int | None
    renews_on: Any


async def figures(who: Principal) -> list[Figure]:
    return [await searches(), await first_response(who), await open_conversations(who), await watched(who)]


async def searches() -> Figure:
    """How many searches in the help centre ended on something read."""
    found = await rows("SELECT created_at, clicked_id FROM search_query WHERE surface = 'help' AND created_at >= ?",
                       now() - timedelta(days=DAYS))  # fmt: skip
    clicked = sum(1 for row in found if row["clicked_id"])
    share = round(100 * clicked / len(found)) if found else None
    return Figure(
        _("Searches that led to an answer"), number(share), "%" if found else "",
        _("Of all searches in the help centre in %(days)s days, those after which a result was opened.", days=DAYS),
        href="/staff/articles",
        note=ngettext("of %(n)s search", "of %(n)s searches", len(found)) if found else _("Nobody has searched yet"),
    )  # fmt: skip


async def first_response(who: Principal) -> Figure:
    """Median minutes from a customer's waiting to the first answer by a person."""
    begun = now() - timedelta(days=DAYS)
    answered = await visible_conversations(who).filter(first_response_at__gte=begun).values_list(
        "created_at", "first_response_at")  # fmt: skip
    minutes = [max(0.0, (answer - asked).total_seconds() / 60) for asked, answer in answered]
    return Figure(
        _("First response"), number(median(minutes) if minutes else None), _("min") if minutes else "",
        _("The median time from the first message to the first answer by a person, over %(days)s days.", days=DAYS),
        href="/staff/inbox", look="c2",
        note=ngettext("%(n)s conversation", "%(n)s conversations", len(minutes)),
    )  # fmt: skip


async def open_conversations(who: Principal) -> Figure:
    still = visible_conversations(who).exclude(state="resolved")
    count = await still.count()
    soon = await still.filter(state="waiting", sla_due_at__lte=now() + timedelta(minutes=30)).count()
    return Figure(
        _("Open conversations"), number(count), "", _("Conversations that are not resolved, the bot's among them."),
        href="/staff/inbox", look="c3", tone="warn" if soon else "",
        note=ngettext("%(n)s is due within 30 minutes", "%(n)s are due within 30 minutes", soon) if soon else "",
    )  # fmt: skip


async def watched(who: Principal) -> Figure:
    low = visible_accounts(who).filter(state="active", health__lte=75)
    soon = await low.filter(renews_on__lte=local_day() + timedelta(days=60)).count()
    return Figure(
        _("Customers to watch"), number(await low.count()), "", _("Accounts with a health score of 75 or less."),
        href="/staff/customers?health=watch&health=risk", look="c4", tone="bad" if soon else "",
        note=ngettext("%(n)s renews within 60 days", "%(n)s renew within 60 days", soon) if soon else "",
    )  # fmt: skip


# What waits now ----------------------------------------------------------------------------------------------


async def work_now(who: Principal) -> list[Work]:
    waiting = await _waiting(who)
    fallen = await _falls(who)
    room = max(0, SHOWN - len(fallen))
    return [*waiting[:room], *fallen, *await _verdicts(who), *await _gaps(who)][:SHOWN]


async def todo() -> tuple[list[Work], int]:
    """My tasks that are due today or late, the latest first, and how many there are."""
    if not current_principal().may("customers.read"):
        return [], 0
    mine, today = tasks.due_today(), local_day()
    rows = [Work(title_of(one), one.account.name, f"/staff/customers/{one.account_id}/tasks/{one.id}", "check",
                 _("today") if one.due_on == today else _("late: %(day)s", day=day(one.due_on)),
                 "warn" if one.due_on == today else "bad")
            for one in await mine.select_related("account").limit(SHOWN)]  # fmt: skip
    return rows, await mine.count()


async def _falls(who: Principal) -> list[Work]:
    """Falls of health that nobody has seen to: of my own accounts first, then of those that nobody looks after."""
    if not who.may("customers.read"):
        return []
    visible = Subquery(visible_accounts(who).filter(state="active").values("id"))
    found = HealthAlert.filter(state="open", account_id__in=visible).select_related("account").order_by("-id")
    mine = await found.filter(Q(account__csm_id=who.person_id) | Q(account__deputy_id=who.person_id)).limit(FALLS)
    if len(mine) < FALLS and who.all_accounts:
        mine += await found.filter(account__csm_id__isnull=True).limit(FALLS - len(mine))
    return [
        Work(_("Health of %(account)s fell from %(before)s to %(after)s", account=one.account.name, before=one.before,
               after=one.after), str(TIERS.get(one.account.tier, "")), f"/staff/customers/{one.account_id}", "chart",
             ago(one.raised_at), "bad")
        for one in mine
    ]  # fmt: skip


async def _waiting(who: Principal) -> list[Work]:
    if not who.may("inbox.answer"):
        return []
    found = await (
        visible_conversations(who)
        .filter(state="waiting", snoozed_until__isnull=True)
        .order_by("-priority", "sla_due_at", "id")
        .limit(SHOWN)
        .select_related("person", "account")
    )
    return [_waiting_row(one) for one in found]


def _waiting_row(one: Conversation) -> Work:
    name = one.person.full_name if one.person else one.name or _("Somebody")
    company = one.account.name if one.account else ""
    title = (_("%(name)s of %(company)s waits for an answer", name=name, company=company) if company
             else _("%(name)s waits for an answer", name=name))  # fmt: skip
    tier = str(TIERS.get(one.account.tier, "")) if one.account else ""
    text = " · ".join(part for part in (tier, str(CHANNELS.get(one.channel, one.channel)), one.preview[:40]) if part)
    late = one.sla_due_at is not None and one.sla_due_at < now()
    return Work(title, text, f"/staff/inbox/{one.id}", "clock", _due(one.sla_due_at), "bad" if late else "warn")


def _due(due: datetime | None) -> str:
    if due is None:
        return ""
    minutes = int((due - now()).total_seconds() // 60)
    if minutes < 0:
        return _("due %(ago)s", ago=ago(due))
    if minutes < 90:
        return ngettext("%(n)s min left", "%(n)s min left", minutes)
    return ngettext("%(n)s hour left", "%(n)s hours left", minutes // 60)


async def _verdicts(who: Principal) -> list[Work]:
    if not who.may("campaigns.write"):
        return []
    campaigns = {one.id: one.name for one in await visible_campaigns(who).filter(state="draft")}
    found = await Pilot.filter(about_kind="campaign", about_id__in=list(campaigns), state="running").order_by("-id")
    return [
        Work(_("The pilot of “%(name)s” waits for a verdict", name=campaigns[one.about_id]),
             ngettext("%(n)s person has it", "%(n)s people have it", len(one.people)),
             f"/staff/campaigns/{one.about_id}/pilot", "send", ago(one.started_at))
        for one in found[:3]
    ]  # fmt: skip


async def _gaps(who: Principal) -> list[Work]:
    if not who.may("help.write"):
        return []
    found = await ContentGap.filter(state="open").order_by("-count", "-last_at").limit(3)
    return [
        Work(_("Searched without an answer: %(words)s", words=one.question),
             ngettext("%(n)s time", "%(n)s times", one.count), "/staff/articles/gaps", "book", ago(one.last_at))
        for one in found
    ]  # fmt: skip


# How my customers are ----------------------------------------------------------------------------------------


async def health_of(who: Principal) -> tuple[dict[str, int], list[Fallen]]:
    """How many of my accounts are in each state, and those that fell most in 28 days."""
    mine = visible_accounts(who).filter(state="active")
    counts = dict.fromkeys(("good", "watch", "risk", "unknown"), 0)
    for health, companies in await mine.annotate(n=Count("id")).group_by("health").values_list("health", "n"):
        counts[band(health)] += companies
    low = mine.filter(health__lte=75)
    before = await _scores_before(low)
    changes = sorted((health - before[id] if id in before else 0, health, id)
                     for id, health in await low.values_list("id", "health"))[:SHOWN]  # fmt: skip
    found = {one.id: one for one in await mine.filter(id__in=[id for _change, _health, id in changes])}
    return counts, [
        Fallen(id, found[id].name, health, band(health), change if id in before else None, found[id].renews_on)
        for change, health, id in changes if id in found
    ]  # fmt: skip


async def _scores_before(accounts: QuerySet[Account]) -> dict[int, int]:
    """Named by their query: as numbers they are more than a statement on PostgreSQL takes."""
    day = local_day() - timedelta(days=DAYS)
    found = await HealthSnapshot.filter(account_id__in=Subquery(accounts.values("id")), day__lte=day,
                                        score__isnull=False).order_by("day").values("account_id", "score")  # fmt: skip
    return {row["account_id"]: row["score"] for row in found}
