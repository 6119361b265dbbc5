"""Two at once, killed anywhere, random trees: nobody moves twice, no mail is doubled, every way ends."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from campaigns.journeys import advancing, entering, leaving, standing, starting
from campaigns.journeys.jobs import go_on
from campaigns.journeys.models import Journey, Move, Run, Version
from campaigns.journeys.plan import END, expanded, nodes_of
from campaigns.journeys.tree import Stage
from campaigns.models import Delivery
from campaigns_parts import a_reader
from core import settings as core_settings
from core.database import rows
from core.errors import Refused
from customers import merging, privacy
from customers.models import SegmentMember
from customers.rules import AttentionRule, set_rule
from journey_parts import a_journey, a_list, add, comes, did, started, subjects, time_passes, ways

NEW = itertools.count(1000)  # addresses that no earlier example has taken

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
async def plenty(house):
    await set_rule("attention", AttentionRule(per_day=99, per_week=999, per_month=9999))


async def consistent() -> None:
    """Each run has one line for each of its moves, each mail one delivery, and nobody is inside twice."""
    doubled = await rows("SELECT run_id, number FROM journey_move GROUP BY 1, 2 HAVING COUNT(*) > 1")
    wrong = await rows("SELECT r.id FROM journey_run r WHERE r.number <> (SELECT COUNT(*) FROM journey_move m"
                       " WHERE m.run_id = r.id)")  # fmt: skip
    twice = await rows("SELECT journey_id, person_id FROM journey_run WHERE state = 'active' GROUP BY 1, 2"
                       " HAVING COUNT(*) > 1")  # fmt: skip
    mails = await rows("SELECT m.run_id, m.node FROM journey_move m WHERE m.what = 'sent' AND (SELECT COUNT(*) FROM"
                       " delivery d WHERE d.step_id = m.step_id AND d.person_id = m.person_id) <> 1")  # fmt: skip
    unasked = await rows("SELECT d.id FROM delivery d JOIN campaign_step t ON t.id = d.step_id WHERE t.kind IN"
                         " ('journey', 'rehearsal') AND NOT EXISTS (SELECT 1 FROM journey_move m WHERE m.step_id ="
                         " d.step_id AND m.person_id = d.person_id AND m.what = 'sent')")  # fmt: skip
    assert [len(one) for one in (doubled, wrong, twice, mails, unasked)] == [0] * 5


async def test_of_two_workers_with_the_same_people_one_moves_them(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send")
    await add(journey, "wait", days=1)
    await started(journey, run_jobs)
    await comes(journey, *[await a_reader(n) for n in range(1, 41)])
    await entering.enter_due()
    seen = [await standing.due(), await standing.due()]
    assert len(seen[0]) == len(seen[1]) == 40
    moved = await asyncio.gather(advancing.move(seen[0]), advancing.move(list(reversed(seen[1]))))
    assert sorted(moved) == [0, 40]
    await consistent()
    await run_jobs()
    assert len(smtp.messages) == 41 and len({one.recipients[0] for one in smtp.messages}) == 41


async def test_two_who_let_the_same_people_in_let_each_in_once(house, smtp, writer, run_jobs):
    journey = await a_journey(again_after=0)
    await add(journey, "wait", days=1)
    await started(journey, run_jobs)
    people = [await a_reader(n) for n in range(1, 31)]
    version = await Version.get(id=journey.version_id)
    journey = await Journey.get(id=journey.id)
    came = await asyncio.gather(*[entering.enter(journey, version, [one.id for one in people]) for _n in range(3)])
    assert sorted(came) == [0, 0, 30]
    await consistent()


async def test_leaving_in_the_moment_of_a_mail_is_one_or_the_other(house, smtp, writer, run_jobs):
    """Either they had left and no mail is made, or it was made and is taken back: never a mail to who has left."""
    journey = await a_journey(goal_event="first_report")
    await add(journey, "send")
    await add(journey, "wait", days=3)
    await started(journey, run_jobs)
    people = [await a_reader(n) for n in range(1, 21)]
    await comes(journey, *people)
    await entering.enter_due()
    seen = await standing.due()
    for one in people[::2]:
        await did(one, "first_report")
    await asyncio.gather(advancing.move(seen), leaving.leave_due())
    await leaving.leave_due()
    await consistent()
    await run_jobs()
    for one in people[::2]:
        assert await subjects(smtp, one) == []
        run = await Run.get(person_id=one.id)
        assert (run.state, run.reason) == ("goal", "event")
        assert {found.state for found in await Delivery.filter(person_id=one.id)} <= {"cancelled"}
    assert len(smtp.messages) == 11


async def test_pausing_in_the_moment_of_a_move_holds_what_follows(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send")
    await add(journey, "send", subject="二通目")
    await started(journey, run_jobs)
    await comes(journey, await a_reader(1))
    await entering.enter_due()
    seen = await standing.due()
    await starting.pause(journey)
    assert await advancing.move(seen) == 0
    await run_jobs()
    assert len(smtp.messages) == 2 and (await ways(journey))[0][2] == "s1"


async def test_killed_again_and_again_nobody_is_lost_or_moved_twice(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "send")
    split = await add(journey, "split", segment=await a_list())
    await add(journey, "send", f"{split.id}:no:0", subject="二通目")
    await add(journey, "task", title="声をかける", days=1)
    await started(journey, run_jobs)
    people = [await a_reader(n) for n in range(1, 121)]
    await comes(journey, *people)
    found, dice = core_settings.settings(), random.Random(11)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "platform"), "ENGAWA_SECRET_KEY": found.secret_key,
        "ENGAWA_DATA_DIR": found.data_dir, "ENGAWA_DATABASE_URL": found.database_url,
    }  # fmt: skip
    for n in range(3):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).with_name("journey_worker.py")), env=environment)  # fmt: skip
        async with asyncio.timeout(60):
            while await Move.filter(version_id=journey.version_id).count() <= n * 130:
                await asyncio.sleep(0.005)
        await asyncio.sleep(dice.random() * 0.05)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        await consistent()
    await go_on()
    await consistent()
    assert {state for _name, state, _node in await ways(journey)} == {"done"}
    assert len(await ways(journey)) == 120
    assert await Delivery.filter(step__kind="journey").count() == 240


# Any tree ----------------------------------------------------------------------------------------------------


def trees(depth=2):
    leaf = st.one_of(
        st.builds(dict, kind=st.just("send")), st.builds(dict, kind=st.just("wait"), days=st.integers(1, 4)),
        st.builds(dict, kind=st.just("again"), days=st.integers(1, 2), times=st.integers(1, 3)),
        st.builds(dict, kind=st.just("leave")),
        st.builds(dict, kind=st.just("wait"), hour=st.integers(0, 23), weekday=st.integers(0, 7)),
        st.builds(dict, kind=st.just("task"), days=st.integers(0, 3)),
    )  # fmt: skip
    if not depth:
        return st.lists(leaf, max_size=3)
    branch = st.builds(
        dict, kind=st.sampled_from(["wait_for", "split"]), what=st.sampled_from(["event", "click"]),
        days=st.integers(1, 3), yes=trees(depth - 1), no=trees(depth - 1),
    )  # fmt: skip
    return st.lists(st.one_of(leaf, branch), max_size=4)


def stages_from(shape, count, **of_mail):
    made = []
    for one in shape:
        count[0] += 1
        fields = {name: value for name, value in one.items() if name not in ("yes", "no")}
        stage = Stage(f"s{count[0]}", **fields)
        stage.campaign = of_mail.get("campaign", 1) if stage.kind == "send" else 0
        stage.subject = "もう一度" if stage.kind == "again" else ""
        stage.title = "声をかける" if stage.kind == "task" else ""
        stage.event = "x" if stage.what == "event" else ""
        stage.segment = of_mail.get("segment", 1) if stage.kind == "split" else 0
        stage.yes = stages_from(one.get("yes", []), count, **of_mail)
        stage.no = stages_from(one.get("no", []), count, **of_mail)
        made.append(stage)
    return made


@how(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(trees(3))
def test_every_way_through_any_tree_ends_and_visits_nothing_twice(shape):
    stages = stages_from(shape, [0])
    try:
        first, nodes = nodes_of(expanded(stages), {(1, ""): 1, (1, "もう一度"): 2})
    except Refused:
        return  # 'again' without a mail before it
    order = {id: n for n, id in enumerate(reversed(nodes))}
    for node in nodes.values():
        for to in (node.next, node.yes, node.no):
            assert to == END or to in nodes
            assert to == END or order[to] != order[node.id]
    longest: dict[str, int] = {}

    def length(id: str, above: frozenset[str]) -> int:
        assert id not in above, "a circle"
        if id == END:
            return 0
        if id not in longest:
            node = nodes[id]
            longest[id] = 1 + max(length(to, above | {id}) for to in {node.next, node.yes, node.no})
        return longest[id]

    assert length(first, frozenset()) <= len(nodes)


@how(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(shape=trees(2), seed=st.integers(0, 2**32))
async def test_whatever_the_tree_and_the_facts_everybody_comes_to_one_end(house, smtp, writer, run_jobs, shape, seed):
    # Drawn before the loop runs: what hypothesis raises where its choices end would end the runner of all tests.
    dice = random.Random(seed)
    people = [await a_reader(next(NEW)) for _n in range(4)]
    journey = await a_journey()
    mail = await add(journey, "send")
    chosen = await a_list(*people[:2])
    stages = [mail, *stages_from(shape, [journey.last_step], campaign=mail.campaign, segment=chosen)]
    try:
        expanded(stages)
    except Refused:
        return
    import msgspec

    await Journey.filter(id=journey.id).update(steps=msgspec.to_builtins(stages), last_step=90)
    await journey.refresh_from_db()
    await started(journey, run_jobs)
    await comes(journey, *people)
    for _n in range(40):
        if dice.random() < 0.3:
            await did(dice.choice(people), "x")
        if dice.random() < 0.2:
            await Delivery.filter(person_id=dice.choice(people).id).update(clicked_at=journey.since)
        await asyncio.gather(go_on(), go_on())
        await consistent()
        if not await Run.filter(journey_id=journey.id, state="active").exists():
            break
        await time_passes(days=2)
    await run_jobs()
    left = await Run.filter(journey_id=journey.id, state="active")
    assert left == [] and await Run.filter(journey_id=journey.id, is_pilot=False).count() == 4
    assert {one.state for one in await Run.filter(journey_id=journey.id)} <= {"done", "left"}
    sent = [one.message_id for one in smtp.messages]
    assert len(sent) == len(set(sent))


# What else happens to people ---------------------------------------------------------------------------------


async def test_an_erased_person_is_on_no_journey_and_in_no_log(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "wait", days=1)
    await add(journey, "send")
    await started(journey, run_jobs)
    reader = await a_reader(1)
    await comes(journey, reader)
    await go_on()
    found = await privacy.export(reader.id)
    assert "journey_run" in str(found) and "journey_move" in str(found)
    await privacy.erase(reader.id, "本人の希望")
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert await Run.filter(person_id=reader.id).count() == await Move.filter(person_id=reader.id).count() == 0
    assert await subjects(smtp, reader) == []


async def test_two_records_of_one_person_walk_on_as_one_and_apart_again(house, smtp, writer, run_jobs):
    journey = await a_journey()
    await add(journey, "wait", days=1)
    await add(journey, "send")
    await started(journey, run_jobs)
    kept, gone = await a_reader(1), await a_reader(2)
    await comes(journey, kept, gone)
    await go_on()
    log = await merging.merge("person", kept.id, gone.id)
    assert await Run.filter(is_pilot=False).count() == 1
    await merging.undo(log.id)
    assert await Run.filter(is_pilot=False).count() == 2
    await consistent()
    await SegmentMember.all().delete()
    await time_passes(days=1.1)
    await go_on()
    await run_jobs()
    assert [len(await subjects(smtp, one)) for one in (kept, gone)] == [1, 1]
