"""Did it help? One answer per person or visitor and article; the counters move with it."""

from __future__ import annotations

from core.clock import now
from core.database import lock, transaction, write
from core.errors import NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from customers.timeline import record
from helpcenter import policy
from helpcenter.actions.articles import article_of
from helpcenter.events import ArticleRated
from helpcenter.ids import possible
from helpcenter.models import ArticleFeedback

LONGEST = 2_000


async def rate(
    principal: Principal, article_id: int, is_helpful: bool, *, visitor: str = "", locale: str = "", text: str = ""
) -> ArticleFeedback:
    """Answer, or change the answer. `visitor` is the hash of a guest's cookie; a signed-in person needs none."""
    article = await article_of(article_id)
    if not policy.can_rate(principal, article):
        raise NotFound(_("There is no such article."))
    who = _who(principal, visitor)
    async with transaction():
        await lock(f"helpcenter.feedback:{article_id}:{who}")
        found = await ArticleFeedback.get_or_none(article_id=article_id, **who)
        before = found.is_helpful if found else None
        if found is None:
            found = ArticleFeedback(article_id=article_id, locale=locale, is_helpful=is_helpful, **who)
        found.is_helpful, found.updated_at = is_helpful, now()
        found.comment = text.strip()[:LONGEST] or found.comment
        found.state = "open" if found.comment and not is_helpful else "done"
        await found.save()
        if before != is_helpful:
            await _count(article_id, before, is_helpful)
            if principal.is_signed_in:
                await record(principal.person_id, "help.rated", about=article.ref, helpful=is_helpful)
            await announce(ArticleRated(article_id=article_id, feedback_id=found.id, is_helpful=is_helpful))
    return found


async def comment(principal: Principal, article_id: int, text: str, *, visitor: str = "") -> ArticleFeedback:
    """What was missing: words to an answer that was given."""
    text = text.replace("\0", "").strip()
    if not text:
        raise Refused(_("Write what was missing."))
    return await rate(principal, article_id, False, visitor=visitor, text=text)


async def close_feedback(principal: Principal, feedback_id: int, is_done: bool = True) -> None:
    ensure(policy.can_write(principal))
    changed = await write("UPDATE article_feedback SET state = ? WHERE id = ? RETURNING id",
                          "done" if is_done else "open", possible(feedback_id))  # fmt: skip
    if not changed:
        raise NotFound(_("There is no such feedback."))


def _who(principal: Principal, visitor: str) -> dict[str, int | str]:
    if principal.person_id is not None:
        return {"person_id": principal.person_id}
    if not visitor:
        raise Refused(_("Allow cookies to answer, or sign in."))
    return {"visitor": visitor}


async def _count(article_id: int, before: bool | None, after: bool) -> None:
    """The counters say what a count of the rows would."""
    yes = (1 if after else 0) - (1 if before else 0)
    no = (0 if after else 1) - (1 if before is False else 0)
    await write("UPDATE article SET helpful = helpful + ?, unhelpful = unhelpful + ? WHERE id = ?", yes, no, article_id)
