# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""The help centre: what readers search, whether they find it, and whether they still have to ask somebody."""

from __future__ import annotations

from typing import Any

from core.clock import when
from core.database import rows
from core.i18n import _, lazy, moment, ngettext, number
from core.listing import Column, Listing, Rows
from core.principal import Principal
from helpcenter.policy import visible_searches
from insights.counting import Counted, counted, hours_after, hours_ago, within
from insights.parts import Cell, Measure, Report, Section, Table, behind, how_large, how_many, over_time
from insights.policy import own_people
from insights.spans import Span

TOP = 20
SETTLED = 24  # hours in which somebody who did not find it would have asked
SEARCHES = (
    "SELECT q.id AS id, q.text AS text, q.band AS band, q.results AS results, q.clicked_position AS clicked_position,"
    " q.outcome AS outcome, q.created_at AS created_at FROM search_query q"
)
READS = (
    "SELECT t.id AS id, t.at AS at, t.about_id AS article_id, COALESCE((SELECT x.title FROM article_translation x"
    " WHERE x.article_id = t.about_id ORDER BY CASE WHEN x.locale = 'ja' THEN 0 ELSE 1 END, x.id LIMIT 1), '')"
    " AS title FROM touchpoint t"
)
FEEDBACK = (
    "SELECT f.id AS id, f.is_helpful AS is_helpful, f.comment AS comment, f.updated_at AS updated_at,"
    " f.article_id AS article_id, COALESCE((SELECT x.title FROM article_translation x WHERE x.article_id = f.article_id"
    " ORDER BY CASE WHEN x.locale = 'ja' THEN 0 ELSE 1 END, x.id LIMIT 1), '') AS title FROM article_feedback f"
)


def asked_after(person: str, at: str) -> str:
    """The person wrote to us within a day of that moment."""
    return (f"EXISTS (SELECT 1 FROM touchpoint w WHERE w.person_id = {person} AND w.kind = 'inbox.asked'"
            f" AND w.at >= {at} AND w.at < {hours_after(at, SETTLED)})")  # fmt: skip


def search_conditions() -> dict[str, str]:
    settled = f"q.person_id IS NOT NULL AND q.created_at < {hours_ago(SETTLED)}"
    return {
        "searches": "1 = 1", "found": "q.results > 0", "well": "q.band = 'answer'",
        "clicked": "q.clicked_id IS NOT NULL", "nothing": "q.results = 0",
        "told": "q.outcome IN ('solved', 'not_solved', 'handed_over')", "solved": "q.outcome = 'solved'",
        "settled": settled, "deflected": f"{settled} AND NOT {asked_after('q.person_id', 'q.created_at')}",
    }  # fmt: skip


def read_conditions() -> dict[str, str]:
    settled = f"t.at < {hours_ago(SETTLED)}"
    return {"reads": "1 = 1", "reads_settled": settled,
            "reads_deflected": f"{settled} AND NOT {asked_after('t.person_id', 't.at')}"}  # fmt: skip


FEEDBACK_CONDITIONS = {"answers": "1 = 1", "helped": "f.is_helpful", "unhelped": "NOT f.is_helpful"}

MEASURES = {
    "searches": Measure(lazy("Searches"), lazy("Finished searches on the help pages. What was picked while typing is not among them.")),
    "found": Measure(lazy("Found something"), lazy("Searches with at least one result, of all searches.")),
    "clicked": Measure(lazy("Opened a result"), lazy("Searches after which a result was opened, of all searches.")),
    "nothing": Measure(lazy("Found nothing"), lazy("Searches without any result, of all searches.")),
    "deflected": Measure(lazy("Searched and did not write"), lazy("Of the searches by people who are signed in, those after which the person wrote us no message within 24 hours. Searches of the last 24 hours are not judged yet, and of visitors nobody knows.")),
    "reads": Measure(lazy("Articles read by customers"), lazy("Articles opened by customers who are signed in, each article once per person and day.")),
    "reads_deflected": Measure(lazy("Read and did not write"), lazy("Of the articles read by customers who are signed in, those after which the person wrote us no message within 24 hours. What was read in the last 24 hours is not judged yet.")),
    "helped": Measure(lazy("Articles that helped"), lazy("Readers who answered “yes” to “Did this help?”, of all who answered. Everybody's last answer counts.")),
    "unhelped": Measure(lazy("Articles that did not help"), lazy("Readers who answered “no” to “Did this help?”, of all who answered. Everybody's last answer counts.")),
}  # fmt: skip


