"""What nobody read at the bell leaves by mail: soon or in the morning, once, for who may still read it and wants it."""

from __future__ import annotations

import asyncio
import email
from datetime import UTC, datetime, timedelta
from email import policy as mail_policy
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from channels import mail
from community import actions
from community.models import Board, Follow
from community_house import a_board, as_person
from core.clock import as_of, now, when
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.refs import Ref
from customers import consent, notices, privacy
from customers.models import Notice, NoticeChoice, NoticeLetter, Touch
from customers.noticing import rounds, ways
from customers.noticing.groups import GROUPS, answered_for
from customers.rules import QuietRule, set_rule
from factories import a_person, an_account, staff, where_it_is_noon
from inbox.actions import ownership
from inbox.models import Conversation

pytestmark = pytest.mark.anyio
LATER = timedelta(minutes=11)


async def minutes_pass(run_jobs: Any) -> None:
    """The clock of the rounds moves; the runner's own stays."""
    await run_jobs()
    await rounds.begin(now() + LATER)
    await run_jobs()


async def mails() -> list[Any]:
    found = await rows("SELECT content FROM mail ORDER BY id")
    return [email.message_from_bytes(bytes(row[0]), policy=mail_policy.default) for row in found]


def body(sent: Any, kind: str = "plain") -> str:
    return str(sent.get_body((kind,)).get_content())


async def told(person: Any, n: int = 1, kind: str = "community.answered") -> None:
    """Notices about a thread that is there."""
    board = await Board.first() or await Board.get(id=(await a_board()).id)
    thread = await actions.publish(
        await as_person(await staff("csm")), board.id, "締め日を変えたい", "手順を知りたいのです。"
    )
    for one in range(n):
        await notices.tell([person.id], about=Ref("thread", thread.id), kind=kind, key=f"x{thread.id}:{one}",
                           url=f"/community/{thread.id}#post-1",
                           data={"title": f"話題{one}", "by": "けいと"})  # fmt: skip


