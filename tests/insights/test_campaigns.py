"""The numbers of campaigns are what a naive count of the ledger gives."""

from __future__ import annotations

import random

from campaigns import coming_back, reactions, rollout
from campaigns.models import Delivery, TrackedLink
from campaigns_parts import a_campaign, a_line_campaign, a_reader, on_line, piloted
from customers import consent
from customers.models import Account, Touchpoint
from factories import staff
from numbers_page import opened, per_cent, shown, tabled
from wires import *  # noqa: F403


async def test_the_page_says_what_a_recount_says(web, sign_in, smtp, writer, run_jobs):
    chance = random.Random(3)
    people = [await a_reader(n, says=chance.choice(["given", "given", "given", "refused", None])) for n in range(12)]
    for person in people[:4]:
        await consent.decide(person.id, "tracking", "email", "given", source="form")
    campaign = await piloted(await a_campaign(people, tracking="individual"), [await a_reader(100)], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    mails = await Delivery.filter(step__kind="main", state="sent").order_by("id")
    link = await TrackedLink.first()
    for mail in mails:
        await reactions.follow(link.token, mail.key)
    await coming_back.bounced(0, (mails[-1].key,), "550 no such user", is_dead=True)
    await coming_back.complained(0, (mails[-2].key,), "feedback: abuse")
    await reactions.unsubscribe(mails[-3].token)
    await run_jobs()

    rows = await Delivery.filter(step__kind="main")
    tried = [d for d in rows if d.state in ("sent", "failed", "uncertain")]
    wanted = {
        "delivered": [d for d in tried if d.state == "sent"], "bounced": [d for d in tried if d.state == "failed"],
        "clicked": [d for d in tried if d.clicked_at], "unsubscribed": [d for d in tried if d.unsubscribed_at],
    }  # fmt: skip
    skipped = [d for d in rows if d.state == "skipped"]
    assert len(wanted["bounced"]) == 1
    assert len(wanted["unsubscribed"]) == 2, "a complaint stops the topic, too"
    assert wanted["clicked"] and skipped
    await sign_in(writer)
    said = await shown(web, "campaigns")
    assert said["sent"] == str(len(tried))
    assert {name: said[name] for name in wanted} == {name: per_cent(len(of), len(tried)) for name, of in wanted.items()}
    assert (said["skipped"], said["complaints"]) == (str(len(skipped)), "1")
    assert await Touchpoint.filter(kind="campaign.complained").count() == 1
    for name, of in (wanted | {"sent": tried, "skipped": skipped, "complaints": [1]}).items():
        assert len(await opened(web, "campaigns", name)) == len(of), name
    (line,) = await tabled(web, "campaigns", "campaigns")
    assert list(line.values())[1:] == [
        str(n) for n in (len(tried), *map(len, wanted.values()), len(skipped), len(mails))
    ]
    (topic,) = await tabled(web, "campaigns", "topics")
    assert list(topic.values())[0] == "使い方のお知らせ"

    csm, nobodys = await staff("csm", email="csm@tsukimi.example"), await staff("csm", email="new@tsukimi.example")
    own = mails[-2].account_id  # whose reader complained
    await Account.filter(id=own).update(csm_id=csm.id)
    await sign_in(csm)
    said = await shown(web, "campaigns")
    assert (said["sent"], said["complaints"]) == (str(sum(d.account_id == own for d in tried)), "1"), (
        "their own recipients"
    )
    for name in ("sent", "complaints"):
        assert len(await opened(web, "campaigns", name)) == int(said[name])
    await sign_in(nobodys)
    said = await shown(web, "campaigns")
    assert (said["sent"], said["complaints"], said["skipped"]) == ("0", "0", "0")
    assert await opened(web, "campaigns", "complaints") == []


async def test_what_goes_on_line_is_no_mail_and_has_a_table_of_its_own(web, sign_in, smtp, line, line_channel, writer,
                                                                       run_jobs):  # fmt: skip
    followers, by_mail, tester = [await a_reader(n) for n in (1, 2)], await a_reader(3), await a_reader(100)
    for one in (*followers, tester):
        await on_line(line, one)
    campaign = await piloted(await a_line_campaign([*followers, by_mail], "line_first"), [tester], run_jobs)
    await rollout.schedule(campaign)
    await run_jobs()
    await sign_in(writer)
    assert (await shown(web, "campaigns"))["sent"] == "1"
    (row,) = await tabled(web, "campaigns", "line")
    assert list(row.values()) == ["年末の締め", "2", "2", "0", "0", "0", "0"]
