"""Journeys from the segment to the inbox: the recipes whole, with the clock moved, and who got what and why."""

from __future__ import annotations

import pytest

from campaigns import reactions
from campaigns.journeys import starting, writing
from campaigns.journeys.jobs import go_on
from campaigns.journeys.models import Move, Run
from campaigns.models import Campaign, Delivery, Step
from campaigns_parts import a_reader
from core.database import rows
from core.errors import Conflict, Refused
from customers import consent
from customers.models import Pilot, Task, Touchpoint
from customers.rules import AttentionRule, set_rule
from journey_parts import a_journey, a_list, add, comes, did, path, started, subjects, time_passes, tried, ways


@pytest.fixture(autouse=True)
async def plenty(house):
    """Only one test is about the budget."""
    await set_rule("attention", AttentionRule(per_day=50, per_week=200, per_month=500))


async def onboarding(people=(), **rules):
    journey = await a_journey(people, **rules)
    await add(journey, "send", subject="ようこそ")
    waiting = await add(journey, "wait_for", what="event", event="first_report", days=3)
    await add(journey, "send", f"{waiting.id}:no:0", subject="最初の日報")
    again = await add(journey, "wait_for", f"{waiting.id}:no:1", what="event", event="first_report", days=4)
    await add(journey, "task", f"{again.id}:no:0", title="日報がまだ", days=2)
    return journey


async def test_onboarding_reminds_who_has_not_done_it_and_then_asks_the_csm(house, smtp, writer, run_jobs):
    journey = await started(await onboarding(), run_jobs)
    quick, slow, never = [await a_reader(n) for n in (1, 2, 3)]
    await comes(journey, quick, slow, never)
    await go_on()
    await run_jobs()
    assert [state for _name, state, _node in await ways(journey)] == ["active"] * 3
    for one in (quick, slow, never):
        assert await subjects(smtp, one) == ["ようこそ"]
    await time_passes(days=1)
    await did(quick, "first_report")
    await go_on()
    assert await ways(journey) == [("田辺1", "done", "s2"), ("田辺2", "active", "s2"), ("田辺3", "active", "s2")]
    await time_passes(days=2.1)
    await go_on()
    await run_jobs()
    assert await subjects(smtp, slow) == ["ようこそ", "最初の日報"] and await subjects(smtp, quick) == ["ようこそ"]
    await time_passes(days=1)
    await did(slow, "first_report")
    await go_on()
    await time_passes(days=3.1)
    await go_on()
    await run_jobs()
    assert [state for _name, state, _node in await ways(journey)] == ["done"] * 3
    assert await path(never) == [("", "entered"), ("s1", "sent"), ("s2", "no"), ("s3", "sent"), ("s4", "no"),
                                 ("s5", "task")]  # fmt: skip
    assert await path(slow) == [("", "entered"), ("s1", "sent"), ("s2", "no"), ("s3", "sent"), ("s4", "yes")]
    opened = await Task.filter(person_id__in=[quick.id, slow.id, never.id])
    assert [(one.person_id, one.kind, one.facts["title"]) for one in opened] == [(never.id, "journey", "日報がまだ")]
    kinds = await Touchpoint.filter(person_id=slow.id).order_by("id").values_list("kind", flat=True)
    assert [one for one in kinds if one.startswith("journey")] == ["journey.entered", "journey.ended"]
    assert smtp.violations == []


