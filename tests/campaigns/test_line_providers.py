"""LINE channels of two providers: each knows a person by another id, and is sent to by its own alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns import actions, ledger
from campaigns.jobs import deliver_step, freeze_step
from campaigns.models import Delivery, Step
from campaigns_parts import a_line_campaign, a_reader, be
from channels import connections
from channels.connections import Known
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import consent, merging, people, planned
from customers.models import Identity
from factories import staff
from wires import *  # noqa: F403

HERE, THERE = "Tsukimi Inc.", "Kawara Inc."


class Channel:
    """A LINE channel of ours and the fake's side of it."""

    def __init__(self, line, known: Known, fake) -> None:
        self.line, self.known, self.id, self.fake = line, known, known.id, fake

    async def links(self, person) -> str:
        """They tied their LINE account, as LINE's account link does; returns the id that this provider has for them."""
        user = self.line.person(f"{person.family_name}{person.id}", provider=self.fake.provider)
        await people.link("line", user, person.id, source="line_link", verified_at=now(), connection_id=self.id)
        await consent.decide(person.id, "usage", "line", "given", source="form")
        return user


async def connected(line, name: str, provider: str, **more) -> Channel:
    fake = line.add_channel(name, provider=provider)
    enter(Here(principal=SYSTEM))
    made = await connections.add("line", name, fake.bot_user_id,
                                 {"channel_secret": fake.secret, "access_token": fake.token}, **more)  # fmt: skip
    return Channel(line, await connections.by_id(made.id), fake)


@pytest.fixture
async def two(line) -> tuple[Channel, Channel]:
    return await connected(line, "公式", HERE), await connected(line, "採用", THERE)


async def sent(writer, readers, brand: str = "default") -> Step:
    """A campaign on LINE to them, sent as a pilot is, without its verdict."""
    be(writer)
    campaign = await a_line_campaign(readers)
    if brand != "default":
        campaign.brand = brand
        await campaign.save(update_fields=["brand"])
    await actions.check(campaign)
    step = await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, channel="line", due_at=now(),
                             people=[one.id for one in readers], kind="pilot", created_at=now())  # fmt: skip
    await write("DELETE FROM touch")  # the budget of attention is not what is asked here
    await freeze_step(step_id=step.id)
    await deliver_step(step_id=step.id)
    return step


def pushed(line) -> set[tuple[str, str]]:
    return {(one.channel, one.to[0]) for one in line.sent if one.kind == "push"}


async def what_became(step: Step) -> dict[int, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in await rows(
        "SELECT person_id, state, reason FROM delivery WHERE step_id = ?", step.id)}  # fmt: skip


async def test_nobody_is_pushed_to_by_the_id_of_another_provider(house, line, two, writer):
    first, second = two
    only_first, only_second = await a_reader(1), await a_reader(2)
    here, there = await first.links(only_first), await second.links(only_second)
    step = await sent(writer, [only_first, only_second])
    assert pushed(line) == {(first.fake.bot_user_id, here), (second.fake.bot_user_id, there)}
    assert {one[0] for one in (await what_became(step)).values()} == {"sent"}
    assert line.refused == []
    assert not await rows("SELECT 1 FROM suppression WHERE reason = 'blocked'")


async def test_who_linked_on_both_is_sent_to_where_they_talk_by_the_id_of_there(house, web, line, two, writer,
                                                                                run_jobs):  # fmt: skip
    first, second = two
    reader = await a_reader(1)
    here, there = await first.links(reader), await second.links(reader)
    for channel, user in ((first, here), (second, there), (first, here)):
        await line.deliver(LINE, [line.text(user, "こんにちは")], client=web, channel=channel.fake)  # noqa: F405
        await run_jobs()
        line.sent.clear()
        await sent(writer, [reader])
        assert pushed(line) == {(channel.fake.bot_user_id, user)}
    assert line.refused == [] and not await rows("SELECT 1 FROM suppression WHERE reason = 'blocked'")


async def test_two_brands_with_a_channel_each(house, line, writer):
    ours = await connected(line, "公式", HERE)
    other = await connected(line, "採用", THERE, brand="kawara")
    both, one_alone = await a_reader(1), await a_reader(2)
    here, there = await ours.links(both), await other.links(both)
    await ours.links(one_alone)
    step = await sent(writer, [both, one_alone], brand="kawara")
    assert pushed(line) == {(other.fake.bot_user_id, there)}
    assert await what_became(step) == {both.id: ("sent", ""), one_alone.id: ("skipped", "no_line")}
    line.sent.clear()
    await sent(writer, [both])
    assert pushed(line) == {(ours.fake.bot_user_id, here)}


async def test_channels_of_one_provider_share_the_id(house, line, writer):
    ours = await connected(line, "公式", HERE)
    other = await connected(line, "別館", HERE, brand="kawara")
    reader = await a_reader(1)
    user = await ours.links(reader)
    step = await sent(writer, [reader], brand="kawara")
    assert await what_became(step) == {reader.id: ("skipped", "no_line")}, "each is its own provider until one says so"
    await connections.change_settings(ours.id, provider="Tsukimi Inc.")
    await connections.change_settings(other.id, provider=" ｔｓｕｋｉｍｉ inc. ")
    await sent(writer, [reader], brand="kawara")
    assert pushed(line) == {(other.fake.bot_user_id, user)}


async def test_who_blocked_one_of_two_gets_it_on_the_other(house, web, line, two, writer, run_jobs):
    first, second = two
    reader = await a_reader(1)
    here, there = await first.links(reader), await second.links(reader)
    await line.deliver(LINE, [line.text(there, "こんにちは")], client=web, channel=second.fake)  # noqa: F405
    await line.deliver(LINE, [line.unfollow(there)], client=web, channel=second.fake)  # noqa: F405
    await run_jobs()
    await sent(writer, [reader])
    assert pushed(line) == {(first.fake.bot_user_id, here)}


