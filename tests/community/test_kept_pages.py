"""A thread's page is rendered once for many guests, and still everybody gets their own, and nobody an old one."""

from __future__ import annotations

import re

from community import actions
from community_house import an_ambassador, as_person
from core import kept_pages
from core.database import rows

TOKEN = re.compile(r'name="_csrf_token" value="([^"]+)"')


def nonce_of(response) -> str:
    return re.search(r"'nonce-([^']+)'", response.headers["content-security-policy"]).group(1)


async def a_thread(board, asker):
    return await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")


async def test_every_guest_has_their_own_nonce_and_token(web, board, asker, monkeypatch):
    thread = await a_thread(board, asker)
    monkeypatch.setattr("community.pages.thread.count_view", lambda thread_id: None)  # the page shows how many came
    first = await web.get(thread.path)
    rendered = []
    monkeypatch.setattr(kept_pages, "render", lambda *a, **k: rendered.append(a) or "")
    other = web.another()
    second = await other.get(thread.path)
    assert not rendered, "the second guest's page was rendered again"
    assert nonce_of(first) != nonce_of(second)
    for response in (first, second):
        nonces = set(re.findall(r'nonce="([^"]*)"', response.text))
        assert nonces == {nonce_of(response)}
        assert not re.search(f"{kept_pages.NONCE}|{kept_pages.TOKEN}", response.text)
    tokens = [set(TOKEN.findall(response.text)) for response in (first, second)]
    assert all(len(found) == 1 for found in tokens)
    assert tokens[0] != tokens[1]
    chosen = await other.post("/language", data={"_csrf_token": tokens[1].pop(), "language": "en"})
    assert chosen.status_code == 303
    monkeypatch.undo()
    assert '<html lang="en"' in (await other.get(thread.path)).text
    assert '<html lang="ja"' in (await web.get(thread.path)).text


async def test_somebodys_own_token_in_a_post_stays_what_they_wrote(web, board, asker):
    """Else a link that holds the writer's token would hold its reader's for whoever reads it after them."""
    await web.get("/community")
    token = next(value for name, value in web.cookies.items() if "csrf" in name)
    thread = await actions.publish(
        await as_person(asker), board.id, "合言葉を書いてみます", f"[ここ](https://a.example/{token})を押して。"
    )
    assert f"https://a.example/{token}" in (await web.get(thread.path)).text
    assert f"https://a.example/{token}" in (await web.another().get(thread.path)).text


async def test_what_is_hidden_is_gone_for_the_next_guest(web, board, asker, helper, run_jobs):
    thread = await a_thread(board, asker)
    await actions.reply(await as_person(helper), thread.id, "「締め直し」をすると片方だけになります。")
    assert "締め直し" in (await web.get(thread.path)).text
    [[reply]] = await rows("SELECT id FROM post WHERE number = 2")
    await actions.hide(await as_person(await an_ambassador([board])), reply, "spam")
    assert "締め直し" not in (await web.get(thread.path)).text
    assert "締め直し" not in (await web.another().get("/community")).text


async def test_who_is_signed_in_and_who_is_told_something_get_a_page_of_their_own(web, board, asker, sign_in):
    thread = await a_thread(board, asker)
    guest = web.another()
    await guest.get(thread.path)
    await sign_in(asker)
    own = await web.get(thread.path)
    assert 'id="reply" method="post"' in own.text
    assert own.headers["cache-control"] == "private, no-store"
    assert 'id="reply" method="post"' not in (await guest.get(thread.path)).text
    await web.submit("/sign-out")
    assert 'class="flash' in (await web.get(thread.path)).text
    assert 'class="flash' not in (await web.get(thread.path)).text
    assert 'class="flash' not in (await web.another().get(thread.path)).text
