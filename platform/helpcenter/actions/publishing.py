"""What can be read: publish, take back, archive, mark as out of date."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.database import transaction, write
from core.errors import Conflict, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from helpcenter import documents, policy
from helpcenter.actions.articles import article_of
from helpcenter.events import ArticlePublished, ArticleWithdrawn
from helpcenter.models import Article, ArticleTranslation


async def publish(principal: Principal, article_id: int, locale: str | None = None) -> Article:
    """Let the article be read: in one language, or in all that it has. Publishing again changes nothing."""
    ensure(policy.can_write(principal))
    article = await article_of(article_id)
    translations = await ArticleTranslation.filter(article_id=article_id)
    chosen = [one for one in translations if locale is None or one.locale == locale]
    if not chosen:
        raise Refused(_("Write the article in this language first."))
    empty = [one for one in chosen if not one.body.strip()]
    if empty:
        raise Refused(_("Write the text of “%(title)s” first.", title=empty[0].title))
    analysed = await documents.analysed(article, chosen)

    async with transaction():
        await _publish_rows(article, [one.id for one in chosen])
        await documents.write_index(analysed)
        await audit("article.publish", article.ref, after={"languages": [one.locale for one in chosen]})
        await announce(ArticlePublished(article_id=article.id))
    return article


async def _publish_rows(article: Article, translations: list[int]) -> None:
    moment = now()
    moved = await write(
        "UPDATE article SET state = 'published', published_at = COALESCE(published_at, ?), version = version + 1"
        " WHERE id = ? AND version = ? RETURNING version",
        moment, article.id, article.version,
    )  # fmt: skip
    if not moved:
        raise Conflict(_("Somebody else saved this article meanwhile. Open it again and look at what changed."))
    for one in translations:
        await write("UPDATE article_translation SET published_at = COALESCE(published_at, ?) WHERE id = ?", moment, one)
    article.state, article.version = "published", int(moved[0][0])


async def unpublish(principal: Principal, article_id: int, locale: str | None = None) -> Article:
    """Back to draft: the whole article, or one language of it (the last language takes the article with it)."""
    ensure(policy.can_write(principal))
    article = await article_of(article_id)
    async with transaction():
        if locale is not None:
            await write("UPDATE article_translation SET published_at = NULL WHERE article_id = ? AND locale = ?",
                        article.id, locale)  # fmt: skip
            await documents.leave_index(article, locale)
        if locale is None or not await ArticleTranslation.exists(article_id=article.id, published_at__not_isnull=True):
            await _withdraw(article, "draft")
        await audit("article.unpublish", article.ref, before={"language": locale})
    return article


async def archive(principal: Principal, article_id: int) -> Article:
    """Out of sight, kept for whoever looks it up. Publishing brings it back."""
    ensure(policy.can_write(principal))
    article = await article_of(article_id)
    async with transaction():
        await _withdraw(article, "archived")
        await audit("article.archive", article.ref)
    return article


async def _withdraw(article: Article, state: str) -> None:
    await write("UPDATE article SET state = ?, version = version + 1 WHERE id = ?", state, article.id)
    article.state = state
    await documents.leave_index(article)
    await announce(ArticleWithdrawn(article_id=article.id))


async def mark_stale(principal: Principal, article_id: int, reason: str = "") -> None:
    """The article wants a look; saving it takes the mark away. An empty reason does too."""
    ensure(policy.can_write(principal))
    article = await article_of(article_id)
    async with transaction():
        await write(
            "UPDATE article SET is_stale = ?, stale_reason = ? WHERE id = ?", bool(reason), reason[:40], article.id
        )
        await audit("article.stale", article.ref, reason=reason)
