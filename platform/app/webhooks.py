"""Facts of all rooms that other systems may be told of: only ids, under a key that stays when a job runs again."""

from __future__ import annotations

from datetime import timedelta

from campaigns.events import StepFinished
from campaigns.models import Step
from channels.webhooks import is_wanted, tell
from community.events import AnswerAccepted, PostReplied, ThreadPublished
from core.clock import local_day
from core.database import rows
from core.events import on
from core.jobs import every
from customers.days import a_day, as_day
from customers.events import (
    HealthFell,
    ImportApplied,
    PeopleAdded,
    PersonAdded,
    PhaseChanged,
    RequestShipped,
    TierChanged,
)
from guides.events import SurveyAnswered
from helpcenter.events import ArticlePublished
from helpcenter.models import Article
from inbox.events import ConversationWaiting


@on(PersonAdded)
async def person_added(event: PersonAdded) -> None:
    data = {"person_id": event.person_id, "source": event.source}
    await tell("person.added", data, key=f"person.added:{event.person_id}")


@on(PeopleAdded)
async def people_added(event: PeopleAdded) -> None:
    """One message for up to 500; ids are given once, so the first and the last name it."""
    data = {"person_ids": list(event.person_ids), "source": event.source}
    await tell("people.added", data, key=f"people.added:{event.person_ids[0]}:{event.person_ids[-1]}")


@on(ImportApplied)
async def import_applied(event: ImportApplied) -> None:
    await tell("import.applied", {"import_id": event.batch_id}, key=f"import.applied:{event.batch_id}")


@on(ThreadPublished)
async def thread_created(event: ThreadPublished) -> None:
    data = {"thread_id": event.thread_id, "board_id": event.board_id, "author_id": event.author_id}
    await tell("thread.created", data, key=f"thread.created:{event.thread_id}")


@on(PostReplied)
async def thread_replied(event: PostReplied) -> None:
    data = {"thread_id": event.thread_id, "post_id": event.post_id, "author_id": event.author_id}
    await tell("thread.replied", data, key=f"thread.replied:{event.post_id}")


@on(AnswerAccepted)
async def answer_accepted(event: AnswerAccepted) -> None:
    """Of a thread and a post once, also when it was taken back and accepted again."""
    data = {"thread_id": event.thread_id, "post_id": event.post_id}
    await tell("answer.accepted", data, key=f"answer.accepted:{event.thread_id}:{event.post_id}")


@on(ConversationWaiting)
async def conversation_waiting(event: ConversationWaiting) -> None:
    data = {"conversation_id": event.conversation_id, "reason": event.reason}
    await tell("conversation.waiting", data, key=f"conversation.waiting:{event.conversation_id}:{event.epoch}")


@on(StepFinished)
async def campaign_sent(event: StepFinished) -> None:
    step = await Step.get_or_none(id=event.step_id)
    if step is not None:
        data = {"campaign_id": step.campaign_id, "step_id": step.id, "kind": step.kind}
        await tell("campaign.sent", data, key=f"campaign.sent:{step.id}")


@on(ArticlePublished)
async def article_published(event: ArticlePublished) -> None:
    article = await Article.get_or_none(id=event.article_id)
    if article is not None:
        key = f"article.published:{article.id}:{article.version}"
        await tell("article.published", {"article_id": article.id}, key=key)


@on(HealthFell)
async def health_fell(event: HealthFell) -> None:
    data = {"account_id": event.account_id, "alert_id": event.alert_id}
    await tell("health.fell", data, key=f"health.fell:{event.alert_id}")


@on(RequestShipped)
async def request_shipped(event: RequestShipped) -> None:
    data = {"request_id": event.request_id, "decision_id": event.decision_id}
    await tell("request.shipped", data, key=f"request.shipped:{event.decision_id}")


@on(TierChanged)
async def tier_changed(event: TierChanged) -> None:
    data = {"account_id": event.account_id, "tier": event.tier}
    await tell("tier.changed", data, key=f"tier.changed:{event.account_id}:{event.at}")


@on(PhaseChanged)
async def phase_changed(event: PhaseChanged) -> None:
    data = {"account_id": event.account_id, "phase": event.phase}
    await tell("phase.changed", data, key=f"phase.changed:{event.account_id}:{event.at}")


@on(SurveyAnswered)
async def survey_answered(event: SurveyAnswered) -> None:
    data = {"survey_id": event.guide_id, "answer_id": event.answer_id, "person_id": event.person_id,
            "account_id": event.account_id}  # fmt: skip
    await tell("survey.answered", data, key=f"survey.answered:{event.answer_id}")


LATE = timedelta(days=7)  # an end that we hear of later than this is history


@every(hours=1, lane="bulk")
async def contracts_ended() -> int:
    """On the first day without the contract; the ledger knows what was told."""
    today, told = local_day(), 0
    if not await is_wanted("contract.ended"):
        return 0
    for row in await rows("SELECT id, account_id, ended_on FROM contract WHERE ended_on > ? AND ended_on <= ?"
                          " ORDER BY id", as_day(today - LATE), as_day(today)):  # fmt: skip
        data = {"contract_id": int(row[0]), "account_id": int(row[1]), "ended_on": str(a_day(row[2]))}
        told += await tell("contract.ended", data, key=f"contract.ended:{row[0]}:{data['ended_on']}")
    return told
