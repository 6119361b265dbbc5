"""What staff see of searches: the numbers, what nobody answered by topic, how far the confidence can be trusted."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.principal import MEMBER, Principal
from factories import a_person, an_account
from helpcenter import gaps
from helpcenter.searches import summary
from helpcenter.topics import grouped_by_words, topics_of


def said(page: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", re.sub("</?(mark|b)>", "", page.text))


@pytest.fixture
async def asker(people: dict[str, Principal], house: Any) -> Principal:
    account = await an_account("青葉運輸")
    person = await a_person("三輪", "さつき", account=account)
    people["asker"] = Principal(person_id=person.id, role="member", capabilities=MEMBER,
                                accounts=frozenset({account.id}))  # fmt: skip
    return people["asker"]


async def test_the_numbers_say_what_came_of_searches(browse: Any, an_article: Any, writer: Any) -> None:
    article = await an_article("有給休暇を繰り越す", "残りは2年間有効です。", "有給 繰越", slug="carry")
    reader = browse()
    for words in ("有給 繰越", "有給 繰越", "有給 繰越", "宇宙旅行の予約"):
        page = await reader.get(f"/help/search?q={words}")
        if links := re.findall(r'href="(/help/go/[^"]+)"', page.text):
            await reader.get(links[0].replace("&amp;", "&"))
    await reader.submit("/help/carry/feedback", {"helpful": "yes"})
    await reader.get(f"/help/pick/1?q=有給&to=article:{article.id}")
    made = await summary("default")
    assert (made.searches, made.picked, made.positions[0], made.daily[-1]) == (4, 1, 3, 4)
    assert (made.opened, made.first, made.helped, made.told) == (0.75, 1.0, 1.0, 1)
    assert made.nothing == 0.25
    assert sum(made.missed) == 1
    page = await browse("writer").get("/staff/articles/searches")
    assert "開かれた結果3件のうち、3件は1番目でした" in page.text
    assert "回答1件" in said(page)
    assert await summary("another") is not None


async def test_unanswered_questions_are_gathered_into_topics(
    browse: Any, asker: Principal, writer: Any, an_article: Any
) -> None:
    for words in ("生体認証 打刻", "生体認証で打刻したい", "顔の生体認証", "宇宙旅行 予約"):
        await browse("asker").get(f"/help/search?q={words}")
    await browse().get("/help/search?q=生体認証 打刻")
    await gaps.gather()
    topics = await topics_of(writer, "default")
    assert [(topic.searches, len(topic.gaps)) for topic in topics] == [(4, 2), (1, 1)]
    assert topics[0].name.startswith("生体認証")
    assert (topics[0].people, topics[0].accounts, topics[0].hidden_accounts) == (1, ["青葉運輸"], 0)
    stranger = Principal(person_id=writer.person_id, capabilities=writer.capabilities)
    [first, _] = await topics_of(stranger, "default")
    assert (first.accounts, first.hidden_accounts) == ([], 1)  # staff who do not look after them
    page = await browse("writer").get("/staff/articles/gaps/topics")
    assert "青葉運輸" in page.text
    assert "検索4件" in said(page)


def test_grouping_keeps_every_question_once() -> None:
    questions = [frozenset(words.split()) for words in ("a b", "a b c", "x", "x y", "q", "a", "", "b c")]
    groups = grouped_by_words(questions)
    assert sorted(n for group in groups for n in group) == list(range(8))
    assert groups[0][:2] == [0, 1]
    assert [2, 3] in groups
    assert [6] in groups  # without words, alone
