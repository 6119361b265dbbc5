"""The editor: words in one language, place, preview, what a customer would find, publishing, revisions."""

from __future__ import annotations

import difflib
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.errors import Conflict, NotFound, Refused
from core.forms import Form
from core.i18n import LANGUAGES, _
from core.pages import flash, fragment, page, url
from core.pictures import with_pictures
from helpcenter import actions, learned
from helpcenter.actions.articles import article_of
from helpcenter.actions.gaps import gap_of
from helpcenter.findability import findings
from helpcenter.ids import possible
from helpcenter.models import Article, ArticleRevision, ArticleTranslation
from helpcenter.notation import blocking, literal, written
from helpcenter.pages.around import staff_tabs
from helpcenter.pages.forms import LONGEST_PHRASINGS, ArticleForm, audience_fields, audiences, categories, states
from helpcenter.phrasings import spoken
from helpcenter.pictures import pictures_of
from helpcenter.rendering import render
from helpcenter.slugs import path_of
from helpcenter.wordings import LONGEST_BODY, Words


def editor_path(article_id: int, locale: str) -> str:
    return url(f"/staff/articles/{article_id}", locale=locale)


class EditorPages(Controller):
    path = "/staff/articles"

    @get("/new", may="help.write")
    async def new(self, gap: int | None = None, locale: str = "") -> Response[Any]:
        start: dict[str, Any] = {"locale": locale if locale in LANGUAGES else here().language, "gap": gap}
        if gap is not None:
            found = await gap_of(gap)
            start |= {"title": found.question, "phrasings": written(literal(found.question)),
                      "locale": found.lang if found.lang in LANGUAGES else start["locale"]}  # fmt: skip
        return await _editor(None, Form(ArticleForm, initial=start))

    @post("/new", may="help.write")
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        who, form = here().principal, await _sent(request)
        if not form.valid:
            return await _editor(None, form, status=422)
        try:
            article = await actions.create(who, form.data.words(), form.data.place(who.person_id, who.brand))
            if form.data.gap is not None:
                await actions.link_gap(who, form.data.gap, article)
        except (Refused, ValueError) as refusal:
            return await _refused(None, form, refusal)
        flash(_("The draft is saved."))
        return Redirect(editor_path(article.id, form.data.locale), status_code=303)

    @get("/{article_id:int}", may="help.write")
    async def edit(self, article_id: int, locale: str = "") -> Response[Any]:
        article = await article_of(article_id)
        chosen = locale if locale in LANGUAGES else article.locale
        translation = await ArticleTranslation.get_or_none(article_id=article_id, locale=chosen)
        return await _editor(article, Form(ArticleForm, initial=_initial(article, translation, chosen)))

    @post("/{article_id:int}", may="help.write")
    async def save(self, request: Request[Any, Any, Any], article_id: int) -> Response[Any]:
        article, form = await article_of(article_id), await _sent(request)
        if not form.valid:
            return await _editor(article, form, status=422)
        said = form.data
        try:
            await actions.save(here().principal, article_id, said.version, said.words(),
                               said.place(article.owner_id, article.brand))  # fmt: skip
        except Refused as refusal:
            return await _refused(article, form, refusal)
        flash(_("Saved. Readers see it now.") if article.is_published else _("The draft is saved."))
        return Redirect(editor_path(article_id, said.locale), status_code=303)

    @post("/preview", may="help.write", status_code=200)
    async def preview(self, request: Request[Any, Any, Any]) -> Response[Any]:
        data = await request.form()
        body, number = str(data.get("body", ""))[:LONGEST_BODY], str(data.get("article", ""))
        of = int(number) if number.isdecimal() and len(number) < 19 else None
        made = await render(body, await pictures_of(body, here().principal.person_id, of))
        show = fragment if request.headers.get("x-fragment") else page
        whole = "helpcenter/preview-piece.html" if request.headers.get("x-fragment") else "helpcenter/preview.html"
        return show(whole, title=str(data.get("title", ""))[:200], made=made)

    @post("/finding", may="help.write", status_code=200)
    async def finding(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """What a customer would find who searches the title or one of the phrasings."""
        data = await request.form()
        title = written(literal(str(data.get("title", ""))))
        lines = [title, *str(data.get("phrasings", "")).splitlines()]
        number = str(data.get("article", ""))
        article = await Article.get_or_none(id=int(number)) if number.isdecimal() and len(number) < 19 else None
        found = await findings(lines, article, str(data.get("locale", "ja")))
        piece = bool(request.headers.get("x-fragment"))
        show = fragment if piece else page
        return show("helpcenter/finding-piece.html" if piece else "helpcenter/finding.html", findings=found)

    @post("/phrasings", may="help.write", status_code=200)
    async def phrasings(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """What each line stands for, and what is odd in it."""
        data = await request.form()
        piece = bool(request.headers.get("x-fragment"))
        found = spoken(str(data.get("phrasings", ""))[:LONGEST_PHRASINGS], str(data.get("title", "")))
        show = fragment if piece else page
        return show("helpcenter/phrasings-piece.html" if piece else "helpcenter/phrasings.html", spoken=found)

    @post("/{article_id:int}/publication", may="help.write")
    async def publish(self, request: Request[Any, Any, Any], article_id: int) -> Redirect:
        locale = str((await request.form()).get("locale", "")) or None
        await actions.publish(here().principal, article_id, locale)
        flash(_("Published. Readers and search find it now."))
        return Redirect(editor_path(article_id, locale or ""), status_code=303)

    @delete("/{article_id:int}/publication", may="help.write", status_code=303)
    async def unpublish(self, request: Request[Any, Any, Any], article_id: int) -> Redirect:
        locale = str((await request.form()).get("locale", "")) or None
        await actions.unpublish(here().principal, article_id, locale)
        flash(_("Back to draft. Readers do not see it any more."))
        return Redirect(editor_path(article_id, locale or ""), status_code=303)

    @post("/{article_id:int}/archive", may="help.write")
    async def archive(self, article_id: int) -> Redirect:
        await actions.archive(here().principal, article_id)
        flash(_("Archived."), undo=f"/staff/articles/{article_id}/publication")
        return Redirect("/staff/articles", status_code=303)

    @get("/{article_id:int}/revisions", may="help.write")
    async def revisions(self, article_id: int, locale: str = "", number: int | None = None) -> Response[Any]:
        article = await article_of(article_id)
        translation = await ArticleTranslation.get_or_none(article_id=article_id, locale=locale or article.locale)
        if translation is None:
            raise NotFound(_("The article is not written in this language."))
        found = await ArticleRevision.filter(translation_id=translation.id).order_by("-number").limit(100)
        shown = next((one for one in found if one.number == number), found[0] if found else None)
        before = next((one for one in found if shown and one.number == shown.number - 1), None)
        return page(
            "helpcenter/revisions.html",
            article=article,
            translation=translation,
            revisions=found,
            shown=shown,
            before=before,
            lines=difference(before, shown) if shown else [],
            tabs=await staff_tabs(),
        )

    @post("/{article_id:int}/revisions/{number:int}/restoration", may="help.write")
    async def restore(self, request: Request[Any, Any, Any], article_id: int, number: int) -> Redirect:
        """The words of a revision become the present ones, as a new revision."""
        article, locale = await article_of(article_id), str((await request.form()).get("locale", ""))
        old = (
            await ArticleRevision.get_or_none(
                translation__article_id=article_id, translation__locale=locale, number=possible(number)
            )
            if locale in LANGUAGES
            else None
        )
        if old is None:
            raise NotFound(_("There is no such revision."))
        words = Words(title=old.title, body=old.body, phrasings=tuple(old.phrasings), locale=locale,
                      note=_("Back to revision %(n)s", n=number))  # fmt: skip
        await actions.save(here().principal, article_id, article.version, words)
        flash(_("The words of revision %(n)s are back.", n=number))
        return Redirect(editor_path(article_id, locale), status_code=303)


def _initial(article: Article, translation: ArticleTranslation | None, locale: str) -> dict[str, Any]:
    words: dict[str, Any] = {"locale": locale}
    if translation is not None:
        words |= {"title": translation.title, "body": translation.body, "slug": translation.slug,
                  "phrasings": "\n".join(translation.phrasings)}  # fmt: skip
    return words | {"category_id": article.category_id, "version": article.version} | audience_fields(article.tokens)


async def _editor(article: Article | None, form: Form[ArticleForm], status: int = 200) -> Response[Any]:
    translations = {t.locale: t for t in await ArticleTranslation.filter(article_id=article.id)} if article else {}
    locale = form.value("locale") if form.value("locale") in LANGUAGES else "ja"
    translation = translations.get(locale)
    return page("helpcenter/editor.html", status=status, article=article, form=form, translations=translations,
                locale=locale, translation=translation, categories=await categories(), audiences=audiences(),
                suggestions=await learned.suggested(article, translation) if article and translation else [],
                states=states(), path=path_of(translation.slug) if translation else "", tabs=await staff_tabs(),
                other=next((t for one, t in translations.items() if one != locale), None))  # fmt: skip


async def _sent(request: Request[Any, Any, Any]) -> Form[ArticleForm]:
    data, mistake = await with_pictures(await request.form())
    form = looked_through(Form(ArticleForm, data))
    if mistake:
        form.add_error("body", mistake)
    return form


def looked_through(form: Form[ArticleForm]) -> Form[ArticleForm]:
    """A phrasing that cannot be read is a mistake beside its field, with its line and place."""
    wrong = blocking(form.value("phrasings").splitlines())
    if wrong:
        form.add_error("phrasings", _("Line %(line)s, character %(place)s: %(sentence)s", line=wrong.line,
                                      place=wrong.place, sentence=wrong.sentence))  # fmt: skip
    return form


async def _refused(article: Article | None, form: Form[ArticleForm], refusal: Exception) -> Response[Any]:
    """What was typed stays on the page, with the sentence above it."""
    form.fail(getattr(refusal, "sentence", str(refusal)))
    return await _editor(article, form, status=409 if isinstance(refusal, Conflict) else 422)


def difference(before: ArticleRevision | None, after: ArticleRevision) -> list[tuple[str, str]]:
    """Lines as (mark, text): `+` new, `-` gone, ` ` the same, `…` where nothing changed for long."""

    def lines(one: ArticleRevision | None) -> list[str]:
        if one is None:
            return []
        return [one.title, "", *one.body.split("\n"), *(f"? {p}" for p in one.phrasings)]

    made: list[tuple[str, str]] = []
    for line in difflib.unified_diff(lines(before), lines(after), n=2, lineterm=""):
        if line.startswith(("---", "+++")) and len(made) < 2 and not made:
            continue
        made.append(("…", "") if line.startswith("@@") else (line[0], line[1:]))
    return made[1:] if made and made[0][0] == "…" else made
