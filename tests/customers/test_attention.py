"""The attention budget: limits, quiet hours by the person's own clock, what is held, released and too late."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import as_of, now
from core.database import rows, transaction
from core.refs import Ref
from customers import touches
from customers.models import Touch, TouchHold
from customers.rules import AttentionRule, ChannelRule, QuietRule, set_rule
from factories import a_person, an_account, staff

NIGHT = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 23:00 in Tokyo, 9:00 in New York
ABOUT = Ref("campaign", 7)


async def many(n: int, **fields: Any) -> list[int]:
    return [(await a_person(f"宵{at}", "るり", **fields)).id for at in range(n)]


async def quiet(**fields: Any) -> None:
    await set_rule("quiet", QuietRule(**fields))


async def ask(people: list[int], channel: str = "email", kind: str = "campaign", name: str = "d", hours: int = 72):
    return await touches.ask(channel, kind, [(one, f"{name}:{one}") for one in people], about=ABOUT,
                             worth_until=now() + timedelta(hours=hours))  # fmt: skip


async def test_two_senders_at_once_never_exceed_a_limit_over_all_channels(house: Any) -> None:
    await set_rule("attention", AttentionRule(per_day=3, per_week=5, per_month=12))
    people = await many(5)
    barrier = asyncio.Barrier(8)

    async def sender(n: int) -> Counter[int]:
        channel, kind = [("email", "campaign"), ("in_app", "guide"), ("slack", "campaign"), ("line", "campaign")][n % 4]
        await barrier.wait()
        got = await ask(people if n % 2 else people[::-1], channel, kind, f"s{n}")
        return Counter(one for one in people if got[f"s{n}:{one}"].state == "taken")

    granted = sum(await asyncio.gather(*(sender(n) for n in range(8))), Counter[int]())
    assert granted == Counter(dict.fromkeys(people, 3))
    assert await Touch.filter(is_counted=True).count() == 15
    channels = {row[0]: row[1] for row in await rows(
        "SELECT channel, MAX(n) FROM (SELECT channel, person_id, COUNT(*) AS n FROM touch GROUP BY channel, person_id)"
        " AS each GROUP BY channel")}  # fmt: skip
    assert channels.get("line", 0) <= 1 and channels.get("slack", 0) <= 1
    # Whoever was not granted is written down, once for each thing that was to be sent.
    assert await TouchHold.all().count() == 8 * 5 - 15


async def test_two_senders_at_once_never_exceed_a_channels_limit(house: Any) -> None:
    await set_rule("attention", AttentionRule(per_day=50, per_week=50, per_month=50))
    await set_rule("channels", ChannelRule(line_day=1, line_week=2, line_month=2))
    people = await many(3)
    barrier = asyncio.Barrier(6)

    async def sender(n: int) -> int:
        await barrier.wait()
        got = await ask(people, "line", "campaign", f"s{n}")
        return sum(one.state == "taken" for one in got.values())

    assert sum(await asyncio.gather(*(sender(n) for n in range(6)))) == 3
    assert {one.reason for one in await TouchHold.all()} == {"channel_day"}
    assert (await ask(people, "email", "campaign", "mail"))[f"mail:{people[0]}"].state == "taken"


async def test_the_night_is_where_the_person_is(house: Any) -> None:
    await quiet(quiet_from="21:00", quiet_until="08:00", spread_minutes=0)
    tokyo, york = await a_person(time_zone="Asia/Tokyo"), await a_person(time_zone="America/New_York")
    odd = await a_person(time_zone="Mars/Olympus")  # as an import wrote it: the installation's zone
    with as_of(NIGHT):
        got = await ask([tokyo.id, york.id, odd.id])
        assert got[f"d:{york.id}"].state == "taken"
        for one in (tokyo, odd):
            assert got[f"d:{one.id}"] == touches.Answer("held", "quiet", datetime(2026, 11, 25, 23, 0, tzinfo=UTC))
        # Who sees a guide is awake.
        assert (await ask([tokyo.id], "in_app", "guide", "g"))[f"g:{tokyo.id}"].state == "taken"
    with as_of(NIGHT + timedelta(hours=9)):
        assert (await ask([tokyo.id]))[f"d:{tokyo.id}"].state == "taken"
    assert [one.state for one in await TouchHold.filter(person_id=tokyo.id)] == ["released"]


@pytest.mark.parametrize("moment, until", [
    ("2026-11-25T11:59", None), ("2026-11-25T12:00", "2026-11-25T23:00"), ("2026-11-25T22:59", "2026-11-25T23:00"),
    ("2026-11-25T23:00", None),
])  # fmt: skip
async def test_the_edges_of_the_night(house: Any, moment: str, until: str | None) -> None:
    await quiet(quiet_from="21:00", quiet_until="08:00", spread_minutes=0)
    person = await a_person()
    with as_of(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
        got = (await ask([person.id]))[f"d:{person.id}"]
    assert got.until == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


async def test_what_waited_leaves_evenly_and_not_in_a_burst(house: Any) -> None:
    await quiet(quiet_from="21:00", quiet_until="08:00", spread_minutes=120)
    people = await many(10)
    wanted = [(people[n % 10], f"delivery:{n}") for n in range(1200)]
    with as_of(NIGHT):
        got = await touches.ask("email", "campaign", wanted, worth_until=now() + timedelta(hours=72))
    morning = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    slots = Counter(int((one.until - morning).total_seconds() // 600) for one in got.values() if one.until)
    assert set(slots) == set(range(12)), slots
    assert sum(slots.values()) == 1200 and min(slots.values()) >= 60 and max(slots.values()) <= 140


async def test_a_full_day_waits_until_there_is_room_and_a_full_month_is_refused(house: Any) -> None:
    await set_rule("attention", AttentionRule(per_day=1, per_week=9, per_month=2))
    await quiet(quiet_from="00:00", quiet_until="00:00", spread_minutes=0, worth_hours=72)
    person = await a_person()
    noon = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    with as_of(noon):
        assert (await ask([person.id], name="a"))[f"a:{person.id}"].state == "taken"
    with as_of(noon + timedelta(hours=2)):
        assert (await ask([person.id], name="b"))[f"b:{person.id}"] == touches.Answer(
            "held", "day", noon + timedelta(days=1))  # fmt: skip
    with as_of(noon + timedelta(days=1, seconds=1)):
        assert (await ask([person.id], name="b"))[f"b:{person.id}"].state == "taken"
        assert (await ask([person.id], name="c"))[f"c:{person.id}"] == touches.Answer("refused", "month")
    assert {one.key[0]: (one.state, one.reason) for one in await TouchHold.all()} == {
        "b": ("released", "day"), "c": ("refused", "month")}  # fmt: skip


async def test_what_waited_too_long_is_not_sent(house: Any) -> None:
    await quiet(quiet_from="21:00", quiet_until="08:00")
    first, second = await many(2)
    with as_of(NIGHT):
        assert (await ask([first], hours=2))[f"d:{first}"] == touches.Answer("refused", "quiet")
        assert (await ask([second], hours=12))[f"d:{second}"].state == "held"
    with as_of(NIGHT + timedelta(hours=13)):
        assert await touches.expire() == 1
    assert {one.person_id: one.state for one in await TouchHold.all()} == {first: "refused", second: "expired"}


async def test_answers_and_what_must_be_sent_pass_and_are_written_down(house: Any) -> None:
    await set_rule("attention", AttentionRule(per_day=0, per_week=0, per_month=0))
    await quiet(quiet_from="21:00", quiet_until="08:00")
    person, colleague = await a_person(), await staff("csm")
    with as_of(NIGHT):
        for kind in ("reply", "transactional", "legal"):
            assert await touches.reserve_touch(person.id, "email", kind, f"{kind}:1")
        assert await touches.reserve_touch(colleague.id, "email", "campaign", "pilot:1")
        assert not await touches.reserve_touch(person.id, "email", "campaign", "newsletter:1")
        assert await touches.used(person.id) == {1: 0, 7: 0, 30: 0}
    assert await Touch.filter(is_counted=False).count() == 4


async def test_a_banner_does_not_take_the_room_of_a_newsletter_that_waits(house: Any) -> None:
    await set_rule("attention", AttentionRule(per_day=1, per_week=5, per_month=9))
    await quiet(quiet_from="21:00", quiet_until="08:00", spread_minutes=0)
    person = await a_person()
    with as_of(NIGHT):
        assert (await ask([person.id], name="letter"))[f"letter:{person.id}"].state == "held"
        assert not await touches.reserve_touch(person.id, "in_app", "guide", "banner", about=Ref("guide", 3))
    assert (await TouchHold.get(key="banner")).reason == "kept"
    with as_of(NIGHT + timedelta(hours=9, seconds=1)):
        assert (await ask([person.id], name="letter"))[f"letter:{person.id}"].state == "taken"


async def test_what_was_cancelled_waits_no_more(house: Any) -> None:
    await quiet(quiet_from="21:00", quiet_until="08:00")
    people = await many(2)
    with as_of(NIGHT):
        await ask(people)
        async with transaction():
            await touches.drop(ABOUT)
    assert {one.state for one in await TouchHold.all()} == {"dropped"}


async def test_staff_set_the_limits_and_see_who_was_held_back(web: Any, sign_in: Any) -> None:
    path = "/staff/customers/attention"
    await sign_in(await staff("admin"))
    assert "00:00" in (await web.get(path)).text
    form = {"per_day": "1", "per_week": "3", "per_month": "6", "quiet_from": "21:00", "quiet_until": "08:00",
            "spread_minutes": "60", "worth_hours": "24", "line_month": "2"}  # fmt: skip
    assert (await web.submit(path, form | {"quiet_from": "later"})).status_code == 422
    assert (await web.submit(path, form)).status_code == 303
    audited = {row[0] for row in await rows("SELECT action FROM audit_entry")}
    assert {"rule.attention", "rule.channels", "rule.quiet"} <= audited
    mine, other = await an_account("株式会社よいやみ"), await an_account("株式会社あけぼの")
    seen, unseen = await a_person("夜野", "りつ", account=mine), await a_person("朝倉", "まな", account=other)
    with as_of(NIGHT):
        await ask([seen.id, unseen.id])
    listed = (await web.get("/staff/customers/holds")).text
    assert "夜野" in listed and "朝倉" in listed and "時間帯" in listed
    assert "夜野" in (await web.get("/staff/customers/holds?format=csv")).text
    csm = await staff("csm", "担当", "いち")
    mine.csm_id = csm.id
    await mine.save()
    listed = (await (await sign_in(csm, web.another())).get("/staff/customers/holds")).text
    assert "夜野" in listed and "朝倉" not in listed
