"""A solved question becomes a draft article: once, with its answer, its people, and ways between the two."""

from __future__ import annotations

import re
from typing import Any

import pytest

from community import actions
from community_house import a_board, an_ambassador, as_person
from core.database import rows, write
from factories import a_person, staff
from helpcenter.models import Article, ArticleTranslation

pytestmark = pytest.mark.anyio
ANSWER = "1. **設定**の締め日を開きます。\n2. 15日を選びます。"


async def solved(board: Any, asker: Any, helper: Any, title: str = "締め日を変えたい") -> Any:
    thread = await actions.publish(await as_person(asker), board.id, title, "末日から15日に変える**手順**は。")
    answer = await actions.reply(
        await as_person(helper), thread.id, "1. **設定**の締め日を開きます。\n2. 15日を選びます。"
    )
    await actions.accept(await as_person(asker), answer.id)
    return thread


async def told(person: Any) -> list[str]:
    found = await rows("SELECT kind FROM notice WHERE person_id = ? AND kind = 'community.article'", person.id)
    return [row[0] for row in found]


async def test_staff_press_once_and_edit_publish_and_thank(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, asker: Any, helper: Any
) -> None:
    thread = await solved(board, asker, helper)
    boss = await sign_in(await staff("admin"))
    assert "FAQの下書きにする" in (await boss.get(f"/community/{thread.id}")).text
    made = await boss.submit(f"/community/{thread.id}/article", {})
    article = await Article.get()
    assert (made.status_code, made.headers["location"]) == (303, f"/staff/articles/{article.id}")
    assert (article.state, article.source, article.source_id, article.audience) == (
        "draft", "thread", str(thread.id), "public")  # fmt: skip
    words = await ArticleTranslation.get()
    assert words.title == "締め日を変えたい"
    for said in (
        "## 質問",
        "末日から15日に変える**手順**は。",
        "## 回答",
        "1. **設定**の締め日を開きます。",
        "みさきさん",
        "けいとさん",
    ):
        assert said in words.body
    assert re.search(rf'href="/community/{thread.id}[^"]*"', words.html)
    editor = (await boss.get(f"/staff/articles/{article.id}")).text
    assert "下書きを作りました" in editor and "コミュニティの質問" in editor
    # Again, or by somebody else at the same time, it is the same draft.
    again = await boss.submit(f"/community/{thread.id}/article", {})
    assert again.headers["location"] == f"/staff/articles/{article.id}"
    assert await Article.all().count() == 1
    # Staff are led to the draft; others know nothing of it until it is published.
    assert f"/staff/articles/{article.id}" in (await boss.get(f"/community/{thread.id}")).text
    visitor = web.another()
    assert "ヘルプセンターの記事" not in (await visitor.get(f"/community/{thread.id}")).text
    await run_jobs()
    assert await told(asker) == await told(helper) == []
    for _again in range(2):
        assert (await boss.submit(f"/staff/articles/{article.id}/publication", {"locale": "ja"})).status_code == 303
        await run_jobs()
    assert await told(asker) == await told(helper) == ["community.article"]
    shown = (await visitor.get(f"/community/{thread.id}")).text
    path = re.search(r'ヘルプセンターの記事</h2><p class="small"><a href="(/help/[^"]+)"', shown)
    assert path
    page = (await visitor.get(path[1])).text
    assert f'href="/community/{thread.id}' in page
    assert "けいとさん" in page
    bell = (await (await sign_in(helper, web.another())).get("/notices")).text
    assert "ヘルプセンターの記事になりました" in bell


async def test_who_may_not_and_what_has_no_answer(web: Any, sign_in: Any, board: Any, asker: Any, helper: Any) -> None:
    thread = await solved(board, asker, helper)
    for person in (asker, await an_ambassador([board])):
        browser = await sign_in(person, web.another())
        assert "FAQの下書きにする" not in (await browser.get(f"/community/{thread.id}")).text
        assert (await browser.submit(f"/community/{thread.id}/article", {})).status_code == 403
    who = await as_person(await a_person())
    open_one = await actions.publish(who, board.id, "まだ答えがない", "どこを見ればよいでしょうか。")
    boss = await sign_in(await staff("admin"))
    assert (await boss.submit(f"/community/{open_one.id}/article", {})).status_code == 409
    answer = (await rows("SELECT accepted_post_id FROM thread WHERE id = ?", thread.id))[0][0]
    await actions.hide(await as_person(await staff("admin")), answer, "wrong")
    assert (await boss.submit(f"/community/{thread.id}/article", {})).status_code == 409
    assert await Article.all().count() == 0


async def test_what_only_some_may_read_stays_theirs(web: Any, sign_in: Any, house: Any, asker: Any) -> None:
    boss = await staff("admin")
    who = await as_person(boss)
    for slug, audience, wanted in (("inner", ["staff"], "staff"), ("signed", ["members"], "members")):
        board = await a_board(slug, audience=audience)
        thread = await actions.publish(who, board.id, f"締め日を変えたい{slug}", f"{slug}で15日に変える手順は。")
        answer = await actions.reply(await as_person(await staff("manager")), thread.id, "設定から変えられます。")
        await actions.accept(who, answer.id)
        article, is_new = await actions.make_article(who, thread.id)
        assert (is_new, article.audience) == (True, wanted)
    granted = await a_board("granted", audience=["staff"])
    await write("UPDATE board SET audience = ? WHERE id = ?", granted.scope, granted.id)
    thread = await actions.publish(who, granted.id, "招待された人だけの質問", "末日から15日に変える手順は。")
    answer = await actions.reply(await as_person(await staff("manager")), thread.id, "画面から変えられます。")
    await actions.accept(who, answer.id)
    article, _new = await actions.make_article(who, thread.id)
    assert article.audience == "staff"


async def test_names_are_not_read_as_markdown(house: Any, board: Any, helper: Any) -> None:
    odd = await a_person("三崎", "", handle="[x](//evil.example)")
    thread = await solved(board, odd, helper)
    await actions.make_article(await as_person(await staff("admin")), thread.id)
    assert ">x</a>" not in (await ArticleTranslation.get()).html