async def test_an_id_of_which_nobody_knows_the_channel(house, web, line, writer, run_jobs):
    """From before channels were kept: taken where there is one LINE channel, learnt when LINE names it again."""
    first = await connected(line, "公式", HERE)
    reader = await a_reader(1)
    user = await first.links(reader)
    await write("UPDATE identity SET connection_id = NULL WHERE kind = 'line'")
    await sent(writer, [reader])
    assert pushed(line) == {(first.fake.bot_user_id, user)}
    second = await connected(line, "採用", THERE)
    step = await sent(writer, [reader])
    assert await what_became(step) == {reader.id: ("skipped", "no_line")}
    await line.deliver(LINE, [line.text(user, "こんにちは")], client=web, channel=first.fake)  # noqa: F405
    await run_jobs()
    assert (await Identity.get(kind="line")).connection_id == first.id != second.id
    line.sent.clear()
    await sent(writer, [reader])
    assert pushed(line) == {(first.fake.bot_user_id, user)}


async def test_two_people_made_one_have_both_ids_and_each_their_own_again(house, line, two, writer):
    first, second = two
    kept, gone = await a_reader(1), await a_reader(2)
    here, there = await first.links(kept), await second.links(gone)
    enter(Here(principal=SYSTEM))
    log = await merging.merge("person", kept.id, gone.id)
    assert {(one.value, one.connection_id) for one in await Identity.filter(kind="line", person_id=kept.id)} == {
        (here, first.id), (there, second.id)}  # fmt: skip
    await sent(writer, [kept])
    assert len(pushed(line)) == 1 and pushed(line) <= {(first.fake.bot_user_id, here), (second.fake.bot_user_id, there)}
    enter(Here(principal=SYSTEM))
    await merging.undo(log.id)
    line.sent.clear()
    await sent(writer, [kept, gone])
    assert pushed(line) == {(first.fake.bot_user_id, here), (second.fake.bot_user_id, there)}
    assert line.refused == []


async def test_a_merge_between_the_list_and_the_sending_changes_no_address(house, line, two, writer):
    """Both linked on one channel: the delivery goes to the id that it was made for."""
    first, _second = two
    kept, gone = await a_reader(1), await a_reader(2)
    here = await first.links(kept)
    await first.links(gone)
    be(writer)
    campaign = await a_line_campaign([kept, gone])
    await actions.check(campaign)
    step = await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, channel="line", due_at=now(),
                             people=[kept.id], kind="pilot", created_at=now())  # fmt: skip
    await freeze_step(step_id=step.id)
    enter(Here(principal=SYSTEM))
    await merging.merge("person", kept.id, gone.id)
    await deliver_step(step_id=step.id)
    assert pushed(line) == {(first.fake.bot_user_id, here)}
    assert (await Delivery.get(step_id=step.id)).state == "sent"


async def test_each_channel_needs_room_for_its_own_people(house, line, two, writer):
    first, second = two
    readers = [await a_reader(n) for n in range(1, 5)]
    for reader in readers[:3]:
        await first.links(reader)
    await second.links(readers[3])
    be(writer)
    campaign = await a_line_campaign(readers)
    first.fake.monthly_limit, second.fake.monthly_limit = 100, 2
    quotas = [one for one in await actions.check(campaign) if one.name == "line_quota"]
    assert [one.tone for one in quotas] == ["good", "good"]
    first.fake.monthly_limit, second.fake.monthly_limit = 2, 100
    quotas = [one for one in await actions.check(campaign) if one.name == "line_quota"]
    assert [one.tone for one in quotas] == ["bad", "good"]
    found = await ledger.forecast(campaign, [one.id for one in readers], needs_consent=True)
    assert found.by_line == {first.id: 3, second.id: 1}


async def test_the_calendar_counts_a_sending_under_each_channel_that_it_goes_by(house, web, sign_in, line, two, writer):
    first, second = two
    readers = [await a_reader(n) for n in range(1, 6)]
    for reader in readers[:2]:
        await first.links(reader)
    await second.links(readers[2])
    await consent.decide(readers[1].id, "usage", "line", "refused", source="form")
    be(writer)
    admin = await sign_in(await staff("admin"))
    be(writer)
    for choice, shares in (("line_first", (("line", 2), ("email", 3))), ("email_first", (("email", 5), ("line", 0))),
                           ("line", ())):  # fmt: skip
        campaign = await a_line_campaign(readers, choice)
        await actions.check(campaign)
        step = await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, channel=choice,
                                 segment_id=campaign.segment_id, due_at=now() + timedelta(minutes=3),
                                 created_at=now())  # fmt: skip
        plan = await the_plan(campaign)
        assert plan.shares == shares, choice
        if choice == "line_first":
            shown = (await admin.get("/staff/customers/calendar?view=month")).text
            assert "LINE 2人" in shown and "メール 3人" in shown
            be(writer)
            await ledger.freeze(step, campaign, [one.id for one in readers], needs_consent=True)
            await Step.filter(id=step.id).update(state="sending", frozen_at=now())
            assert (await the_plan(campaign)).shares == shares, "as the ledger has it"
        await write("DELETE FROM delivery WHERE step_id = ?", step.id)


async def the_plan(campaign):
    found = await planned.between(now() - timedelta(days=1), now() + timedelta(days=1))
    return next(one for one in found if one.about.id == campaign.id)
