# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""Newsletters and announcements: what arrived, what came back, what was clicked, who left."""

from __future__ import annotations

from typing import Any

from campaigns.words import STATES, result_words
from core.clock import when
from core.context import here
from core.database import rows
from core.i18n import _, lazy, moment, ngettext, number
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from customers.models import FULL_NAME, Topic
from insights.counting import counted, within
from insights.parts import Cell, Measure, Report, Section, Table, behind, how_large, how_many, over_time, share
from insights.policy import own_accounts, own_people, seen_campaigns
from insights.spans import Span

# CROSS JOIN holds SQLite to this order: the few steps first, then their deliveries by index.
MAILS = "campaign_step t CROSS JOIN delivery d CROSS JOIN campaign c"
TRIED = "d.state IN ('sent', 'failed', 'uncertain')"
CONDITIONS = {
    "sent": TRIED, "delivered": "d.state = 'sent'", "bounced": "d.state = 'failed'",
    "uncertain": "d.state = 'uncertain'", "clicked": f"{TRIED} AND d.clicked_at IS NOT NULL",
    "unsubscribed": f"{TRIED} AND d.unsubscribed_at IS NOT NULL", "skipped": "d.state = 'skipped'",
}  # fmt: skip
COMPLAINED = "w.kind = 'campaign.complained'"

MEASURES = {
    "sent": Measure(lazy("Mails sent"), lazy("Mails given to a mail server, of sendings that were due in the period. Pilots are not among them.")),
    "delivered": Measure(lazy("Mails delivered"), lazy("Of the mails sent, those that the receiving server took and did not send back.")),
    "bounced": Measure(lazy("Mails bounced"), lazy("Of the mails sent, those that a server refused or sent back.")),
    "clicked": Measure(lazy("Mails clicked"), lazy("Of the mails sent, those with a link followed by a person who allowed this to be seen. Everybody else is only counted per link, in the table below. Links that a mail scanner follows are not told apart.")),
    "unsubscribed": Measure(lazy("Unsubscribed"), lazy("Of the mails sent, those from which the reader stopped the topic.")),
    "skipped": Measure(lazy("Skipped"), lazy("People of the chosen group who got no mail, by a reason that the ledger names: no consent, no address, the limit of touches.")),
    "complaints": Measure(lazy("Complaints"), lazy("Reports of mail providers, arrived in the period, that a reader called a mail spam. The address is closed at once.")),
}  # fmt: skip


def _where(who: Principal, channel: str = "email") -> str:
    return f"d.channel = '{channel}' AND d.step_id = t.id AND c.id = t.campaign_id AND t.kind NOT IN ('pilot', 'rehearsal') AND {own_accounts(who, 'd.account_id')} AND {seen_campaigns(who, 'c.id')}"


async def report(who: Principal, span: Span) -> Report:
    found = await counted(span, MAILS, "t.due_at", CONDITIONS, _where(who))
    said = await counted(
        span, "touchpoint w", "w.at", {"complaints": "1 = 1"}, f"{COMPLAINED} AND {own_people(who, 'w.person_id')}"
    )
    n, bounced = found.total("sent"), found.total("bounced")
    shares = [how_large("campaigns", span, MEASURES, found, name, "sent", look) for name, look in
              (("delivered", "c2"), ("bounced", "c4"), ("clicked", "c3"), ("unsubscribed", "c4"))]  # fmt: skip
    return Report(
        [how_many("campaigns", span, MEASURES, found, "sent", "c1"), *shares,
         how_many("campaigns", span, MEASURES, said, "complaints", "c4"),
         how_many("campaigns", span, MEASURES, found, "skipped", "c5")],
        [over_time(_("Mails"), span, [(_("Mails sent"), found.now["sent"]), (_("Mails bounced"), found.now["bounced"])],
                   (_("Mails sent before"), found.before["sent"]), _("mails"),
                   ngettext("%(n)s mail sent, %(bounced)s of them bounced", "%(n)s mails sent, %(bounced)s of them bounced",
                            n, bounced=number(bounced)))],
        [await _by_campaign(who, span), await _by_topic(who, span), await _reasons(who, span), await _on_line(who, span)],
        "" if n or found.earlier("sent") else _("No campaign was sent in this period. Write one, try it on a few, then send it."),
    )  # fmt: skip


