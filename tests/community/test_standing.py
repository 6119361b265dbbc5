"""How an account takes part in the community is a part of its health, with the reason beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from community import actions
from community_house import as_person
from core.clock import local_day, now
from core.database import write
from customers import health
from customers.models import Account, Membership
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio


async def wrote(person: Any, board: Any, days: int, n: int = 0) -> Any:
    who = await as_person(person)
    return await actions.publish(who, board.id, f"締め日を変えたい{days}.{n}", f"手順を知りたいのですが。{days}.{n}",
                                 at=now() - timedelta(days=days))  # fmt: skip


async def points(account: Account) -> Any:
    found = (await health.scores([account.id]))[account.id]
    return next(one for one in found.reasons if one["measure"] == "community")


async def test_days_and_chosen_answers_count_and_say_so(web: Any, sign_in: Any, house: Any, board: Any) -> None:
    account, silent = await an_account("水面"), await an_account("山際")
    person, asker = await a_person(account=account), await a_person()
    for days, n in ((0, 0), (3, 0), (3, 1), (89, 0), (91, 0)):
        await wrote(person, board, days, n)
    assert await points(account) == {"measure": "community", "of": 5, "points": 2.5, "facts": {"days": 3, "chosen": 0}}
    question = await wrote(asker, board, 2)
    answer = await actions.reply(
        await as_person(person), question.id, "設定から変えられます。", at=now() - timedelta(days=2)
    )
    await actions.accept(await as_person(asker), answer.id)
    assert await points(account) == {"measure": "community", "of": 5, "points": 5.0, "facts": {"days": 4, "chosen": 1}}
    assert (await points(silent))["points"] is None  # who never wrote is not judged
    assert (await health.scores([silent.id]))[silent.id].coverage == 0
    await health.recompute([account.id, silent.id])
    await sign_in(await staff("admin"))
    assert "90日のうち4日に書き込み、選ばれた回答1件" in (await web.get(f"/staff/customers/{account.id}")).text


async def test_who_fell_silent_loses_the_points_and_hidden_posts_do_not_count(house: Any, board: Any, csm: Any) -> None:
    account = await an_account()
    person = await a_person(account=account)
    await wrote(person, board, 100)
    assert (await points(account))["points"] == 0
    thread = await wrote(person, board, 1)
    assert (await points(account))["facts"] == {"days": 1, "chosen": 0}
    post = (await write("UPDATE post SET like_count = 0 WHERE thread_id = ? RETURNING id", thread.id))[0][0]
    await actions.hide(await as_person(csm), post, "spam")
    assert (await points(account))["facts"] == {"days": 0, "chosen": 0}


async def test_who_left_the_account_counts_there_no_more_and_an_own_answer_is_none(house: Any, board: Any) -> None:
    account = await an_account()
    person = await a_person(account=account)
    question = await wrote(person, board, 1)
    answer = await actions.reply(await as_person(person), question.id, "自分で見つけました。設定です。", at=now())
    await actions.accept(await as_person(person), answer.id)
    assert (await points(account))["facts"] == {"days": 2, "chosen": 0}
    earlier = (await health.scores([account.id], local_day() - timedelta(days=1)))[account.id]
    assert next(one for one in earlier.reasons if one["measure"] == "community")["facts"]["days"] == 1
    await Membership.filter(person_id=person.id).update(until=local_day() - timedelta(days=1))
    assert (await points(account))["points"] is None
