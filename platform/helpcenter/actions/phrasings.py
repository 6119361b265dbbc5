"""What readers typed becomes a phrasing of the article that answered them, or is put aside."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.database import transaction, write
from core.errors import NotFound
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from helpcenter import policy
from helpcenter.actions.articles import article_of, save
from helpcenter.gaps import normal_of
from helpcenter.models import Article, ArticleTranslation
from helpcenter.notation import literal, written
from helpcenter.wordings import Words


async def accept_phrasing(principal: Principal, article_id: int, locale: str, text: str) -> Article:
    """Add what was typed, as its characters, to the phrasings."""
    ensure(policy.can_write(principal))
    article, translation = await _translation(article_id, locale)
    words = Words(title=translation.title, body=translation.body, locale=locale,
                  phrasings=(*translation.phrasings, written(literal(" ".join(text.split())))),
                  note=_("A search became a phrasing."))  # fmt: skip
    return await save(principal, article_id, article.version, words)


async def dismiss_phrasing(principal: Principal, article_id: int, locale: str, text: str) -> None:
    """This is no way to ask for the article: it is not suggested again. Search keeps what it learned from clicks."""
    ensure(policy.can_write(principal))
    article, translation = await _translation(article_id, locale)
    normal = await normal_of(text)
    async with transaction():
        await write("INSERT INTO article_dismissed_phrasing (translation_id, normal, created_at) VALUES (?, ?, ?)"
                    " ON CONFLICT (translation_id, normal) DO NOTHING",
                    translation.id, normal, now())  # fmt: skip
        await audit("phrasing.dismiss", article.ref, after={"words": text[:200], "locale": locale})


async def restore_phrasing(principal: Principal, article_id: int, locale: str, text: str) -> None:
    """Suggest it again."""
    ensure(policy.can_write(principal))
    _article, translation = await _translation(article_id, locale)
    await write("DELETE FROM article_dismissed_phrasing WHERE translation_id = ? AND normal = ?",
                translation.id, await normal_of(text))  # fmt: skip


async def _translation(article_id: int, locale: str) -> tuple[Article, ArticleTranslation]:
    article = await article_of(article_id)
    found = await ArticleTranslation.get_or_none(article_id=article_id, locale=locale)
    if found is None:
        raise NotFound(_("The article is not written in this language."))
    return article, found
