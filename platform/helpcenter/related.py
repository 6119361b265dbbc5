"""What else there is on an article's subject, for this reader; remembered until the index changes."""

from __future__ import annotations

import msgspec

from core.principal import Principal
from helpcenter import caches, policy
from helpcenter.finding import kinds
from helpcenter.reading import Shown
from search import Hit, similar
from search.current import snapshot


class Related(msgspec.Struct):
    articles: list[Hit]
    others: list[Hit]


async def related_to(principal: Principal, article: Shown) -> Related:
    tokens = policy.reader_tokens(principal)
    version = (await snapshot()).version
    key = (article.id, article.locale, article.version, tokens, principal.brand, version)
    if key not in caches.related:
        caches.keep(caches.related, key, await _find(principal, article, tokens))
    found: Related = caches.related[key]
    return found


async def _find(principal: Principal, article: Shown, tokens: frozenset[str]) -> Related:
    words = f"{article.title}\n{article.excerpt}"
    mine = await similar(words, tokens=tokens, lang=article.locale, kinds={"article"}, brand=principal.brand, limit=4,
                         without=article.ref)  # fmt: skip
    rest = set(kinds) - {"article"}
    others = await similar(words, tokens=tokens, kinds=rest, brand=principal.brand, limit=3) if rest else None
    return Related(mine.hits, others.hits if others else [])
