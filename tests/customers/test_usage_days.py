"""Product use on the timeline: one line a day between everything else, on every page of the list exactly once."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from core.clock import as_of, local_day, now
from core.context import Here, enter
from core.principal import SYSTEM
from core.settings import settings
from customers import seeing, timeline
from customers.tracking import keys
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
S = "/staff/customers"


async def used(web: Any, users: dict[str, str], events: list[tuple[str, str, int, int]]) -> None:
    """(user, event, days ago, how often)"""
    enter(Here(principal=SYSTEM))
    _row, key = await keys.make("app", "test", True)
    batch = [{"type": "identify", "userId": user, "traits": {"email": email}} for user, email in users.items()]
    noon = datetime.combine(local_day(), time(0, 1), settings().zone)
    batch += [{"type": "track", "userId": user, "event": name, "messageId": f"{user}{name}{days}.{n}",
               "timestamp": (noon - timedelta(days=days)).isoformat()}
              for user, name, days, times in events for n in range(times)]  # fmt: skip
    answered = await web.post("/v1/batch", json={"batch": batch}, auth=(key, ""))
    assert answered.status_code == 200, answered.text


def titles(text: str) -> list[str]:
    return re.findall(r'<div class="cluster nowrap"><b>(.*?)</b>', text)


async def test_a_timeline_says_for_each_day_what_was_done_and_no_more(web: Any, sign_in: Any) -> None:
    account = await an_account("千舟ロジ")
    hana = await a_person("加瀬", "はな", account=account, email="hana@example.jp")
    await a_person("加瀬", "もとき", account=account, email="moto@example.jp")
    await timeline.record(hana.id, "community.noticed", title="そのあと")
    names = ("a", "b", "c", "d", "e")
    await used(web, {"u1": "hana@example.jp", "u2": "moto@example.jp"},
               [("u1", "report.made", 1, 8), ("u1", "page", 1, 3),
                ("u1", "Order Completed", 1, 1), ("u2", "page", 1, 2)]
               + [("u1", name, 3, 1) for name in names])  # fmt: skip
    await sign_in(await staff("admin"))
    shown = (await web.get(f"{S}/people/{hana.id}")).text
    assert titles(shown)[:3] == ["community: noticed 「そのあと」", "製品で12件の操作", "製品で5件の操作"]
    assert "Order Completed 1、report.made 8、page 3" in shown
    assert "a 1、b 1、c 1、d 1<" in shown  # four are named
    for path in (f"{S}/{account.id}/timeline", f"{S}/{account.id}"):
        told = (await web.get(path)).text
        assert "2人が製品を利用：14件の操作" in told
        assert "Order Completed 1、report.made 8、page 5" in told
    only = titles((await web.get(f"{S}/{account.id}/timeline?kind=customers.used")).text)
    assert only == ["2人が製品を利用：14件の操作", "1人が製品を利用：5件の操作"]
    assert titles((await web.get(f"{S}/{account.id}/timeline?channel=email")).text) == []
    day = (local_day() - timedelta(days=3)).isoformat()
    assert titles((await web.get(f"{S}/{account.id}/timeline?at={day}..{day}")).text) == ["1人が製品を利用：5件の操作"]


async def test_paging_there_and_back_shows_each_day_once(web: Any, sign_in: Any) -> None:
    hana = await a_person("加瀬", "はな", email="hana@example.jp")
    days = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 20, 21, 40, 41]
    await used(web, {"u1": "hana@example.jp"}, [("u1", "made", one, one + 1) for one in days])
    for n, back in enumerate((0, 1, 1, 1, 5, 6, 7, 8, 15, 16, 30)):
        # At midnight and within a day: both sides of where a day's line stands.
        midnight = datetime.combine(local_day() - timedelta(days=back), time(), settings().zone)
        with as_of(midnight + timedelta(minutes=n % 3)):
            await timeline.record(hana.id, "never.described", title=f"t{n}", at=now())
    await sign_in(await staff("admin"))
    path, seen, pages = f"{S}/people/{hana.id}", [], []
    while path:
        text = (await web.get(path)).text
        pages.append((path, titles(text)))
        seen += titles(text)
        following = re.search(r'href="([^"]*after=[^"]*)"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == len(days) + 11
    assert [one for one in seen if "製品で" in one] == [f"製品で{one + 1}件の操作" for one in days]
    back = re.search(r'href="([^"]*before=[^"]*)"', (await web.get(pages[-1][0])).text)
    assert back
    assert titles((await web.get(back[1].replace("&amp;", "&"))).text) == pages[-2][1]


async def test_who_may_not_see_what_a_person_did_does_not_read_it_here(web: Any, sign_in: Any) -> None:
    account = await an_account()
    hana = await a_person("加瀬", "はな", account=account, email="hana@example.jp")
    await used(web, {"u1": "hana@example.jp"}, [("u1", "made", 0, 2)])
    await seeing.hide({"person.usage": ["agent"]})
    await sign_in(await staff("agent"))
    for path in (f"{S}/people/{hana.id}", f"{S}/{account.id}", f"{S}/{account.id}/timeline"):
        shown = await web.get(path)
        assert shown.status_code == 200
        assert "件の操作" not in shown.text
        assert "customers.used" not in shown.text
