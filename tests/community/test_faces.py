"""Every page of the community in a real Chromium: both languages, phone and screen, no violation, nothing cut."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from access.sessions import cookie_name, open_session
from app.web import make_app
from browser import (
    axe_violations,
    covered,
    has_sideways_scroll,
    open_browser,
    open_page,
    screenshot,
    served,
    sticking_out,
)
from community import actions
from community.jobs import index_thread
from community_house import a_board, an_ambassador, as_person
from core.clock import now
from core.database import rows
from factories import a_person, staff

pytestmark = pytest.mark.browser
ASKED = """締め日を月末から15日に変更しました。11月分の勤務表を見ると、
10月16日から31日の残業が**10月分と11月分の両方**に入っています。
給与に渡す前に直したいのですが、どこを見ればよいでしょうか。

- 変更した日：11月2日
- 10月分はすでに締めています"""
ANSWER = """10月を先に締めてから締め日を変えると、重なる期間ができます。次の順で直せます。

1. **勤務表**で10月分を開き、**締めを戻す**を押します。
2. **設定**の**締め日**で「適用する月」を**11月**にします。
3. 10月分をもう一度締めます。

```
10月分　2026-10-01 〜 2026-10-15
11月分　2026-10-16 〜 2026-11-15
```"""


async def furnished() -> dict[str, Any]:
    words = {"ja": "設定や操作でわからないことを聞く", "en": "Ask about settings and everyday use"}
    board = await a_board("questions", description=words)
    ideas = await a_board(
        "ideas", "idea", description={"ja": "ほしい機能を書き、投票する", "en": "Write what you need and vote"}
    )
    await a_board(
        "early",
        "discussion",
        audience=["staff"],
        description={"ja": "招待された会社だけが読めます", "en": "Only the invited"},
    )
    asker, other = await a_person("三崎", "", handle="みさき"), await a_person("恵", "糸", handle="けいと")
    ambassador, boss = await an_ambassador([board]), await staff("admin")
    ago = now() - timedelta(hours=4)
    me, friend, mika = await as_person(asker), await as_person(other), await as_person(ambassador)
    thread = await actions.publish(
        me, board.id, "締め日を15日に変えたら、前月の残業が二重に出ます", ASKED, tags="締め日、残業、給与連携", at=ago
    )
    await actions.reply(
        friend,
        thread.id,
        "うちも先月やりました。「適用する月」が10月になっていませんか。",
        at=ago + timedelta(minutes=13),
    )
    answer = await actions.reply(mika, thread.id, ANSWER, at=ago + timedelta(minutes=38))
    await actions.like(friend, answer.id)
    await actions.vote(friend, thread.id)
    await actions.accept(me, answer.id)
    spam = await actions.reply(
        friend, thread.id, "激安の時計を買いませんか。https://evil.example/ いますぐどうぞ。", at=now()
    )
    await actions.flag(me, spam.id, "spam", "宣伝だと思います")
    for n, title in enumerate(
        (
            "Webhookの署名が一致しません",
            "半休を繰り越すと端数はどうなりますか",
            "スマートフォンで通知が届かなくなりました",
        )
    ):
        await actions.publish(
            friend, board.id, title, f"{title}。どなたか教えてください。", at=now() - timedelta(hours=5 + n)
        )
    idea = await actions.publish(
        friend, ideas.id, "打刻の位置情報を部署ごとに切りたい", "外回りの部署だけにしたいです。", at=now()
    )
    await actions.vote(me, idea.id)
    for row in await rows("SELECT id FROM thread"):
        await index_thread(thread_id=row[0])
    await actions.keep_draft(me, "new", 1, title="書きかけの質問", body="四月に有給の")
    hidden = await actions.reply(friend, thread.id, "関係のない話をします。すみません。", at=now())
    await actions.hide(mika, hidden.id, "off_topic")
    return {
        "thread": thread,
        "idea": idea,
        "board": board,
        "spam": spam,
        "asker": asker,
        "ambassador": ambassador,
        "boss": boss,
    }


PAGES = (
    ("front", "/community", ""), ("front-member", "/community", "asker"), ("board", "/community/b/questions", "asker"),
    ("thread", "/community/{thread}", ""), ("thread-asker", "/community/{thread}", "asker"),
    ("thread-ambassador", "/community/{thread}", "ambassador"), ("idea", "/community/{idea}", "asker"),
    ("ask", "/community/new?title=締め日を変えたら残業", "asker"), ("mine", "/community/mine", "asker"),
    ("drafts", "/community/drafts", "asker"), ("following-empty", "/community/following", "boss"),
    ("duty", "/community/duty", "ambassador"), ("duty-actions", "/community/duty/actions", "ambassador"),
    ("hide", "/community/posts/{spam}/hiding", "ambassador"), ("flag", "/community/posts/{spam}/flag", "asker"),
    ("staff", "/staff/community", "boss"), ("staff-board", "/staff/community/boards/new", "boss"),
)  # fmt: skip


@pytest.mark.parametrize(("language", "width", "axe"), [("ja", 1280, True), ("ja", 390, False), ("en", 1280, False),
                                                        ("en", 390, True)])  # fmt: skip
async def test_every_page_in_a_browser(house: Any, language: str, width: int, axe: bool) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    found = await furnished()
    application = make_app(with_runner=False)
    application.app.on_startup.clear()
    application.app.on_shutdown.clear()
    wrong: list[str] = []
    async with open_browser() as browser, served(application) as address:
        for who in ("", "asker", "ambassador", "boss"):
            async with open_page(browser, width=width, language=language) as page:
                cookies = [{"name": "language", "value": language, "url": address}]
                if who:
                    token = await open_session(found[who].id)
                    cookies.append({"name": cookie_name(), "value": token, "url": address})
                await page.context.add_cookies(cookies)
                for name, path, reader in PAGES:
                    if reader == who:
                        wrong += await looked_at(page, f"{name}-{language}-{width}", address + at(path, found), axe)
    assert wrong == []


def at(path: str, found: dict[str, Any]) -> str:
    return path.format(thread=found["thread"].id, idea=found["idea"].id, spam=found["spam"].id)


async def looked_at(page: Any, label: str, address: str, axe: bool) -> list[str]:
    """What is wrong with a page: its status, something cut, a violation."""
    answer = await page.goto(address)
    if answer.status != 200:
        return [f"{label}: {answer.status}"]
    await screenshot(page, label)
    wrong = [f"{label}: {one}" for one in await axe_violations(page)] if axe else []
    if await has_sideways_scroll(page):
        wrong.append(f"{label}: scrolls sideways {await sticking_out(page)}")
    return wrong + [f"{label}: under something else: {one}" for one in await covered(page)]
