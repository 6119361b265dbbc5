"""CSAT is what a naive count of the ratings gives, and every number opens to its rows."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from campaigns_parts import be
from core.clock import as_of, now
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from factories import a_person, an_account, staff
from inbox.actions import ownership, replies
from inbox.actions.chatting import rate
from inbox.actions.receiving import Heard, receive
from inbox.customer import Customer
from inbox.models import Conversation
from numbers_page import opened, per_cent, shown, tabled


async def rated(n: int, colleague: Any, score: int, comment: str, days: float, account_id: int | None = None) -> int:
    person = await a_person(f"客{n}", "")
    moment = now() - timedelta(days=days)
    with as_of(moment):
        message = await receive(Heard(channel="web", customer_key=f"person:{person.id}", person_id=person.id,
                                      account_id=account_id, body=f"質問{n}", at=moment))  # fmt: skip
        id = message.conversation_id
        await ownership.hand_over(id, epoch=1, reason="asked")
        be(colleague)
        await replies.reply(id, "お答えします", key=f"key-{n}")
        await ownership.resolve(id)
        enter(Here(principal=SYSTEM))
        await rate(Customer(f"person:{person.id}", person.id), score, comment)
    return id


async def test_the_page_says_what_a_recount_says(web: Any, sign_in: Any) -> None:
    first, second = [await staff("admin", f"担当{n}", "") for n in range(2)]
    given = [(first, 5, "早かった", 1), (first, 4, "", 2), (first, 2, "たらい回し", 3), (second, 3, "", 4),
             (second, 5, "", 40), (second, 1, "遅い", 41)]  # fmt: skip
    for n, (who, score, comment, days) in enumerate(given):
        await rated(n, who, score, comment, days)
    await sign_in(first)
    for days in (28, 90):
        asked = f"days={days}"
        inside = [one for one in given if one[3] < days]
        good, commented = sum(one[1] >= 4 for one in inside), sum(bool(one[2]) for one in inside)
        said = await shown(web, "conversations", asked)
        assert (said["rated"], said["good"], said["commented"]) == (
            str(len(inside)), per_cent(good, len(inside)), str(commented))  # fmt: skip
        for name, n in (("rated", len(inside)), ("good", good), ("commented", commented)):
            assert len(await opened(web, "conversations", name, asked)) == n, name
        for table in ("csat", "csat_owners"):
            lines = [list(row.values()) for row in await tabled(web, "conversations", table, asked)]
            assert [sum(int(row[at]) for row in lines) for at in (1, 2, 4)] == [len(inside), good, commented]
    page = (await web.get("/staff/insights/conversations?days=28")).text
    card = page[page.index("担当者ごとの評価") :]
    for href, text in re.findall(r'<a class="plain" href="([^"]*/rows/[^"]*owner=\d+[^"]*)">\s*(\d+)\s*</a>', card):
        listed = await web.get(html.unescape(href) + "&format=csv")
        assert len(listed.text.strip().splitlines()) - 1 == int(text), href
    words = await opened(web, "conversations", "commented", "days=28")
    assert {row["言葉"] for row in words} == {"早かった", "たらい回し"}


async def test_a_rating_counts_for_whoever_had_the_conversation_then(web: Any, sign_in: Any) -> None:
    first, second = [await staff("admin", f"担当{n}", "") for n in range(2)]
    id = await rated(0, first, 5, "", 2)
    conversation = await Conversation.get(id=id)
    await receive(Heard(channel="web", customer_key=conversation.customer_key, person_id=conversation.person_id,
                        body="もう一つ", at=now()))  # fmt: skip
    be(second)
    await ownership.take_over(id)
    assert (await rows("SELECT owner_id FROM conversation WHERE id = ?", id))[0][0] == second.id
    await sign_in(first)
    lines = [list(row.values()) for row in await tabled(web, "conversations", "csat_owners")]
    assert [row[:2] for row in lines] == [["担当0", "1"]]


async def test_a_csm_counts_the_ratings_of_their_own_accounts(web: Any, sign_in: Any) -> None:
    boss, csm = await staff("admin"), await staff("csm", email="csm@example.com")
    mine, theirs = await an_account(csm_id=csm.id), await an_account(csm_id=boss.id)
    await rated(0, boss, 5, "", 1, mine.id)
    await rated(1, boss, 1, "", 1, theirs.id)
    await sign_in(csm)
    said = await shown(web, "conversations")
    assert (said["rated"], said["good"]) == ("1", "100")
    assert [mine.name in row.values() for row in await opened(web, "conversations", "rated")] == [True]