async def test_a_reply_that_the_asker_does_not_read_comes_by_mail_with_what_was_written(
    web: Any, sign_in: Any, board: Any, asker: Any, helper: Any, run_jobs: Any
) -> None:
    watcher = await a_person("木村", "健", time_zone=where_it_is_noon())
    await Follow.create(person_id=watcher.id, about_kind="board", about_id=board.id, level="watching", created_at=now())
    thread = await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "手順を知りたいのです。")
    await actions.reply(await as_person(helper), thread.id, "設定の**「締め日」**で変えられます。<script>")
    await run_jobs()
    assert await rounds.begin() == 0, "nothing is due within the patience"
    await minutes_pass(run_jobs)
    [sent] = await mails()
    assert sent["To"] == asker.email and sent["Subject"] == "けいとさんが、あなたの「締め日を変えたい」に返信しました"
    assert sent["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        assert "設定の「締め日」で変えられます。" in body(sent, kind) and "<script>" not in body(sent, "html")
    assert "自分への返信" in body(sent) and "http://127.0.0.1:8000/me/notices" in body(sent)
    letter = await NoticeLetter.get()
    assert (letter.state, letter.way, letter.notices, letter.group_names) == ("sent", "email", 1, ["answers"])
    touch = await Touch.get(person_id=asker.id)
    assert (touch.kind, touch.channel, touch.is_counted) == ("notice", "email", False)
    waiting = await Notice.get(person_id=watcher.id)
    assert waiting.kind == "community.thread" and waiting.due_at > now() + timedelta(minutes=30), "in the morning"
    # the line leads there without a sign-in; only the person's own opening counts as read
    link = next(line for line in body(sent).splitlines() if "/n/" in line and not line.endswith("/stop"))
    assert (await web.get(urlsplit(link).path)).headers["location"] == f"/community/{thread.id}#post-2"
    assert (await Notice.get(person_id=asker.id)).read_at is None
    await sign_in(asker)
    assert (await web.get(urlsplit(link).path)).status_code == 302
    assert (await Notice.get(person_id=asker.id)).read_at is not None
    foreign = urlsplit(link).path.rpartition("/")[0] + f"/{waiting.id}"
    assert (await web.get(foreign)).status_code == 404
    await minutes_pass(run_jobs)
    assert len(await mails()) == 1, "what a mail told of is not told again"


async def test_several_are_one_mail_and_what_was_read_is_in_none(
    house: Any, board: Any, asker: Any, run_jobs: Any
) -> None:
    await told(asker, 25)
    read = await Notice.filter(person_id=asker.id).order_by("id").first()
    assert read is not None
    await notices.mark_read(asker.id, read.id)
    await minutes_pass(run_jobs)
    [sent] = await mails()
    assert sent["Subject"].endswith("、ほか23件") and "ほか4件" in body(sent) and "話題0" not in body(sent)
    assert (await NoticeLetter.get()).notices == 24
    await told(asker, 1)
    await notices.mark_read(asker.id)
    await minutes_pass(run_jobs)
    assert len(await mails()) == 1
    assert await rows("SELECT 1 FROM notice WHERE due_at IS NOT NULL") == []


async def test_in_the_morning_there_is_one_mail_and_none_when_nothing_is_unread(
    house: Any, board: Any, asker: Any, helper: Any, run_jobs: Any
) -> None:
    await write("UPDATE person SET time_zone = ?", where_it_is_noon())
    for person in (asker, helper):
        await told(person, 2, "community.replied")
    due = {when(row[0]) for row in await rows("SELECT due_at FROM notice WHERE person_id = ?", asker.id)}
    assert len(due) == 1, "one moment for all of a day"
    await notices.mark_read(helper.id)
    await rounds.begin(now() + timedelta(days=2))
    await run_jobs()
    [sent] = await mails()
    assert sent["To"] == asker.email and "フォロー中の話題" in body(sent)


@pytest.mark.parametrize(
    "zone, told_at, expected",
    [("Asia/Tokyo", "2026-07-01T22:59", "2026-07-01T23:"), ("Asia/Tokyo", "2026-07-02T02:00", "2026-07-02T23:"),
     ("America/New_York", "2026-07-01T05:00", "2026-07-01T12:"), ("Nowhere/Land", "2026-07-01T22:00", "2026-07-01T23:"),
     ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T07:")],
)  # fmt: skip
def test_the_morning_is_the_persons_own(zone: str, told_at: str, expected: str) -> None:
    moment = datetime.fromisoformat(told_at).replace(tzinfo=UTC)
    quiet = QuietRule(spread_minutes=60)
    found = [ways.morning(moment, person, zone, quiet) for person in range(1, 600)]
    first = min(found)
    assert all(moment < one < first + timedelta(hours=25) for one in found)
    on_time = [one for one in found if one.isoformat().startswith(expected)]
    assert len(on_time) > 500, "those whose minute of today is over wait for tomorrow's"
    minutes = [one.minute for one in on_time]
    assert max(minutes.count(n) for n in range(60)) < 30, "evenly"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Pacific/Auckland"])
def test_a_weekly_mail_leaves_on_the_persons_own_monday(zone: str) -> None:
    quiet = QuietRule(spread_minutes=60)
    for hour in range(0, 24 * 8, 5):
        moment = datetime(2026, 11, 26, tzinfo=UTC) + timedelta(hours=hour)
        found = ways.morning(moment, 7, zone, quiet, only_monday=True)
        local = found.astimezone(ZoneInfo(zone))
        assert local.weekday() == 0 and local.hour == 8 and timedelta() < found - moment <= timedelta(days=7, hours=2)


async def test_a_week_is_one_mail(web: Any, sign_in: Any, board: Any, asker: Any, run_jobs: Any) -> None:
    zone = where_it_is_noon()
    await write("UPDATE person SET time_zone = ?", zone)
    await sign_in(asker)
    chosen = {"answers": "soon", "asked": "weekly", "watched": "weekly", "posts": "soon"}
    assert (await web.submit("/me/notices", chosen)).status_code == 303
    await told(asker, 2, "community.replied")
    await told(asker, 1, "community.solved")
    due = {when(row[0]) for row in await rows("SELECT due_at FROM notice WHERE person_id = ?", asker.id)}
    assert len(due) == 1 and due.pop().astimezone(ZoneInfo(zone)).weekday() == 0  # type: ignore[union-attr]
    await rounds.begin(now() + timedelta(days=8))
    await run_jobs()
    assert len(await mails()) == 1


async def test_nobody_is_written_to_at_night_but_of_customers_who_wait(
    house: Any, board: Any, asker: Any, run_jobs: Any
) -> None:
    csm = await staff("agent")
    enter(Here(principal=SYSTEM))
    await write("UPDATE person SET time_zone = ?", where_it_is_noon())
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="23:59", spread_minutes=1))
    await told(asker)
    conversation = await waiting_conversation()
    await notices.tell([csm.id], about=Ref("conversation", conversation.id), kind="inbox.waiting", key="w",
                       url=f"/staff/inbox/{conversation.id}", data={"name": "花子", "reason": "asked"})  # fmt: skip
    await minutes_pass(run_jobs)
    [sent] = await mails()
    assert sent["To"] == csm.email and "株式会社水面" in body(sent) and "まだですか" in body(sent)
    held = await Notice.get(person_id=asker.id)
    assert held.due_at is not None and held.letter_id is None
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="00:00"))
    await rounds.begin(now() + timedelta(days=2))
    await run_jobs()
    assert [one["To"] for one in await mails()] == [csm.email, asker.email]