async def report(who: Principal, span: Span) -> Report:
    where, values = visible_searches(who)
    searched = await counted(span, "search_query q", "q.created_at", search_conditions(),
                             f"q.surface = 'help' AND {where}", values)  # fmt: skip
    read = await counted(span, "touchpoint t", "t.at", read_conditions(),
                         f"t.kind = 'help.read' AND {own_people(who, 't.person_id')}")  # fmt: skip
    said = await counted(span, "article_feedback f", "f.updated_at", FEEDBACK_CONDITIONS)
    many, large = _many(span), _large(span)
    return Report(
        [many(searched, "searches", "c1"), large(searched, "found", "searches", "c1"),
         large(searched, "clicked", "searches", "c2"), large(searched, "nothing", "searches", "c4"),
         large(searched, "deflected", "settled", "c3"), many(read, "reads", "c1"),
         large(read, "reads_deflected", "reads_settled", "c3"), large(said, "helped", "answers", "c2"),
         large(said, "unhelped", "answers", "c4")],
        [_chart(span, searched)],
        [await _top(who, span), await _gaps(who, span), await _articles(span)],
        "" if searched.total("searches") or searched.earlier("searches") or read.total("reads")
        else _("Nobody has searched in this period. Searches are counted as soon as there are articles to find."),
    )  # fmt: skip


def _many(span: Span) -> Any:
    return lambda found, name, look: how_many("help", span, MEASURES, found, name, look)


def _large(span: Span) -> Any:
    return lambda found, name, whole, look: how_large("help", span, MEASURES, found, name, whole, look)


def _chart(span: Span, found: Counted) -> Any:
    n, missed = found.total("searches"), found.total("nothing")
    return over_time(
        _("Searches"), span, [(_("Searches"), found.now["searches"]), (_("Found nothing"), found.now["nothing"])],
        (_("Searches before"), found.before["searches"]), _("searches"),
        ngettext("%(n)s search, %(missed)s of them without a result", "%(n)s searches, %(missed)s of them without a result", n,
                 missed=number(missed)),
    )  # fmt: skip


async def _top(who: Principal, span: Span) -> Table:
    where, values = visible_searches(who)
    found = await rows(
        "SELECT LOWER(q.text) AS text, COUNT(*) AS times, COUNT(CASE WHEN q.results = 0 THEN 1 END) AS missed,"
        " COUNT(q.clicked_id) AS clicked FROM search_query q WHERE q.surface = 'help' AND q.text <> ''"
        f" AND {within('q.created_at')} AND {where} GROUP BY LOWER(q.text) ORDER BY times DESC, text LIMIT {TOP}",
        span.begins, span.ends, *values,
    )  # fmt: skip
    return Table("top", _("Searched most"), [(_("Searched"), False), (_("Times"), True), (_("Opened a result"), True), (_("Found nothing"), True)],
                 [[Cell(row["text"], behind("help", span, "searches", q=row["text"])), row["times"], row["clicked"], row["missed"]] for row in found],
                 _("Nobody has searched yet"))  # fmt: skip


async def _gaps(who: Principal, span: Span) -> Table:
    """Questions that nobody answers, by how often they were asked in the period."""
    where, values = visible_searches(who)
    found = await rows(
        "SELECT g.question AS question, g.state AS state, COUNT(*) AS times FROM content_gap g"
        " JOIN content_gap_asking k ON k.gap_id = g.id JOIN search_query q ON q.key = k.query_key"
        f" WHERE g.last_at >= ? AND {within('k.at')} AND {where} GROUP BY g.id, g.question, g.state"
        f" ORDER BY times DESC, question LIMIT {TOP}",
        span.begins, span.begins, span.ends, *values,
    )  # fmt: skip
    words = {"open": _("Waiting for an article"), "answered": _("Answered"), "ignored": _("Ignored")}
    return Table("gaps", _("Questions without an answer"), [(_("Question"), False), (_("Times"), True), (_("State"), False)],
                 [[Cell(row["question"], "/staff/articles/gaps"), row["times"], words.get(row["state"], row["state"])] for row in found],
                 _("Every search of this period found an answer."))  # fmt: skip


