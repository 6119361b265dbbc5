"""The choice of ways, the page that stops mails, and the mail itself in a real browser, in both languages."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy as mail_policy
from typing import Any

import msgspec
import pytest

from access.sessions import cookie_name, open_session
from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served, sticking_out
from community import actions
from community_house import a_board, as_person
from core.clock import now
from core.database import rows, write
from core.refs import Ref
from core.settings import settings, use
from customers import notices
from customers.models import NoticeChoice, NoticeLetter
from customers.noticing import rounds
from factories import a_person, an_account, staff
from inbox.models import Conversation

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def a_mail(csm: Any, run_jobs: Any, language: str = "ja") -> str:
    """The HTML of one with three groups."""
    await write("UPDATE person SET locale = ? WHERE id = ?", language, csm.id)
    await write("DELETE FROM notice")
    await write("DELETE FROM mail")
    board, asker = await a_board(f"board-{language}"), await a_person("木村", "健")
    title, long_ago = f"4月から締め日を変える手順（{language}）", now() - timedelta(hours=1 if language == "ja" else 2)
    thread = await actions.publish(await as_person(csm), board.id, title, f"手順です（{language}）。", at=long_ago)
    text = f"設定の「締め日」で変えられます（{language}）。その月は集計の期間が短くなるので、先に伝えておくと安心です。"
    await actions.reply(await as_person(asker), thread.id, text)
    account = await an_account("株式会社青葉渡工業ホールディングス東日本", csm_id=csm.id)
    conversation = await Conversation.create(
        customer_key=f"k{language}", account_id=account.id, channel="web", state="waiting",
        bot_since=now(), last_message_at=now(), created_at=now(), escalation=2,
        preview="請求書がまだ届きません")  # fmt: skip
    await notices.tell([csm.id], about=Ref("conversation", conversation.id), kind="inbox.waiting", key="w",
                       url=f"/staff/inbox/{conversation.id}", data={"name": "三輪", "reason": "asked"})  # fmt: skip
    await notices.tell([csm.id], about=Ref("account", account.id), kind="customers.health_fell", key="health_alert:0",
                       url="/", data={"account": account.name, "before": 78, "after": 41})  # fmt: skip
    await run_jobs()
    await rounds.begin(now() + timedelta(minutes=11))
    await run_jobs()
    content = (await rows("SELECT content FROM mail"))[0][0]
    sent = email.message_from_bytes(bytes(content), policy=mail_policy.default)
    return str(sent.get_body(("html",)).get_content())  # type: ignore[union-attr]


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_ways_and_mail_read_well(web: Any, run_jobs: Any) -> None:
    csm = await staff("admin")
    found: dict[str, list[Any]] = {}
    async with served(web.application) as root, open_browser() as browser:
        for language in ("ja", "en"):
            html = await a_mail(csm, run_jobs, language)
            letter = await NoticeLetter.filter(person_id=csm.id, way="email").order_by("-id").first()
            assert letter is not None
            cookie = {"name": cookie_name(), "value": await open_session(csm.id), "url": root, "httpOnly": True}
            for width in (390, 1280):
                async with open_page(browser, width=width, language=language) as page:
                    await page.context.add_cookies([cookie])
                    for name, path in (("ways", "/me/notices"), ("stop", f"/n/{letter.token}/stop"),
                                       ("bell", "/notices"), ("contact", "/me/contact")):  # fmt: skip
                        answer = await page.goto(f"{root}{path}", wait_until="networkidle")
                        assert answer is not None and answer.status == 200, path
                        await screenshot(page, f"notices-{name}-{language}-{width}")
                        wrong = [*await axe_violations(page), *await sticking_out(page)]
                        found[f"{name} {language} {width}"] = wrong + ["scrolls"] * await has_sideways_scroll(page)
                    await page.goto("about:blank")  # without the CSP of our pages
                    await page.set_content(html)
                    await screenshot(page, f"notices-mail-{language}-{width}")
                    found[f"mail {width}"] = ["scrolls"] * await has_sideways_scroll(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_a_way_is_chosen_and_stopped_with_the_mouse(web: Any, run_jobs: Any) -> None:
    csm = await staff("admin")
    await a_mail(csm, run_jobs)
    letter = await NoticeLetter.filter(person_id=csm.id, way="email").first()
    assert letter is not None
    async with served(web.application) as root, open_browser() as browser, open_page(browser, width=390) as page:
        use(msgspec.structs.replace(settings(), url=root))
        await page.goto(f"{root}/n/{letter.token}/stop")
        await page.get_by_role("button", name="メールを止める").click()
        await page.get_by_role("button", name="またメールで受け取る").wait_for()
        assert {one.way for one in await NoticeChoice.all()} == {"bell"}
        await page.get_by_role("button", name="またメールで受け取る").click()
        await page.get_by_role("button", name="メールを止める").wait_for()
        assert {one.way for one in await NoticeChoice.all()} == {"soon"}
        cookie = {"name": cookie_name(), "value": await open_session(csm.id), "url": root, "httpOnly": True}
        await page.context.add_cookies([cookie])
        await page.goto(f"{root}/me/notices")
        await page.get_by_label("お客様の危険な兆し").select_option("daily")
        await page.get_by_role("button", name="保存").click()
        await page.locator("[data-flash]", has_text="保存しました。これからは").wait_for()
        assert await page.get_by_label("お客様の危険な兆し").input_value() == "daily"
