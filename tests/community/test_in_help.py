"""The help centre shows the community: in its search, on its first page, to search engines; to whom it may be shown."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from community import actions
from community_house import a_board, as_person
from core.clock import now
from core.database import rows

LONG_AGO = now() - timedelta(days=3)  # nobody writes two at once


async def solved(board: Any, asker: Any, helper: Any, title: str) -> Any:
    thread = await actions.publish(
        await as_person(asker), board.id, title, f"{title}。手順を知りたいです。", at=LONG_AGO
    )
    reply = await actions.reply(await as_person(helper), thread.id, f"{title}なら設定で変えられます。", at=LONG_AGO)
    await actions.accept(await as_person(asker), reply.id)
    return thread


def words(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)


async def test_readers_find_threads_in_the_help_centre(web, board, asker, helper, sign_in, run_jobs):
    inner = await a_board("inner", audience=["members"])
    public = await solved(board, asker, helper, "締め日を変えたい")
    members = await solved(inner, asker, helper, "締め日を内緒で変えたい")
    await run_jobs()
    guest = web
    page = words((await guest.get("/help/search?q=締め日を変える")).text)
    assert "締め日を変えたい" in page and "内緒で" not in page
    assert "内緒で" not in (await guest.get("/help/suggest?q=締め日")).text
    assert "締め日を変えたい" in words((await guest.get("/help/suggest?q=締め日")).text)
    home = (await guest.get("/")).text
    assert "コミュニティで解決した質問" in home and "締め日を変えたい" in home and "内緒で" not in home
    map_ = (await guest.get("/sitemap.xml")).text
    assert f"/community/{public.id}<" in map_ and f"/community/{members.id}<" not in map_
    assert "/community/b/questions<" in map_ and "/community/b/inner<" not in map_

    member = await sign_in(asker)
    page = (await member.get("/help/search?q=締め日を変える")).text
    assert "内緒で" in words(page)
    way = re.search(r'href="(/help/go/[^"]+thread%3A\d+[^"]*)"', page)
    assert way, page
    opened = await member.get(way.group(1).replace("&amp;", "&"))
    assert opened.status_code == 303 and opened.headers["location"].startswith("/community/")
    assert "内緒で" in (await member.get("/")).text


async def test_a_hidden_thread_leaves_the_first_page_and_the_map(web, board, asker, helper, csm, run_jobs):
    thread = await solved(board, asker, helper, "締め日を変えたい")
    await run_jobs()
    assert "締め日を変えたい" in (await web.get("/")).text
    [[first]] = await rows("SELECT id FROM post WHERE thread_id = ? AND number = 1", thread.id)
    await actions.hide(await as_person(csm), first, "spam")
    assert "締め日を変えたい" not in (await web.get("/")).text
    assert f"/community/{thread.id}<" not in (await web.get("/sitemap.xml")).text
    assert "締め日を変えたい" not in words((await web.get("/help/search?q=締め日を変える")).text)


async def test_whoever_finds_nothing_asks_with_the_words_they_typed(web, board, asker, sign_in):
    for path in ("/help/search?q=宇宙旅行", "/help", "/"):
        assert "/contact" in re.findall(r'<a class="button[^"]*" href="([^"?]*)', (await web.get(path)).text), path
    page = (await web.get("/help/search?q=宇宙旅行")).text
    ways = [found.replace("&amp;", "&") for found in re.findall(r'<a class="button[^"]*" href="([^"]*\?[^"]*)"', page)]
    asked = {way.partition("?")[0]: way for way in ways}
    assert asked.keys() >= {"/contact", "/community/new"}
    assert "宇宙旅行" in re.sub(r"<script.*?</script>", "", (await web.get(asked["/contact"])).text, flags=re.DOTALL)
    member = await sign_in(asker)
    assert 'value="宇宙旅行"' in (await member.get(asked["/community/new"])).text
