"""The bot's pilot, as it went before it answered alone: it suggested, people sent or changed it, somebody judged."""

from __future__ import annotations

from datetime import timedelta

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from core.database import rows
from core.principal import SYSTEM
from core.refs import Ref
from customers.rules import BotPilotRule, set_rule
from customers.timeline import primary_account
from inbox.actions import ownership, receiving, suggestions
from inbox.models import Message


async def load(known: Known) -> None:
    plan, cast = data("trial.json"), Cast(known)
    with at(hours_ago(plan["hours_ago"] + 1), await cast.be(plan["by"])):
        await set_rule("bot_pilot", BotPilotRule(len(plan["conversations"])))
    for place, one in enumerate(plan["conversations"]):
        await _conversation(one, place, cast, known)
    web = Ref("bot_web", int((await rows("SELECT id FROM brand WHERE slug = 'default'"))[0][0]))
    with at(hours_ago(plan["judged_hours_ago"]), await cast.be(plan["by"])):
        await suggestions.judge(web, True, plan["note"])
    await cast.leave()


async def _conversation(one: dict[str, str], place: int, cast: Cast, known: Known) -> None:
    moment, person = hours_ago(float(one["hours_ago"])), known.people[one["person"]]
    with at(moment, SYSTEM):
        heard = await receiving.receive(receiving.Heard(
            channel="web", body=one["question"], customer_key=receiving.key_of_person(person), at=moment,
            person_id=person, account_id=await primary_account(person), lang="ja", origin=f"demo:trial:{place}",
        ))  # fmt: skip
        assert heard is not None
        message = await Message.get(id=heard.id)
        said = cast.linked(one["suggestion"])
        made = await suggestions.suggest(message, message.epoch, said, sources=[], confidence=0.8, query="")
    assert made is not None
    with at(moment + timedelta(minutes=10), await cast.be(one["by"])):
        await suggestions.send(made.id, cast.linked(one.get("reply", "")) or made.body)
    with at(moment + timedelta(hours=1), await cast.be(one["by"])):
        await ownership.resolve(message.conversation_id)
