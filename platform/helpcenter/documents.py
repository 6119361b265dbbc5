"""What search knows of an article: one document per published language."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.database import transaction
from core.markdown import words_of
from core.tasks import in_thread
from helpcenter.models import Article, ArticleTranslation
from helpcenter.notation import asides, cover, understood
from helpcenter.slugs import path_of
from search import Analysed, Document, analyse, forget, put


def document_of(article: Article, translation: ArticleTranslation, text: str) -> Document:
    """Phrasings as plain sentences. Words of little weight stand behind the text, where a word counts least."""
    lines = [understood(line) for line in translation.phrasings]
    light = dict.fromkeys(words for line in lines for words in asides(line))
    return Document(
        kind="article", id=article.id, lang=translation.locale, title=translation.title,
        body="\n".join([text, *light]) if light else text,
        phrasings=tuple(dict.fromkeys(words for line in lines for words in cover(line))),
        clicked=tuple(translation.clicked or ()), headings=tuple(words for _anchor, words in translation.toc or ()),
        audience=article.tokens, brand=article.brand, url=path_of(translation.slug),
    )  # fmt: skip


async def analysed(article: Article, translations: Iterable[ArticleTranslation]) -> list[Analysed]:
    """Before the transaction opens."""
    made = []
    for one in translations:
        text = await in_thread(words_of, one.html)
        made.append(await analyse(document_of(article, one, text)))
    return made


async def write_index(documents: Iterable[Analysed]) -> None:
    """Inside the transaction, last: writers of the index queue up until the commit."""
    for document in documents:
        await put(document)


async def put_again(article_id: int) -> None:
    """As it is now; whoever saves it meanwhile puts it themselves."""
    article = await Article.get_or_none(id=article_id)
    if article is None or not article.is_published:
        return
    shown = await ArticleTranslation.filter(article_id=article.id, published_at__isnull=False)
    made = await analysed(article, shown)
    async with transaction():
        if await Article.exists(id=article.id, version=article.version):
            await write_index(made)


async def leave_index(article: Article, locale: str | None = None) -> None:
    await forget(article.ref, locale)


def with_slug(one: Analysed, slug: str) -> Analysed:
    """The same, at the address that was settled inside the transaction."""
    return msgspec.structs.replace(one, document=msgspec.structs.replace(one.document, url=path_of(slug)))


def placed(one: Analysed, article: Article, slug: str) -> Analysed:
    """The same words, of an article that has its id, audience and address only now."""
    document = msgspec.structs.replace(one.document, id=article.id, audience=article.tokens, brand=article.brand,
                                       url=path_of(slug))  # fmt: skip
    return msgspec.structs.replace(one, document=document)
