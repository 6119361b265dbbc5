"""A journey through its pages, without a script: built, tried, started, watched, changed, stopped."""

import re

import pytest

from campaigns.journeys.jobs import go_on
from campaigns.journeys.models import Journey, Run
from campaigns.journeys.tree import find, stages_of
from campaigns.models import Campaign
from campaigns_parts import MJML, a_reader, a_segment
from customers.rules import AttentionRule, set_rule
from factories import an_account, staff
from journey_parts import a_journey, a_list, add, comes, started, subjects, time_passes

BASE = "/staff/campaigns/journeys"


@pytest.fixture
async def csm(house, brand, sign_in):
    await set_rule("attention", AttentionRule(per_day=50, per_week=200, per_month=500))
    person = await staff("admin")
    await sign_in(person)
    return person


async def stepped(web, base, kind, at="", **fields):
    journey = await Journey.get(id=int(base.rpartition("/")[2]))
    return await web.submit(f"{base}/steps/new?kind={kind}&at={at}", {"change": str(journey.change)} | fields)


async def built(web, people=()):
    segment = await a_segment(list(people))
    made = await web.submit(f"{BASE}/new", {"name": "はじめの30日", "topic": "usage", "segment_id": str(segment.id)})
    assert made.status_code == 303, made.text
    base = made.headers["location"]
    mail = await stepped(web, base, "send", mail="ようこそ")
    assert mail.status_code == 303 and mail.headers["location"].endswith("/content"), mail.text
    saved = await web.submit(
        mail.headers["location"], {"subject": "ようこそ", "mjml": MJML, "preheader": "", "text": ""}
    )
    assert saved.status_code == 303, saved.text
    assert (
        await stepped(web, base, "wait_for", "::1", what="event", event="first_report", days="3")
    ).status_code == 303
    assert (await stepped(web, base, "task", "s2:no:0", title="電話する", days="2")).status_code == 303
    assert (await stepped(web, base, "wait", "::2", how="until", weekday="2", hour="10")).status_code == 303
    return base, segment


async def test_from_the_first_page_to_one_persons_way(house, smtp, csm, web, run_jobs):
    assert "シナリオはまだありません" in (await web.get(BASE)).text
    base, segment = await built(web)
    flow = (await web.get(base)).text
    assert "「first_report」をするのを待つ" in flow and "火曜日10時" in flow
    early = await web.submit(f"{base}/start")
    assert early.status_code == 422
    tester = await a_reader(50)
    began = await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email, "is_fast": "on"})
    assert began.status_code == 303, began.text
    await run_jobs()
    assert await subjects(smtp, tester) == ["ようこそ"]
    assert (await web.submit(f"{base}/verdict", {"passed": "yes", "note": ""})).status_code == 422
    assert (await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})).status_code == 303
    assert "シナリオを始める" in (await web.get(base)).text
    assert (await web.submit(f"{base}/start")).status_code == 303
    reader = await a_reader(1)
    await comes(await Journey.get(), reader)
    await go_on()
    await run_jobs()
    for part in ("", "/rules", "/pilot", "/people", "/ending", "/steps/s1", "/steps/s2", "/steps/s4"):
        answer = await web.get(f"{base}{part}")
        assert answer.status_code == 200, (part, answer.text)
    flow = (await web.get(base)).text
    assert re.search(r'people\?node=s2[^"]*"[^>]*>いまここ <b class="num">1', flow)
    people = (await web.get(f"{base}/people?state=active&kind=main")).text
    assert "田辺1" in people and "田辺50" not in people
    assert "田辺1" in (await web.get(f"{base}/people?format=csv")).text
    run = await Run.get(person_id=reader.id)
    way = (await web.get(f"{base}/people/{run.id}")).text
    assert "シナリオに入りました" in way and "届いた" in way and "いまここ" in way
    assert (await web.get(f"/staff/campaigns/ways/{run.id}")).headers["location"] == f"{base}/people/{run.id}"
    story = (await web.get(f"/staff/customers/people/{reader.id}")).text
    assert "シナリオ「はじめの30日」に入りました" in story
    assert (await web.submit(f"{base}/people/{run.id}/ending", {"reason": ""})).status_code == 422
    assert (await web.submit(f"{base}/people/{run.id}/ending", {"reason": "本人の希望"})).status_code == 303
    assert (await Run.get(id=run.id)).state == "stopped"
    assert "シナリオ「はじめの30日」から外されました" in (await web.get(f"/staff/customers/people/{reader.id}")).text


async def test_a_mails_pages_lead_to_its_journey_and_it_cannot_be_sent_alone(house, csm, web):
    base, _segment = await built(web)
    mail = await Campaign.get()
    own = f"/staff/campaigns/{mail.id}"
    assert base in (await web.get(f"{own}/content")).text
    assert (await web.get(f"{own}/report")).status_code == (await web.get(f"{own}/checks")).status_code == 200
    for part, there in (("recipients", "/rules"), ("pilot", "/pilot"), ("schedule", "")):
        assert (await web.get(f"{own}/{part}")).headers["location"] == f"{base}{there}"
    await web.submit(f"{own}/pilot", {"group_name": "社内", "addresses": (await a_reader(1)).email})
    await web.submit(f"{own}/schedule", {"at": "now"})
    await web.submit(f"{own}/channels", {"channels": "line"})
    kept = await Campaign.get()
    assert (kept.state, kept.channels) == ("draft", "email")
    assert "送るチャネル" not in (await web.get(f"{own}/content")).text
    assert mail.name not in (await web.get("/staff/campaigns")).text