async def waiting_conversation(**more: Any) -> Conversation:
    account = await an_account("株式会社水面")
    return await Conversation.create(
        customer_key="k", account_id=account.id, channel="web", state="waiting", preview="まだですか",
        bot_since=now(), last_message_at=now(), created_at=now(), escalation=2, **more)  # fmt: skip


async def test_who_may_not_see_it_any_more_is_not_told(
    house: Any, board: Any, asker: Any, helper: Any, run_jobs: Any
) -> None:
    agent, other = await staff("agent"), await staff("agent", "岩城", "直")
    conversation = await waiting_conversation()
    await notices.tell([agent.id], about=Ref("conversation", conversation.id), kind="inbox.waiting", key="w",
                       url=f"/staff/inbox/{conversation.id}", data={"name": "花子", "reason": "asked"})  # fmt: skip
    await as_person(other)
    await ownership.take_over(conversation.id)  # somebody else has it: nobody waits any more
    hidden = await actions.publish(await as_person(asker), board.id, "隠される話題の質問", "手順を知りたいのです。",
                                   at=now() - timedelta(hours=3))  # fmt: skip
    reply = await actions.reply(await as_person(helper), hidden.id, "宣伝です。見てください。")
    await run_jobs()
    await actions.hide(await as_person(await staff("csm")), reply.id, "spam")
    closed = await a_board("closed")
    moved = await actions.publish(await as_person(asker), closed.id, "内輪になる板の質問", "内輪の手順を知りたいです。",
                                  at=now() - timedelta(hours=2))  # fmt: skip
    await actions.reply(await as_person(helper), moved.id, "設定の画面で変えられます。")
    muted = await actions.publish(
        await as_person(asker), board.id, "もう見たくない話題の質問", "別の手順を知りたいです。"
    )
    await actions.reply(await as_person(helper), muted.id, "設定で変えられますよ。")
    await run_jobs()
    await write("UPDATE board SET audience = 'account:99' WHERE id = ?", closed.id)
    await write("UPDATE follow SET level = 'muted' WHERE about_kind = 'thread' AND about_id = ? AND person_id = ?",
                muted.id, asker.id)  # fmt: skip
    pending = await Notice.filter(person_id__in=[asker.id, agent.id], due_at__isnull=False).count()
    assert pending >= 4
    await minutes_pass(run_jobs)
    assert {one["To"] for one in await mails()} == {helper.email}, "whose post was hidden"
    assert await rows("SELECT 1 FROM notice WHERE due_at IS NOT NULL AND person_id IN (?, ?)", asker.id, agent.id) == []