# Tables ------------------------------------------------------------------------------------------------------

HEADS = ("sent", "delivered", "bounced", "clicked", "unsubscribed", "skipped")


def _sums() -> str:
    return ", ".join(f"COUNT(CASE WHEN {CONDITIONS[name]} THEN 1 END) AS {name}" for name in HEADS)


async def _by_campaign(who: Principal, span: Span) -> Table:
    found = await rows(
        f"SELECT c.id AS id, c.name AS name, {_sums()} FROM {MAILS} WHERE {within('t.due_at')} AND {_where(who)}"
        " GROUP BY c.id, c.name ORDER BY c.id DESC LIMIT 100", span.begins, span.ends,
    )  # fmt: skip
    links = await _link_clicks([int(row["id"]) for row in found])
    heads = [(_("Campaign"), False), *_heads(), (_("Link clicks, all readers"), True)]
    return Table("campaigns", _("By campaign"), heads,
                 [[Cell(row["name"], f"/staff/campaigns/{row['id']}/report"), *_cells(row), links.get(int(row["id"]), 0)] for row in found],
                 _("No campaign was sent in this period."),
                 _("Link clicks count every click since the campaign was sent, also by readers who are not tracked and by mail scanners."))  # fmt: skip


async def _on_line(who: Principal, span: Span) -> Table:
    found = await rows(
        f"SELECT c.id AS id, c.name AS name, {_sums()} FROM {MAILS} WHERE {within('t.due_at')} AND {_where(who, 'line')}"
        " GROUP BY c.id, c.name ORDER BY c.id DESC LIMIT 100", span.begins, span.ends,
    )  # fmt: skip
    heads = [(_("Campaign"), False), (_("Sent on LINE"), True), (_("LINE took it"), True), (_("Failed on LINE"), True),
             (_("Followed a link"), True), (_("Stopped it"), True), (_("Left out"), True)]  # fmt: skip
    return Table("line", _("On LINE, by campaign"), heads,
                 [[Cell(row["name"], f"/staff/campaigns/{row['id']}/report?channel=line"), *_cells(row)] for row in found],
                 _("Nothing was sent on LINE in this period."),
                 _("People who were left out are those for whom LINE was the channel; with two channels the others got a mail."))  # fmt: skip


async def _link_clicks(ids: list[int]) -> dict[int, int]:
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows("SELECT r.campaign_id AS id, SUM(l.clicks) AS clicks FROM campaign_link l JOIN campaign_revision r ON"
                       f" r.id = l.revision_id WHERE r.campaign_id IN ({marks}) GROUP BY r.campaign_id", *ids)  # fmt: skip
    return {int(row["id"]): int(row["clicks"] or 0) for row in found}


async def _by_topic(who: Principal, span: Span) -> Table:
    found = await rows(
        f"SELECT c.topic AS topic, {_sums()} FROM {MAILS} WHERE {within('t.due_at')} AND {_where(who)}"
        " GROUP BY c.topic ORDER BY sent DESC, topic", span.begins, span.ends,
    )  # fmt: skip
    names = {one.slug: one.name_ja if here().language == "ja" else one.name_en for one in await Topic.all()}
    return Table("topics", _("By topic"), [(_("Topic"), False), *_heads()],
                 [[Cell(names.get(row["topic"], row["topic"]), behind("campaigns", span, "sent", topic=row["topic"])), *_cells(row)] for row in found],
                 _("No campaign was sent in this period."))  # fmt: skip