async def test_it_is_sent_again_under_another_subject_to_who_did_not_click(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send", subject="新しい締め方")
    await add(journey, "again", days=3, times=2, subject="まだの方へ")
    await started(journey, run_jobs)
    clicks, never, later = [await a_reader(n) for n in (1, 2, 3)]
    for one in (clicks, later):
        await consent.decide(one.id, "tracking", "email", "given", source="form")
    await comes(journey, clicks, never, later)
    await go_on()
    await run_jobs()
    await click(smtp, clicks)
    await run_jobs()
    assert (await ways(journey))[0][1] == "done"
    await time_passes(days=3.1)
    await go_on()
    await run_jobs()
    await click(smtp, later)
    await time_passes(days=3.1)
    await go_on()
    await run_jobs()
    await time_passes(days=9)
    await go_on()
    await run_jobs()
    assert await subjects(smtp, clicks) == ["新しい締め方"]
    assert await subjects(smtp, never) == ["新しい締め方", "まだの方へ", "まだの方へ"]
    assert await subjects(smtp, later) == ["新しい締め方", "まだの方へ"]
    assert [state for _name, state, _node in await ways(journey)] == ["done"] * 3


async def click(smtp, person):
    import re

    text = smtp.mails_to(person.email)[-1].parsed.get_body(("plain",)).get_content()
    token, key = re.search(r"/c/([0-9a-f]{32})/([0-9a-f]+)", text).groups()
    await reactions.follow(token, key)


async def test_only_who_comes_after_the_start_enters_unless_everybody_is_wanted(house, smtp, writer, run_jobs):
    there, new = await a_reader(1), await a_reader(2)
    journey = await a_journey([there])
    await add(journey, "send")
    await started(journey, run_jobs)
    await comes(journey, new)
    await go_on()
    assert [name for name, _state, _node in await ways(journey)] == ["田辺2"]
    both = await a_journey([there], takes_present=True)
    await add(both, "send")
    await started(both, run_jobs)
    assert [name for name, _state, _node in await ways(both)] == ["田辺1"]


async def test_nobody_enters_twice_unless_they_may_come_again(house, smtp, writer, run_jobs):
    journey = await a_journey(again_after=10)
    await add(journey, "send")
    await started(journey, run_jobs)
    reader = await a_reader(1)
    for days in (0, 5, 11):
        await time_passes(days=days)
        await rows("SELECT 1")
        from customers.models import SegmentMember

        await SegmentMember.filter(person_id=reader.id).delete()
        await comes(journey, reader)
        await go_on()
        await run_jobs()
    assert [(one.entry, one.state) for one in await Run.filter(person_id=reader.id).order_by("id")] == [
        (1, "done"), (2, "done")]  # fmt: skip
    assert len(await subjects(smtp, reader)) == 2
    never = await a_journey([])
    await add(never, "wait", days=1)
    await started(never, run_jobs)
    await comes(never, reader)
    await go_on()
    await time_passes(days=2)
    await go_on()
    await SegmentMember.filter(segment_id=never.segment_id).delete()
    await comes(never, reader)
    await go_on()
    assert await Run.filter(journey_id=never.id, person_id=reader.id).count() == 1


async def test_who_gets_no_mail_is_skipped_with_a_reason_and_the_journey_goes_on(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send")
    await add(journey, "wait", days=1)
    await add(journey, "send", subject="二通目")
    await started(journey, run_jobs)
    no, silent, full = await a_reader(1, says="refused"), await a_reader(2, says=None), await a_reader(3)
    from customers import touches

    await set_rule("attention", AttentionRule(per_day=0, per_week=0, per_month=0))
    await comes(journey, no, silent, full)
    await go_on()
    await run_jobs()
    await set_rule("attention", AttentionRule(per_day=9, per_week=9, per_month=9))
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    found = await rows("SELECT d.state, d.reason FROM delivery d JOIN campaign_step t ON t.id = d.step_id"
                       " WHERE t.kind = 'journey' ORDER BY t.id, d.person_id")  # fmt: skip
    assert [tuple(row) for row in found] == [
        ("skipped", "refused"), ("skipped", "no_consent"), ("skipped", "capped"),
        ("skipped", "refused"), ("skipped", "no_consent"), ("sent", ""),
    ]  # fmt: skip
    assert await subjects(smtp, full) == ["二通目"]
    assert [state for _name, state, _node in await ways(journey)] == ["done"] * 3
    assert await touches.used(full.id) == {1: 1, 7: 1, 30: 1}


async def test_a_mail_that_waits_for_the_morning_does_not_hold_up_those_who_come(house, smtp, writer, run_jobs):
    """A look promised for later, under the same key, would have let them wait too."""
    journey = await a_journey()
    await add(journey, "send")
    await started(journey, run_jobs)
    held, new = await a_reader(1), await a_reader(2)
    await comes(journey, held)
    await set_rule("attention", AttentionRule(per_day=1, per_week=9, per_month=9))
    from customers import touches

    assert await touches.reserve_touch(held.id, "email", "campaign", "another")
    await go_on()
    await run_jobs()
    assert (await Delivery.get(person_id=held.id)).reason == "held:day"
    await comes(journey, new)
    await go_on()
    await run_jobs()
    assert len(await subjects(smtp, new)) == 1 and await subjects(smtp, held) == []
    await time_passes(days=1.2)
    await run_jobs()
    assert len(await subjects(smtp, held)) == 1
    assert [one.state for one in await Step.filter(kind="journey")] == ["sending"]


async def test_who_reaches_the_goal_is_out_at_once_and_gets_nothing_more(house, smtp, writer, run_jobs):
    journey = await a_journey(goal_event="first_report")
    await add(journey, "wait", days=1)
    await add(journey, "send")
    await started(journey, run_jobs)
    reached, not_yet = await a_reader(1), await a_reader(2)
    await comes(journey, reached, not_yet)
    await go_on()
    await did(reached, "first_report")
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert await ways(journey) == [("田辺1", "goal", "s1"), ("田辺2", "done", "s2")]
    assert await subjects(smtp, reached) == [] and len(await subjects(smtp, not_yet)) == 1


async def test_a_mail_that_still_waits_is_not_sent_to_who_has_left(house, smtp, writer, run_jobs):
    journey = await a_journey(goal_event="first_report")
    await add(journey, "send")
    await add(journey, "wait", days=9)
    await started(journey, run_jobs)
    reader = await a_reader(1)
    await set_rule("attention", AttentionRule(per_day=1, per_week=9, per_month=9))
    from customers import touches

    await touches.reserve_touch(reader.id, "email", "campaign", "another")
    await comes(journey, reader)
    await go_on()
    await run_jobs()
    await did(reader, "first_report")
    await go_on()
    await time_passes(days=1.5)
    await run_jobs()
    one = await Delivery.get(person_id=reader.id)
    assert (one.state, one.reason) == ("cancelled", "left_journey") and await subjects(smtp, reader) == []


async def test_leaving_the_segment_is_leaving_and_entering_another_is_the_goal(house, smtp, writer, run_jobs):
    stays, goes, wins = [await a_reader(n) for n in (1, 2, 3)]
    won = await a_list(wins)
    from customers.models import SegmentMember

    await SegmentMember.all().delete()
    journey = await a_journey(leaves_with_segment=True, goal_segment_id=won)
    await add(journey, "wait", days=5)
    await started(journey, run_jobs)
    await comes(journey, stays, goes, wins)
    await go_on()
    await SegmentMember.filter(person_id=goes.id).delete()
    await SegmentMember.create(segment_id=won, person_id=wins.id, since=(await Run.first()).since)
    await go_on()
    assert [(name, state) for name, state, _node in await ways(journey)] == [
        ("田辺1", "active"), ("田辺2", "left"), ("田辺3", "goal")]  # fmt: skip


async def test_a_split_asks_the_segment(house, smtp, writer, run_jobs):
    big, small = await a_reader(1), await a_reader(2)
    chosen = await a_list(big)
    journey = await a_journey()
    split = await add(journey, "split", segment=chosen)
    await add(journey, "send", f"{split.id}:yes:0", subject="大きい会社")
    await add(journey, "leave", f"{split.id}:no:0")
    await add(journey, "send", subject="そのあと")
    await started(journey, run_jobs)
    await comes(journey, big, small)
    await go_on()
    await run_jobs()
    # no wait lies between them: both leave at once, and either may arrive first
    assert sorted(await subjects(smtp, big)) == ["そのあと", "大きい会社"] and await subjects(smtp, small) == []
    assert [(state, node) for _name, state, node in await ways(journey)] == [("done", "s4"), ("left", "s3")]


async def test_it_does_not_start_before_a_pilot_of_this_very_journey(house, smtp, writer, run_jobs):
    journey = await onboarding()
    with pytest.raises(Refused, match="少人数"):
        await starting.start(journey)
    await tried(journey, run_jobs)
    mail = await Campaign.filter(journey_id=journey.id).first()
    from campaigns import actions
    from campaigns.compose import Draft
    from campaigns_parts import MJML

    await actions.keep_content(mail, Draft("ようこそ！", MJML))
    with pytest.raises(Refused, match="少人数"):
        await starting.start(journey)
    await actions.keep_content(mail, Draft("ようこそ", MJML))
    await starting.start(journey)
    with pytest.raises(Conflict):
        await starting.start(journey)
    await writing.remove_step(journey, "s5")
    with pytest.raises(Refused, match="少人数"):
        await starting.start(journey)


async def test_a_change_ends_the_pilot_that_runs(house, smtp, writer, run_jobs):
    journey = await onboarding()
    tester = await a_reader(50)
    await starting.start_pilot(journey, "社内", [tester.id])
    await run_jobs()
    assert len(await subjects(smtp, tester)) == 1
    await add(journey, "wait", days=1)
    assert (await Pilot.get(about_kind="journey")).state == "void"
    with pytest.raises(Conflict):
        await starting.judge(journey, True, "よい")
    await go_on()
    run = await Run.get()
    assert (run.state, run.reason) == ("left", "replaced")
    await starting.start_pilot(journey, "社内", [tester.id], is_fast=True)
    await run_jobs()
    for _n in range(5):
        await time_passes(minutes=5)
        await go_on()
        await run_jobs()
    assert (await Run.filter(is_pilot=True).order_by("-id").first()).state == "done"


async def test_who_is_inside_finishes_on_the_version_they_entered_with(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "wait", days=1)
    mail = await add(journey, "send", subject="一版")
    await started(journey, run_jobs)
    old, new = await a_reader(1), await a_reader(2)
    await comes(journey, old)
    await go_on()
    await writing.remove_step(journey, mail.id)
    await add(journey, "send", subject="二版")
    await started(journey, run_jobs)
    await comes(journey, new)
    await go_on()
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert await subjects(smtp, old) == ["一版"] and await subjects(smtp, new) == ["二版"]


async def test_pausing_holds_everybody_and_stopping_lets_them_go(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "wait", days=1)
    await add(journey, "send")
    await add(journey, "wait", days=5)
    await started(journey, run_jobs)
    one, two, three = [await a_reader(n) for n in (1, 2, 3)]
    await comes(journey, one, two)
    await go_on()
    await starting.pause(journey)
    await comes(journey, three)
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert await ways(journey) == [("田辺1", "active", "s1"), ("田辺2", "active", "s1")]
    await starting.resume(await writing.find(journey.id))
    await run_jobs()
    assert [(name, node) for name, _state, node in await ways(journey)] == [
        ("田辺1", "s3"), ("田辺2", "s3"), ("田辺3", "s1")]  # fmt: skip
    await starting.take_out(await Run.get(journey_id=journey.id, person_id=one.id), "本人の希望")
    await starting.stop(journey)
    await run_jobs()
    assert [(row.state, row.reason) for row in await Run.filter(is_pilot=False).order_by("id")] == [
        ("stopped", "by_hand"), ("stopped", "journey_stopped"), ("stopped", "journey_stopped")]  # fmt: skip
    assert {one.state for one in await Step.filter(kind="journey")} == {"cancelled"}
    with pytest.raises(Conflict):
        await add(journey, "wait", days=1)


async def test_consent_withdrawn_inside_stops_mails_and_not_the_journey(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send")
    await add(journey, "wait", days=1)
    await add(journey, "send", subject="二通目")
    await started(journey, run_jobs)
    reader = await a_reader(1)
    await comes(journey, reader)
    await go_on()
    await run_jobs()
    await reactions.unsubscribe((await Delivery.get(person_id=reader.id)).token)
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert len(await subjects(smtp, reader)) == 1 and (await ways(journey))[0][1] == "done"
    assert (await Delivery.filter(person_id=reader.id).order_by("-id").first()).reason == "refused"


async def test_every_move_has_its_line_and_nobody_is_in_two_places(house, smtp, writer, run_jobs):
    journey = await started(await onboarding(), run_jobs)
    await comes(journey, *[await a_reader(n) for n in range(1, 6)])
    await go_on()
    await time_passes(days=3.1)
    await go_on()
    for run in await Run.all():
        assert await Move.filter(run_id=run.id).count() == run.number
