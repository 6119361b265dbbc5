"""The clock of waiting: nobody takes it within the SLA, so the next in line is told, each once.

CSM → deputy → team → manager; minutes by touch tier, in business hours.
"""

from __future__ import annotations

from datetime import datetime

from core.clock import now
from core.database import rows, transaction, write
from core.jobs import job
from core.refs import Ref
from customers import accounts, departments, notices
from customers.departments.standing import TAKEN
from inbox import hours
from inbox.actions.conversations import change, locked
from inbox.models import Conversation
from inbox.team import who_answer, who_lead

MINUTES = {"high": 5, "low": 30, "tech": 240}
STEPS = ("csm", "deputy", "team", "manager")


def due_after(moment: datetime, tier: str) -> datetime:
    return hours.after(moment, MINUTES.get(tier, MINUTES["tech"]))


async def begin_waiting(conversation: Conversation, tier: str) -> None:
    """The clock starts and the first in line is told; out of hours a high-touch account's deputy too."""
    moment = now()
    await change(conversation, sla_due_at=due_after(moment, tier))
    step = await _climb(conversation)
    if tier == "high" and step == "csm" and not hours.is_open(moment):
        await _climb(conversation)
    await escalate.later(conversation_id=conversation.id, epoch=conversation.epoch, due=conversation.sla_due_at)


@job
async def escalate(conversation_id: int, epoch: int) -> str:
    """The time is over and nobody took it: tell the next, and look again after as long."""
    async with transaction():
        conversation = await locked(conversation_id)
        if conversation.state != "waiting" or conversation.epoch != epoch:
            return "taken"
        await departments.tell("conversation.late", key=f"late:{conversation.id}:{epoch}",
                               account_id=conversation.account_id, url=f"/staff/inbox/{conversation.id}")  # fmt: skip
        step = await _climb(conversation)
        if step is None:
            return "everybody was told"
        tier = await accounts.tier_of(conversation.account_id) if conversation.account_id else "tech"
        await change(conversation, escalation=STEPS.index(step))
        if step != STEPS[-1]:
            await escalate.later(conversation_id=conversation_id, epoch=epoch, due=due_after(now(), tier))
    return step


@departments.stands("conversation.late")
async def late(key: str) -> str:
    _late, id, epoch = key.split(":")
    waits = await rows("SELECT 1 FROM conversation WHERE id = ? AND epoch = ? AND state = 'waiting'", int(id),
                       int(epoch))  # fmt: skip
    return "" if waits else TAKEN


async def _climb(conversation: Conversation) -> str | None:
    """Tell the next step that has somebody who was not told yet."""
    done = await rows("SELECT step, told FROM escalation WHERE conversation_id = ? AND epoch = ?",
                      conversation.id, conversation.epoch)  # fmt: skip
    taken = {row["step"] for row in done}
    start = max((STEPS.index(step) for step in taken), default=-1) + 1
    for step in STEPS[start:]:
        people = await _people(step, conversation)
        if people and await _record(conversation, step, people):
            await _tell(conversation, step, people)
            return step
    return None


async def _people(step: str, conversation: Conversation) -> list[int]:
    account = conversation.account_id
    if step == "team":
        return await who_answer()
    if step == "manager":
        return await who_lead()
    found = None
    if account:
        found = await (accounts.csm_of(account) if step == "csm" else accounts.deputy_of(account))
    return [found] if found else []


async def _record(conversation: Conversation, step: str, people: list[int]) -> bool:
    made = await write(
        "INSERT INTO escalation (conversation_id, epoch, step, told, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (conversation_id, epoch, step) DO NOTHING RETURNING id",
        conversation.id, conversation.epoch, step, people, now(),
    )  # fmt: skip
    return bool(made)


async def _tell(conversation: Conversation, step: str, people: list[int]) -> None:
    await notices.tell(
        people, about=Ref("conversation", conversation.id), kind="inbox.waiting",
        key=f"waiting:{conversation.id}:{conversation.epoch}:{step}", url=f"/staff/inbox/{conversation.id}",
        data={"reason": conversation.waiting_reason, "name": conversation.name, "step": step,
              "preview": conversation.preview},
    )  # fmt: skip