async def test_steps_are_changed_moved_and_removed_and_nobody_overwrites_unseen(house, csm, web):
    base, _segment = await built(web)
    moved = await web.submit(f"{base}/steps/s4/order", {"by": "up"})
    assert moved.status_code == 303
    assert [one.id for one in stages_of((await Journey.get()).steps)] == ["s1", "s4", "s2"]
    old = (await Journey.get()).change
    changed = await web.submit(f"{base}/steps/s4", {"change": str(old), "how": "for", "days": "2", "hours": "5"})
    assert changed.status_code == 303, changed.text
    found = find(stages_of((await Journey.get()).steps), "s4")
    assert (found.days, found.hours, found.hour) == (2, 5, None)
    stale = await web.submit(f"{base}/steps/s4", {"change": str(old), "how": "for", "days": "9"})
    assert stale.status_code == 409 and "読み込み直して" in stale.text
    gone = await web.submit(f"{base}/steps/s2", {"_method": "DELETE"})
    assert gone.status_code == 303
    assert [one.id for one in stages_of((await Journey.get()).steps)] == ["s1", "s4"]
    assert (await web.get(f"{base}/steps/s2")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("send", {"mail": ""}), ("wait", {"how": "for", "days": "0", "hours": "0"}), ("wait", {"days": "400"}),
        ("wait_for", {"what": "event", "event": "", "days": "3"}), ("wait_for", {"what": "segment", "days": "3"}),
        ("wait_for", {"what": "click", "days": "0"}), ("split", {}), ("split", {"segment": "999999"}),
        ("again", {"subject": "もう一度", "days": "3", "times": "1"}), ("again", {"subject": "", "days": "3"}),
        ("task", {"title": "", "days": "1"}),
    ],
)  # fmt: skip
async def test_a_mistake_is_said_and_nothing_is_added(house, csm, web, kind, fields):
    made = await web.submit(f"{BASE}/new", {"name": "x", "topic": "usage", "segment_id": str((await a_segment([])).id)})
    base = made.headers["location"]
    answer = await stepped(web, base, kind, **fields)
    assert answer.status_code in (404, 422), answer.text
    assert (await Journey.get()).steps == [] and await Campaign.all().count() == 0


async def test_rules_are_kept_and_their_mails_follow(house, csm, web):
    base, _segment = await built(web)
    other = await a_list(await a_reader(1))
    journey = await Journey.get()
    said = {"name": "はじめの30日", "topic": "usage", "segment_id": str(other), "again_after": "30",
            "goal_event": "first_report", "leaves_with_segment": "on", "change": str(journey.change)}  # fmt: skip
    assert (await web.submit(f"{base}/rules", said)).status_code == 303
    journey = await Journey.get()
    assert (journey.again_after, journey.goal_event, journey.leaves_with_segment) == (30, "first_report", True)
    assert (await Campaign.get()).segment_id == other
    assert (await web.submit(f"{base}/rules", said | {"goal_segment_id": str(other)})).status_code in (409, 422)


async def test_staff_with_own_accounts_see_their_people_only(house, smtp, writer, web, run_jobs, sign_in):
    journey = await a_journey()
    await add(journey, "wait", days=3)
    await started(journey, run_jobs)
    theirs, other = await a_reader(1), await a_reader(2)
    await comes(journey, theirs, other)
    await go_on()
    csm = await staff("csm", "高橋", "一郎")
    from customers.models import Account

    await Account.filter(name="株式会社水面1").update(csm_id=csm.id)
    await an_account()
    await sign_in(csm)
    people = (await web.get(f"{BASE}/{journey.id}/people")).text
    assert "田辺1" in people and "田辺2" not in people
    runs = {one.person_id: one.id for one in await Run.all()}
    assert (await web.get(f"{BASE}/{journey.id}/people/{runs[theirs.id]}")).status_code == 200
    for path in (f"{BASE}/{journey.id}/people/{runs[other.id]}", f"/staff/campaigns/ways/{runs[other.id]}"):
        assert (await web.get(path)).status_code == 404
    refused = await web.submit(f"{BASE}/{journey.id}/people/{runs[other.id]}/ending", {"reason": "x"})
    assert refused.status_code == 404 and (await Run.get(id=runs[other.id])).state == "active"
    assert 'いまここ <b class="num">1' in (await web.get(f"{BASE}/{journey.id}")).text


async def test_pause_and_stop_through_the_pages(house, smtp, csm, web, run_jobs):
    base, _segment = await built(web)
    await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": (await a_reader(50)).email})
    await run_jobs()
    await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})
    await web.submit(f"{base}/start")
    assert (await web.submit(f"{base}/pause")).status_code == 303
    assert "一時停止中です" in (await web.get(base)).text
    assert (await web.submit(f"{base}/pause", {"_method": "DELETE"})).status_code == 303
    assert (await web.submit(f"{base}/ending")).status_code == 303
    assert "再開はできません" in (await web.get(base)).text
    assert (await web.submit(f"{base}/pause")).status_code == 409
    assert (await stepped(web, base, "wait", days="1")).status_code == 409
    await time_passes(days=1)
    await run_jobs()
    assert await Run.filter(state="active").count() == 0
