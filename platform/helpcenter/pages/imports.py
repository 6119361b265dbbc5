"""Importing on a page: a file, a preview with a reason for each row that is refused, then the import itself."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import here
from core.database import transaction, write
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from helpcenter import jobs, policy
from helpcenter.ids import possible
from helpcenter.imports import Options, plan_import, propose, read_files
from helpcenter.imports.plan import source_of
from helpcenter.imports.reading import format_of
from helpcenter.models import ArticleImport, Category
from helpcenter.pages.around import staff_tabs
from helpcenter.pages.forms import ImportForm, categories

SHOWN = 200


class ImportPages(Controller):
    path = "/staff/articles/imports"

    @get("/", may="help.write")
    async def index(self) -> Response[Any]:
        return await _front(Form(ImportForm, initial={"lang": here().language, "publish": True}))

    @post("/", may="help.write")
    async def look(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Read and compare; nothing is changed yet."""
        form = Form(ImportForm, await request.form())
        if not form.valid:
            return await _front(form, 422)
        try:
            ledger = await _look(form.data)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _front(form, 422)
        return Redirect(f"/staff/articles/imports/{ledger.id}", status_code=303)

    @get("/{import_id:int}", may="help.write")
    async def show(self, import_id: int) -> Response[Any]:
        ledger = await _ledger(import_id)
        return page("helpcenter/import.html", ledger=ledger, told=ledger.report.get("rows", [])[:SHOWN],
                    tabs=await staff_tabs())  # fmt: skip

    @post("/{import_id:int}/application", may="help.write")
    async def apply(self, import_id: int) -> Redirect:
        ledger = await _ledger(import_id)
        async with transaction():
            moved = await write(
                "UPDATE article_import SET state = 'waiting' WHERE id = ? AND state = 'preview' RETURNING id", ledger.id
            )
            if moved:
                await jobs.apply_import.later(import_id=ledger.id, key=f"import:{ledger.id}")
        flash(_("The import has begun.") if moved else _("This import has begun already."))
        return Redirect(f"/staff/articles/imports/{import_id}", status_code=303)


async def _look(said: ImportForm) -> ArticleImport:
    files = [(one.filename, await one.read()) for one in said.file]
    format = format_of(files[0][0])
    if any(format_of(name) != format for name, _content in files):
        raise Refused(_("Send files of one kind at a time."))
    shelf = await Category.get_or_none(id=said.category_id) if said.category_id else None
    name = files[0][0] if len(files) == 1 else _("%(n)s files", n=len(files))
    options = Options(
        source=said.source or source_of(files[0][0] if len(files) == 1 else "markdown"),
        lang=said.lang,
        category=shelf.slug if shelf else "",
        publish=said.publish,
        brand=here().principal.brand,
    )
    plan = await plan_import(here().principal, read_files(files, format, said.lang), options)
    return await propose(here().principal, name, format, plan)


async def _front(form: Form[ImportForm], status: int = 200) -> Response[Any]:
    recent = await ArticleImport.all().order_by("-id").limit(10).only("id", "name", "state", "report", "created_at")
    return page("helpcenter/imports.html", status=status, form=form, recent=recent, categories=await categories(),
                tabs=await staff_tabs())  # fmt: skip


async def _ledger(import_id: int) -> ArticleImport:
    found = await ArticleImport.get_or_none(id=possible(import_id))
    if found is None or not policy.can_write(here().principal):
        raise NotFound(_("There is no such import."))
    return found
