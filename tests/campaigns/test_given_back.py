"""What reached nobody takes no room in anybody's budget, and nothing waits for whoever said no."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from campaigns import coming_back, reactions, rollout
from campaigns.models import Delivery
from campaigns_parts import a_campaign, a_reader, piloted
from core.clock import now
from customers import consent, touches
from customers.models import TouchHold
from customers.rules import QuietRule, set_rule


async def sent_to(people, run_jobs):
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    step = await rollout.schedule(campaign)
    await run_jobs()
    return {one.person_id: one for one in await Delivery.filter(step_id=step.id)}


async def counted(person) -> int:
    return (await touches.used(person.id))[1]


async def asleep(people, run_jobs):
    """Sent while it is night for them."""
    local = now().astimezone(ZoneInfo("Asia/Tokyo"))
    begin, end = (f"{local + timedelta(hours=by):%H:%M}" for by in (-1, 1))
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    await set_rule("quiet", QuietRule(quiet_from=begin, quiet_until=end, spread_minutes=5))
    await rollout.schedule(campaign)
    await run_jobs()
    assert {one.state for one in await TouchHold.all()} == {"held"}


async def test_a_mail_that_was_refused_for_good_takes_no_touch(house, smtp, writer, run_jobs):
    smtp.faults.refuse("rcpt", "554 5.7.1 not today", recipient="reader1@*")
    refused, fine = await a_reader(1), await a_reader(2)
    made = await sent_to([refused, fine], run_jobs)
    assert (made[refused.id].state, made[fine.id].state) == ("failed", "sent")
    assert (await counted(refused), await counted(fine)) == (0, 1)


async def test_a_mail_that_came_back_takes_no_touch(house, smtp, writer, run_jobs):
    gone = await a_reader(1)
    made = (await sent_to([gone], run_jobs))[gone.id]
    assert await counted(gone) == 1
    for _ in range(2):
        await coming_back.bounced(0, (made.key,), "5.1.1 user unknown", is_dead=True)
        assert await counted(gone) == 0


async def test_who_stops_the_topic_by_the_mails_link_waits_for_nothing(house, smtp, writer, run_jobs):
    reader, other = await a_reader(1), await a_reader(2)
    await asleep([reader, other], run_jobs)
    await reactions.unsubscribe((await Delivery.get(person_id=reader.id)).token)
    assert (await Delivery.get(person_id=reader.id)).state == "skipped"
    assert {one.person_id: one.state for one in await TouchHold.all()} == {reader.id: "dropped", other.id: "held"}


async def test_who_refuses_on_their_own_page_waits_for_nothing(house, smtp, writer, run_jobs):
    reader, torn, other = await a_reader(1), await a_reader(2), await a_reader(3)
    await asleep([reader, torn, other], run_jobs)
    await consent.decide(reader.id, "usage", "email", "refused", source="form")
    await consent.decide(torn.id, "usage", "email", "refused", source="form")
    await consent.decide(torn.id, "usage", "email", "given", source="form")
    await consent.decide(other.id, "another", "email", "refused", source="form")
    await run_jobs()
    delivery = await Delivery.get(person_id=reader.id)
    assert (delivery.state, delivery.reason) == ("skipped", "unsubscribed")
    assert {one.person_id: one.state for one in await TouchHold.all()} == {
        reader.id: "dropped", torn.id: "held", other.id: "held"}  # fmt: skip
