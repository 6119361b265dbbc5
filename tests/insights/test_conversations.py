"""The bot's and the inbox's numbers are what a naive count of the conversations gives."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from campaigns_parts import be
from core.clock import as_of, now
from core.settings import settings
from factories import a_person, an_account, staff
from inbox import hours
from inbox.actions import ownership, replies
from inbox.actions.receiving import Heard, receive
from inbox.models import Conversation, Message, Ownership
from insights.spans import chosen
from numbers_page import opened, per_cent, shown, tabled


async def talked(chance: random.Random, n: int, account_id: int | None, colleagues: list) -> None:
    """A conversation that goes one of the ways it can, some time in the last 60 days."""
    begun = (now() - timedelta(minutes=chance.randrange(720, 60 * 1440))).replace(second=0, microsecond=0)
    way = chance.choice(["helped", "silent", "waiting", "answered", "resolved", "resolved"])
    channel = chance.choice(["web", "line"])
    with as_of(begun):
        message = await receive(Heard(channel=channel, customer_key=f"{channel}:{n}", body=f"質問{n}", at=begun,
                                      account_id=account_id))  # fmt: skip
    id = message.conversation_id
    with as_of(begun + timedelta(minutes=chance.randrange(1, 30))):
        if way == "helped":
            await ownership.resolve_by_customer(id, epoch=1)
        elif way != "silent":
            await ownership.hand_over(id, epoch=1, reason=chance.choice(["asked", "unsure"]))
    be(chance.choice(colleagues))
    if way in ("answered", "resolved"):
        with as_of(begun + timedelta(minutes=chance.randrange(31, 400))):
            await replies.reply(id, "お答えします", key=f"key-{n}")
    if way == "resolved":
        with as_of(begun + timedelta(minutes=chance.randrange(401, 700))):
            await ownership.resolve(id)


def spread(minutes: list[float], divisor: int) -> list[str]:
    """The median and the 90th percentile, by nearest rank, as the page writes them."""
    ranked = sorted(minutes)
    said = []
    for share in (5, 9):
        value = ranked[(len(ranked) * share + 9) // 10 - 1] / divisor if ranked else None
        said.append("–" if value is None else f"{value:,.{1 if value < 10 else 0}f}")
    return said


async def test_the_page_says_what_a_recount_says(web, sign_in):
    chance = random.Random(11)
    colleagues = [await staff("admin", email=f"admin{n}@example.com") for n in range(2)]
    for n in range(40):
        await talked(chance, n, None, colleagues)
    await sign_in(colleagues[0])
    for period in ({"days": "28"}, {"days": "90"}):
        span = chosen(period)
        asked = f"days={period['days']}"

        def inside(moment, span=span) -> bool:
            return moment is not None and span.begins <= moment < span.ends

        talks, owned = await Conversation.all(), await Ownership.all()
        begun = [c for c in talks if inside(c.created_at)]
        had = {o.conversation_id for o in owned if o.state in ("waiting", "human")}
        alone = [
            c
            for c in begun
            if c.id not in had and any(o.reason == "helped" and o.conversation_id == c.id for o in owned)
        ]
        handed = [c for c in begun if any(o.state == "waiting" and o.conversation_id == c.id for o in owned)]
        open_ = [c for c in begun if c.state != "resolved"]
        answered = [c for c in talks if inside(c.first_response_at)]
        people = {o.conversation_id for o in owned if o.state == "human"}
        ended = [c for c in talks if inside(c.resolved_at) and c.state == "resolved" and c.id in people]
        said = await shown(web, "conversations", asked)
        assert said["begun"] == str(len(begun))
        assert said["alone"] == per_cent(len(alone), len(begun))
        assert said["handed"] == per_cent(len(handed), len(begun))
        assert said["open"] == str(len(open_))
        first = [naive_between(c.created_at, c.first_response_at) for c in answered]
        assert said["answered"].split("/") == spread(first, 1)
        assert said["resolved"].split("/") == spread([naive_between(c.created_at, c.resolved_at) for c in ended], 60)
        for name, rows in (("begun", begun), ("alone", alone), ("handed", handed), ("open", open_),
                           ("answered", answered), ("resolved", ended)):  # fmt: skip
            assert len(await opened(web, "conversations", name, asked)) == len(rows), name
        reasons = await tabled(web, "conversations", "reasons", asked)
        assert sum(int(list(row.values())[1]) for row in reasons) == sum(
            1 for o in owned if o.state == "waiting" and inside(o.at))  # fmt: skip
        work = await tabled(web, "conversations", "owners", asked)
        assert sum(int(list(row.values())[2]) for row in work) == sum(
            1 for m in await Message.filter(sender="staff") if inside(m.at))  # fmt: skip
        channels = await tabled(web, "conversations", "channels", asked)
        assert sum(int(list(row.values())[1]) for row in channels) == len(begun)


def naive_between(first: datetime, last: datetime) -> float:
    """Business minutes, counted one by one."""
    return sum(hours.is_open(first + timedelta(minutes=n)) for n in range(round((last - first).total_seconds() / 60)))


async def test_business_time_between_two_moments(house):
    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=settings().zone).astimezone(UTC)

    assert hours.between(at(20, 17), at(24, 10)) == 120  # Friday 17:00; Monday 23 November is a holiday
    assert hours.between(at(24, 12), at(24, 12, 30)) == 30
    assert hours.between(at(21, 9), at(22, 18)) == 0
    assert hours.between(at(24, 12), at(24, 11)) == 0


async def test_a_csm_counts_only_what_they_may_see(web, sign_in):
    csm = await staff("csm", email="csm@example.com")
    other = await staff("csm", email="other@example.com")
    mine, theirs = await an_account(csm_id=csm.id), await an_account(csm_id=other.id)
    for account in (mine, theirs, theirs):
        person = await a_person(account=account)
        await receive(Heard(channel="web", customer_key=f"person:{person.id}", person_id=person.id,
                            account_id=account.id, body="こんにちは", at=now()))  # fmt: skip
    await sign_in(csm)
    assert (await shown(web, "conversations"))["begun"] == "1"
    rows = await opened(web, "conversations", "begun")
    assert [mine.name in row.values() for row in rows] == [True]
    await sign_in(await staff("manager"))
    assert (await shown(web, "conversations"))["begun"] == "3"
    page = (await web.get("/staff/insights/conversations?days=7")).text
    assert 'href="/staff/insights/conversations/rows/begun?days=7"' in page


async def test_somebody_is_called_as_their_language_calls_them(web, sign_in):
    emma = await a_person("Whitlock", "Emma", locale="en")
    await receive(Heard(channel="web", customer_key=f"person:{emma.id}", person_id=emma.id, body="Hello", at=now()))
    await sign_in(await staff("manager"))
    rows = await opened(web, "conversations", "begun")
    assert ["Emma Whitlock" in row.values() for row in rows] == [True]
