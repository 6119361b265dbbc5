# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""The bot and the inbox: what the bot answers alone, what it hands over and why, how long people wait, who works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.clock import when
from core.database import rows
from core.i18n import _, lazy, moment, ngettext, number
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from core.tasks import in_thread
from customers.models import FULL_NAME
from inbox import hours
from inbox.words import CHANNELS, STATES, reason_of
from insights import ratings
from insights.counting import counted, percentile, within
from insights.parts import (
    Cell,
    Figure,
    Measure,
    Report,
    Section,
    Table,
    against,
    behind,
    how_large,
    how_many,
    over_time,
    share,
)
from insights.policy import own_conversations
from insights.spans import Span

MOST = 20_000  # answered conversations whose waiting is measured, the latest ones
# A conversation's last message is never before anything that happened to it, and that column has the index.
LATER = "c.last_message_at >= ?"

BEGUN = {
    "begun": "1 = 1",
    "alone": "EXISTS (SELECT 1 FROM ownership o WHERE o.conversation_id = c.id AND o.reason = 'helped')"
             " AND NOT EXISTS (SELECT 1 FROM ownership o WHERE o.conversation_id = c.id AND o.state IN ('waiting', 'human'))",
    "handed": "EXISTS (SELECT 1 FROM ownership o WHERE o.conversation_id = c.id AND o.state = 'waiting')",
    "open": "c.state <> 'resolved'",
}  # fmt: skip
MEASURES = {
    "begun": Measure(lazy("Conversations begun"), lazy("Conversations begun in the period, on every channel. One that was reopened counts when it began.")),
    "alone": Measure(lazy("Answered by the bot alone"), lazy("Of the conversations begun in the period, those in which the customer said that the bot's answer helped, and that no person had.")),
    "handed": Measure(lazy("Handed over"), lazy("Of the conversations begun in the period, those that the bot gave to people at least once.")),
    "open": Measure(lazy("Begun and still open"), lazy("Of the conversations begun in the period, those that are not resolved now.")),
    "answered": Measure(lazy("First response"), lazy("From a conversation's first message to the first answer by a person, in minutes of business hours (9:00–18:00 on working days), for first answers given in the period: the median, and the time that 9 of 10 did not exceed. The latest 20,000 are measured.")),
    "resolved": Measure(lazy("Resolution"), lazy("From a conversation's first message to its end, in hours of business time (9:00–18:00 on working days), for conversations that ended in the period and that a person had: the median, and the time that 9 of 10 did not exceed. The latest 20,000 are measured.")),
} | ratings.MEASURES  # fmt: skip
ENDED = {
    "answered": "c.first_response_at",
    "resolved": "c.resolved_at",
}
HAD = {
    "answered": "1 = 1",
    "resolved": "c.state = 'resolved' AND EXISTS (SELECT 1 FROM ownership o WHERE o.conversation_id = c.id AND o.state = 'human')",
}  # fmt: skip


async def report(who: Principal, span: Span) -> Report:
    mine = own_conversations(who, "c.id")
    found = await counted(span, "conversation c", "c.created_at", BEGUN, f"{LATER} AND {mine}", [span.before_begins])
    n, alone = found.total("begun"), found.total("alone")
    return Report(
        [how_many("conversations", span, MEASURES, found, "begun", "c1"),
         how_large("conversations", span, MEASURES, found, "alone", "begun", "c2"),
         how_large("conversations", span, MEASURES, found, "handed", "begun", "c3"),
         how_many("conversations", span, MEASURES, found, "open", "c4"),
         *await _waits(who, span, "answered", _("min"), 1), *await _waits(who, span, "resolved", _("h"), 60),
         *await ratings.figures(who, span)],
        [over_time(_("Conversations begun"), span,
                   [(_("Conversations begun"), found.now["begun"]), (_("Answered by the bot alone"), found.now["alone"])],
                   (_("Conversations before"), found.before["begun"]), _("conversations"),
                   ngettext("%(n)s conversation, %(alone)s of them answered by the bot alone",
                            "%(n)s conversations, %(alone)s of them answered by the bot alone", n, alone=number(alone)))],
        [await _channels(who, span), await _reasons(who, span), await _owners(who, span), *await ratings.tables(who, span)],
        "" if n or found.earlier("begun") else _("Nobody has written in this period. Connect LINE or Slack in the settings."),
    )  # fmt: skip


# How long they wait ------------------------------------------------------------------------------------------


