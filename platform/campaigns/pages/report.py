"""What became of every recipient, with the reason; and the same as CSV."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get

from campaigns import actions, ledger, rollout
from campaigns.channels import NAMES
from campaigns.models import OPEN, TRIED, Campaign, Revision, Step, TrackedLink
from campaigns.pages.around import campaign_page
from campaigns.words import LOOKS, STATES, TONES, reason_words, result_words
from core.charts import Series, line
from core.clock import when
from core.context import here
from core.database import dialect, rows
from core.i18n import _, clock_time, moment, ngettext
from core.listing import Choice, Column, Listing, Rows
from customers import seeing
from customers.models import FULL_NAME, Person

LEDGER = (
    "SELECT d.id AS id, d.person_id AS person_id, d.state AS state, d.reason AS reason,"
    " COALESCE(d.sent_at, d.changed_at) AS at, d.due_at AS due_at, d.clicked_at AS clicked_at,"
    " d.unsubscribed_at AS unsubscribed_at, t.kind AS kind, d.channel AS channel,"
    f" {FULL_NAME} AS person,"
    " p.email AS email, COALESCE(a.name, '') AS account_name FROM delivery d JOIN campaign_step t ON t.id = d.step_id"
    " JOIN person p ON p.id = d.person_id LEFT JOIN account a ON a.id = d.account_id"
)
SHOWN = ("sent", "sending", "skipped", "failed", "uncertain", "cancelled", "frozen")
COUNTED = ("sent", "skipped", "failed", "uncertain", "cancelled", "frozen")


class ReportPages(Controller):
    path = "/staff/campaigns/{campaign_id:int}/report"

    @get("/", may="campaigns.read")
    async def show(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        found = await recipients(campaign, request)
        if found.wants_csv:
            return found.csv(f"campaign-{campaign.id}")  # type: ignore[return-value]
        await found.load()
        steps = await actions.steps_of(campaign)
        main = [step for step in steps if step.kind not in TRIED]
        pilot = await rollout.pilot_of(campaign)
        return await campaign_page(
            "report", campaign, "report", people=found, parts=_parts(await ledger.counts([one.id for one in main])),
            total=sum((await ledger.counts([one.id for one in main])).values()), main=main, pilot=pilot,
            judge=await Person.get_or_none(id=pilot.verdict_by_id) if pilot and pilot.verdict_by_id else None,
            chart=await _chart(campaign), links=await _links(campaign), missed=len(await rollout.missed(campaign)),
            uncertain=await _uncertain(main), states=STATES, tones=TONES, words=result_words, names=NAMES,
            trouble=reason_words(next((one.stop_reason for one in reversed(main) if one.stop_reason), "")),
            by_channel=await _by_channel(main),
            rates=_rates(await _reactions(main)),
        )  # fmt: skip


async def recipients(campaign: Campaign, request: Any) -> Listing:
    """Staff who see their own accounts see their own recipients."""
    who, sees = here().principal, (await seeing.sight()).sees("person.email")
    sql = f"{LEDGER} WHERE t.campaign_id = ?"
    if not who.all_accounts:
        own = ", ".join(str(int(account)) for account in sorted(who.own_accounts)) or "0"
        sql += f" AND d.account_id IN ({own})"
    # On the page the channel stands beside the result: one column more would not fit beside the side column.
    with_channel = request.query_params.get("format") == "csv"
    kinds = {"pilot": _("Pilot"), "main": _("All recipients"), "resend": _("Sent again")}
    if campaign.journey_id:
        kinds = {"journey": _("On the journey"), "rehearsal": _("Pilot")}
    return Listing(
        request, query=Rows(sql, campaign.id),
        columns=[
            Column("person", _("Person"), head=True, value=lambda row: _name(row, sees)),
            Column("account_name", _("Company"), wide=True),
            *([Column("channel", _("Channel"), value=lambda row: str(NAMES[row["channel"]]))] if with_channel else []),
            Column("state", _("Result"), export=lambda row: str(STATES[row["state"]])),
            Column("reason", _("Reason"), wide=True, value=_why),
            Column("at", _("Time"), sort=True, num=True, wide=True, format=moment),
        ],
        filters=[Choice("state", _("Result"), STATES, many=True), Choice("channel", _("Channel"), NAMES),
                 Choice("kind", _("Kind"), kinds)],
        search=["person", "account_name", *(["email"] if sees else [])],
        default_sort="-at", exportable=True,
    )  # fmt: skip


def _why(row: Any) -> str:
    return result_words(row["state"], row["reason"], row["channel"])


def _name(row: Any, sees_address: bool) -> str:
    """Nobody's name: the address, for those who may see it."""
    return row["person"] or (str(row["email"] or "") if sees_address else seeing.HIDDEN)


