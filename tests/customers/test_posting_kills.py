"""kill -9 of the worker while Slack keeps its answer back: nothing is posted twice, and what is doubtful is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.clock import now
from core.database import rows, write
from core.refs import Ref
from core.settings import settings
from customers import departments, notices
from customers.models import Department, NoticeChoice
from customers.noticing import rounds
from customers.people import link
from factories import an_account, staff
from faults.processes import Process, environment_of, until
from wires import *  # noqa: F403

pytestmark = pytest.mark.anyio


async def states() -> list[str]:
    return [row[0] for row in await rows(
        "SELECT state FROM department_post UNION ALL SELECT state FROM notice_letter WHERE way = 'slack'")]  # fmt: skip


def worker(slack: Any, folder: Path) -> Process:
    given = settings()
    return Process("worker", environment_of(given, given.database, ENGAWA_SLACK_API_URL=slack.url, FAULT_LEASE=2,
                                            ENGAWA_URL=given.url), folder)  # fmt: skip


async def test_what_was_on_its_way_when_the_worker_was_killed_is_not_posted_again(
    house: Any, slack: Any, slack_team: Any, tmp_path: Path
) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    await link("slack", f"{slack.team.id}:{slack.person('Hiyori')}", csm.id, source="test", verified_at=now())
    await NoticeChoice.create(person_id=csm.id, group_name="risks", way="slack", changed_at=now())
    await notices.tell([csm.id], about=Ref("account", account.id), kind="customers.health_fell", key="health_alert:1",
                       url=f"/staff/customers/{account.id}",
                       data={"account": account.name, "before": 78, "after": 41})  # fmt: skip
    await Department.create(name="営業部", connection_id=slack_team.id, channel=slack.channel("sales"),
                            kinds=["health.fell"], tiers=[], created_at=now(), updated_at=now())  # fmt: skip
    await departments.tell("health.fell", key="health_alert:1", account_id=account.id, before=78, after=41)
    await write("UPDATE notice SET due_at = ?", now())
    mark = str((await rows("SELECT due_at FROM notice"))[0][0])
    await rounds.tell_person(person_id=csm.id, mark=mark)
    assert await states() == ["waiting", "waiting"]
    slack.faults.next("chat.postMessage", delay=8, after=True, times=2)
    first = worker(slack, tmp_path)

    async def both_arrived() -> bool:
        return len(slack.sent) == 2

    await until(both_arrived, timeout=60)
    assert await states() == ["attempting", "attempting"]
    first.kill()
    second = worker(slack, tmp_path)

    async def settled() -> bool:
        return await states() == ["uncertain", "uncertain"]

    await until(settled, timeout=60)
    assert await second.stop(within=30) == 0
    assert len(slack.sent) == 2
    assert [row[0] for row in await rows("SELECT recipient FROM outgoing_mail")] == [csm.email], "once, by mail"
