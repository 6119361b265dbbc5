"""Content gaps: ignore, take up again, tie to the article that answers."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.database import transaction
from core.errors import NotFound
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from helpcenter import policy
from helpcenter.ids import possible
from helpcenter.models import Article, ContentGap


async def gap_of(gap_id: int) -> ContentGap:
    gap = await ContentGap.get_or_none(id=possible(gap_id))
    if gap is None:
        raise NotFound(_("There is no such question."))
    return gap


async def ignore_gap(principal: Principal, gap_id: int) -> None:
    await _set(principal, gap_id, "ignored")


async def reopen_gap(principal: Principal, gap_id: int) -> None:
    await _set(principal, gap_id, "open")


async def _set(principal: Principal, gap_id: int, state: str) -> None:
    ensure(policy.can_write(principal))
    gap = await gap_of(gap_id)
    async with transaction():
        await audit(f"gap.{state}", Ref("gap", gap.id), before={"state": gap.state})
        gap.state, gap.answered_at = state, None
        await gap.save(update_fields=["state", "answered_at"])


async def link_gap(principal: Principal, gap_id: int, article: Article) -> None:
    """This article is being written for that question: when it is published, whoever asked is told."""
    ensure(policy.can_write(principal))
    gap = await gap_of(gap_id)
    async with transaction():
        gap.article_id, gap.last_at = article.id, gap.last_at or now()
        await gap.save(update_fields=["article_id"])
