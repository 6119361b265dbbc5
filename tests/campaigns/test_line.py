"""A campaign on LINE: from writing to the talk, and what became of everybody."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256

import pytest

from campaigns import actions, claims, rollout
from campaigns.channels import CHOICES
from campaigns.compose import Mistakes
from campaigns.jobs import deliver_step, freeze_step, sweep
from campaigns.line.content import Button, Message
from campaigns.models import Campaign, Delivery, Step, TrackedLink
from campaigns_parts import CARD, LINE_TEXT, a_line_campaign, a_reader, be, on_line, piloted
from channels import connections
from core.clock import now
from core.database import rows, write
from core.errors import Refused
from customers import blocking, consent
from customers.models import Account, Notice, Touch, Touchpoint
from customers.rules import AttentionRule, ChannelRule, set_rule
from wires import *  # noqa: F403


async def states(kind="main"):
    found = await rows(
        "SELECT p.family_name, d.channel, d.state, d.reason FROM delivery d JOIN person p ON p.id = d.person_id"
        " JOIN campaign_step t ON t.id = d.step_id WHERE t.kind = ? ORDER BY p.id", kind,
    )  # fmt: skip
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def scheduled(campaign, line, run_jobs) -> Step:
    """Piloted with somebody on LINE, and frozen; nothing of it is sent yet."""
    tester = await a_reader(90)
    await on_line(line, tester)
    await piloted(campaign, [tester], run_jobs)
    step = await rollout.schedule(campaign)
    await freeze_step(step_id=step.id)
    return step


async def test_an_announcement_from_draft_to_the_talk(house, smtp, line, line_channel, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 4)]
    users = [await on_line(line, one) for one in people]
    campaign = await a_line_campaign(people)
    step = await scheduled(campaign, line, run_jobs)
    assert step.channel == "line"
    await run_jobs()
    assert await states() == [(f"田辺{n}", "line", "sent", "") for n in (1, 2, 3)]
    assert (await Campaign.get()).state == "done"
    text, card = line.sent_to(users[1])
    token = (await TrackedLink.get(url="/help/017")).token
    assert text["text"].startswith("田辺2さん、株式会社つきみ計算舎です。")
    assert f"http://127.0.0.1:8000/c/{token}" in text["text"]
    assert card["altText"] == "年末の締め"
    assert [one["action"]["label"] for one in card["contents"]["footer"]["contents"]] == ["準備を見る", "予約する"]
    assert card["contents"]["footer"]["contents"][0]["action"]["uri"] == f"http://127.0.0.1:8000/c/{token}"
    assert line.refused == [] and smtp.messages == []
    assert len({one.retry_key for one in line.sent}) == 4
    sent = await Delivery.get(person_id=people[1].id)
    assert sent.connection_id == line_channel.id
    assert sent.provider_id == line.sent[-1].message_ids[0] or sent.provider_id
    told = await Touchpoint.get(kind="campaign.sent", person_id=people[1].id)
    assert (told.channel, told.about_id) == ("line", campaign.id)
    assert await Touch.filter(channel="line", kind="campaign", is_counted=True).count() == 4


async def test_everybody_has_one_row_and_a_reason(house, line, line_channel, writer, run_jobs):
    yes, no, silent, unlinked, blocks, left, closed = [await a_reader(n) for n in range(1, 8)]
    await on_line(line, yes)
    await on_line(line, no, says="refused")
    await on_line(line, silent, says=None)
    await blocking.blocked(line_channel.id, await on_line(line, blocks))
    await on_line(line, left)
    await Account.filter(name="株式会社水面6").update(state="churned")
    await consent.suppress("line", await on_line(line, closed), "erased")
    await scheduled(await a_line_campaign([yes, no, silent, unlinked, blocks, left, closed]), line, run_jobs)
    await run_jobs()
    assert await states() == [
        ("田辺1", "line", "sent", ""), ("田辺2", "line", "skipped", "refused"),
        ("田辺3", "line", "skipped", "no_consent"), ("田辺4", "line", "skipped", "no_line"),
        ("田辺5", "line", "skipped", "blocked"), ("田辺6", "line", "skipped", "churned"),
        ("田辺7", "line", "skipped", "suppressed"),
    ]  # fmt: skip


@pytest.mark.parametrize(("choice", "both"), [("line_first", "line"), ("email_first", "email")])
async def test_one_message_for_each_on_the_channel_that_reaches_them(house, smtp, line, line_channel, writer, run_jobs,
                                                                     choice, both):  # fmt: skip
    on_both, on_mail, on_line_only = await a_reader(1), await a_reader(2), await a_reader(3, says=None)
    refuses_mail, nowhere = await a_reader(4, says="refused"), await a_reader(5, says=None)
    blocks = await a_reader(6)
    await on_line(line, on_both)
    await on_line(line, on_line_only)
    await blocking.blocked(line_channel.id, await on_line(line, blocks))
    await write("UPDATE person SET email = NULL WHERE id = ?", nowhere.id)
    everybody = [on_both, on_mail, on_line_only, refuses_mail, nowhere, blocks]
    step = await scheduled(await a_line_campaign(everybody, choice), line, run_jobs)
    pilot_mails = len(smtp.messages)
    await run_jobs()
    first = choice.split("_")[0]
    assert await states() == [
        ("田辺1", both, "sent", ""), ("田辺2", "email", "sent", ""), ("田辺3", "line", "sent", ""),
        ("田辺4", "email", "skipped", "refused"),
        ("田辺5", first, "skipped", "no_line" if first == "line" else "no_address"),
        ("田辺6", "email", "sent", ""),
    ]  # fmt: skip
    mails = {one.recipients[0] for one in smtp.messages[pilot_mails:]}
    assert mails == {"reader2@example.com", "reader6@example.com"} | (
        {"reader1@example.com"} if both == "email" else set()
    )
    assert step.channel == choice


async def test_who_shares_an_address_by_mail_is_not_written_to_twice(house, smtp, line, line_channel, writer, run_jobs):
    one, twin, third = await a_reader(1), await a_reader(2), await a_reader(3)
    await on_line(line, third)
    await write("UPDATE person SET email = 'Reader1@example.com', given_name = 'けん' WHERE id = ?", twin.id)
    await scheduled(await a_line_campaign([one, twin, third], "line_first"), line, run_jobs)
    await run_jobs()
    assert await states() == [("田辺1", "email", "sent", ""), ("田辺2", "email", "skipped", "same_address"),
                              ("田辺3", "line", "sent", "")]  # fmt: skip


async def test_what_breaks_on_one_channel_leaves_nobody_at_work_on_the_other(house, smtp, line, line_channel, writer,
                                                                              run_jobs, monkeypatch):  # fmt: skip
    by_mail, by_line = await a_reader(1), await a_reader(2)
    await on_line(line, by_line)
    step = await scheduled(await a_line_campaign([by_mail, by_line], "line_first"), line, run_jobs)
    claim, may_go_on = claims.claim, asyncio.Event()

    async def breaks(*place, **more):
        if more["place"].channel == "line":
            raise RuntimeError("the database is away")
        await may_go_on.wait()
        return await claim(*place, **more)

    monkeypatch.setattr(claims, "claim", breaks)
    with pytest.raises(RuntimeError):
        await deliver_step(step_id=step.id)
    mails = len(smtp.messages)
    may_go_on.set()  # whoever is still at work goes on now, with a connection that was closed
    await asyncio.sleep(0.3)
    assert len(smtp.messages) == mails
    monkeypatch.setattr(claims, "claim", claim)
    await deliver_step(step_id=step.id)
    assert [row[2] for row in await states()] == ["sent", "sent"]


async def test_a_verdict_is_of_this_content_on_these_channels(house, smtp, line, line_channel, writer, run_jobs):
    reader, tester = await a_reader(1), await a_reader(2)
    await on_line(line, reader)
    await on_line(line, tester)
    campaign = await piloted(await a_line_campaign([reader], "line_first"), [tester], run_jobs)
    assert await rollout.has_passed(campaign)
    for change in (lambda: actions.choose_channels(campaign, "line"),
                   lambda: actions.keep_line(campaign, (Message("text", LINE_TEXT + "。"),))):  # fmt: skip
        await change()
        assert not await rollout.has_passed(campaign)
        with pytest.raises(Refused, match="少人数|試し"):
            await rollout.schedule(campaign)
    await actions.choose_channels(campaign, "line_first")
    await actions.keep_line(campaign, (Message("text", LINE_TEXT), CARD))
    assert await rollout.has_passed(campaign), "it is the very content that passed"


async def test_campaigns_by_mail_have_the_hash_they_always_had(house, writer):
    from campaigns.compose import Draft

    plain = Draft("題", "<mj-text>本文</mj-text>", "行", "文")
    again = Draft("題", "<mj-text>本文</mj-text>", "行", "文", line=(), channels="email")
    assert plain.hash == again.hash == sha256("題\0行\0<mj-text>本文</mj-text>\0文".encode()).hexdigest()
    assert (
        len({plain.hash} | {Draft("題", "<mj-text>本文</mj-text>", "行", "文", channels=one).hash for one in CHOICES})
        == 4
    )


async def test_a_lost_answer_is_asked_again_with_the_key_and_arrives_once(house, line, line_channel, writer, run_jobs,
                                                                          monkeypatch):  # fmt: skip
    from campaigns import sending

    monkeypatch.setattr(sending, "RETRY", timedelta(0))
    reader = await a_reader(1)
    user = await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    line.faults.next("push", drop=True, after=True)
    await deliver_step(step_id=step.id)
    delivery = await Delivery.get(step_id=step.id)
    if delivery.state == "frozen":
        assert delivery.tried_at is not None
        await deliver_step(step_id=step.id)
    assert [one[2] for one in await states()] == ["sent"]
    assert len(line.sent_to(user)) == 2 and len(line.repeated) == 1
    assert (await Delivery.get(step_id=step.id)).attempt == 2


async def test_after_a_day_line_knows_the_key_no_more_and_a_person_decides(house, line, line_channel, writer, run_jobs):
    reader = await a_reader(1)
    user = await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    line.faults.next("push", drop=True, after=True)
    await deliver_step(step_id=step.id)
    await Delivery.filter(step_id=step.id).update(due_at=now(), tried_at=now() - timedelta(hours=24))
    line.advance(24 * 3600)
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "uncertain", "key_expired")]
    assert len(line.sent_to(user)) == 2, "not a second time"
    assert (await Step.get(id=step.id)).state == "done"
    assert await rollout.reconcile(await Campaign.get(), [(await Delivery.get(step_id=step.id)).id], arrived=True) == 1


async def test_what_certainly_did_not_arrive_starts_no_clock(house, line, line_channel, writer, run_jobs):
    reader = await a_reader(1)
    await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    line.faults.next("push", status=429)
    await deliver_step(step_id=step.id)
    delivery = await Delivery.get(step_id=step.id)
    assert (delivery.state, delivery.tried_at) == ("frozen", None)
    assert delivery.due_at > now()
    await Delivery.filter(step_id=step.id).update(due_at=now())
    await deliver_step(step_id=step.id)
    assert [one[2] for one in await states()] == ["sent"]


async def test_a_month_that_is_used_up_pauses_the_sending_and_says_so(house, line, line_channel, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 5)]
    for one in people:
        await on_line(line, one)
    campaign = await a_line_campaign(people)
    await scheduled(campaign, line, run_jobs)
    line.channel.monthly_limit = line.channel.consumed + 2  # somebody else sent meanwhile
    await run_jobs()
    assert sorted(one[2] for one in await states()) == ["frozen", "frozen", "sent", "sent"]
    await campaign.refresh_from_db()
    assert (campaign.state, (await Step.get(kind="main")).stop_reason) == ("paused", "line_month")
    assert [(one.person_id, one.kind) for one in await Notice.all()] == [(writer.id, "campaigns.paused")]
    line.channel.monthly_limit = None
    await rollout.resume(campaign)
    await run_jobs()
    assert [one[2] for one in await states()] == ["sent"] * 4
    assert len({one.to for one in line.sent}) == len(line.sent) == 5


async def test_a_pilot_in_such_a_month_has_failed_and_says_why(house, line, line_channel, writer, run_jobs):
    tester, reader = await a_reader(1), await a_reader(2)
    await on_line(line, tester)
    await on_line(line, reader)
    campaign = await a_line_campaign([reader])
    await actions.check(campaign)
    line.channel.monthly_limit = 0
    await rollout.start_pilot(campaign, "社内", [tester.id])
    await run_jobs()
    assert await states("pilot") == [("田辺1", "line", "failed", "line_month")]
    assert await Touch.filter(channel="line").count() == 0


async def test_an_id_that_line_does_not_know_has_failed_and_is_not_tried_again(house, line, line_channel, writer,
                                                                               run_jobs):  # fmt: skip
    gone, here = await a_reader(1), await a_reader(2)
    user = await on_line(line, gone)
    await on_line(line, here)
    await scheduled(await a_line_campaign([gone, here]), line, run_jobs)
    del line.friends[user]
    await run_jobs()
    assert await states() == [("田辺1", "line", "failed", "line_gone"), ("田辺2", "line", "sent", "")]
    assert await blocking.is_blocked(line_channel.id, user)
    assert await Touch.filter(person_id=gone.id).count() == 0


async def test_who_blocks_us_in_the_middle_gets_nothing_more(house, web, line, line_channel, writer, run_jobs):
    stays, leaves, comes_back = [await a_reader(n) for n in (1, 2, 3)]
    users = [await on_line(line, one) for one in (stays, leaves, comes_back)]
    step = await scheduled(await a_line_campaign([stays, leaves, comes_back]), line, run_jobs)
    await rollout.pause(await Campaign.get())
    await line.deliver(LINE, [line.unfollow(users[1]), line.unfollow(users[2])], client=web)  # noqa: F405
    await run_jobs()
    assert await states() == [("田辺1", "line", "frozen", ""), ("田辺2", "line", "skipped", "blocked"),
                              ("田辺3", "line", "skipped", "blocked")]  # fmt: skip
    await line.deliver(LINE, [line.follow(users[2], unblocked=True)], client=web)  # noqa: F405
    await run_jobs()
    be(writer)
    assert not await blocking.is_blocked(line_channel.id, users[2])
    await rollout.resume(await Campaign.get())
    await deliver_step(step_id=step.id)
    assert line.sent_to(users[1]) == [] and len(line.sent_to(users[0])) == 2
    assert await rollout.missed(await Campaign.get()) == [leaves.id, comes_back.id]
    await rollout.resend(await Campaign.get())
    await run_jobs()
    assert await states("resend") == [("田辺2", "line", "skipped", "blocked"), ("田辺3", "line", "sent", "")]


async def test_blocking_one_channel_leaves_another_alone(house, line, line_channel, writer, run_jobs):
    other = line.add_channel("Other")
    keys = {"channel_secret": other.secret, "access_token": other.token}
    made = await connections.add("line", "Other", other.bot_user_id, keys, brand="other")
    reader = await a_reader(1)
    await blocking.blocked(made.id, await on_line(line, reader))
    await scheduled(await a_line_campaign([reader]), line, run_jobs)
    await run_jobs()
    assert [one[2] for one in await states()] == ["sent"]
    assert {one.channel for one in line.sent} == {line.bot_user_id}


async def test_of_two_channels_of_a_brand_the_one_on_which_they_talk_to_us(house, web, line, line_channel, writer,
                                                                           run_jobs):  # fmt: skip
    other = line.add_channel("Other")
    made = await connections.add("line", "Other", other.bot_user_id,
                                 {"channel_secret": other.secret, "access_token": other.token})  # fmt: skip
    await trusted(made.id)  # noqa: F405
    here, there, silent = [await a_reader(n) for n in (1, 2, 3)]
    users = [await on_line(line, one) for one in (here, there, silent)]
    await line.deliver(LINE, [line.text(users[0], "こんにちは")], client=web)  # noqa: F405
    await line.deliver(LINE, [line.text(users[1], "こんにちは")], client=web, channel=other)  # noqa: F405
    await run_jobs()
    be(writer)
    campaign = await a_line_campaign([here, there, silent])
    await actions.check(campaign)
    step = await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, channel="line", due_at=now(),
                             people=[here.id, there.id, silent.id], kind="pilot", created_at=now())  # fmt: skip
    await freeze_step(step_id=step.id)
    await deliver_step(step_id=step.id)
    assert await states("pilot") == [("田辺1", "line", "sent", ""), ("田辺2", "line", "sent", ""),
                                     ("田辺3", "line", "sent", "")]  # fmt: skip
    pushed = {one.to[0]: one.channel for one in line.sent if one.kind == "push"}
    assert pushed == {users[0]: line.bot_user_id, users[1]: other.bot_user_id, users[2]: line.bot_user_id}


async def test_consent_withdrawn_in_the_middle_stops_only_that_channel(house, smtp, line, line_channel, writer,
                                                                       run_jobs):  # fmt: skip
    by_line, by_page, mail = [await a_reader(n) for n in (1, 2, 3)]
    await on_line(line, by_line)
    await on_line(line, by_page)
    step = await scheduled(await a_line_campaign([by_line, by_page, mail], "line_first"), line, run_jobs)
    from campaigns import reactions

    waiting = await Delivery.get(step_id=step.id, person_id=by_line.id)
    await reactions.unsubscribe(waiting.token, "form")
    await consent.decide(by_page.id, "usage", "line", "refused", source="form")
    await run_jobs()
    assert await states() == [("田辺1", "line", "skipped", "unsubscribed"), ("田辺2", "line", "skipped", "refused"),
                              ("田辺3", "email", "sent", "")]  # fmt: skip
    assert await consent.state_of(by_line.id, "usage", "line") == "refused"
    assert await consent.state_of(by_line.id, "usage", "email") == "given"
    await reactions.subscribe_again(waiting.token)
    assert await consent.state_of(by_line.id, "usage", "line") == "given"


async def test_what_may_have_arrived_is_never_called_skipped(house, line, line_channel, writer, run_jobs):
    reader = await a_reader(1)
    await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    line.faults.next("push", drop=True, after=True)
    await deliver_step(step_id=step.id)
    await consent.decide(reader.id, "usage", "line", "refused", source="form")
    await Delivery.filter(step_id=step.id).update(due_at=now())
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "uncertain", "refused")]
    assert await Touch.filter(person_id=reader.id, channel="line").count() == 1, "it may have arrived: it counts"


async def test_the_limits_of_line_are_its_own(house, smtp, line, line_channel, writer, run_jobs):
    await set_rule("channels", ChannelRule(line_day=0, line_week=1, line_month=1))
    full, free = await a_reader(1), await a_reader(2)
    await on_line(line, full)
    await on_line(line, free)
    await write("INSERT INTO touch (person_id, channel, kind, key, at) VALUES (?, 'line', 'guide', 'x', ?)",
                full.id, now() - timedelta(days=2))  # fmt: skip
    await scheduled(await a_line_campaign([full, free]), line, run_jobs)
    await run_jobs()
    assert await states() == [("田辺1", "line", "skipped", "capped"), ("田辺2", "line", "sent", "")]


async def test_two_workers_at_once_share_the_work(house, line, line_channel, writer, run_jobs):
    await set_rule("attention", AttentionRule(per_day=50, per_week=50, per_month=50))
    people = [await a_reader(n) for n in range(1, 13)]
    users = [await on_line(line, one) for one in people]
    step = await scheduled(await a_line_campaign(people), line, run_jobs)
    await asyncio.gather(deliver_step(step_id=step.id), deliver_step(step_id=step.id), sweep())
    await deliver_step(step_id=step.id)
    assert {one[2] for one in await states()} == {"sent"}
    assert [len(line.sent_to(user)) for user in users] == [2] * 12
    assert line.repeated == []


async def test_a_worker_that_was_lost_is_asked_about_with_the_key(house, line, line_channel, writer, run_jobs):
    """Killed between the push and its acknowledgement: another pushes the same, LINE says that it has it."""
    reader = await a_reader(1)
    user = await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    campaign, place = await Campaign.get(), claims.Place("line", line_channel.id)
    [row] = await claims.claim(step, campaign, "lost", 500, needs_consent=True, place=place)
    await write("UPDATE campaign_step SET state = 'sending' WHERE id = ?", step.id)
    assert await claims.turn(step, "lost", [row["id"]], []) == {row["id"]}
    from campaigns.line.way import LineOut, LinePress

    press = await LinePress.open(step, campaign, line_channel.id)
    await LineOut(line_channel.id).send(press.letter(row))
    await write("UPDATE delivery SET lease_until = ? WHERE id = ?", now() - timedelta(seconds=1), row["id"])
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "sent", "")]
    assert (len(line.sent_to(user)), len(line.repeated)) == (2, 1)


async def test_a_paused_connection_is_waited_for_and_a_removed_one_is_not(house, line, line_channel, writer, run_jobs):
    reader = await a_reader(1)
    await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    await connections.set_state(line_channel.id, "paused")
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "frozen", "line_closed")]
    await connections.set_state(line_channel.id, "revoked")
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "failed", "line_removed")]


# Writing and checking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("message", "part", "words"), [
    (Message("text", "{{ person.nmae }}"), "line1_text", "name"),
    (Message("text", " "), "line1_text", "本文"),
    (Message("text", "あ" * 5001), "line1_text", "5,000"),
    (Message("card", "あ" * 501, "題"), "line1_text", "500"),
    (Message("card", "", "😀" * 21), "line1_title", "40"),
    (Message("card", "", "", "", (Button("見る", "/help"),)), "line1_title", "カード"),
    (Message("card", "文", "題", "http://a.example/a.png"), "line1_picture", "https"),
    (Message("card", "文", "題", "", (Button("", "/help"),)), "line1_label1", "ボタン"),
    (Message("card", "文", "題", "", (Button("見る", "javascript:alert(1)"),)), "line1_target1", "https"),
    (Message("card", "文", "題", "", (Button("見る", "mailto:a@b.example"),)), "line1_target1", "https"),
    (Message("card", "{% if %}", "題"), "line1_text", "1"),
])  # fmt: skip
async def test_a_mistake_is_said_at_its_field(house, writer, message, part, words):
    campaign = await a_line_campaign([])
    with pytest.raises(Mistakes) as mistakes:
        await actions.keep_line(campaign, (message,))
    [problem] = [one for one in mistakes.value.problems if one.part == part]
    assert words in problem.sentence


async def tones(campaign) -> dict[str, str]:
    return {one.name: one.tone for one in await actions.check(campaign)}


async def test_checks_over_everybody_who_would_get_it(house, smtp, line, line_channel, writer):
    reader, nameless = await a_reader(1), await a_reader(2)
    await on_line(line, reader)
    await on_line(line, nameless)
    await write("UPDATE person SET family_name = '' WHERE id = ?", nameless.id)
    campaign = await a_line_campaign([reader, nameless])
    found = await tones(campaign)
    assert (found["line_missing"], found["line_law"], found["line_links"]) == ("bad", "good", "good")
    assert "law" not in found, "what mails must show is asked of mails"
    await actions.keep_line(campaign, (Message("text", "{{ person.family_name|default('お客') }}さま" + "あ" * 4990),))
    found = await tones(campaign)
    assert (found["line_missing"], found["line_law"]) == ("good", "bad")
    await actions.keep_line(campaign, (Message("text", "{{ account.name }}" + "あ" * 4995),))
    assert (await tones(campaign))["line_missing"] == "bad", "too long once it is filled in"
    await actions.keep_line(
        campaign, (Message("text", "{{ sender.name }} {{ unsubscribe_url }} {{ link('http://x.test/') }}"),)
    )
    found = await tones(campaign)
    assert (found["line_links"], found["line_law"]) == ("bad", "good")
    await actions.keep_line(campaign, (Message("text", "{{ sender.name }}です。「停止」とお送りください。"),))
    assert (await tones(campaign))["line_law"] == "bad", "that word alone stops nothing (bots.words.stop_word)"
    picture = Message("card", "{{ sender.name }}「配信停止」", "題", "/media/abc.png")
    await actions.keep_line(campaign, (picture,))
    assert (await tones(campaign))["line_pictures"] == "bad", "the test's own address is http"


async def test_the_month_must_have_room_for_all(house, line, line_channel, writer, run_jobs):
    people = [await a_reader(n) for n in range(1, 6)]
    for one in people:
        await on_line(line, one)
    campaign = await a_line_campaign(people)
    for limit, tone in ((None, "good"), (100, "good"), (6, "warn"), (4, "bad")):
        line.channel.monthly_limit = limit
        assert (await tones(campaign))["line_quota"] == tone
    line.channel.monthly_limit = 100
    tester = await a_reader(50)
    await on_line(line, tester)
    await actions.check(campaign)
    await piloted(campaign, [tester], run_jobs)
    line.channel.monthly_limit = 3
    with pytest.raises(Refused, match="今月"):
        await rollout.schedule(campaign)
    line.faults.next("quota", status=500)
    assert (await tones(campaign))["line_quota"] == "warn"


async def test_a_channel_without_content_or_connection_is_refused(house, smtp, writer, run_jobs):
    reader = await a_reader(1)
    campaign = await a_line_campaign([reader])
    assert (await tones(campaign))["line_connection"] == "bad"
    await actions.choose_channels(campaign, "line_first")
    found = await tones(campaign)
    assert found["content"] == "bad"
    with pytest.raises(Refused):
        await rollout.start_pilot(campaign, "社内", [reader.id])
    from campaigns.compose import Draft
    from campaigns_parts import MJML, SUBJECT, a_campaign

    mail = await a_campaign([reader], draft=Draft(SUBJECT, MJML))
    await actions.choose_channels(mail, "line_first")
    assert (await tones(mail))["line_content"] == "bad"


async def test_clicks_on_line_are_seen_only_of_who_allowed_it_there(house, line, line_channel, writer, run_jobs):
    from campaigns import reactions

    seen, unseen = await a_reader(1), await a_reader(2)
    users = [await on_line(line, seen), await on_line(line, unseen)]
    await consent.decide(seen.id, "tracking", "line", "given", source="form")
    await consent.decide(unseen.id, "tracking", "email", "given", source="form")
    await scheduled(await a_line_campaign([seen, unseen], tracking="individual"), line, run_jobs)
    await run_jobs()
    link = await TrackedLink.get(url="/help/017")
    key = (await Delivery.get(person_id=seen.id)).key
    assert f"/c/{link.token}/{key}" in line.sent_to(users[0])[0]["text"]
    assert f"/c/{link.token}\n" in line.sent_to(users[1])[0]["text"]
    await reactions.follow(link.token, key)
    assert (await Touchpoint.get(kind="campaign.clicked")).channel == "line"


async def test_who_followed_again_before_the_block_was_worked_on_is_not_blocked(
    house, web, line, line_channel, writer, run_jobs
):
    """Webhooks may come, and be worked on, in another order: the latest of them holds."""
    reader = await a_reader(1)
    user = await on_line(line, reader)
    moment = int(now().timestamp() * 1000)
    follow, unfollow = line.follow(user, at=moment), line.unfollow(user, at=moment - 5000)
    for event in (follow, unfollow):
        await line.deliver(LINE, [event], client=web)  # noqa: F405
        await run_jobs()
    assert not await blocking.is_blocked(line_channel.id, user)
    await line.deliver(LINE, [line.unfollow(user, at=moment + 5000)], client=web)  # noqa: F405
    await run_jobs()
    assert await blocking.is_blocked(line_channel.id, user)


async def test_line_that_is_away_is_no_attempt_of_anybody(house, line, line_channel, writer, run_jobs):
    from msgspec.structs import replace

    from channels import sessions
    from core import settings as core_settings

    reader = await a_reader(1)
    await on_line(line, reader)
    step = await scheduled(await a_line_campaign([reader]), line, run_jobs)
    await sessions.close_clients()
    core_settings.use(replace(core_settings.settings(), line_api_url="http://127.0.0.1:9"))
    await deliver_step(step_id=step.id)
    assert await states() == [("田辺1", "line", "frozen", "line_away")]
    assert (await Step.get(id=step.id)).stop_reason == "line_away"
    await sessions.close_clients()
    core_settings.use(replace(core_settings.settings(), line_api_url=line.url))
    await deliver_step(step_id=step.id)
    assert [one[2] for one in await states()] == ["sent"]


async def test_that_a_sending_paused_leaves_the_house_while_it_is_paused(house, line, line_channel, writer, run_jobs):
    from core.principal import CAPABILITIES, Principal
    from customers.noticing.groups import still

    people = [await a_reader(n) for n in (1, 2)]
    for one in people:
        await on_line(line, one)
    campaign = await a_line_campaign(people)
    await scheduled(campaign, line, run_jobs)
    line.channel.monthly_limit = line.channel.consumed
    await run_jobs()
    be(writer)
    notice = await Notice.get(kind="campaigns.paused")
    reader = Principal(person_id=writer.id, role="admin", capabilities=frozenset(CAPABILITIES), all_accounts=True)
    assert list(await still(reader, [notice])) == [notice.id]
    assert await still(Principal(person_id=writer.id, role="member"), [notice]) == {}
    line.channel.monthly_limit = None
    await rollout.resume(await Campaign.get())
    assert await still(reader, [notice]) == {}
