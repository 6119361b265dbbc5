# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""CSAT: how customers found the conversations that people had with them, by channel and by whoever had it."""

from __future__ import annotations

from typing import Any

from core.clock import when
from core.database import rows
from core.i18n import _, lazy, moment, number
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from customers.models import FULL_NAME
from inbox.words import CHANNELS
from insights.counting import counted, within
from insights.parts import Cell, Figure, Measure, Table, behind, how_large, how_many, share
from insights.policy import own_conversations
from insights.spans import Span

SECTION = "conversations"
GOOD = 4  # of 5
GIVEN = {"rated": "1 = 1", "good": f"r.score >= {GOOD}", "commented": "r.comment <> ''"}
MEASURES = {
    "rated": Measure(lazy("Ratings"), lazy("Ratings of 1 to 5 that customers gave in the period, once for each end of a conversation that a person had.")),
    "good": Measure(lazy("Good ratings"), lazy("Of the ratings given in the period, those of 4 or 5: the share that is called CSAT. Whoever did not rate is in neither number.")),
    "commented": Measure(lazy("Ratings with words"), lazy("Of the ratings given in the period, those with a comment. Words of people who were erased are gone, and do not count.")),
}  # fmt: skip
# Whoever had the conversation last before it was rated: it may be somebody else's by now.
OWNER = ("(SELECT o.owner_id FROM ownership o WHERE o.conversation_id = c.id AND o.state = 'human' AND o.at <= r.at"
         " ORDER BY o.id DESC LIMIT 1)")  # fmt: skip
RATINGS = "conversation_rating r JOIN conversation c ON c.id = r.conversation_id"
SUMS = ", ".join(f"COUNT(CASE WHEN {said} THEN 1 END) AS {name}" for name, said in GIVEN.items())


async def figures(who: Principal, span: Span) -> list[Figure]:
    found = await counted(span, RATINGS, "r.at", GIVEN, own_conversations(who, "c.id"))
    return [how_many(SECTION, span, MEASURES, found, "rated", "c1"),
            how_large(SECTION, span, MEASURES, found, "good", "rated", "c2"),
            how_many(SECTION, span, MEASURES, found, "commented", "c3")]  # fmt: skip


async def tables(who: Principal, span: Span) -> list[Table]:
    where = f"FROM {RATINGS} WHERE {within('r.at')} AND {own_conversations(who, 'c.id')}"
    ends = (span.begins, span.ends)
    channels = await rows(
        f"SELECT c.channel AS id, {SUMS} {where} GROUP BY c.channel ORDER BY rated DESC, c.channel", *ends
    )
    owners = await rows(f"SELECT owner AS id, SUM(rated) AS rated, SUM(good) AS good, SUM(commented) AS commented FROM"
                        f" (SELECT {OWNER} AS owner, {', '.join(f'CASE WHEN {said} THEN 1 ELSE 0 END AS {name}' for name, said in GIVEN.items())} {where})"
                        " AS owned GROUP BY owner ORDER BY rated DESC, owner", *ends)  # fmt: skip
    names = await names_of([int(row["id"]) for row in owners if row["id"]])
    return [
        _table(span, "csat", _("Ratings by channel"), _("Channel"), "channel",
               [(row["id"], str(CHANNELS.get(row["id"], row["id"])), row) for row in channels]),
        _table(span, "csat_owners", _("Ratings by person"), _("Person"), "owner",
               [(row["id"] or "0", names.get(int(row["id"] or 0), _("Somebody")), row) for row in owners]),
    ]  # fmt: skip


def _table(span: Span, name: str, title: str, head: str, by: str, found: list[tuple[Any, str, Any]]) -> Table:
    def cell(what: str, of: Any, text: Any, plain: Any = None) -> Cell:
        return Cell(text, behind(SECTION, span, what, **{by: str(of)}), plain)

    return Table(
        name, title,
        [(head, False), (_("Ratings"), True), (_("4 or 5"), True), (_("Good ratings"), True), (_("Ratings with words"), True)],
        [[cell("rated", of, words), cell("rated", of, int(row["rated"])), cell("good", of, int(row["good"])),
          cell("good", of, f"{number(part)} %", part) if (part := share(row["good"], row["rated"])) is not None else None,
          cell("commented", of, int(row["commented"]))] for of, words, row in found],
        _("Nobody rated a conversation in this period."),
    )  # fmt: skip


async def names_of(ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows(f"SELECT p.id AS id, {FULL_NAME} AS name FROM person p WHERE p.id IN ({marks})", *ids)
    return {int(row["id"]): row["name"] for row in found}


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    sql = (
        "SELECT r.id AS id, c.id AS conversation, r.score AS score, r.comment AS comment, r.at AS at, c.channel AS channel,"
        f" {FULL_NAME} AS person, c.name AS name, COALESCE(a.name, '') AS account, COALESCE({OWNER}, 0) AS owner"
        f" FROM {RATINGS} LEFT JOIN person p ON p.id = c.person_id LEFT JOIN account a ON a.id = c.account_id"
        f" WHERE {within('r.at')} AND {GIVEN[name]} AND {own_conversations(who, 'c.id')}"
    )
    ends = (span.begins, span.ends)
    owners = [
        int(row[0] or 0)
        for row in await rows(
            f"SELECT DISTINCT {OWNER} FROM {RATINGS} WHERE {within('r.at')} AND {own_conversations(who, 'c.id')}", *ends
        )
    ]
    names = await names_of([one for one in owners if one])
    columns = [
        Column("person", _("Who"), head=True, value=lambda row: row["person"] or row["name"] or _("Somebody"),
               href=lambda row: f"/staff/inbox/{row['conversation']}"),
        Column("score", _("Rating"), sort=True, num=True),
        Column("comment", _("Words"), value=lambda row: row["comment"]),
        Column("account", _("Company"), wide=True),
        Column("channel", _("Channel"), wide=True, value=lambda row: str(CHANNELS.get(row["channel"], row["channel"]))),
        Column("owner", _("Answered by"), wide=True, value=lambda row: names.get(row["owner"], "")),
        Column("at", _("When"), sort=True, wide=True, format=moment, export=lambda row: when(row["at"])),
    ]  # fmt: skip
    filters = [Choice("channel", _("Channel"), {key: str(words) for key, words in CHANNELS.items()}),
               NumberChoice("owner", _("Answered by"), {str(one): names.get(one, _("Somebody")) for one in owners}),
               NumberChoice("score", _("Rating"), {str(n): str(n) for n in range(5, 0, -1)}, many=True)]  # fmt: skip
    return Listing(request, query=Rows(sql, *ends), columns=columns, filters=filters,
                   search=["person", "name", "account", "comment"], default_sort="-at", exportable=True, name=name)  # fmt: skip


class NumberChoice(Choice, frozen=True):
    def conditions(self, chosen: list[str]) -> list[Any]:
        return [(self.name, "in", [int(one) for one in chosen])]
