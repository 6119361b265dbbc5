"""Writing an import: some rows at a time, each chunk one transaction with its line of the ledger, so that a run that
stops goes on where it was and a row is never half there."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from core.audit import audit
from core.clock import now, when
from core.database import lock, rows, transaction, write
from core.events import announce
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from helpcenter import documents, policy
from helpcenter.actions.articles import SLUGS, new_article, write_audience, write_words
from helpcenter.actions.categories import create_category
from helpcenter.events import ArticleChanged, ArticlePublished
from helpcenter.imports.plan import Options, category_ids
from helpcenter.imports.rows import Row
from helpcenter.models import Article, ArticleImport, ArticleTranslation
from helpcenter.pictures import pictures_of
from helpcenter.rendering import Rendered, render
from helpcenter.slugs import path_of, slug_of
from helpcenter.wordings import Place, Words
from search import Analysed

CHUNK = 50
_link = re.compile(r"\]\(article:([^)\s]{1,120})\)")


Addresses = dict[tuple[str, str], str]  # (id there, language) → slug


class Ready(msgspec.Struct):
    """A row with everything that is computed before the transaction."""

    row: Row
    words: Words
    rendered: Rendered
    analysed: Analysed | None


async def run_import(principal: Principal, import_id: int) -> ArticleImport:
    """Do what was proposed, or what is left of it. Safe to call again, also by two at once."""
    ensure(policy.can_write(principal))
    ledger = await ArticleImport.get(id=import_id)
    options = msgspec.convert(ledger.options, Options)
    todo = msgspec.convert(ledger.rows, list[Row])
    shelves = await _shelves(principal, todo, options)
    addresses = await _addresses(todo, options)
    for start in range(ledger.done, len(todo), CHUNK):
        ready = [await _ready(row, options, addresses) for row in todo[start : start + CHUNK]]
        async with transaction():
            await lock(f"helpcenter.import:{import_id}")
            moved = await write("UPDATE article_import SET done = ? WHERE id = ? AND done = ? RETURNING id",
                                start + len(ready), import_id, start)  # fmt: skip
            if not moved:
                break  # somebody else runs the same import and was here first
            await lock(SLUGS)
            for one in ready:
                await _write(principal, one, options, shelves, addresses)
    await _finish(ledger, len(todo))
    return await ArticleImport.get(id=import_id)


async def _finish(ledger: ArticleImport, total: int) -> None:
    async with transaction():
        ended = await write(
            "UPDATE article_import SET state = 'done', finished_at = ?, rows = ? WHERE id = ? AND done = ?"
            " AND state <> 'done' RETURNING id",
            now(), [], ledger.id, total,
        )  # fmt: skip
        if ended:
            await audit("article.import", Ref("article_import", ledger.id),
                        after={key: ledger.report.get(key) for key in ("created", "updated", "unchanged", "refused")},
                        note=ledger.name)  # fmt: skip


async def _shelves(principal: Principal, todo: list[Row], options: Options) -> dict[str, int]:
    shelves = await category_ids(options.brand)
    for row in todo:
        if row.category and row.category.lower() not in shelves:
            await create_category(principal, row.category, {row.locale: (row.category, "")}, brand=options.brand)
            shelves = await category_ids(options.brand)
    return shelves


async def _addresses(todo: list[Row], options: Options) -> Addresses:
    """The slug of every article of this source by (id there, language): those that stand, and those to come."""
    found = await rows("SELECT t.slug, t.locale, t.article_id, a.source, a.source_id FROM article_translation t"
                       " JOIN article a ON a.id = t.article_id")  # fmt: skip
    taken = {row["slug"]: (row["source"], row["source_id"]) for row in found}
    made = {(row["source_id"], row["locale"]): row["slug"] for row in found if row["source"] == options.source}
    for row in todo:
        if (row.id, row.locale) in made:
            continue
        base = slug_of(row.slug or row.title)
        slug, number = base, 1
        while taken.setdefault(slug, (options.source, row.id)) != (options.source, row.id):
            number += 1
            slug = f"{base}-{number}"
        made[row.id, row.locale] = slug
    return made


async def _ready(row: Row, options: Options, addresses: Addresses) -> Ready:
    def resolved(found: re.Match[str]) -> str:
        languages = [row.locale, *(locale for name, locale in addresses if name == found.group(1))]
        slug = next((addresses[found.group(1), one] for one in languages if (found.group(1), one) in addresses), "")
        return f"]({path_of(slug)})" if slug else found.group()

    slug = addresses[row.id, row.locale]
    words = msgspec.structs.replace(row.words(), body=_link.sub(resolved, row.body), slug=slug)
    pictures = await pictures_of(words.body, None, row.article_id)  # those that the article has already
    rendered = await render(words.body, pictures)
    article = Article(id=row.article_id or 0, audience=row.audience or options.audience, brand=options.brand)
    upcoming = ArticleTranslation(locale=row.locale, title=words.title, phrasings=list(words.phrasings),
                                  html=rendered.html, toc=rendered.toc, slug=slug,
                                  clicked=await _clicked(row))  # fmt: skip
    analysed = (await documents.analysed(article, [upcoming]))[0]
    return Ready(row, words, rendered, analysed)


async def _clicked(row: Row) -> list[str]:
    """What search learned of an article that is here already."""
    if row.article_id is None:
        return []
    found = await ArticleTranslation.get_or_none(article_id=row.article_id, locale=row.locale)
    return list(found.clicked) if found else []


async def _write(
    principal: Principal, ready: Ready, options: Options, shelves: dict[str, int], addresses: Addresses
) -> None:
    row = ready.row
    shelf = shelves.get((row.category or options.category).lower())
    article = await Article.get_or_none(source=options.source, source_id=row.id)
    if article is None:
        place = Place(category_id=shelf, audience=tuple((row.audience or options.audience).split()),
                      brand=options.brand, owner_id=principal.person_id)  # fmt: skip
        original = options.lang if (row.id, options.lang) in addresses else row.locale
        article = await new_article(msgspec.structs.replace(ready.words, locale=original), place,
                                    source=options.source, source_id=row.id)  # fmt: skip
    else:
        await _settle(article, row, shelf)
    translation = await ArticleTranslation.get_or_none(article_id=article.id, locale=row.locale)
    words = ready.words if translation is None else msgspec.structs.replace(ready.words, slug="")
    saved = await write_words(principal, article, translation, words, ready.rendered, digest=row.digest)
    await _publish(article, saved, ready, options, is_new=translation is None)


async def _settle(article: Article, row: Row, shelf: int | None) -> None:
    """Place follows the file only where the file says something."""
    audience = row.audience or article.audience
    if audience != article.audience:
        article.audience = audience
        await write_audience(article)
    await write("UPDATE article SET category_id = COALESCE(?, category_id), audience = ?, version = version + 1,"
                " updated_at = ? WHERE id = ?", shelf, audience, now(), article.id)  # fmt: skip


async def _publish(
    article: Article, saved: ArticleTranslation, ready: Ready, options: Options, *, is_new: bool
) -> None:
    """A new one goes out when the import says so; one that is out is found with its new words; a draft stays one."""
    published, updated = _moments(ready.row, is_new)
    if options.publish and is_new:
        saved.published_at = published
        await write("UPDATE article SET state = 'published', published_at ="
                    " CASE WHEN published_at < ? THEN published_at ELSE ? END WHERE id = ?",
                    published, published, article.id)  # fmt: skip
        await announce(ArticlePublished(article_id=article.id))
    elif article.is_published and saved.published_at:
        await announce(ArticleChanged(article_id=article.id))
    saved.created_at, saved.updated_at = min(saved.created_at, published), updated
    await saved.save(update_fields=["created_at", "published_at", "updated_at"])
    await _date(article, published, updated)
    if saved.published_at and ready.analysed is not None:
        await documents.write_index([documents.placed(ready.analysed, article, saved.slug)])


async def _date(article: Article, published: datetime, updated: datetime) -> None:
    """An article is as old as its first language and changed when its last one did, as the other tool knew it."""
    await write("UPDATE article SET created_at = CASE WHEN created_at < ? THEN created_at ELSE ? END, updated_at ="
                " (SELECT MAX(t.updated_at) FROM article_translation t WHERE t.article_id = article.id) WHERE id = ?",
                published, published, article.id)  # fmt: skip


def _moments(row: Row, is_new: bool) -> tuple[datetime, datetime]:
    """(published, updated) as the file says; words that it brings without a date of change changed now."""
    published = when(row.published or row.updated or None) or now()
    updated = when(row.updated or None) or (published if is_new else now())
    return published, max(published, updated)


def summary(ledger: ArticleImport) -> dict[str, Any]:
    """What `--json` prints."""
    return {key: ledger.report.get(key, 0) for key in ("created", "updated", "unchanged", "refused")}
