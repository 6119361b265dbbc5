"""A form is sent once: a double click, or a second try of what got no answer, writes nothing twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core import sent_once
from core.clock import now
from core.database import rows, write
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
PERSON, BOARDS = "/staff/customers/people/{person}", "/staff/community/boards"
SEGMENT = {"name": "技術", "do": "save", "node": ["0:all", "0.0:if"], "0-join": "all", "0.0-field": "account.tier",
           "0.0-op": "is", "0.0-value": "tech"}  # fmt: skip
WEBHOOK = {"name": "倉庫", "url": "https://example.jp/hook", "kinds": "thread.created"}

# What is made on its own page: (page, action, what is typed, the table).
FORMS = [
    ("/staff/customers/{account}/goals", "", {"title": "締めを3日で終える", "target": 1}, "account_goal"),
    ("/staff/customers/{account}/notes", "", {"body": "席替えの相談"}, "account_note"),
    ("/staff/customers/{account}/pulse", "", {"state": "good", "note": "順調"}, "pulse"),
    (PERSON, f"{PERSON}/notes", {"body": "電話した"}, "account_note"),
    ("/staff/customers/segments/new", "", SEGMENT, "segment"),
    ("/staff/settings/topics", "", {"name_ja": "製品だより", "name_en": "Letters", "slug": "letters"}, "topic"),
    ("/staff/guides/new", "", {"name": "初回の案内", "kind": "banner"}, "guide"),
    ("/staff/campaigns/new", "", {"name": "冬のお知らせ", "topic": "usage", "kind": "newsletter"}, "campaign"),
    ("/staff/articles/categories", "", {"ja": "はじめに", "en": "Begin", "slug": "begin"}, "category"),
    ("/staff/articles/new", "", {"title": "締めの手順", "body": "手順です。"}, "article"),
    ("/staff/settings/labels", "", {"name": "請求"}, "label"),
    ("/staff/settings/replies/new", "", {"title": "お礼", "shortcut": "rei", "body": "どうも。"}, "canned_reply"),
    (f"{BOARDS}/new", BOARDS, {"name_ja": "使い方", "name_en": "How to", "slug": "how-to"}, "board"),
]  # fmt: skip
# What is made and shown on one page only: the second is told so.
SECRETS = [
    ("/staff/settings/tracking", {"source": "app", "name": "本番", "where": "server"}, "write_key"),
    ("/staff/settings/incoming", {"name": "CRM", "source": "crm", "kind": "people"}, "incoming_hook"),
    ("/staff/settings/api", {"name": "連携", "scopes": "customers.read", "days": "90", "person_id": 0}, "api_key"),
    ("/staff/settings/webhooks", WEBHOOK, "webhook_target"),
    ("/staff/settings/sign-on", {"name": "本番", "source": "app", "algorithm": "HS256"}, "sign_on"),
]

Filled = Callable[..., Awaitable[dict[str, Any]]]


async def opened(web: Any, page: str, action: str) -> dict[str, Any]:
    """The hidden fields of a form, as a browser that opened this page would send them."""
    answer = await web.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    found = re.search(rf'<form[^>]* action="{re.escape(action)}"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
    assert found, (page, re.findall(r'action="([^"]+)"', answer.text))
    return dict(HIDDEN.findall(found.group(1)))


def mistakes(answer: httpx.Response) -> list[str]:
    return re.findall(r'class="(?:error|soft)"[^>]*>(?:<svg.*?</svg>)?(.*?)</p>', answer.text)


async def how_many(table: str) -> int:
    return int((await rows(f'SELECT COUNT(*) FROM "{table}"'))[0][0])


async def twice(web: Any, action: str, data: dict[str, Any], **more: Any) -> list[httpx.Response]:
    return list(await asyncio.gather(*(web.post(action, data=data, **more) for _n in range(2))))


@pytest.mark.parametrize(("page", "action", "typed", "table"), FORMS, ids=[one[0] for one in FORMS])
async def test_a_double_click_writes_once(
    web: Any, sign_in: Any, house: Any, page: str, action: str, typed: dict[str, Any], table: str
) -> None:
    account = await an_account()
    person = await a_person(account=account)
    await sign_in(await staff("admin"))
    page, action = (one.format(account=account.id, person=person.id) for one in (page, action or page))
    hidden = await opened(web, page, action)
    before = await how_many(table)
    first, second = await twice(web, action, hidden | typed)
    assert (first.status_code, second.status_code) == (303, 303), mistakes(first)
    assert first.headers["location"] == second.headers["location"]
    assert await how_many(table) == before + 1


@pytest.mark.parametrize(("page", "typed", "table"), SECRETS, ids=[one[0] for one in SECRETS])
async def test_a_secret_is_made_once(
    web: Any, sign_in: Any, house: Any, page: str, typed: dict[str, Any], table: str
) -> None:
    admin = await staff("admin")
    await sign_in(admin)
    hidden = await opened(web, page, page)
    if "person_id" in typed:
        typed = typed | {"person_id": admin.id}
    before = await how_many(table)
    answers = await twice(web, page, hidden | typed)
    assert sorted(one.status_code for one in answers) == [200, 409], mistakes(answers[0])
    told = next(one.text for one in answers if one.status_code == 409)
    assert "二度送られた" in told
    assert await how_many(table) == before + 1


async def test_a_file_that_is_sent_twice_is_one_import(web: Any, sign_in: Any, house: Any) -> None:
    await sign_in(await staff("admin"))
    page = "/staff/customers/import"
    typed = await opened(web, page, page) | {"kind": "accounts", "source": "crm"}
    file = {"file": ("a.csv", "会社名\n青空商事\n".encode())}
    first, second = await twice(web, page, typed, files=file)  # each with a boundary of its own
    assert (first.status_code, second.status_code) == (303, 303), mistakes(first)
    assert first.headers["location"] == second.headers["location"]
    assert await how_many("import_batch") == 1


async def test_what_the_first_said_is_said_to_the_second_too(web: Any, sign_in: Any, house: Any) -> None:
    account = await an_account()
    await sign_in(await staff("admin"))
    page = f"/staff/customers/{account.id}/goals"
    typed = await opened(web, page, page) | {"title": "目標", "target": 1}
    for _n in range(2):
        assert (await web.post(page, data=typed)).status_code == 303
        assert "目標を記録し" in (await web.get(page)).text
    # The same words in a form that was opened anew are a second goal, and other words in the same form too.
    for second in (typed | await opened(web, page, page), typed | {"title": "別の目標"}):
        assert (await web.post(page, data=second)).status_code == 303
    assert await how_many("account_goal") == 3


async def test_a_mistake_is_shown_however_often_it_is_sent(web: Any, sign_in: Any, house: Any) -> None:
    account = await an_account()
    await sign_in(await staff("admin"))
    page = f"/staff/customers/{account.id}/goals"
    hidden = await opened(web, page, page)
    answers = await twice(web, page, hidden | {"title": "", "target": 1})
    assert [one.status_code for one in answers] == [422, 422]
    assert (await web.post(page, data=hidden | {"title": "目標", "target": 1})).status_code == 303
    assert await how_many("account_goal") == 1


async def test_the_key_of_one_person_says_nothing_to_another(web: Any, sign_in: Any, house: Any) -> None:
    account = await an_account()
    other = await sign_in(await staff("admin"), web.another())
    await sign_in(await staff("admin"))
    page = f"/staff/customers/{account.id}/goals"
    typed = {"title": "目標", "target": 1}
    mine, theirs = await opened(web, page, page), await opened(other, page, page)
    assert (await web.post(page, data=mine | typed)).status_code == 303
    assert (await other.post(page, data=theirs | {"_once": mine["_once"]} | typed)).status_code == 303
    assert await how_many("account_goal") == 2


async def test_a_form_that_ended_nobody_knows_how_is_not_sent_again(
    web: Any, sign_in: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was killed between the work and what became of it."""
    account = await an_account()
    await sign_in(await staff("admin"))
    page = f"/staff/customers/{account.id}/goals"
    typed = await opened(web, page, page) | {"title": "目標", "target": 1}
    assert (await web.post(page, data=typed)).status_code == 303
    await write("UPDATE api_outcome SET status = 0, created_at = ?", now() - timedelta(hours=1))
    monkeypatch.setattr(sent_once, "PATIENCE", 0.2)
    again = await web.post(page, data=typed)
    assert again.status_code == 409 and "結果がわかりません" in again.text
    assert await how_many("account_goal") == 1


async def test_an_old_answer_is_not_given_again(web: Any, sign_in: Any, house: Any) -> None:
    account = await an_account()
    await sign_in(await staff("admin"))
    page = f"/staff/customers/{account.id}/goals"
    typed = await opened(web, page, page) | {"title": "目標", "target": 1}
    assert (await web.post(page, data=typed)).status_code == 303
    await write("UPDATE api_outcome SET created_at = ?", now() - timedelta(hours=1))
    assert (await web.post(page, data=typed)).status_code == 303
    assert await how_many("account_goal") == 2