async def _articles(span: Span) -> Table:
    """Articles whose readers said most often that they did not help."""
    found = await rows(
        "SELECT f.article_id AS id, COALESCE((SELECT x.title FROM article_translation x WHERE x.article_id ="
        " f.article_id ORDER BY CASE WHEN x.locale = 'ja' THEN 0 ELSE 1 END, x.id LIMIT 1), '') AS title,"
        " COUNT(CASE WHEN f.is_helpful THEN 1 END) AS helpful, COUNT(CASE WHEN NOT f.is_helpful THEN 1 END) AS unhelpful"
        f" FROM article_feedback f WHERE {within('f.updated_at')} GROUP BY f.article_id"
        f" ORDER BY unhelpful DESC, helpful DESC, id LIMIT {TOP}", span.begins, span.ends,
    )  # fmt: skip
    return Table("articles", _("Did the articles help?"), [(_("Article"), False), (_("Helped"), True), (_("Did not help"), True)],
                 [[Cell(row["title"], f"/staff/articles/{row['id']}"), row["helpful"], row["unhelpful"]] for row in found],
                 _("No reader has answered “Did this help?” in this period."))  # fmt: skip


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    if name in search_conditions():
        return _searches(request, who, span, search_conditions()[name])
    if name in read_conditions():
        return _reads(request, who, span, read_conditions()[name])
    query = Rows(f"{FEEDBACK} WHERE {within('f.updated_at')} AND {FEEDBACK_CONDITIONS[name]}", span.begins, span.ends)
    columns = [
        Column("title", _("Article"), head=True, href=lambda row: f"/staff/articles/{row['article_id']}"),
        Column("is_helpful", _("Helped"), value=lambda row: _("Yes") if row["is_helpful"] else _("No")),
        Column("comment", _("What was missing"), wide=True),
        Column("updated_at", _("When"), sort=True, format=moment, export=lambda row: when(row["updated_at"]), wide=True),
    ]  # fmt: skip
    return Listing(request, query=query, columns=columns, search=["title", "comment"], default_sort="-updated_at",
                   exportable=True, name=name)  # fmt: skip


def _searches(request: Any, who: Principal, span: Span, condition: str) -> Listing:
    where, values = visible_searches(who)
    bands = {"answer": _("Found well"), "candidates": _("Perhaps"), "none": _("Not found")}
    outcomes = {"solved": _("It helped"), "not_solved": _("Not solved yet"), "handed_over": _("Handed over")}
    query = Rows(f"{SEARCHES} WHERE q.surface = 'help' AND {within('q.created_at')} AND {where} AND {condition}",
                 span.begins, span.ends, *values)  # fmt: skip
    columns = [
        Column("text", _("Searched"), head=True),
        Column("band", _("Result"), value=lambda row: bands.get(row["band"], row["band"])),
        Column("results", _("Results"), num=True, sort=True),
        Column("clicked_position", _("Opened at place"), num=True, wide=True),
        Column("outcome", _("Outcome"), value=lambda row: outcomes.get(row["outcome"], ""), wide=True),
        Column("created_at", _("When"), sort=True, format=moment, export=lambda row: when(row["created_at"]), wide=True),
    ]  # fmt: skip
    return Listing(request, query=query, columns=columns, search=["text"], default_sort="-created_at",
                   exportable=True, name="searches")  # fmt: skip


def _reads(request: Any, who: Principal, span: Span, condition: str) -> Listing:
    query = Rows(f"{READS} WHERE t.kind = 'help.read' AND {within('t.at')} AND {own_people(who, 't.person_id')}"
                 f" AND {condition}", span.begins, span.ends)  # fmt: skip
    columns = [
        Column("title", _("Article"), head=True, href=lambda row: f"/staff/articles/{row['article_id']}"),
        Column("at", _("When"), sort=True, format=moment, export=lambda row: when(row["at"])),
    ]
    return Listing(request, query=query, columns=columns, search=["title"], default_sort="-at", exportable=True,
                   name="reads")  # fmt: skip


SECTION = Section("help", lazy("Help centre"), MEASURES, report, listing,
                  lazy("Whether readers find what they look for, and whether they still have to write to us."))  # fmt: skip
