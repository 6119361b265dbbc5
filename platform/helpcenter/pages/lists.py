"""What readers say without writing to us: searches, questions nobody answers, feedback."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.charts import Series, bars
from core.context import here
from core.i18n import _, ago, day, moment
from core.listing import Choice, Column, Listing, Period, Rows, YesNo
from core.pages import flash, page
from customers.models import FULL_NAME
from helpcenter import actions
from helpcenter.pages.around import staff_tabs
from helpcenter.reading import ANY_ONE
from helpcenter.searches import Summary, summary
from helpcenter.topics import topics_of

FEEDBACK = (
    "SELECT f.id, f.is_helpful, f.comment, f.state, f.updated_at, f.article_id, f.person_id, t.title,"
    f" {FULL_NAME} AS reader FROM article_feedback f JOIN article a ON a.id = f.article_id"
    f" JOIN article_translation t ON t.id = {ANY_ONE} LEFT JOIN person p ON p.id = f.person_id"
)
SEARCHES = (
    "SELECT q.id, q.text, q.surface, q.results, q.band, q.confidence, q.clicked_id, q.clicked_kind, q.clicked_position,"
    " q.outcome, q.created_at, d.title AS opened FROM search_query q"
    " LEFT JOIN search_document d ON d.id = (SELECT x.id FROM search_document x WHERE x.kind = q.clicked_kind"
    " AND x.ref_id = q.clicked_id ORDER BY CASE WHEN x.lang = ? THEN 0 ELSE 1 END, x.id LIMIT 1)"
    " WHERE q.surface <> 'suggest'"
)
GAPS = (
    "SELECT g.id, g.question, g.lang, g.count, g.people, g.accounts, g.last_at, g.state, g.article_id"
    " FROM content_gap g"
)
TOPICS = 40


def bands() -> dict[str, str]:
    return {"answer": _("Found well"), "candidates": _("Perhaps"), "none": _("Not found")}


class GapPages(Controller):
    path = "/staff/articles/gaps"

    @get("/", may="help.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        states = {"open": _("Waiting for an article"), "answered": _("Answered"), "ignored": _("Ignored")}
        columns = [
            Column("question", _("Question"), head=True), Column("count", _("Times"), sort=True, num=True),
            Column("accounts", _("Accounts"), sort=True, num=True, wide=True),
            Column("last_at", _("Last asked"), sort=True, format=ago, wide=True),
            Column("state", _("State"), format=lambda one: states.get(one, one), wide=True), Column("id", _("Act")),
        ]  # fmt: skip
        params = dict(request.query_params)
        query = Rows(GAPS) if params.get("state") else Rows(f"{GAPS} WHERE g.state = 'open'")
        found = Listing(request, query=query, columns=columns, filters=[Choice("state", _("State"), states)],
                        search=["question"], default_sort="-count", exportable=True, name="gaps")  # fmt: skip
        if found.wants_csv:
            return found.csv()
        await found.load()
        return page("helpcenter/gaps.html", gaps=found, tabs=await staff_tabs())

    @get("/topics", may="help.write")
    async def topics(self) -> Response[Any]:
        who = here().principal
        found = await topics_of(who, who.brand)
        return page("helpcenter/topics.html", topics=found[:TOPICS], more=len(found) - TOPICS, tabs=await staff_tabs())

    @post("/{gap_id:int}/dismissal", may="help.write")
    async def ignore(self, gap_id: int) -> Redirect:
        await actions.ignore_gap(here().principal, gap_id)
        flash(_("Ignored."), undo=f"/staff/articles/gaps/{gap_id}/dismissal", undo_method="DELETE")
        return Redirect("/staff/articles/gaps", status_code=303)

    @delete("/{gap_id:int}/dismissal", may="help.write", status_code=303)
    async def reopen(self, gap_id: int) -> Redirect:
        await actions.reopen_gap(here().principal, gap_id)
        return Redirect("/staff/articles/gaps", status_code=303)


class FeedbackPages(Controller):
    path = "/staff/articles/feedback"

    @get("/", may="help.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        columns = [
            Column("title", _("Article"), head=True, href=lambda f: f"/staff/articles/{f['article_id']}"),
            Column("is_helpful", _("Helped"), format=lambda yes: _("Yes") if yes else _("No")),
            Column("comment", _("What was missing")),
            Column(
                "reader",
                _("Who"),
                wide=True,
            ),
            Column("updated_at", _("When"), sort=True, format=ago, wide=True),
            Column("id", _("Act")),
        ]
        filters = [YesNo("helpful", _("Helped"), field="is_helpful"),
                   Choice("state", _("State"), {"open": _("To read"), "done": _("Done")})]  # fmt: skip
        found = Listing(
            request,
            query=Rows(FEEDBACK, here().language),
            columns=columns,
            filters=filters,
            search=["comment", "title"],
            default_sort="-updated_at",
            exportable=True,
            name="feedback",
        )
        if found.wants_csv:
            return found.csv()
        await found.load()
        return page("helpcenter/feedback-list.html", feedback=found, tabs=await staff_tabs())

    @post("/{feedback_id:int}/closure", may="help.write")
    async def close(self, feedback_id: int) -> Redirect:
        await actions.close_feedback(here().principal, feedback_id)
        flash(_("Done."), undo=f"/staff/articles/feedback/{feedback_id}/closure", undo_method="DELETE")
        return Redirect("/staff/articles/feedback", status_code=303)

    @delete("/{feedback_id:int}/closure", may="help.write", status_code=303)
    async def reopen(self, feedback_id: int) -> Redirect:
        await actions.close_feedback(here().principal, feedback_id, is_done=False)
        return Redirect("/staff/articles/feedback", status_code=303)


class SearchLogPages(Controller):
    path = "/staff/articles/searches"

    @get("/", may="help.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        words = bands()
        places = {"help": _("Help"), "community": _("Community"), "bot": _("Bot")}
        columns = [
            Column("text", _("Searched"), head=True),
            Column("band", _("Result"), format=lambda one: words.get(one, one)),
            Column("results", _("Results"), num=True, sort=True, wide=True),
            Column("opened", _("Opened"), value=lambda q: q["opened"] or "", wide=True),
            Column("clicked_position", _("Which result"), num=True, wide=True),
            Column("surface", _("Searched in"), format=lambda one: places.get(one, one), wide=True),
            Column("created_at", _("When"), sort=True, format=moment),
        ]
        filters = [
            Choice("band", _("Result"), words),
            Period("since", _("When"), field="created_at"),
            YesNo("opened", _("Opened"), field="clicked_id", by_null=True),
            Choice("surface", _("Searched in"), places),
        ]
        query = Rows(SEARCHES, here().language)
        found = Listing(request, query=query, columns=columns, filters=filters, search=["text"],
                        default_sort="-created_at", exportable=True, name="searches")  # fmt: skip
        if found.wants_csv:
            return found.csv()
        await found.load()
        made = await summary(here().principal.brand)
        return page("helpcenter/searches.html", searches=found, summary=made, charts=_charts(made),
                    tabs=await staff_tabs())  # fmt: skip


def _charts(made: Summary) -> list[tuple[str, Any]]:
    """(heading, chart): searches by day, and which result was opened."""
    if not made.searches:
        return []
    days = [day(one) for one in made.days]
    well = [all - missed for all, missed in zip(made.daily, made.missed, strict=True)]
    by_day = bars([Series(_("Found well"), well), Series(_("Perhaps or not found"), made.missed, "c6")], days,
                  finding=_("%(n)s searches in 30 days, %(well)s of them with a confident result.",
                            n=made.searches, well=sum(well)))  # fmt: skip
    opened = sum(made.positions)
    places = [_("Place %(n)s", n=n) for n in range(1, len(made.positions) + 1)]
    found = _("%(first)s of %(n)s opened results stood first.", first=made.positions[0], n=opened)
    by_place = bars([Series(_("Opened"), made.positions)], places, finding=found)
    return [(_("Searches a day"), by_day), *([(_("Which result was opened"), by_place)] if opened else [])]
