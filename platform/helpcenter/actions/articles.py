"""Writing articles: create, save one language of one, move, own."""

from __future__ import annotations

import msgspec

from core.audit import audit
from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Conflict, NotFound
from core.events import announce
from core.i18n import _
from core.pictures import attach
from core.policy import ensure
from core.principal import Principal
from helpcenter import documents, policy
from helpcenter.events import ArticleChanged
from helpcenter.ids import possible
from helpcenter.models import Article, ArticleAudience, ArticleRevision, ArticleTranslation, Category
from helpcenter.pictures import pictures_of
from helpcenter.rendering import Rendered, render
from helpcenter.slugs import claim_slug, free_slug, leave_behind, slug_of
from helpcenter.wordings import Place, Words, checked_audience, cleaned

SLUGS = "helpcenter.slugs"


async def create(
    principal: Principal, words: Words, place: Place | None = None, *, source: str = "", source_id: str | None = None
) -> Article:
    """A draft. `source` and `source_id` say where it came from (`thread`, `42`); a pair exists once (Conflict)."""
    ensure(policy.can_write(principal))
    words, place = cleaned(words), await checked_place(place or Place(owner_id=principal.person_id))
    pictures = await pictures_of(words.body, principal.person_id)
    rendered = await render(words.body, pictures)

    async with transaction():
        await lock(SLUGS)
        if source_id is not None and await Article.exists(source=source, source_id=source_id):
            raise Conflict(_("This was made into an article already."))
        article = await new_article(words, place, source=source, source_id=source_id)
        await write_words(principal, article, None, words, rendered)
        await attach(article.ref, pictures, principal.person_id)
        await audit("article.create", article.ref, after={"title": words.title, "locale": words.locale})
    return article


async def save(
    principal: Principal, article_id: int, version: int, words: Words, place: Place | None = None
) -> Article:
    """One language of an article, and its place. `version` is the one that was read: Conflict when it has moved on.

    A language that is not there yet is begun as a draft; one that can be read changes at once, for readers and search.
    """
    ensure(policy.can_write(principal))
    article = await article_of(article_id)
    _same(article, version)
    words = cleaned(words)
    pictures = await pictures_of(words.body, principal.person_id, article_id)
    rendered = await render(words.body, pictures)
    place = await checked_place(place or place_of(article))
    before = place_of(article)
    translation = await ArticleTranslation.get_or_none(article_id=article_id, locale=words.locale)

    _settle(article, place)
    upcoming = await _preview(article, translation, words, rendered, everything=place != before)
    async with transaction():
        await lock(SLUGS)
        await next_version(article)
        await write_place(article, place, before)
        saved = await write_words(principal, article, translation, words, rendered)
        await attach(article.ref, pictures, principal.person_id)
        if article.is_published and upcoming:
            await documents.write_index(_addressed(upcoming, saved))
            await announce(ArticleChanged(article_id=article.id))
    return article


async def move(principal: Principal, article_ids: list[int], category_id: int | None) -> int:
    """Into another category, or out of all; returns how many moved."""
    ensure(policy.can_write(principal))
    if category_id is not None and not await Category.exists(id=category_id):
        raise NotFound(_("There is no such category."))
    moved = 0
    async with transaction():
        for article in await Article.filter(id__in=article_ids):
            if article.category_id == category_id:
                continue
            await write("UPDATE article SET category_id = ?, updated_at = ?, version = version + 1 WHERE id = ?",
                        category_id, now(), article.id)  # fmt: skip
            await audit(
                "article.move", article.ref, before={"category": article.category_id}, after={"category": category_id}
            )
            moved += 1
    return moved


async def set_owner(principal: Principal, article_ids: list[int], owner_id: int | None) -> None:
    ensure(policy.can_write(principal))
    async with transaction():
        await Article.filter(id__in=article_ids).update(owner_id=owner_id)


# parts of the verbs, which imports use too ----------------------------------------------------------------------


async def article_of(article_id: int) -> Article:
    article = await Article.get_or_none(id=possible(article_id))
    if article is None:
        raise NotFound(_("There is no such article."))
    return article


def place_of(article: Article) -> Place:
    return Place(category_id=article.category_id, audience=tuple(sorted(article.tokens)), brand=article.brand,
                 owner_id=article.owner_id)  # fmt: skip


async def checked_place(place: Place) -> Place:
    if place.category_id is not None and not await Category.exists(id=place.category_id):
        raise NotFound(_("There is no such category."))
    return msgspec.structs.replace(place, audience=checked_audience(place.audience))


def _settle(article: Article, place: Place) -> None:
    article.category_id, article.owner_id = place.category_id, place.owner_id
    article.brand, article.audience = place.brand, " ".join(place.audience)


async def new_article(words: Words, place: Place, *, source: str = "", source_id: str | None = None) -> Article:
    article = await Article.create(
        category_id=place.category_id, brand=place.brand, audience=" ".join(place.audience), owner_id=place.owner_id,
        locale=words.locale, source=source, source_id=source_id,
    )  # fmt: skip
    await write_audience(article)
    return article