async def _waits(who: Principal, span: Span, name: str, unit: str, divisor: int) -> list[Figure]:
    """The median, and the time that 9 of 10 did not exceed, each with what it was before."""
    count, median, most = await _measured(who, name, span.begins, span.ends, divisor)
    _count, median_before, most_before = await _measured(who, name, span.before_begins, span.before_ends, divisor)
    made = MEASURES[name]
    texts = [(_("%(what)s, median", what=made.label), median, median_before),
             (_("%(what)s, 9 of 10 within", what=made.label), most, most_before)]  # fmt: skip
    return [
        Figure(name, label, number(value, 1 if value is not None and value < 10 else 0), str(made.meaning),
               unit if value is not None else "", behind("conversations", span, name), _note(count, value, before), look="c3")
        for label, value, before in texts
    ]  # fmt: skip


def _note(count: int, value: float | None, before: float | None) -> str:
    words = ngettext("%(n)s conversation", "%(n)s conversations", count)
    if before is None:
        return words
    return f"{words} · " + against(number(before, 1), None if value is None else round(value - before, 1))


async def _measured(
    who: Principal, name: str, begins: Any, ends: Any, divisor: int
) -> tuple[int, float | None, float | None]:
    """(how many, median, 90th percentile) of the business time that they took."""
    end = ENDED[name]
    found = await rows(
        f"SELECT c.created_at, {end} FROM conversation c WHERE {LATER} AND {within(end)} AND {HAD[name]}"
        f" AND {own_conversations(who, 'c.id')} ORDER BY c.last_message_at DESC LIMIT {MOST}", begins, begins, ends,
    )  # fmt: skip
    return await in_thread(_spread, [(row[0], row[1]) for row in found], divisor)


def _spread(times: Sequence[tuple[Any, Any]], divisor: int) -> tuple[int, float | None, float | None]:
    taken = [hours.between(begun, ended) / divisor for first, last in times
             if (begun := when(first)) and (ended := when(last))]  # fmt: skip
    return len(taken), percentile(taken, 0.5), percentile(taken, 0.9)


# Tables ------------------------------------------------------------------------------------------------------


async def _channels(who: Principal, span: Span) -> Table:
    sums = ", ".join(f"COUNT(CASE WHEN {BEGUN[name]} THEN 1 END) AS {name}" for name in ("alone", "handed"))
    found = await rows(
        f"SELECT c.channel AS channel, COUNT(*) AS times, {sums} FROM conversation c WHERE {LATER}"
        f" AND {within('c.created_at')} AND {own_conversations(who, 'c.id')} GROUP BY c.channel ORDER BY times DESC, channel",
        span.begins, span.begins, span.ends,
    )  # fmt: skip
    return Table(
        "channels", _("By channel"),
        [(_("Channel"), False), (_("Conversations begun"), True), (_("Answered by the bot alone"), True), (_("Handed over"), True)],
        [[Cell(str(CHANNELS.get(row["channel"], row["channel"])),
               behind("conversations", span, "begun", channel=row["channel"])),
          row["times"], row["alone"], row["handed"]] for row in found],
        _("No conversations in this period."),
    )  # fmt: skip


async def _reasons(who: Principal, span: Span) -> Table:
    """Every hand-over of the period; a conversation may have several."""
    found = await rows(
        "SELECT o.reason AS reason, COUNT(*) AS times, COUNT(DISTINCT c.id) AS conversations FROM conversation c"
        f" JOIN ownership o ON o.conversation_id = c.id WHERE {LATER} AND o.state = 'waiting' AND {within('o.at')}"
        f" AND {own_conversations(who, 'c.id')} GROUP BY o.reason ORDER BY times DESC, reason",
        span.begins, span.begins, span.ends,
    )  # fmt: skip
    return Table(
        "reasons", _("Why the bot handed over"),
        [(_("Reason"), False), (_("Times"), True), (_("Conversations begun"), True), (_("Share"), True)],
        [[reason_of(row["reason"]), row["times"], row["conversations"], _per_cent(row["times"], found)] for row in found],
        _("The bot handed nothing over in this period."),
    )  # fmt: skip


def _per_cent(times: int, found: Sequence[Any]) -> Any:
    part = share(times, sum(row["times"] for row in found))
    return Cell(f"{number(part)} %", plain=part)