async def test_an_address_that_may_not_be_written_to_gets_none_and_the_ledger_says_why(
    house: Any, board: Any, run_jobs: Any
) -> None:
    bounced, unproved, gone, erased, locked = [await a_person("人", str(n)) for n in range(5)]
    for one in (bounced, unproved, gone, erased, locked):
        await told(one)
    enter(Here(principal=SYSTEM))
    await consent.suppress("email", bounced.email, "bounce")
    await write("UPDATE identity SET verified_at = NULL WHERE person_id = ?", unproved.id)
    await write("UPDATE person SET email = NULL WHERE id = ?", gone.id)
    await privacy.erase(erased.id, "本人の希望")
    await write("UPDATE person SET state = 'locked' WHERE id = ?", locked.id)
    await minutes_pass(run_jobs)
    assert await mails() == []
    reasons = {one.person_id: one.reason for one in await NoticeLetter.filter(state="skipped")}
    assert reasons == {bounced.id: "the address may not be written to", gone.id: "no address",
                       unproved.id: "the address was never verified"}  # fmt: skip
    assert await rows("SELECT 1 FROM notice WHERE due_at IS NOT NULL") == []


async def test_a_program_stops_the_group_with_one_click_and_the_person_takes_it_back(
    web: Any, board: Any, asker: Any, helper: Any, run_jobs: Any
) -> None:
    await told(asker)
    await minutes_pass(run_jobs)
    [sent] = await mails()
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = urlsplit(str(sent["List-Unsubscribe"]).strip("<>")).path
    await told(asker)
    await told(helper)
    page = await web.get(path)
    assert page.status_code == 200 and "自分への返信" in page.text and page.headers["referrer-policy"] == "no-referrer"
    assert await NoticeChoice.all().count() == 0, "a scanner that follows the link changes nothing"
    for wrong in ("/n/x/stop", f"{path[:-7]}x/stop", "/n/" + "a" * 32 + "/stop"):
        assert (await web.get(wrong)).status_code == 404
        assert (await web.post(wrong, data={"List-Unsubscribe": "One-Click"})).status_code == 404
    bare = web.another()
    for _twice in range(2):
        assert (await bare.post(path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    choice = await NoticeChoice.get()
    assert (choice.person_id, choice.group_name, choice.way, choice.before) == (asker.id, "answers", "bell", "soon")
    assert len(await rows("SELECT 1 FROM audit_entry WHERE action = 'notices.choose' AND reason = 'one_click'")) == 1
    await minutes_pass(run_jobs)
    assert [one["To"] for one in (await mails())[1:]] == [helper.email], "what waited is dropped; nobody else's is"
    await told(asker)
    assert (await Notice.filter(person_id=asker.id).order_by("-id").first()).due_at is None  # type: ignore[union-attr]
    assert (await bare.post(path.replace("/stop", "/again"))).status_code in (401, 403), "not from elsewhere"
    assert (await web.submit(path.replace("/stop", "/again"))).status_code == 303
    assert (await ways.ways_of(asker.id))["answers"] == "soon"
    assert await rows("SELECT 1 FROM outgoing_mail WHERE unsubscribe <> ''") == []


async def test_a_round_that_dies_in_between_tells_once(
    house: Any, board: Any, asker: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(asker, 3)
    await rounds.begin(now() + LATER)
    mark = (await rows("SELECT due_at FROM notice"))[0][0]
    post = mail.post

    async def dies(*given: Any, **named: Any) -> None:
        await post(*given, **named)
        raise ConnectionError

    monkeypatch.setattr(mail, "post", dies)
    with pytest.raises(ConnectionError):
        await rounds.tell_person(person_id=asker.id, mark=str(mark))
    assert await rows("SELECT 1 FROM outgoing_mail") == [] and await NoticeLetter.all().count() == 0
    monkeypatch.setattr(mail, "post", post)
    both = [rounds.tell_person(person_id=asker.id, mark=str(mark)) for _ in range(3)]
    await asyncio.gather(*both)
    await run_jobs()
    assert len(await mails()) == 1 and await NoticeLetter.all().count() == 1
    # a round whose job is never run comes due by itself
    await told(asker)
    await rounds.begin(now() + LATER)
    await write("DELETE FROM promise")
    with as_of(now() + timedelta(hours=2)):
        await rounds.begin()
    await run_jobs()
    assert len(await mails()) == 2


async def test_what_is_read_while_the_mail_is_made_is_not_in_it(
    house: Any, board: Any, asker: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(asker, 2)
    await rounds.begin(now() + LATER)
    mark = (await rows("SELECT due_at FROM notice"))[0][0]
    still, first = rounds.still, (await Notice.all().order_by("id"))[0]

    async def read_meanwhile(*given: Any) -> Any:
        found = await still(*given)
        await notices.mark_read(asker.id, first.id)
        return found

    monkeypatch.setattr(rounds, "still", read_meanwhile)
    await rounds.tell_person(person_id=asker.id, mark=str(mark))
    monkeypatch.undo()
    await run_jobs()
    [sent] = await mails()
    assert "話題0" not in body(sent) and "話題1" in body(sent)


async def test_what_people_choose_counts_at_once(web: Any, sign_in: Any, board: Any, run_jobs: Any) -> None:
    member, csm = await a_person("木村", "健"), await staff("csm")
    await told(member, 2, "community.replied")
    await sign_in(member)
    page = (await web.get("/me/notices")).text
    assert "自分への返信" in page and "お客様の危険な兆し" not in page and str(member.email) in page
    mine = {"answers": "bell", "asked": "daily", "watched": "soon", "posts": "daily"}
    for wrong in ({"answers": "pigeon"}, {"answers": ""}, {"watched": "soon,bell"}, {"posts": []}):
        assert (await web.submit("/me/notices", mine | wrong)).status_code == 422, wrong
    assert (await web.submit("/me/notices", mine | {"risks": "bell", "person_id": csm.id})).status_code == 303
    assert {one.group_name: one.way for one in await NoticeChoice.all()} == mine
    assert {one.person_id for one in await NoticeChoice.all()} == {member.id}
    await minutes_pass(run_jobs)
    assert len(await mails()) == 1, "what waited for the morning leaves soon now"
    await told(member)
    assert (await Notice.filter(person_id=member.id).order_by("-id").first()).due_at is None  # type: ignore[union-attr]
    await sign_in(csm)
    page = (await web.get("/me/notices")).text
    assert "お客様の危険な兆し" in page and "お客様との会話" in page and "すぐに Slack" not in page


async def test_what_was_there_before_the_upgrade_stays_at_the_bell(house: Any, asker: Any, run_jobs: Any) -> None:
    await write("INSERT INTO notice (person_id, kind, about_kind, about_id, key, url, data, created_at)"
                " VALUES (?, 'community.answered', 'thread', 1, 'old', '/', '{}', ?)", asker.id, now())  # fmt: skip
    await rounds.begin(now() + timedelta(days=9))
    await run_jobs()
    assert await mails() == [] and await NoticeLetter.all().count() == 0


async def test_a_round_looks_only_at_what_is_due(house: Any, asker: Any) -> None:
    await write("INSERT INTO notice (person_id, kind, about_kind, about_id, key, url, data, created_at)"
                f" WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT {asker.id},"
                " 'community.answered', 'thread', 1, 'k' || i, '/', '{}', CURRENT_TIMESTAMP FROM n")  # fmt: skip
    await write("UPDATE notice SET due_at = ? WHERE key IN ('k5', 'k6')", now())
    await write("ANALYZE notice")
    explain = "EXPLAIN QUERY PLAN" if house.engine == "sqlite" else "EXPLAIN"
    # Both indexes hold only what is still to go; of two rows PostgreSQL takes either.
    for sql, indexes, given in (
        (rounds.FIRST_DUE, ("notice_due", "notice_pending"), [now()]),
        ("SELECT id FROM notice WHERE person_id = ? AND due_at IS NOT NULL AND (due_at <= ? OR due_at = ?)"
         " AND read_at IS NULL", ("notice_pending", "notice_due"), [asker.id, now(), now()]),
    ):  # fmt: skip
        plan = " ".join(str(tuple(row)) for row in await rows(f"{explain} {sql}", *given))
        assert any(index in plan for index in indexes), plan


def test_every_kind_has_a_group_or_stays_at_the_bell_on_purpose() -> None:
    from app import rooms
    from customers.telling import kinds

    rooms.load()
    found = kinds()
    assert len(found) > 20
    assert {group for group in found.values() if group} == set(GROUPS)
    assert {kind for kind, group in found.items() if not group} == {"inbox.answered"}, "an answer itself is mailed"
    assert {"thread", "pause", "article", "conversation", "task", "account", "guide",
            "product_request"} <= answered_for()  # fmt: skip