async def _reasons(who: Principal, span: Span) -> Table:
    found = await rows(
        f"SELECT d.state AS state, d.reason AS reason, COUNT(*) AS times FROM {MAILS} WHERE {within('t.due_at')}"
        f" AND {_where(who)} AND d.state IN ('skipped', 'failed') GROUP BY d.state, d.reason"
        " ORDER BY times DESC, reason LIMIT 20", span.begins, span.ends,
    )  # fmt: skip
    return Table("reasons", _("Why mails did not arrive"), [(_("Reason"), False), (_("Result"), False), (_("People"), True)],
                 [[result_words(row["state"], row["reason"]), str(STATES[row["state"]]), row["times"]] for row in found],
                 _("Nobody was skipped, and no mail came back."))  # fmt: skip


def _heads() -> list[tuple[str, bool]]:
    return [(str(MEASURES[name].label), True) for name in HEADS]


def _cells(row: Any) -> list[Any]:
    """Counts; shares of what was sent stand beside them."""
    return [row["sent"], *(_with_share(row[name], row["sent"]) for name in HEADS[1:-1]), row["skipped"]]


def _with_share(part: int, whole: int) -> Cell:
    per_cent = share(part, whole)
    return Cell(number(part) if per_cent is None else f"{number(part)} ({number(per_cent)} %)", plain=part)


# The rows behind ---------------------------------------------------------------------------------------------


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    if name == "complaints":
        return _complaints(request, who, span)
    query = Rows(
        f"SELECT d.id AS id, d.person_id AS person_id, {FULL_NAME} AS person,"
        " COALESCE(a.name, '') AS account, c.id AS campaign_id, c.name AS campaign, c.topic AS topic,"
        " d.state AS state, d.reason AS reason, COALESCE(d.sent_at, d.changed_at) AS at"
        f" FROM {MAILS} JOIN person p ON p.id = d.person_id LEFT JOIN account a ON a.id = d.account_id"
        f" WHERE {within('t.due_at')} AND {_where(who)} AND {CONDITIONS[name]}", span.begins, span.ends,
    )  # fmt: skip
    topics = {
        one.slug: one.name_ja if here().language == "ja" else one.name_en
        for one in await Topic.all().order_by("position")
    }
    columns = [
        Column("person", _("Person"), head=True, value=lambda row: row["person"] or _("Somebody"), href=lambda row: f"/staff/customers/people/{row['person_id']}"),
        Column("account", _("Company"), wide=True),
        Column("campaign", _("Campaign"), href=lambda row: f"/staff/campaigns/{row['campaign_id']}/report"),
        Column("state", _("Result"), value=lambda row: str(STATES[row["state"]])),
        Column("reason", _("Reason"), value=lambda row: result_words(row["state"], row["reason"]), wide=True),
        Column("at", _("When"), sort=True, format=moment, export=lambda row: when(row["at"]), wide=True),
    ]  # fmt: skip
    return Listing(request, query=query, columns=columns, filters=[Choice("topic", _("Topic"), topics)],
                   search=["person", "account", "campaign"], default_sort="-at", exportable=True, name=name)  # fmt: skip


def _complaints(request: Any, who: Principal, span: Span) -> Listing:
    query = Rows(
        f"SELECT w.id AS id, w.person_id AS person_id, {FULL_NAME} AS person,"
        " COALESCE(c.name, '') AS campaign, w.about_id AS campaign_id, w.at AS at FROM touchpoint w JOIN person p ON p.id = w.person_id"
        f" LEFT JOIN campaign c ON c.id = w.about_id WHERE {COMPLAINED} AND {within('w.at')} AND {own_people(who, 'w.person_id')}",
        span.begins, span.ends,
    )  # fmt: skip
    columns = [
        Column("person", _("Person"), head=True, href=lambda row: f"/staff/customers/people/{row['person_id']}"),
        Column("campaign", _("Campaign"), href=lambda row: f"/staff/campaigns/{row['campaign_id']}/report"),
        Column("at", _("When"), sort=True, format=moment, export=lambda row: when(row["at"])),
    ]
    return Listing(request, query=query, columns=columns, search=["person", "campaign"], default_sort="-at", exportable=True,
                   name="complaints")  # fmt: skip


SECTION = Section("campaigns", lazy("Campaigns"), MEASURES, report, listing,
                  lazy("What arrived, what came back, what was clicked, and who stopped."))  # fmt: skip