async def _owners(who: Principal, span: Span) -> Table:
    """Who took how many, answered how often, ended how many; and what they have open now."""
    mine = own_conversations(who, "c.id")
    sums = {
        "taken": (f"SELECT o.owner_id AS id, COUNT(DISTINCT c.id) AS n FROM conversation c JOIN ownership o ON"
                  f" o.conversation_id = c.id WHERE {LATER} AND o.state = 'human' AND {within('o.at')} AND {mine}"
                  " AND o.owner_id IS NOT NULL GROUP BY o.owner_id", True),
        "answers": (f"SELECT m.author_id AS id, COUNT(*) AS n FROM conversation c JOIN message m ON"
                    f" m.conversation_id = c.id WHERE {LATER} AND m.sender = 'staff' AND {within('m.at')} AND {mine}"
                    " AND m.author_id IS NOT NULL GROUP BY m.author_id", True),
        "ended": (f"SELECT o.by_id AS id, COUNT(DISTINCT c.id) AS n FROM conversation c JOIN ownership o ON"
                  f" o.conversation_id = c.id WHERE {LATER} AND o.state = 'resolved' AND {within('o.at')} AND {mine}"
                  " AND o.by_id IS NOT NULL GROUP BY o.by_id", True),
        "open": (f"SELECT c.owner_id AS id, COUNT(*) AS n FROM conversation c WHERE c.state IN ('bot', 'waiting', 'human')"
                 f" AND {mine} AND c.owner_id IS NOT NULL GROUP BY c.owner_id", False),
    }  # fmt: skip
    work: dict[int, dict[str, int]] = {}
    for name, (sql, is_timed) in sums.items():
        for row in await rows(sql, *((span.begins, span.begins, span.ends) if is_timed else ())):
            work.setdefault(int(row["id"]), {})[name] = int(row["n"])
    names = await ratings.names_of(list(work))
    lines = sorted(work.items(), key=lambda one: (-one[1].get("taken", 0), -one[1].get("open", 0), one[0]))
    return Table(
        "owners", _("Who works"),
        [(_("Person"), False), (_("Taken"), True), (_("Answers written"), True), (_("Resolved"), True), (_("Open now"), True)],
        [[names.get(id, _("Somebody")), *(said.get(name, 0) for name in sums)] for id, said in lines],
        _("Nobody of the team had a conversation in this period."),
        _("Taken, answers and resolved are of the period; open is now."),
    )  # fmt: skip


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    if name in ratings.MEASURES:
        return await ratings.listing(request, who, span, name)
    at, said = (ENDED[name], HAD[name]) if name in ENDED else ("c.created_at", BEGUN[name])
    query = Rows(
        f"SELECT c.id AS id, {FULL_NAME} AS person, c.name AS name, COALESCE(a.name, '') AS account, c.channel AS channel,"
        " c.state AS state, c.preview AS preview, c.created_at AS created_at, c.first_response_at AS first_response_at,"
        " c.resolved_at AS resolved_at FROM conversation c LEFT JOIN person p ON p.id = c.person_id"
        f" LEFT JOIN account a ON a.id = c.account_id WHERE {LATER} AND {within(at)} AND {said}"
        f" AND {own_conversations(who, 'c.id')}", span.begins, span.begins, span.ends,
    )  # fmt: skip
    columns = [
        Column("person", _("Who"), head=True, value=lambda row: row["person"] or row["name"] or _("Somebody"),
               href=lambda row: f"/staff/inbox/{row['id']}"),
        Column("account", _("Company"), wide=True),
        Column("channel", _("Channel"), value=lambda row: str(CHANNELS.get(row["channel"], row["channel"]))),
        Column("state", _("State"), value=lambda row: str(STATES[row["state"]])),
        Column("minutes", _("First response (min)"), num=True, wide=True, value=lambda row: _taken(row, "first_response_at")),
        Column("hours", _("Resolution (min)"), num=True, wide=True, value=lambda row: _taken(row, "resolved_at")),
        Column("created_at", _("Begun"), sort=True, format=moment, export=lambda row: when(row["created_at"]), wide=True),
    ]  # fmt: skip
    filters = [Choice("channel", _("Channel"), {key: str(words) for key, words in CHANNELS.items()}),
               Choice("state", _("State"), {key: str(words) for key, words in STATES.items()}, many=True)]  # fmt: skip
    return Listing(request, query=query, columns=columns, filters=filters, search=["person", "name", "account", "preview"],
                   default_sort="-created_at", exportable=True, name=name)  # fmt: skip


def _taken(row: Any, end: str) -> float | None:
    begun, ended = when(row["created_at"]), when(row[end])
    return round(hours.between(begun, ended), 1) if begun and ended else None


SECTION = Section("conversations", lazy("Bot and inbox"), MEASURES, report, listing,
                  lazy("What the bot answers alone, what people take over, and how long customers wait."))  # fmt: skip
