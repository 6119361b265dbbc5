"""All articles, for who writes them: found, filtered, published, moved, exported."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import here
from core.database import rows
from core.errors import Refused
from core.i18n import LANGUAGES, _, ago, ngettext
from core.listing import Bulk, Choice, Column, Listing, Rows, YesNo
from core.pages import flash, page
from customers.models import FULL_NAME
from helpcenter import actions
from helpcenter.ids import possible
from helpcenter.pages.around import staff_tabs
from helpcenter.pages.forms import categories, states
from helpcenter.reading import ANY_ONE

# One row an article: its title in the reader's language, the original's, or any.
SQL = (
    "SELECT a.id, a.state, a.audience, a.views, a.helpful, a.unhelpful, a.is_stale, a.updated_at,"
    " CAST(a.category_id AS TEXT) AS category, CAST(a.owner_id AS TEXT) AS owner, t.title, t.slug,"
    " (CASE WHEN EXISTS (SELECT 1 FROM article_translation j WHERE j.article_id = a.id AND j.locale = 'ja')"
    " THEN 'ja ' ELSE '' END) ||"
    " (CASE WHEN EXISTS (SELECT 1 FROM article_translation e WHERE e.article_id = a.id AND e.locale = 'en')"
    " THEN 'en' ELSE '' END) AS langs"
    f" FROM article a JOIN article_translation t ON t.id = {ANY_ONE}"
)


class Language(Choice, frozen=True):
    """Articles that have this language; `-en` those that do not."""

    def conditions(self, chosen: list[str]) -> list[Any]:
        return [("langs", "contains", chosen[0])]


def _helped(row: Any) -> str:
    said = row["helpful"] + row["unhelpful"]
    return f"{round(100 * row['helpful'] / said)}% ({said})" if said else ""


async def _owners() -> dict[str, str]:
    found = await rows(f"SELECT DISTINCT p.id, {FULL_NAME} FROM person p JOIN article a ON a.owner_id = p.id")
    return {str(row[0]): row[1] for row in found}


async def articles_listing(request: Request[Any, Any, Any]) -> Listing:
    shelves, words = await categories(), states()
    columns = [
        Column("title", _("Title"), sort=True, head=True, href=lambda a: f"/staff/articles/{a['id']}"),
        Column("state", _("State"), format=lambda one: words.get(one, one)),
        Column("category", _("Category"), value=lambda a: shelves.get(a["category"] or "", ""), wide=True),
        Column("langs", _("Languages"), wide=True),
        Column("views", _("Views"), sort=True, num=True, wide=True),
        Column("helped", _("Helped"), value=_helped, wide=True),
        Column("updated_at", _("Changed"), sort=True, format=ago, wide=True),
    ]
    filters = [
        Choice("state", _("State"), words),
        Choice("category", _("Category"), shelves),
        Language("lang", _("Language"), LANGUAGES),
        YesNo("stale", _("Needs a review"), field="is_stale"),
        Choice("owner", _("Owner"), await _owners()),
    ]
    bulk = [
        Bulk("publish", _("Publish"), "check"),
        Bulk("archive", _("Archive"), "hide"),
    ]
    if shelves:
        bulk.append(Bulk("move", _("Move here"), "move", options=shelves))
    return Listing(
        request,
        query=Rows(SQL, here().language),
        columns=columns,
        filters=filters,
        search=["title", "slug"],
        default_sort="-updated_at",
        bulk=bulk,
        bulk_action="/staff/articles/bulk",
        exportable=True,
        name="articles",
    )


class StaffArticlePages(Controller):
    path = "/staff/articles"

    @get("/", may="help.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        found = await articles_listing(request)
        if found.wants_csv:
            return found.csv()
        await found.load()
        return page("helpcenter/staff.html", articles=found, tabs=await staff_tabs(), words=states())

    @post("/bulk", may="help.write")
    async def bulk(self, request: Request[Any, Any, Any]) -> Redirect:
        form = await request.form()
        ids = await (await articles_listing(request)).chosen(form)
        do = str(form.get("do", ""))
        if not ids:
            flash(_("Choose articles first."), tone="warn")
        else:
            await _do(do, ids, str(form.get("move_to", "")))
        return Redirect("/staff/articles", status_code=303)


async def _do(do: str, ids: list[int], shelf: str = "") -> None:
    """Each article on its own: one that cannot be published does not hold up the others."""
    who, done, refusals = here().principal, 0, []
    if do == "move":
        done = await actions.move(who, ids, possible(int(shelf)) if shelf.isdecimal() else 0)
    else:
        verb = {"publish": actions.publish, "archive": actions.archive}.get(do)
        if verb is None:
            raise Refused(_("Choose what to do with the articles."))
        for one in ids:
            try:
                await verb(who, one)
                done += 1
            except Refused as refusal:
                refusals.append(refusal.sentence)
    flash(ngettext("%(n)s article changed.", "%(n)s articles changed.", done))
    if refusals:
        flash(ngettext("%(n)s article was left: %(why)s", "%(n)s articles were left. The first: %(why)s", len(refusals),
                       why=refusals[0]), tone="warn")  # fmt: skip
