"""The bot's pilot: it suggests, staff send, change or refuse; a verdict with numbers lets it answer alone, and back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bots.delivering import deliver
from core.clock import now
from core.context import Here, enter
from core.database import rows, transaction, write
from core.errors import Conflict, Forbidden, Refused
from core.models import AuditEntry
from core.principal import CAPABILITIES, MEMBER, SYSTEM, Principal
from core.refs import Ref
from customers import pilots
from customers.models import Pilot
from customers.rules import BotPilotRule, set_rule
from factories import a_person, an_account, staff
from inbox import trial
from inbox.actions import replies, suggestions
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.models import Conversation, Message, Outgoing, Suggestion
from wires import *  # noqa: F403
from wires import trusted

PASSWORD, INVOICE = "パスワードを忘れました", "請求書をダウンロードしたい"
DESK, TRIALS = "/staff/inbox", "/staff/settings/bots"


async def bot() -> Ref:
    return Ref("bot_web", int((await rows("SELECT id FROM brand WHERE slug = 'default'"))[0][0]))


def be_admin(person) -> None:
    enter(Here(principal=Principal(person_id=person.id, name=person.full_name, role="admin", all_accounts=True,
                                   capabilities=frozenset(CAPABILITIES)), language="ja"))  # fmt: skip


@pytest.fixture
async def on_trial(house, faq):
    """The bot of the web chat only suggests; three conversations make a pilot."""
    await set_rule("bot_pilot", BotPilotRule(conversations=3))
    async with transaction():
        await pilots.withdraw(await bot(), trial.REVISION, "テスト")
    return await bot()


async def asks(body: str, run_jobs, person=None) -> Conversation:
    before = here_principal()
    enter(Here(principal=SYSTEM, language="ja"))
    person = person or await a_person()
    heard = await receive(Heard(channel="web", body=body, customer_key=key_of_person(person.id), at=now(),
                                person_id=person.id, account_id=None, lang="ja"))  # fmt: skip
    await run_jobs()
    enter(Here(principal=before, language="ja"))
    return await Conversation.get(id=heard.conversation_id)


def here_principal() -> Principal:
    from core.context import here

    return here().principal


async def said_by_bot() -> int:
    """Answers; the notice that a person will answer is none."""
    found = await Message.filter(sender="bot")
    return sum(one.data.get("kind") != "waiting" for one in found)


async def test_a_bot_on_trial_says_nothing_and_staff_see_its_answer(on_trial, web, sign_in, run_jobs):
    conversation = await asks(PASSWORD, run_jobs)
    assert (conversation.state, conversation.waiting_reason) == ("waiting", "pilot")
    assert await said_by_bot() == 0
    one = await Suggestion.get()
    assert "パスワードを忘れたとき" in one.body and one.sources[0]["url"] == "/help/1" and one.confidence > 50
    person = await staff("admin")
    await sign_in(person)
    shown = (await web.get(f"{DESK}/{conversation.id}")).text
    assert "ボットの提案" in shown and "パスワードを忘れたとき" in shown and f"/suggestions/{one.id}/reply" in shown
    pressed = [web.submit(f"{DESK}/suggestions/{one.id}/reply", {"epoch": conversation.epoch}) for _ in range(2)]
    assert {answer.status_code for answer in await asyncio.gather(*pressed)} == {303}
    answers = await Message.filter(conversation_id=conversation.id, sender="staff")
    assert [(answer.body, answer.author_id) for answer in answers] == [(one.body, person.id)]
    await one.refresh_from_db()
    assert (one.state, one.decided_by_id) == ("sent", person.id)
    assert "ボットの提案" not in (await web.get(f"{DESK}/{conversation.id}")).text


async def test_a_suggestion_is_changed_refused_or_left(on_trial, web, sign_in, run_jobs):
    await sign_in(await staff("admin"))
    first, second, third = [await asks(body, run_jobs) for body in (PASSWORD, INVOICE, PASSWORD)]
    one, two, three = await Suggestion.all().order_by("id")
    await web.submit(f"{DESK}/suggestions/{one.id}/reply", {"body": "画面右上から変えられます。", "epoch": first.epoch})
    refusal = {"reason": "outdated", "comment": "画面が変わった", "epoch": second.epoch}
    assert (await web.submit(f"{DESK}/suggestions/{two.id}/refusal", refusal | {"reason": "?"})).status_code == 422
    assert (await web.submit(f"{DESK}/suggestions/{two.id}/refusal", refusal)).status_code == 303
    assert (await web.submit(f"{DESK}/suggestions/{two.id}/refusal", refusal)).status_code == 409
    assert (await web.submit(f"{DESK}/suggestions/{two.id}/reply", {})).status_code == 409
    await web.submit(f"{DESK}/{third.id}/replies", {"body": "自分の言葉で", "key": "k", "epoch": third.epoch})
    await run_jobs()
    assert [one.state for one in await Suggestion.all().order_by("id")] == ["edited", "refused", "unused"]
    assert await Message.filter(conversation_id=second.id, sender="staff").count() == 0
    # What we know was no good: a gap for the editors.
    gaps = await rows("SELECT outcome FROM search_query WHERE key = ?", two.query)
    assert [row[0] for row in gaps] == ["not_solved"]
    numbers = await trial.numbers(on_trial, now() - timedelta(hours=1))
    assert numbers == trial.Numbers(conversations=2, sent=0, edited=1, refused=1, unused=1, waiting=0)


async def test_it_suggests_beside_the_person_who_has_the_conversation(on_trial, run_jobs):
    person = await a_person()
    await asks(PASSWORD, run_jobs, person)
    be_admin(await staff("admin"))
    await suggestions.send((await Suggestion.get()).id, "こちらです")
    again = await asks(INVOICE, run_jobs, person)
    assert again.state == "human" and await said_by_bot() == 0
    assert [one.state for one in await Suggestion.all().order_by("id")] == ["edited", "open"]


async def test_high_touch_and_who_asks_for_a_person_get_no_suggestion(on_trial, run_jobs):
    account = await an_account("株式会社たかね", tier="high")
    person = await a_person(account=account)
    enter(Here(principal=SYSTEM, language="ja"))
    await receive(Heard(channel="web", body=PASSWORD, customer_key=key_of_person(person.id), at=now(),
                        person_id=person.id, account_id=account.id, lang="ja"))  # fmt: skip
    await run_jobs()
    other = await asks("人と話したい", run_jobs)
    assert other.waiting_reason == "asked"
    assert await Suggestion.all().count() == 0


async def test_a_verdict_needs_its_conversations_and_then_the_bot_answers_alone(on_trial, web, sign_in, run_jobs):
    admin = await staff("admin")
    await sign_in(admin)
    path = f"{TRIALS}/web/{on_trial.id}/verdict"
    yes = {"passed": "yes", "note": "10件中9件はそのまま送れた"}
    for at, body in enumerate((PASSWORD, INVOICE, PASSWORD)):
        assert (await web.submit(path, yes)).status_code == 422, at
        conversation = await asks(body, run_jobs)
        one = await Suggestion.filter(conversation_id=conversation.id).get()
        change = {"body": "手直し"} if at == 2 else {}
        assert (await web.submit(f"{DESK}/suggestions/{one.id}/reply", change)).status_code == 303
    shown = (await web.get(TRIALS)).text
    assert "3件中3件" in shown and "67%" in shown
    assert (await web.submit(path, yes)).status_code == 303
    pilot = await Pilot.get(state="passed")
    assert (pilot.verdict_by_id, pilot.verdict_note) == (admin.id, yes["note"])
    assert pilot.facts == {"conversations": 3, "sent": 2, "edited": 1, "refused": 0, "unused": 0}
    assert await AuditEntry.filter(action="pilot.passed", actor_id=admin.id).count() == 1
    conversation = await asks(PASSWORD, run_jobs)
    assert conversation.state == "bot" and await said_by_bot() == 1
    # One click, and it is a trial again: audited, and the next question is a suggestion.
    assert (await web.submit(path, {"_method": "DELETE"})).status_code == 303
    assert (await web.submit(path, {"_method": "DELETE"})).status_code == 409
    assert await AuditEntry.filter(action="pilot.withdraw", actor_id=admin.id).count() == 1
    conversation = await asks(INVOICE, run_jobs)
    assert conversation.waiting_reason == "pilot" and await said_by_bot() == 1
    # What it showed before does not count again.
    assert (await web.submit(path, yes)).status_code == 422


async def test_who_does_not_manage_settings_gives_no_verdict(on_trial, web, sign_in, run_jobs):
    await asks(PASSWORD, run_jobs)
    csm = await staff("csm")
    await sign_in(csm)
    assert (await web.get(TRIALS)).status_code == 403
    assert (
        await web.submit(f"{TRIALS}/web/{on_trial.id}/verdict", {"passed": "yes", "note": "よい"})
    ).status_code == 403
    enter(Here(principal=Principal(person_id=csm.id, name="x", role="csm", capabilities=MEMBER | {"inbox.answer"})))
    with pytest.raises(Forbidden):
        await suggestions.judge(on_trial, True, "よい")
    with pytest.raises(Forbidden):
        await suggestions.back_to_pilot(on_trial)


async def test_an_answer_that_was_queued_is_refused_where_it_is_claimed(line, line_channel, house):
    user = line.person("Mika")
    message = await receive(Heard(channel="line", customer_key=f"line:{line_channel.id}:{user}", body=PASSWORD,
                                  at=now(), connection_id=line_channel.id, address={"to": user}))  # fmt: skip
    this = Ref("bot", line_channel.id)
    assert await replies.say_automatically(message.conversation_id, "答え", key="answer:1", epoch=1, needs="bot")
    be_admin(await staff("admin"))
    await suggestions.back_to_pilot(this)
    with pytest.raises(Conflict):
        await suggestions.back_to_pilot(this)
    with pytest.raises(Refused):
        await suggestions.judge(this, True, "もう一度")
    enter(Here(principal=SYSTEM))
    await deliver(conversation_id=message.conversation_id)
    row = await Outgoing.get(key="answer:1")
    assert (row.state, row.reason) == ("cancelled", "the bot is on trial")
    assert [one for one in line.sent if "答え" in str(one)] == []
    conversation = await Conversation.get(id=message.conversation_id)
    assert (conversation.state, conversation.waiting_reason) == ("waiting", "pilot")
    assert await replies.say_automatically(conversation.id, "答え", key="answer:2", epoch=conversation.epoch,
                                           needs="bot") is None  # fmt: skip


async def test_the_verdict_and_a_claim_meet(line, line_channel, house):
    """Whichever comes first: nothing leaves that was claimed after the bot went back to its pilot."""
    this, admin = Ref("bot", line_channel.id), await staff("admin")
    for round_ in range(6):
        user = line.person(f"P{round_}")
        enter(Here(principal=SYSTEM))
        message = await receive(Heard(channel="line", customer_key=f"line:{line_channel.id}:{user}", body=PASSWORD,
                                      at=now(), connection_id=line_channel.id, address={"to": user}))  # fmt: skip
        await replies.say_automatically(message.conversation_id, "答え", key=f"a:{round_}", epoch=1, needs="bot")
        barrier = asyncio.Barrier(2)

        async def withdraw(barrier=barrier):
            be_admin(admin)
            await barrier.wait()
            await suggestions.back_to_pilot(this)

        async def send(barrier=barrier, id=message.conversation_id):
            enter(Here(principal=SYSTEM))
            await barrier.wait()
            await deliver(conversation_id=id)

        await asyncio.gather(withdraw(), send())
        row = await Outgoing.get(key=f"a:{round_}")
        assert row.state in ("sent", "cancelled")
        assert (await Pilot.filter(about_kind="bot", state="passed").count()) == 0
        await trusted(line_channel.id)


async def test_an_upgrade_lets_bots_answer_that_answered_before(line, line_channel, house):
    from importlib import import_module

    from bots.migrations import __path__ as found

    assert found
    step = import_module("bots.migrations.0002_touch_answering_already")
    await write("DELETE FROM pilot")
    for operation in step.Migration.operations:
        await write(operation.sql)
    assert await pilots.passed(Ref("bot", line_channel.id), trial.REVISION)
    assert not await pilots.passed(await bot(), trial.REVISION)  # nobody ever wrote on the web
