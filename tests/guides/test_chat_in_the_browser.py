"""The chat of the launcher in a real browser, in a host page that allows nothing: strict CSP, Trusted Types."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from browser import axe_violations, open_browser, open_page, screenshot, served
from core.clock import now
from core.database import rows
from factories import a_person, staff
from guides import script
from guides_host_page import HostPage, snippet
from guides_parts import a_product, a_user, an_author, token
from inbox.actions import ownership, replies
from inbox.models import ChatVisitor, Conversation, Message, Rating
from wires import *  # noqa: F403
from wires import as_person

pytestmark = pytest.mark.browser
SHADOW = "document.querySelector('engawa-guides').shadowRoot"
BOX = "engawa-guides .chat"


class Stage:
    def __init__(self, browser: Any, base: str, site: str, page: HostPage) -> None:
        self.browser, self.base, self.site, self.page = browser, base, site, page


@pytest.fixture
async def stage(web: Any) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(served(web.application))
        host = HostPage(base)
        site = await stack.enter_async_context(served(host))
        await an_author()
        made = await a_product(site)
        host.tag = snippet(base, made.key, "")
        host.made = made
        yield Stage(await stack.enter_async_context(open_browser()), base, site, host)


async def opened(page: Any, site: str) -> None:
    """The page, with the chat open in it."""
    await page.goto(site)
    await page.click("engawa-guides .launch")
    await page.click("engawa-guides .help >> text=チャットで聞く")
    await page.wait_for_selector(f"{BOX} textarea:focus")


@contextlib.asynccontextmanager
async def on_a_bad_line(stage: Stage) -> AsyncIterator[Any]:
    """A page whose console may say that the network is away; nothing else may break."""
    context = await stage.browser.new_context(locale="ja")
    page = await context.new_page()
    yield page
    assert await page.evaluate("window.seen.broken") == []
    await context.close()


async def writes(page: Any, words: str) -> None:
    await page.fill(f"{BOX} textarea", words)
    await page.click(f"{BOX} form .main")


async def answers(words: str, author: Any = None) -> None:
    as_person(author or await staff("admin"))
    conversation = await Conversation.all().order_by("-id").first()
    await replies.reply(conversation.id, words, key=words)


def test_the_scripts_stay_small():
    assert len(script.current().zipped) <= 8_192
    assert len(script.chat().zipped) <= 12_288
    assert script.chat().hash in script.current().body.decode(), "each script brings its own chat"


async def test_a_stranger_asks_and_a_person_answers(stage, run_jobs, faq, open_hours):
    async with open_page(stage.browser) as page:
        await page.goto(stage.site)
        top = await page.evaluate("document.querySelector('h1').getBoundingClientRect().top")
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        await page.click("engawa-guides .launch")
        assert not [one for one in loaded if "chat" in one], "nothing is loaded before somebody wants it"
        await page.click("engawa-guides .help >> text=チャットで聞く")
        await page.wait_for_selector(f"{BOX} textarea:focus")
        assert await page.evaluate("localStorage.length") == 0, "nothing is kept before the first message"
        await writes(page, "宇宙船の操縦桿が重いです")
        await page.wait_for_selector(f"{BOX} li.customer:has-text('宇宙船') >> text=Web")
        await run_jobs()
        await page.wait_for_selector(f"{BOX} li.bot")
        assert await axe_violations(page) == []
        await screenshot(page, "chat-1280-light", whole=False)
        conversation = await Conversation.get()
        assert (conversation.channel, conversation.address) == ("web", {"page": f"{stage.site}/"})
        await answers("重くする設定があります。 https://example.com/weight")
        await page.wait_for_selector(f"{BOX} li.us:has-text('重くする') a[href='https://example.com/weight']")
        assert await page.evaluate("document.cookie") == ""
        last = (await Message.all().order_by("-number").first()).number
        for _ in range(100):
            if (await Conversation.get()).customer_read == last:
                break
            await page.wait_for_timeout(30)
        assert (await Conversation.get()).customer_read == last, "what the open chat shows is read"

        await page.keyboard.press("Escape")
        assert await page.evaluate(f"{SHADOW}.activeElement.className") == "launch"
        await answers("もう一つあります。")
        await page.wait_for_selector("engawa-guides .launch .unread >> text=1")
        await screenshot(page, "chat-unread", whole=False)
        await page.reload()
        await page.wait_for_selector("engawa-guides .launch .unread >> text=1")  # history on return, and its badge
        await opened(page, stage.site)
        await page.wait_for_selector(f"{BOX} li.us:has-text('もう一つ')")
        assert await page.locator("engawa-guides .unread").count() == 0
        as_person(await staff("admin"))
        await ownership.resolve((await Conversation.get()).id)
        await page.check(f"{BOX} input[value='5']")
        await page.click(f"{BOX} .aside >> text=送る")
        await page.wait_for_selector(f"{BOX} >> text=ありがとうございました")
        assert (await Rating.get()).score == 5
        await Conversation.all().update(resolved_at=now() - timedelta(days=30))
        await writes(page, "別の話です")
        await page.wait_for_selector(f"{BOX} li.customer:has-text('別の話') >> text=Web")
        assert await page.locator(f"{BOX} li:has-text('宇宙船')").count() == 0
        await page.click(f"{BOX} >> text=前の会話を見る")
        await page.wait_for_selector(f"{BOX} li.customer:has-text('宇宙船')")
        assert await axe_violations(page) == []
        await screenshot(page, "chat-earlier", whole=False)
        assert await page.locator(f"{BOX} >> text=前の会話を見る").count() == 0
        seen = await page.evaluate("window.seen")
        assert seen["broken"] == []
        assert seen["shift"] < 0.01, "a new message moves what is under it in the chat, and nothing of the page"
        assert await page.evaluate("document.querySelector('h1').getBoundingClientRect().top") == top
    assert await ChatVisitor.all().count() == 1


async def test_what_is_written_offline_is_sent_once_and_in_order(stage):
    async with on_a_bad_line(stage) as page:
        await opened(page, stage.site)
        await writes(page, "一つ目")
        await page.wait_for_selector(f"{BOX} li.customer >> text=Web")
        await page.route("**/w/chat/**", lambda route: route.abort())
        for words in ("二つ目", "三つ目", "四つ目"):
            await writes(page, words)
        await page.wait_for_selector(f"{BOX} li.customer >> text=オフラインです")
        assert await Message.filter(sender="person").count() == 1
        await page.unroute("**/w/chat/**")
        await page.reload()  # and the page was left meanwhile
        await opened(page, stage.site)
        await page.wait_for_selector(f"{BOX} li:nth-child(4) >> text=Web")
        said = await Message.filter(sender="person").order_by("number")
        assert [one.body for one in said] == ["一つ目", "二つ目", "三つ目", "四つ目"]


async def test_an_answer_that_was_lost_makes_no_second_message(stage):
    """The server took it; the browser did not hear so, and sends it again under the same id."""
    async with on_a_bad_line(stage) as page:
        await opened(page, stage.site)
        lost: list[int] = []

        async def lose(route: Any) -> None:
            response = await route.fetch()
            if not lost:
                lost.append(response.status)
                await route.abort()
            else:
                await route.fulfill(response=response)

        await page.route("**/w/chat/messages", lose)
        await writes(page, "一度だけ")
        await page.wait_for_selector(f"{BOX} li.customer >> text=Web")
        assert lost == [204]
        assert await Message.filter(sender="person").count() == 1


async def test_a_signed_in_user_has_one_conversation_and_another_sees_nothing(stage, run_jobs, faq):
    user = await a_user("u-1", family_name="田辺", given_name="りょう")
    await a_user("u-2")
    made = stage.page.made
    stage.page.tag = snippet(stage.base, made.key, token(made, "u-1"))
    async with open_page(stage.browser) as page:
        await opened(page, stage.site)
        await writes(page, "パスワードを忘れました")
        await page.wait_for_selector(f"{BOX} li.customer >> text=Web")
        await run_jobs()
        await page.click(f"{BOX} .tap >> text=解決した")
        await page.wait_for_selector(f"{BOX} li:nth-child(3)")
        conversation = await Conversation.get()
        assert (conversation.person_id, conversation.customer_key) == (user.id, f"person:{user.id}")
        assert "visitor" not in (await page.evaluate("JSON.stringify(localStorage)"))
        other = token(made, "u-2")
        await page.evaluate("token => window.engawa.identify(token)", other)
        await page.wait_for_selector(f"{BOX}", state="detached")
        await page.click("engawa-guides .launch")
        await page.click("engawa-guides .help >> text=チャットで聞く")
        await page.wait_for_selector(f"{BOX} >> text=質問を書いてください")
        assert await page.locator(f"{BOX} li").count() == 0
    async with open_page(stage.browser) as page:  # another device of the same user
        await opened(page, stage.site)
        await page.wait_for_selector(f"{BOX} li.customer:has-text('パスワード')")


async def test_a_picture_where_no_picture_is_allowed_and_a_phone_in_the_dark(stage, run_jobs):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "#2a4b8d").save(buffer, "PNG")
    stage.page.tag = snippet(stage.base, stage.page.made.key, "", theme="dark", lang="en")
    async with open_page(stage.browser, width=390, height=800, dark=True) as page:
        await page.goto(stage.site)
        await page.click("engawa-guides .launch")
        await page.click("engawa-guides .help >> text=Ask in the chat")
        await page.wait_for_selector(f"{BOX} textarea:focus")
        assert await page.evaluate(f"{SHADOW}.querySelector('.chat').matches(':modal')")
        picture = {"name": "screen.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
        await page.set_input_files(f"{BOX} input[type=file]", files=[picture])
        await writes(page, "Look at this")
        await page.wait_for_selector(f"{BOX} canvas")
        for _ in range(100):
            if await page.evaluate(f"{SHADOW}.querySelector('canvas').width") == 300:
                break
            await page.wait_for_timeout(30)
        else:
            raise AssertionError("the picture was not drawn")
        await run_jobs()
        await page.wait_for_selector(f"{BOX} li.bot")
        assert await axe_violations(page) == []
        await screenshot(page, "chat-390-dark", whole=False)
        assert await page.evaluate("window.seen.broken") == []
        await page.click(f"{BOX} .x")
        assert await page.locator(f"{BOX}:visible").count() == 0
    assert (await rows("SELECT audience FROM media"))[0][0] == "staff"


async def test_an_address_is_shown_by_six_digits(stage):
    known = await a_person("田辺", "りょう", email="ryo@example.jp")
    async with open_page(stage.browser) as page:
        await opened(page, stage.site)
        await writes(page, "続きを聞きたいです")
        await page.fill(f"{BOX} .aside input", "ryo@example.jp")
        await page.click(f"{BOX} .aside >> text=6桁の数字を送る")
        await page.wait_for_selector(f"{BOX} .aside >> text=ryo@example.jpに届いた")
        await page.fill(f"{BOX} .aside input", "12")
        await page.click(f"{BOX} .aside >> text=確認する")
        await page.wait_for_selector(f"{BOX} >> text=数字と違います")
        code = (await rows("SELECT subject FROM outgoing_mail"))[0][0][:6]
        await page.fill(f"{BOX} .aside input", code)
        assert await axe_violations(page) == []
        await page.click(f"{BOX} .aside >> text=確認する")
        await page.wait_for_selector(f"{BOX} .aside >> text=ryo@example.jpにも届きます")
    assert (await Conversation.get()).person_id == known.id


async def test_a_chat_that_was_changed_on_the_way_is_not_run(stage):
    body = script.chat().body
    headers = {"access-control-allow-origin": "*"}

    def sends(body):
        return lambda route: route.fulfill(body=body, content_type="text/javascript", headers=headers)

    for sent, opens in ((body, 1), (b"document.title = 'changed';" + body, 0)):
        context = await stage.browser.new_context()
        page = await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))

        await page.route("**/chat.js", sends(sent))
        await page.goto(stage.site)
        title = await page.title()
        await page.click("engawa-guides .launch")
        await page.click("engawa-guides .help >> text=チャットで聞く")
        await page.wait_for_timeout(1_500)
        assert await page.title() == title
        assert await page.locator(f"{BOX} textarea").count() == opens
        assert len([one for one in asked if one.endswith("/chat.js")]) == 1, "judged once, and what was judged is run"
        await context.close()


async def test_a_server_that_is_away_leaves_the_page_as_it_is(stage):
    async with on_a_bad_line(stage) as page:
        await page.goto(stage.site)
        await page.click("engawa-guides .launch")
        await page.route("**/chat**", lambda route: route.abort())
        await page.click("engawa-guides .help >> text=チャットで聞く")
        await page.wait_for_timeout(200)
        await page.unroute("**/chat**")
