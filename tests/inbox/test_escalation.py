"""Nobody takes it: the next in line is told, each once; business hours with Japanese holidays."""

from datetime import UTC, datetime, timedelta

from core.clock import now
from core.database import rows
from customers.models import Notice
from factories import an_account, staff
from inbox import hours
from inbox.actions import ownership
from inbox.actions.receiving import Heard, receive
from inbox.escalation import escalate
from inbox.models import Conversation, Escalation
from wires import *  # noqa: F403
from wires import as_person

JST = timedelta(hours=9)


def jst(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - JST


async def test_business_hours_skip_nights_weekends_and_holidays(house):
    assert hours.is_open(jst(2026, 11, 20, 9))
    assert not hours.is_open(jst(2026, 11, 20, 18))
    assert not hours.is_open(jst(2026, 11, 23, 10)), "勤労感謝の日"
    assert not hours.is_open(jst(2026, 12, 30, 10))
    assert hours.next_opening(jst(2026, 11, 20, 19)) == jst(2026, 11, 24, 9)
    assert hours.next_opening(jst(2026, 11, 20, 7)) == jst(2026, 11, 20, 9)
    assert hours.after(jst(2026, 11, 20, 17, 50), 30) == jst(2026, 11, 24, 9, 20)
    assert hours.after(jst(2026, 11, 20, 9), 240) == jst(2026, 11, 20, 13)
    assert hours.after(jst(2026, 11, 21, 12), 5) == jst(2026, 11, 24, 9, 5)


async def waiting_at(account) -> Conversation:
    message = await receive(Heard(channel="web", customer_key="web:1", body="?", at=now(), account_id=account.id))
    assert await ownership.hand_over(message.conversation_id, epoch=1, reason="high_tier")
    return await Conversation.get(id=message.conversation_id)


async def test_csm_deputy_team_manager_each_once(house, open_hours):
    csm, deputy, agent = await staff("csm"), await staff("csm", "岩城", "直"), await staff("agent", "堀", "ゆい")
    manager = await staff("manager", "長", "さん")
    account = await an_account(tier="high", tier_source="manual", csm_id=csm.id, deputy_id=deputy.id)
    conversation = await waiting_at(account)
    assert conversation.owner_id == csm.id
    assert timedelta(minutes=4) < conversation.sla_due_at - now() <= timedelta(minutes=5)
    told = [csm.id]
    assert await Notice.all().values_list("person_id", flat=True) == told
    for step in ("deputy", "team", "manager"):
        assert await escalate(conversation_id=conversation.id, epoch=conversation.epoch) == step
    assert await escalate(conversation_id=conversation.id, epoch=conversation.epoch) == "everybody was told"
    steps = await Escalation.all().order_by("id").values_list("step", "told")
    assert [(step, sorted(who)) for step, who in steps] == [
        ("csm", [csm.id]), ("deputy", [deputy.id]), ("team", sorted([csm.id, deputy.id, agent.id, manager.id])),
        ("manager", [manager.id]),
    ]  # fmt: skip
    promised = await rows("SELECT COUNT(*) FROM promise WHERE name LIKE '%escalate' AND state = 'waiting'")
    assert promised[0][0] == 3


async def test_taken_over_nobody_else_is_told(house, open_hours):
    csm = await staff("csm")
    conversation = await waiting_at(await an_account(tier="high", tier_source="manual", csm_id=csm.id))
    as_person(csm)
    await ownership.take_over(conversation.id)
    assert await escalate(conversation_id=conversation.id, epoch=conversation.epoch) == "taken"
    assert await Notice.all().count() == 1


async def test_out_of_hours_the_deputy_of_a_high_account_is_told_at_once(house, monkeypatch):
    monkeypatch.setattr(hours, "is_working_day", lambda day: day.weekday() == 0)
    monkeypatch.setattr(hours, "is_open", lambda moment: False)
    csm, deputy = await staff("csm"), await staff("csm", "岩城", "直")
    await waiting_at(await an_account(tier="high", tier_source="manual", csm_id=csm.id, deputy_id=deputy.id))
    assert sorted(await Notice.all().values_list("person_id", flat=True)) == sorted([csm.id, deputy.id])
