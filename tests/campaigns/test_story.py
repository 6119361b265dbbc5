"""From writing to the inbox: the ledger, what the server got, and who did not get it and why."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns import actions, claims, ledger, reactions, rollout
from campaigns.compose import Draft
from campaigns.jobs import deliver_step, freeze_step, sweep
from campaigns.models import Campaign, Delivery, Step, TrackedLink
from campaigns_parts import MJML, SUBJECT, a_campaign, a_reader, piloted
from channels.models import Mail
from core.clock import now
from core.database import rows, write
from core.errors import Conflict, Refused
from customers import consent
from customers.models import Account, ConsentProof, Topic, Touch, TouchHold, Touchpoint
from customers.rules import AttentionRule, QuietRule, set_rule
from factories import staff


async def states(kind="main"):
    found = await rows(
        "SELECT p.family_name, d.state, d.reason FROM delivery d JOIN person p ON p.id = d.person_id"
        " JOIN campaign_step t ON t.id = d.step_id WHERE t.kind = ? ORDER BY p.id", kind,
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in found]


async def test_a_newsletter_from_draft_to_inbox(house, smtp, writer, run_jobs):
    pilot_people = [await a_reader(n) for n in (101, 102)]
    people = [await a_reader(n) for n in range(1, 6)]
    campaign = await piloted(await a_campaign(people), pilot_people, run_jobs)
    assert len(smtp.messages) == 2
    await rollout.schedule(campaign)
    await run_jobs()
    assert [state for _name, state, _reason in await states()] == ["sent"] * 5
    assert (await Campaign.get()).state == "done"
    mail = smtp.mails_to("reader3@example.com")[0]
    assert mail.parsed["Subject"] == "田辺3さん、年末の締めを3日で終える準備"
    html = mail.parsed.get_body(("html",)).get_content()
    assert "株式会社水面3さまの締めの準備です" in html
    assert "初めての年末" in html
    text = mail.parsed.get_body(("plain",)).get_content()
    assert "架空県縁側市" in text and "/u/" in text and "/c/" in text
    assert mail.parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.parsed["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/u/")
    assert mail.sender.startswith("bounce+") and mail.sender.endswith("@tsukimi.example")
    assert len({one.message_id for one in smtp.messages}) == 7
    assert smtp.violations == []
    assert await Touchpoint.filter(kind="campaign.sent").count() == 7


async def test_everybody_has_one_row_and_a_reason(house, smtp, writer, run_jobs):
    yes, no, silent = await a_reader(1), await a_reader(2, says="refused"), await a_reader(3, says=None)
    bounced, left = await a_reader(4), await a_reader(5)
    nowhere = await a_reader(6)
    twin, gone = await a_reader(7), await a_reader(8)
    await consent.suppress("email", "reader4@example.com", "bounce")
    await Account.filter(name="株式会社水面5").update(state="churned")
    await write("UPDATE person SET email = NULL WHERE id = ?", nowhere.id)
    # Somebody else at a shared address: the same name would be one person in two records, and merged by night.
    await write("UPDATE person SET email = 'Reader1@example.com', given_name = 'けん' WHERE id = ?", twin.id)
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", gone.id)
    everybody = [yes, no, silent, bounced, left, nowhere, twin, gone]
    campaign = await piloted(await a_campaign(everybody), [await a_reader(100)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [
        ("田辺1", "sent", ""), ("田辺2", "skipped", "refused"), ("田辺3", "skipped", "no_consent"),
        ("田辺4", "skipped", "suppressed"), ("田辺5", "skipped", "churned"), ("田辺6", "skipped", "no_address"),
        ("田辺7", "skipped", "same_address"),
    ]  # fmt: skip
    assert len(smtp.messages) == 2


async def test_no_schedule_without_a_passed_pilot_of_this_very_content(house, smtp, writer, run_jobs):
    campaign = await a_campaign([await a_reader(1)])
    with pytest.raises(Refused, match="少人数|試し"):
        await rollout.schedule(campaign)
    await piloted(campaign, [await a_reader(2)], run_jobs)
    await actions.keep_content(campaign, Draft(SUBJECT + "！", MJML))
    with pytest.raises(Refused, match="少人数|試し"):
        await rollout.schedule(campaign)
    await actions.keep_content(campaign, Draft(SUBJECT, MJML, "12月の締めの前に"))
    await rollout.schedule(campaign)
    with pytest.raises(Conflict):
        await actions.keep_content(campaign, Draft("別", MJML))
    with pytest.raises(Conflict):
        await rollout.schedule(campaign)


async def test_a_failed_verdict_does_not_pass(house, smtp, writer, run_jobs):
    campaign = await a_campaign([await a_reader(1)])
    await rollout.start_pilot(campaign, "社内", [(await a_reader(2)).id])
    await run_jobs()
    await rollout.judge(campaign, False, "わかりにくい")
    with pytest.raises(Refused):
        await rollout.schedule(campaign)


async def test_the_people_of_the_pilot_do_not_get_it_twice(house, smtp, writer, run_jobs):
    both, only = await a_reader(1), await a_reader(2)
    campaign = await piloted(await a_campaign([both, only]), [both], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [("田辺1", "skipped", "already_sent"), ("田辺2", "sent", "")]
    assert len(smtp.mails_to("reader1@example.com")) == 1


async def test_failing_checks_refuse_the_schedule_with_a_sentence(house, smtp, writer, run_jobs):
    nameless = await a_reader(2)
    await write("UPDATE person SET family_name = '' WHERE id = ?", nameless.id)
    campaign = await a_campaign([await a_reader(1), nameless])
    with pytest.raises(Refused, match="1人に姓がありません|1人"):
        await rollout.start_pilot(campaign, "社内", [(await a_reader(3)).id])
    plain = Draft("題", "<mj-section><mj-column><mj-text>本文だけ</mj-text></mj-column></mj-section>")
    await actions.keep_content(campaign, plain)
    found = {one.name: one.tone for one in await actions.check(campaign)}
    assert found["law"] == "bad"
    links = MJML.replace("link('/help/017')", "link('http://unsafe.example/')").replace(
        "配信を止める</a>", "配信を止める</a><a href='#'>x</a>"
    )
    await actions.keep_content(campaign, Draft(SUBJECT, links))
    found = {one.name: one for one in await actions.check(campaign)}
    assert found["links"].tone == "bad" and "unsafe.example" in found["links"].text
    assert found["missing"].tone == "bad"
    assert found["law"].tone == "good"


async def test_unsubscribing_in_the_middle_stops_the_rest_at_once(house, smtp, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 4)]
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    step = await rollout.schedule(campaign)
    await freeze_step(step_id=step.id)
    waiting = await Delivery.filter(step_id=step.id, person_id=people[1].id).get()
    await reactions.unsubscribe(waiting.token)
    await run_jobs()
    assert await states() == [("田辺1", "sent", ""), ("田辺2", "skipped", "unsubscribed"), ("田辺3", "sent", "")]
    assert await consent.state_of(people[1].id, "usage", "email") == "refused"
    assert await ConsentProof.filter(person_id=people[1].id, source="one_click").count() == 1
    assert smtp.mails_to("reader2@example.com") == []


@pytest.mark.parametrize(("meanwhile", "said"), [
    ("UPDATE pilot SET state = 'void' WHERE about_id = ?", "止まりました：試し送りが合格していません"),
    ("UPDATE campaign SET revision_id = NULL WHERE id = ?", "止まりました：予約のあとに内容が変わりました"),
])  # fmt: skip
async def test_what_may_not_leave_at_its_hour_stops_and_the_report_says_why(
    house, web, sign_in, smtp, writer, run_jobs, meanwhile, said
):
    campaign = await piloted(await a_campaign([await a_reader(1)]), [await a_reader(50)], run_jobs)
    step = await rollout.schedule(campaign)
    await write(meanwhile, campaign.id)
    await freeze_step(step_id=step.id)
    assert (await Step.get(id=step.id)).state == "cancelled" and smtp.mails_to("reader1@example.com") == []
    await sign_in(await staff("manager"))
    assert said in (await web.get(f"/staff/campaigns/{campaign.id}/report")).text


async def test_the_budget_of_attention_is_kept(house, smtp, writer, run_jobs):
    await set_rule("attention", AttentionRule(per_day=1, per_week=1, per_month=1))
    reader, other = await a_reader(1), await a_reader(2)
    await write(
        "INSERT INTO touch (person_id, channel, kind, key, at) VALUES (?, 'line', 'guide', 'x', CURRENT_TIMESTAMP)",
        reader.id,
    )
    campaign = await piloted(await a_campaign([reader, other]), [await a_reader(3)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [("田辺1", "skipped", "capped"), ("田辺2", "sent", "")]


async def test_pause_and_resume_neither_lose_nor_double(house, smtp, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 9)]
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    step = await rollout.schedule(campaign)
    await freeze_step(step_id=step.id)
    await rollout.pause(campaign)
    await deliver_step(step_id=step.id)
    assert len(smtp.messages) == 1
    with pytest.raises(Conflict):
        await rollout.pause(campaign)
    await rollout.resume(campaign)
    await run_jobs()
    assert len(smtp.messages) == 9 == len({one.recipients[0] for one in smtp.messages})


async def test_cancelling_says_so_in_every_row_and_resend_reaches_exactly_the_missed(house, smtp, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 5)]
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    smtp.faults.refuse("rcpt", "554 5.7.1 not today", recipient="reader2@*")
    smtp.faults.hang_up_after_the_dot(recipient="reader3@*")
    await rollout.schedule(campaign)
    await run_jobs()
    assert [state for _n, state, _r in await states()] == ["sent", "failed", "uncertain", "sent"]
    assert await rollout.missed(campaign) == [people[1].id]
    uncertain = await Delivery.get(state="uncertain")
    assert await rollout.reconcile(campaign, [uncertain.id], arrived=True) == 1
    await rollout.resend(campaign)
    await run_jobs()
    assert await states("resend") == [("田辺2", "sent", "")]
    assert len(smtp.mails_to("reader2@example.com")) == 1
    assert len(smtp.mails_to("reader3@example.com")) == 1
    with pytest.raises(Refused):
        await rollout.resend(campaign)


async def test_cancelling_in_the_middle_gives_every_row_its_final_state(house, smtp, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 5)]
    campaign = await piloted(await a_campaign(people), [await a_reader(50)], run_jobs)
    step = await rollout.schedule(campaign)
    await freeze_step(step_id=step.id)
    await rollout.cancel(campaign)
    await run_jobs()
    assert [state for _n, state, _r in await states()] == ["cancelled"] * 4
    assert len(smtp.messages) == 1


async def test_a_dead_mailbox_is_never_written_to_again(house, smtp, writer, run_jobs):
    smtp.faults.refuse("rcpt", "550 5.1.1 Nobody", recipient="reader1@*", times=None)
    campaign = await piloted(await a_campaign([await a_reader(1)]), [await a_reader(50)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [("田辺1", "failed", "550 5.1.1 Nobody")]
    assert await consent.is_suppressed("email", "reader1@example.com")


async def test_a_busy_server_is_tried_again_later(house, smtp, writer, run_jobs, monkeypatch):
    from datetime import timedelta

    from campaigns import sending

    monkeypatch.setattr(sending, "RETRY", timedelta(milliseconds=50))
    campaign = await piloted(
        await a_campaign([await a_reader(n) for n in range(1, 11)]), [await a_reader(50)], run_jobs
    )
    smtp.faults.refuse("rcpt", "451 4.7.1 Greylisted", times=12)
    await rollout.schedule(campaign)
    for _ in range(6):
        await run_jobs()
        import asyncio

        await asyncio.sleep(0.3)
    assert [state for _n, state, _r in await states()] == ["sent"] * 10
    assert len(smtp.messages) == 11


async def test_a_worker_that_only_slept_says_after_the_end_that_it_was_not_sent(house, smtp, writer, run_jobs):
    """Its attempt counted as uncertain, and nothing else was left, so the step was done. Then it woke up."""
    campaign = await piloted(await a_campaign([await a_reader(1)]), [await a_reader(50)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    step, delivery = await Step.get(kind="main"), await Delivery.get(person__family_name="田辺1")
    await Delivery.filter(id=delivery.id).update(state="uncertain", worker="slept", sent_at=None)
    told = claims.Result(delivery.id, delivery.attempt, "frozen", "451 4.7.1 Greylisted", due=now())
    await claims.turn(step, "slept", [], [told])
    assert ((await Step.get(id=step.id)).state, (await Campaign.get()).state) == ("sending", "sending")
    await sweep()
    await run_jobs()
    assert await states() == [("田辺1", "sent", "")]
    assert len(smtp.mails_to("reader1@example.com")) == 2  # of this test's making: the first had arrived
    assert ((await Step.get(id=step.id)).state, (await Campaign.get()).state) == ("done", "done")


async def test_without_a_server_it_lands_in_the_mailbox(house, writer, run_jobs):
    campaign = await piloted(await a_campaign([await a_reader(1), await a_reader(2)]), [await a_reader(3)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await Mail.all().count() == 3
    assert [state for _n, state, _r in await states()] == ["sent", "sent"]


async def test_clicks_are_counted_and_only_who_allowed_it_is_seen(house, smtp, writer, run_jobs):
    seen, unseen = await a_reader(1), await a_reader(2)
    await consent.decide(seen.id, "tracking", "email", "given", source="form")
    campaign = await piloted(await a_campaign([seen, unseen], tracking="individual"), [await a_reader(3)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    link = await TrackedLink.filter(url="/help/017").get()
    delivery = await Delivery.filter(person_id=seen.id).get()
    texts = {address: smtp.mails_to(address)[0].parsed.get_body(("plain",)).get_content() for address in
             ("reader1@example.com", "reader2@example.com")}  # fmt: skip
    assert f"/c/{link.token}/{delivery.key}" in texts["reader1@example.com"]
    assert f"/c/{link.token}\n" in texts["reader2@example.com"].replace("\r", "")
    assert await reactions.follow(link.token, delivery.key) == "http://127.0.0.1:8000/help/017"
    assert await reactions.follow(link.token) == "http://127.0.0.1:8000/help/017"
    assert (await TrackedLink.get(id=link.id)).clicks == 2
    assert await Touchpoint.filter(kind="campaign.clicked").count() == 1


async def test_freezing_again_changes_nothing(house, writer):
    people = [await a_reader(n) for n in range(1, 4)]
    campaign = await a_campaign(people)
    step = await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, due_at=campaign.created_at,
                             created_at=campaign.created_at)  # fmt: skip
    for _ in range(2):
        assert await ledger.freeze(step, campaign, [one.id for one in people], needs_consent=True) == 3


def an_hour_around_now() -> QuietRule:
    local = now().astimezone(ZoneInfo("Asia/Tokyo"))
    begin, end = (f"{local + timedelta(hours=by):%H:%M}" for by in (-1, 1))
    return QuietRule(quiet_from=begin, quiet_until=end, spread_minutes=5)


async def test_who_sleeps_gets_it_in_the_morning_and_who_is_awake_now(house, smtp, writer, run_jobs):
    sleeper, awake = await a_reader(1), await a_reader(2, time_zone="America/New_York")
    campaign = await piloted(await a_campaign([sleeper, awake]), [await a_reader(50)], run_jobs)
    await set_rule("quiet", an_hour_around_now())
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [("田辺1", "frozen", "held:quiet"), ("田辺2", "sent", "")]
    held = await TouchHold.get()
    waiting = await Delivery.get(person_id=sleeper.id)
    assert (held.person_id, held.state, held.about_id) == (sleeper.id, "held", campaign.id)
    assert held.release_at == waiting.due_at > now() + timedelta(minutes=55)
    assert waiting.due_at < now() + timedelta(minutes=67)
    assert (await Campaign.get()).state == "sending"
    promised = await rows("SELECT due_at FROM promise WHERE name LIKE 'campaigns.%deliver_step' AND state = 'waiting'")
    assert len(promised) == 1
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="00:00"))
    await write("UPDATE delivery SET due_at = ? WHERE state = 'frozen'", now())
    await deliver_step(step_id=waiting.step_id)
    assert [state for _name, state, _why in await states()] == ["sent", "sent"]
    assert (await Campaign.get()).state == "done"
    assert [one.state for one in await TouchHold.all()] == ["released"]
    assert await Touch.filter(person_id=sleeper.id, about_kind="campaign").count() == 1


async def test_what_was_cancelled_in_the_night_leaves_nobody_waiting(house, smtp, writer, run_jobs):
    campaign = await piloted(await a_campaign([await a_reader(1)]), [await a_reader(50)], run_jobs)
    await set_rule("quiet", an_hour_around_now())
    await rollout.schedule(campaign)
    await run_jobs()
    await rollout.cancel(campaign)
    assert await states() == [("田辺1", "cancelled", "by_hand")]
    assert [one.state for one in await TouchHold.all()] == ["dropped"]


async def test_what_somebody_needs_passes_at_any_hour_and_is_written_down(house, smtp, writer, run_jobs):
    await Topic.filter(slug="usage").update(is_transactional=True)
    await set_rule("attention", AttentionRule(per_day=0, per_week=0, per_month=0))
    await set_rule("quiet", an_hour_around_now())
    campaign = await piloted(await a_campaign([await a_reader(1)]), [await a_reader(50)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    assert await states() == [("田辺1", "sent", "")]
    assert {(one.kind, one.is_counted) for one in await Touch.all()} == {("transactional", False)}