async def write_audience(article: Article) -> None:
    await ArticleAudience.filter(article_id=article.id).delete()
    await ArticleAudience.bulk_create([ArticleAudience(article_id=article.id, token=t) for t in sorted(article.tokens)])


async def write_place(article: Article, place: Place, before: Place) -> None:
    if place == before:
        return
    _settle(article, place)
    await article.save(update_fields=["category_id", "owner_id", "brand", "audience"])
    if place.audience != before.audience:
        await write_audience(article)
        await audit(
            "article.audience", article.ref, before={"audience": before.audience}, after={"audience": place.audience}
        )


async def next_version(article: Article) -> None:
    """Compare and set: whoever read an older version is refused."""
    moved = await write(
        "UPDATE article SET version = version + 1, updated_at = ?, is_stale = ?, stale_reason = ''"
        " WHERE id = ? AND version = ? RETURNING version",
        now(),
        False,
        article.id,
        article.version,
    )
    if not moved:
        raise Conflict(_("Somebody else saved this article meanwhile. Open it again and look at what changed."))
    article.version = int(moved[0][0])


def _same(article: Article, version: int) -> None:
    if article.version != version:
        raise Conflict(_("Somebody else saved this article meanwhile. Open it again and look at what changed."))


async def write_words(
    principal: Principal, article: Article, translation: ArticleTranslation | None, words: Words, rendered: Rendered,
    *, digest: str | None = None,
) -> ArticleTranslation:  # fmt: skip
    """The translation's row, its revision, and the mark on other languages. Nothing when no word changed."""
    if translation is not None and _is_unchanged(translation, words):
        if digest is not None and digest != translation.import_digest:
            translation.import_digest = digest
            await translation.save(update_fields=["import_digest"])
        return translation
    is_new, moment = translation is None, now()
    translation = translation or ArticleTranslation(article_id=article.id, locale=words.locale, slug="")
    said_otherwise = is_new or translation.body != words.body or translation.title != words.title
    await _address(article, translation, words)
    translation.title, translation.body, translation.phrasings = words.title, words.body, list(words.phrasings)
    translation.html, translation.toc, translation.excerpt = rendered.html, rendered.toc, rendered.excerpt
    translation.updated_at, translation.is_stale = moment, False
    translation.import_digest = digest if digest is not None else translation.import_digest
    await translation.save()
    await _write_revision(principal, translation, words)
    if words.locale == article.locale and said_otherwise and not is_new:
        await ArticleTranslation.filter(article_id=article.id).exclude(locale=words.locale).update(is_stale=True)
    return translation


def _is_unchanged(translation: ArticleTranslation, words: Words) -> bool:
    same_slug = not words.slug or slug_of(words.slug) == translation.slug
    said = (translation.title, translation.body, tuple(translation.phrasings))
    return same_slug and not translation.is_stale and said == (words.title, words.body, words.phrasings)


async def _address(article: Article, translation: ArticleTranslation, words: Words) -> None:
    """A typed slug must be free; one made from the title (or from another language) gets a number if it is not."""
    old = translation.slug
    if words.slug:
        translation.slug = old if slug_of(words.slug) == old else await claim_slug(words.slug, article.id)
    elif not old:
        translation.slug = await free_slug(slug_of(words.title), article.id)
    if old and old != translation.slug and translation.published_at:
        await leave_behind(old, article.id)


async def _write_revision(principal: Principal, translation: ArticleTranslation, words: Words) -> None:
    last = await rows("SELECT MAX(number) FROM article_revision WHERE translation_id = ?", translation.id)
    await ArticleRevision.create(
        translation_id=translation.id, number=int(last[0][0] or 0) + 1, title=words.title, body=words.body,
        phrasings=list(words.phrasings), person_id=principal.person_id, person_name=principal.name[:200],
        note=words.note,
    )  # fmt: skip


async def _preview(
    article: Article, translation: ArticleTranslation | None, words: Words, rendered: Rendered, *, everything: bool
) -> list[documents.Analysed]:
    """What search will know after the save, analysed before the transaction: this language, or all of them."""
    if not article.is_published:
        return []
    others = await ArticleTranslation.filter(article_id=article.id, published_at__not_isnull=True)
    chosen = [one for one in others if everything and one.locale != words.locale]
    if translation is not None and translation.published_at:
        upcoming = ArticleTranslation(
            article_id=article.id,
            locale=words.locale,
            title=words.title,
            phrasings=list(words.phrasings),
            clicked=translation.clicked,
            html=rendered.html,
            toc=rendered.toc,
            slug=translation.slug,
        )
        chosen.append(upcoming)
    return await documents.analysed(article, chosen)


def _addressed(upcoming: list[documents.Analysed], saved: ArticleTranslation) -> list[documents.Analysed]:
    """The slug is settled inside the transaction; the words were analysed before it."""
    return [documents.with_slug(one, saved.slug) if one.document.lang == saved.locale else one for one in upcoming]
