"""What the bots do later: work on arrivals, answer, send, tell, tidy up."""

from __future__ import annotations

from datetime import timedelta

from bots import answers, from_line, from_mail, from_slack, notices_of_waiting
from bots.considering import consider
from bots.delivering import came_back, deliver, say
from bots.events import QuestionUnanswered
from bots.media import copy_media
from channels.connections import by_id
from channels.events import ArrivalStored, LetterArrived, MailBounced
from channels.line import is_fresh
from channels.models import Arrival
from core.clock import days_ago, now
from core.database import rows, transaction, write
from core.events import announce, on
from core.jobs import every, job
from inbox.actions import ownership
from inbox.events import ConversationWaiting, MessageReceived, ReplyWritten, SuggestionRefused
from inbox.models import Conversation
from search import record_outcome

__all__ = ["copy_media", "deliver"]
QUIET = timedelta(hours=24)  # a silence that ends what only the bot answered


@on(ArrivalStored, attempts=10)
async def take_in(event: ArrivalStored) -> None:
    """A webhook event, understood."""
    arrival = await Arrival.get_or_none(id=event.arrival_id, state="waiting")
    if arrival is None:
        return
    connection = await by_id(arrival.connection_id)
    if connection.kind == "line":
        await from_line.work(connection, arrival, copy_media, offer_button)
    else:
        await from_slack.work(connection, arrival)


@on(LetterArrived, attempts=10, timeout=120)
async def take_in_letter(event: LetterArrived) -> None:
    await from_mail.take_in(event.mail_id)


@on(MailBounced)
async def answer_came_back(event: MailBounced) -> None:
    """An answer by mail did not arrive: its author hears of it."""
    await came_back(event)


@on(MessageReceived)
async def answer_or_hand_over(event: MessageReceived) -> None:
    await consider(event.conversation_id, event.message_id, event.epoch)


@on(SuggestionRefused)
async def a_gap_for_the_editors(event: SuggestionRefused) -> None:
    """Staff said that what we know does not answer it: the question stands among the unanswered ones."""
    if event.query_key and event.reason in ("wrong", "outdated", "incomplete"):
        async with transaction():
            await record_outcome(event.query_key, "not_solved")
            await announce(QuestionUnanswered(event.message_id, event.query_key))


@on(ReplyWritten)
async def send_reply(event: ReplyWritten) -> None:
    await deliver.later(conversation_id=event.conversation_id, key=f"now:{event.conversation_id}")


@on(ConversationWaiting)
async def tell_customer(event: ConversationWaiting) -> None:
    """The customer hears that a person will answer, and honestly when."""
    conversation = await Conversation.get(id=event.conversation_id)
    words = await notices_of_waiting.words_for(conversation)
    if words:
        await say(conversation.id, words, {}, key=f"waiting:{conversation.id}:{event.epoch}", epoch=event.epoch,
                  needs="waiting", data={"kind": "waiting"})  # fmt: skip


@job
async def offer_button(conversation_id: int, message_id: int, token: str) -> str:
    """The answer is late: before the reply token dies, spend it on a button whose tap brings a fresh one."""
    conversation = await Conversation.get(id=conversation_id)
    if conversation.reply_token != token or not is_fresh(conversation.reply_token_at) or not conversation.is_open:
        return "answered, or too late"
    queued = await rows("SELECT 1 FROM outgoing WHERE conversation_id = ? AND state IN ('queued', 'sending') LIMIT 1",
                        conversation_id)  # fmt: skip
    if queued or (conversation.state == "bot" and await _needs_no_answer(conversation_id, message_id)):
        return "nothing is owed"
    words, content = answers.said("later", conversation.lang, message_id)
    await say(conversation_id, words, content, key=f"later:{message_id}", epoch=conversation.epoch,
              needs=conversation.state, data={"kind": "later", "about": message_id})  # fmt: skip
    return "offered"


async def _needs_no_answer(conversation_id: int, message_id: int) -> bool:
    """The bot has decided already (a sticker, thanks): nothing will come."""
    left = await rows(
        "SELECT 1 FROM promise WHERE name = ? AND state IN ('waiting', 'running') AND arguments LIKE ? LIMIT 1",
        answer_or_hand_over.name, f'%"message_id": {message_id},%',
    )  # fmt: skip
    return not left


@every(minutes=30)
async def close_quiet_conversations() -> int:
    """What only the bot answered ends after a day of silence."""
    quiet = await rows("SELECT id, epoch FROM conversation WHERE state = 'bot' AND last_message_at < ? LIMIT 500",
                       now() - QUIET)  # fmt: skip
    for row in quiet:
        await ownership.resolve_by_customer(int(row["id"]), epoch=int(row["epoch"]))
    return len(quiet)


@every(minutes=1)
async def send_what_waits() -> int:
    """A promise that went missing must not keep an answer back."""
    waiting = await rows(
        "SELECT DISTINCT conversation_id FROM outgoing WHERE state IN ('queued', 'sending', 'held') AND due_at < ?"
        " AND (lease_until IS NULL OR lease_until < ?) LIMIT 200", now() - timedelta(seconds=60), now(),
    )  # fmt: skip
    for row in waiting:
        await deliver.later(conversation_id=int(row[0]), key=f"sweep:{row[0]}")
    return len(waiting)


@every(hours=24, at="03:50")
async def forget_nonces() -> None:
    async with transaction():
        await write("DELETE FROM link_nonce WHERE expires_at < ?", days_ago(1))