def _parts(counts: dict[str, int]) -> list[tuple[str, int, str]]:
    sums = dict(counts) | {"sending": counts.get("claimed", 0) + counts.get("attempting", 0)}
    words = dict(STATES) | {"sending": STATES["claimed"]}
    return [(str(words[name]), sums.get(name, 0), LOOKS[name]) for name in SHOWN
            if sums.get(name) or name in ("sent", "skipped", "failed")]  # fmt: skip


async def _by_channel(main: list[Step]) -> tuple[list[str], list[tuple[str, str, list[int]]]]:
    """The results that there are, and for each channel (it, its name, how many of each); nothing when all is mail."""
    found: dict[str, dict[str, int]] = {}
    for channel, state, n in await rows(
        f"SELECT channel, state, COUNT(*) FROM delivery WHERE step_id IN ({ledger.ids_sql()}) GROUP BY channel, state",
        json.dumps([step.id for step in main]),
    ):
        counts = found.setdefault(str(channel), {})
        name = "frozen" if state in OPEN else str(state)
        counts[name] = counts.get(name, 0) + int(n)
    if set(found) <= {"email"}:
        return [], []
    heads = [
        one for one in COUNTED if one in ("sent", "skipped", "failed") or any(found[way].get(one) for way in found)
    ]
    return [str(STATES[one]) for one in heads], [
        (channel, str(NAMES[channel]), [counts.get(one, 0) for one in heads])
        for channel, counts in sorted(found.items())]  # fmt: skip


async def _chart(campaign: Campaign) -> Any:
    """How many had been sent by when: twenty points between the first and the last."""
    sent = await rows(
        "SELECT MIN(d.sent_at), MAX(d.sent_at), COUNT(*) FROM delivery d JOIN campaign_step t ON t.id = d.step_id"
        " WHERE t.campaign_id = ? AND t.kind NOT IN ('pilot', 'rehearsal') AND d.state = 'sent'"
        " AND d.sent_at IS NOT NULL", campaign.id,
    )  # fmt: skip
    first, last, total = when(sent[0][0]), when(sent[0][1]), int(sent[0][2])
    if first is None or last is None or total < 2 or last - first < timedelta(seconds=1):
        return ""
    seconds = (
        "EXTRACT(EPOCH FROM d.sent_at)"
        if dialect() == "postgresql"
        else "((julianday(d.sent_at) - 2440587.5) * 86400.0)"
    )
    width = (last - first).total_seconds() / 19
    found = await rows(
        f"SELECT CAST(({seconds} - {first.timestamp()}) / {width} AS bigint) AS slot, COUNT(*) FROM delivery d"
        " JOIN campaign_step t ON t.id = d.step_id WHERE t.campaign_id = ? AND t.kind NOT IN ('pilot', 'rehearsal')"
        " AND d.state = 'sent'"
        " GROUP BY 1 ORDER BY 1", campaign.id,
    )  # fmt: skip
    by_slot = {int(row[0]): int(row[1]) for row in found}
    values, held = [], 0
    for slot in range(20):
        held += by_slot.get(slot, 0)
        values.append(held)
    labels = [clock_time(first + timedelta(seconds=width * slot)) for slot in range(20)]
    finding = ngettext("%(n)s message sent between %(first)s and %(last)s",
                       "%(n)s messages sent between %(first)s and %(last)s",
                       total, first=labels[0], last=labels[-1])  # fmt: skip
    return line([Series(_("Sent"), values)], labels, finding=finding, unit=_("messages"))


async def _links(campaign: Campaign) -> list[TrackedLink]:
    if campaign.tracking == "off":
        return []
    ids = [one.id for one in await Revision.filter(campaign_id=campaign.id)]
    return await TrackedLink.filter(revision_id__in=ids).order_by("-clicks", "id").limit(20)


async def _uncertain(main: list[Step]) -> list[Any]:
    marks = json.dumps([step.id for step in main])
    chosen = f"d.state = 'uncertain' AND d.step_id IN ({ledger.ids_sql()})"
    return await rows(f"{LEDGER} WHERE {chosen} ORDER BY d.id LIMIT 50", marks)


async def _reactions(main: list[Step]) -> Any:
    found = await rows(
        "SELECT COUNT(CASE WHEN state IN ('sent', 'failed') THEN 1 END) AS tried, COUNT(CASE WHEN state = 'failed'"
        " THEN 1 END) AS failed, COUNT(unsubscribed_at) AS unsubscribed FROM delivery"
        f" WHERE step_id IN ({ledger.ids_sql()})", json.dumps([step.id for step in main]),
    )  # fmt: skip
    return found[0]


def _rates(found: Any) -> list[tuple[str, float, float]]:
    """(name, per cent, the line at which to worry)."""
    tried = int(found["tried"] or 0) or 1
    return [(_("Bounced"), round(100 * found["failed"] / tried, 1), 3.0),
            (_("Unsubscribed"), round(100 * found["unsubscribed"] / tried, 1), 2.0)]  # fmt: skip
