"""Categories, for staff."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.database import rows
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from helpcenter import actions
from helpcenter.ids import possible
from helpcenter.models import Category
from helpcenter.pages.around import staff_tabs
from helpcenter.pages.forms import CategoryForm

PATH = "/staff/articles/categories"


class CategoryPages(Controller):
    path = PATH

    @get("/", may="help.write")
    async def index(self) -> Response[Any]:
        return await _front(Form(CategoryForm))

    @post("/", may="help.write")
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(CategoryForm, await request.form())
        if not form.valid:
            return await _front(form, 422)
        said = form.data
        try:
            await actions.create_category(
                here().principal, said.slug, said.names(), icon=said.icon, position=said.position
            )
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _front(form, 422)
        flash(_("The category is there."))
        return Redirect(PATH, status_code=303)

    @get("/{category_id:int}", may="help.write")
    async def edit(self, category_id: int) -> Response[Any]:
        category = await _category(category_id)
        named = {t.locale: t for t in category.translations}
        start: dict[str, Any] = {"slug": category.slug, "icon": category.icon, "position": category.position}
        for locale, one in named.items():
            start |= {locale: one.name, f"{locale}_text": one.description}
        return page("helpcenter/category-edit.html", category=category, form=Form(CategoryForm, initial=start))

    @post("/{category_id:int}", may="help.write")
    async def change(self, request: Request[Any, Any, Any], category_id: int) -> Response[Any]:
        category, form = await _category(category_id), Form(CategoryForm, await request.form())
        if form.valid:
            said = form.data
            try:
                await actions.change_category(here().principal, category_id, said.names(), icon=said.icon,
                                              position=said.position)  # fmt: skip
            except Refused as refusal:
                form.fail(refusal.sentence)
        if not form.valid:
            return page("helpcenter/category-edit.html", status=422, category=category, form=form)
        flash(_("Saved."))
        return Redirect(PATH, status_code=303)

    @delete("/{category_id:int}", may="help.write", status_code=303)
    async def remove(self, category_id: int) -> Redirect:
        await actions.delete_category(here().principal, category_id)
        flash(_("Deleted."))
        return Redirect(PATH, status_code=303)


async def _category(category_id: int) -> Category:
    found = await Category.get_or_none(id=possible(category_id)).prefetch_related("translations")
    if found is None:
        raise NotFound(_("There is no such category."))
    return found


async def _front(form: Form[CategoryForm], status: int = 200) -> Response[Any]:
    found = await Category.all().prefetch_related("translations").order_by("position", "id")
    counted = await rows("SELECT category_id, COUNT(*) FROM article WHERE state <> 'archived' GROUP BY category_id")
    return page("helpcenter/categories.html", status=status, form=form, categories=found,
                counts={row[0]: int(row[1]) for row in counted}, tabs=await staff_tabs())  # fmt: skip
