"""Facts of all rooms that other systems may be told of: only ids, under a key that stays when a job runs again."""

from __future__ import annotations

from campaigns.events import StepFinished
from campaigns.models import Step
from channels.webhooks import tell
from community.events import AnswerAccepted, PostReplied, ThreadPublished
from core.events import on
from customers.events import ImportApplied, PeopleAdded, PersonAdded
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
