"""Pictures of the demo, sent and put into texts as anybody would; the texts themselves stay as the files have them."""

from __future__ import annotations

from app.demo.acting import Cast, at
from app.demo.files import HERE, Known, data, hours_ago
from core.database import rows
from core.pictures import send
from helpcenter.actions import save
from helpcenter.models import Article, ArticleTranslation
from helpcenter.wordings import Words


async def in_articles(known: Known) -> None:
    cast = Cast(known)
    for one in data("pictures.json")["articles"]:
        who = await cast.be(one["by"])
        [[id]] = await rows("SELECT id FROM article WHERE source = 'demo' AND source_id = ?", one["article"])
        article = await Article.get(id=id)
        now = await ArticleTranslation.get(article_id=id, locale=one["locale"])
        with at(hours_ago(20), who):
            picture = await _sent(one["picture"], one["words"])
            body = now.body.replace(one["before"], f"{picture}\n\n{one['before']}")
            await save(who, id, article.version, Words(title=now.title, body=body, phrasings=tuple(now.phrasings),
                                                       locale=now.locale))  # fmt: skip
    await cast.leave()


async def with_picture(thread: str, body: str) -> str:
    """The text with the picture of its thread, sent by whoever acts."""
    for one in data("pictures.json")["threads"]:
        if one["thread"] == thread:
            body += f"\n\n{await _sent(one['picture'], one['words'])}"
    return body


async def _sent(name: str, words: str) -> str:
    kept = await send((HERE / "pictures" / name).read_bytes(), name)
    return f"![{words}](/media/{kept.key})"
