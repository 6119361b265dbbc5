"""Who may read, write and judge articles: said here and nowhere else.

Readers see published articles whose audience holds one of their tokens, of the brand they are visiting.
Who may write sees every article in every state.
"""

from __future__ import annotations

from collections.abc import Iterable

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny
from core.principal import Principal
from customers.audience import tokens_of
from helpcenter.models import Article, ArticleAudience


def can_write(principal: Principal) -> Verdict:
    """Whoever holds help.write: articles, categories, imports, gaps, feedback."""
    return allow() if principal.may("help.write") else deny(_("Only staff who write articles may do this."))


def reader_tokens(principal: Principal) -> frozenset[str]:
    """The tokens of this reader; staff also read what is meant for the accounts that they look after."""
    tokens = tokens_of(principal)
    if principal.is_staff:
        tokens |= {f"account:{account}" for account in principal.own_accounts}
    return tokens


def may_read(principal: Principal, *, state: str, audience: Iterable[str], brand: str) -> bool:
    """The same question as visible_articles, of a row that is at hand."""
    if principal.may("help.write"):
        return True
    return state == "published" and brand == principal.brand and not reader_tokens(principal).isdisjoint(audience)


def can_read(principal: Principal, article: Article) -> Verdict:
    seen = may_read(principal, state=article.state, audience=article.tokens, brand=article.brand)
    return allow() if seen else deny(_("There is no such article."))


def visible_articles(principal: Principal) -> QuerySet[Article]:
    """Published articles that this reader may read, of the brand at hand. Drafts are `writable_articles`."""
    theirs = ArticleAudience.filter(token__in=sorted(reader_tokens(principal))).values("article_id")
    return Article.filter(state="published", brand=principal.brand, id__in=Subquery(theirs))


def writable_articles(principal: Principal) -> QuerySet[Article]:
    return Article.all() if can_write(principal) else Article.filter(id__in=[])


def can_rate(principal: Principal, article: Article) -> Verdict:
    """Whoever may read a published article, once each."""
    if not article.is_published:
        return deny(_("This article is not published."))
    return can_read(principal, article)


def visible_searches(principal: Principal, alias: str = "q") -> tuple[str, list[str]]:
    """A condition on `search_query`, with its parameters: searches of the brand at hand, for those who write articles.

    They see the words, never who searched.
    """
    if not can_write(principal):
        return "1 = 0", []
    return f"{alias}.brand IN ('', ?)", [principal.brand]
