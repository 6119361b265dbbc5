"""Pictures in posts: sent, claimed, seen by whoever reads the post, gone when they should be."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from community import actions
from community_house import a_board, an_ambassador, as_person
from core import pictures
from core.clock import now
from core.context import Here, enter
from core.database import rows, transaction, write
from core.errors import Refused
from core.markdown import Pictures
from core.principal import SYSTEM
from core.refs import Ref
from core.settings import settings
from customers import merging, privacy
from drawings import a_photo_with_a_place, a_picture, a_png_of_claimed_size, opened
from factories import a_person, staff
from helpcenter.models import Article, ArticleTranslation

pytestmark = pytest.mark.anyio
WORDS = "締め日の欄が灰色で、押せません。"


async def send(browser: Any, data: bytes | None = None, name: str = "画面.png") -> Any:
    files = {"file": (name, data or a_picture(), "image/png")}
    return await browser.submit("/media", files=files, headers={"accept": "application/json"})


async def sent(browser: Any, data: bytes | None = None) -> str:
    """The path of a picture that was taken."""
    answer = await send(browser, data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["path"])


async def posted(browser: Any, board: Any, body: str, title: str = "締め日を変えられない", **more: Any) -> int:
    answer = await browser.submit("/community/new", {"title": title, "body": body, "board": board.slug}, **more)
    assert answer.status_code == 303, answer.text
    return int(re.search(r"/community/(\d+)", answer.headers["location"])[1])  # type: ignore[index]


async def sees(browser: Any, *paths: str) -> list[int]:
    return [(await browser.get(path)).status_code for path in paths]


def on_disk() -> list[str]:
    return sorted(path.name for path in settings().media.glob("*/*"))


async def test_a_picture_is_sent_stands_in_the_post_and_is_for_everybody(web, sign_in, board, asker):
    mine = await sign_in(asker, web.another())
    path = await sent(mine, a_picture("JPEG", (1600, 900)))
    assert await sees(mine, path) == [200]
    assert await sees(web, path) == [404]
    thread = await posted(mine, board, f"{WORDS}\n\n![締め日の欄](/media/{path[7:]})")
    page = (await web.get(f"/community/{thread}")).text
    small = path.replace("/media/", "/media/small/")
    assert re.search(rf'<img src="{path}" srcset="{small} 1080w, {path} 1600w"[^>]*width="800" height="450"', page)
    assert 'alt="締め日の欄"' in page
    answer = await web.get(path)
    assert answer.headers["cache-control"] == "public, max-age=31536000, s-maxage=300, immutable"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert opened((await web.get(small)).content).size == (1080, 608)
    again = await web.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_sent_is_drawn_anew_and_hostile_files_are_refused_in_words(web, sign_in, board, asker):
    mine = await sign_in(asker)
    path = await sent(mine, a_photo_with_a_place() + b"<script>alert(1)</script>")
    data = (await mine.get(path)).content
    assert b"Tsukimi" not in data and b"script" not in data and not opened(data).getexif()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    for hostile in (svg, b"<html>", b"%PDF-1.4", a_picture()[:50], a_png_of_claimed_size(8200, 5000)):
        answer = await send(mine, hostile)
        assert answer.status_code == 422
        assert answer.json()["detail"] in ("PNG、JPEG、GIF、WebPのどれかの画像を送ってください。",
                                           "画像は40メガピクセルまでです。小さくしてから送ってください。")  # fmt: skip
    assert (await send(mine, b"\0" * 10_000_001)).status_code == 413
    assert (await mine.submit("/media", {}, headers={"accept": "application/json"})).status_code == 422
    assert len(on_disk()) == len(await rows("SELECT 1 FROM media")) == 1


async def test_who_may_write_nothing_may_send_nothing(web, sign_in, board, asker):
    assert (await send(web)).status_code == 401
    mine = await sign_in(asker)
    stranger = {"accept": "application/json", "origin": "https://evil.example"}
    assert (await mine.submit("/media", files={"file": ("a.png", a_picture())}, headers=stranger)).status_code == 403
    assert (await mine.post("/media", files={"file": ("a.png", a_picture())})).status_code == 403
    assert on_disk() == []


async def test_sixty_an_hour_also_when_they_come_at_once(web, sign_in, board, asker, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_AN_HOUR", 5)
    mine = await sign_in(asker)
    found = await pictures_at_once(mine, 12)
    assert sorted(found) == [201] * 5 + [429] * 7
    assert len(on_disk()) == 5
    await write("UPDATE media SET created_at = ?", now() - timedelta(minutes=61))
    assert (await send(mine)).status_code == 201


async def pictures_at_once(browser: Any, n: int) -> list[int]:
    return [one.status_code for one in await asyncio.gather(*(send(browser) for _ in range(n)))]


async def test_a_key_of_somebody_elses_opens_nothing(web, sign_in, board, asker, helper):
    """Whoever learns an address cannot make it public by writing it."""
    private = await a_board("inside", audience=["staff"])
    boss, other = await sign_in(await staff("admin"), web.another()), await sign_in(helper, web.another())
    inside, loose = await sent(boss), await sent(await sign_in(asker, web.another()))
    await posted(boss, private, f"{WORDS}\n\n![社内](/media/{inside[7:]})")
    thread = await posted(other, board, f"{WORDS}\n\n![写し]({inside}) ![写し]({loose})")
    assert await sees(web, inside, loose) == [404, 404]
    assert await sees(other, inside, loose) == [404, 404]
    page = (await web.get(f"/community/{thread}")).text
    assert "<img" not in page[page.index('class="prose"') : page.index("</article>")]
    assert f'<a href="{inside}" rel="nofollow ugc noopener">写し</a>' in page


async def test_of_a_private_board_only_its_readers_see_it(web, sign_in, asker):
    private = await a_board("inside", audience=["members"])
    mine = await sign_in(asker, web.another())
    path = await sent(mine)
    await posted(mine, private, f"{WORDS}\n\n![欄]({path})")
    reader = await sign_in(await a_person("別", "人"), web.another())
    assert await sees(reader, path) == [200]
    assert (await reader.get(path)).headers["cache-control"] == "private, no-cache"
    assert await sees(web, path, path.replace("media/", "media/small/")) == [404, 404]


async def test_it_goes_with_its_post_and_comes_back_with_it(web, sign_in, board, asker, csm):
    mine, boss = await sign_in(asker, web.another()), await sign_in(csm, web.another())
    path = await sent(mine)
    thread = await posted(mine, board, f"{WORDS}\n\n![欄]({path})")
    [[post]] = await rows("SELECT id FROM post WHERE thread_id = ?", thread)
    moderator = await as_person(csm)
    reader = await sign_in(await a_person("別", "人"), web.another())

    hidden = await actions.hide(moderator, post, "personal_data")
    assert await sees(web, path) + await sees(reader, path) == [404, 404]
    assert await sees(mine, path) + await sees(boss, path) == [200, 200]
    await actions.undo(moderator, hidden)
    assert await sees(web, path) == [200]

    private = await a_board("inside", audience=["staff"])
    moved = await actions.move(moderator, thread, private.id)
    assert await sees(web, path) + await sees(reader, path) == [404, 404]
    assert await sees(boss, path) == [200]
    await actions.undo(moderator, moved)
    assert await sees(web, path) == [200]

    await actions.delete(await as_person(asker), post)
    assert await sees(web, path) + await sees(mine, path) == [404, 404]
    assert await sees(boss, path) == [200]


async def test_held_posts_show_their_picture_to_moderators_of_that_board_alone(web, sign_in, asker):
    board, elsewhere = await a_board("careful", holds="newcomers"), await a_board("elsewhere")
    mine = await sign_in(asker, web.another())
    path = await sent(mine)
    await posted(mine, board, f"{WORDS}\n\n![欄]({path})")
    here_, there = await an_ambassador([board]), await an_ambassador([elsewhere])
    assert await sees(await sign_in(here_, web.another()), path) == [200]
    assert await sees(await sign_in(there, web.another()), path) == [404]
    assert await sees(mine, path) + await sees(web, path) == [200, 404]


async def test_taken_out_of_the_text_it_is_for_staff_who_read_its_history(web, sign_in, board, asker, csm):
    mine, boss = await sign_in(asker, web.another()), await sign_in(csm, web.another())
    path = await sent(mine)
    thread = await posted(mine, board, f"{WORDS}\n\n![社員の名前]({path})")
    [[post]] = await rows("SELECT id FROM post WHERE thread_id = ?", thread)
    changed = await mine.submit(f"/community/posts/{post}/edit", {"body": WORDS + "消しました。", "version": "1"})
    assert changed.status_code == 303
    assert await sees(web, path) + await sees(mine, path) == [404, 404]
    assert await sees(boss, path) == [200]
    put_back = await mine.submit(f"/community/posts/{post}/edit", {"body": f"{WORDS}\n![欄]({path})", "version": "2"})
    assert put_back.status_code == 303
    assert await sees(web, path) == [200]


async def test_without_scripts_the_form_takes_pictures_and_keeps_them_when_something_is_wrong(
    web, sign_in, board, asker
):
    mine = await sign_in(asker)
    form = (await mine.get("/community/new")).text
    assert re.search(r'<noscript>.*type="file"[^>]*name="pictures"', form, re.S)
    assert 'enctype="multipart/form-data"' in form
    files = {"pictures": ("請求の[画面].png", a_picture(), "image/png")}
    fields = {"title": "短い", "body": WORDS, "board": board.slug}
    wrong = await mine.submit("/community/new", fields, files=files)
    assert wrong.status_code == 422
    [kept] = re.findall(r"!\[請求の画面\]\(/media/[\w-]{32}\.png\)", wrong.text)
    thread = await posted(mine, board, f"{WORDS}\n\n{kept}")
    assert 'alt="請求の画面"' in (await mine.get(f"/community/{thread}")).text

    svg = {"pictures": ("x.svg", b"<svg/>", "image/svg+xml")}
    refused = await mine.submit(f"/community/{thread}/replies", {"body": "こちらも見てください。"}, files=svg)
    assert refused.status_code == 422
    assert "PNG、JPEG、GIF、WebPのどれか" in refused.text and "こちらも見てください。" in refused.text
    good = {"pictures": ("続き.png", a_picture(), "image/png")}
    assert (
        await mine.submit(f"/community/{thread}/replies", {"body": "こちらも。よろしく。"}, files=good)
    ).status_code == 303
    assert 'alt="続き"' in (await web.get(f"/community/{thread}")).text


async def test_a_newcomer_shows_one_picture_and_nobody_more_than_twenty(web, sign_in, board, asker, helper):
    mine = await sign_in(asker, web.another())
    body = f"{WORDS}\n![一]({await sent(mine)})\n![二]({await sent(mine)})"
    answer = await mine.submit("/community/new", {"title": "締め日を変えたい", "body": body, "board": board.slug})
    assert answer.status_code == 422 and "画像は1枚まで" in answer.text
    many = "\n".join(f"![x](/media/{n:032}.png)" for n in range(21))
    with pytest.raises(Refused, match="20枚"):
        await actions.publish(await as_person(helper), board.id, "画像だらけの題です", f"{WORDS}\n{many}")


async def test_one_picture_in_two_posts_at_once_stands_in_one(board, helper):
    who = await as_person(helper)
    kept = await pictures.send(a_picture(), "a.png")
    barrier = asyncio.Barrier(2)
    both = await asyncio.gather(*(claim(who, n, kept.key, barrier) for n in (1, 2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["NoneType", "Refused"]
    [[holder]] = await rows("SELECT holder FROM media")
    assert holder in ("post:1", "post:2")


async def claim(who: Any, n: int, key: str, barrier: Any) -> None:
    """What every saving verb does, from the moment that both have found the picture free."""
    enter(Here(principal=who))
    text = f"![図](/media/{key})"
    found = await pictures.ready(text, who.person_id)
    assert found
    await barrier.wait()
    async with transaction():
        await pictures.attach(Ref("post", n), found, who.person_id)


async def test_the_slower_of_two_posts_is_told_so_and_nothing_of_it_is_kept(web, sign_in, board, helper):
    mine = await sign_in(helper)
    path = await sent(mine)
    await posted(mine, board, f"{WORDS}\n\n![欄]({path})")
    second = await posted(mine, board, f"もう一度聞きます。{WORDS}\n\n![欄]({path})", "締め日をもう一度聞く")
    assert "<img" not in (await mine.get(f"/community/{second}")).text.split('class="prose"')[1].split("</article>")[0]
    lost = Pictures((pictures.Sized(path[7:], 40, 30),))
    with pytest.raises(Refused, match="すでにほかの文"):
        await pictures.attach(Ref("post", 999), lost, helper.id)


async def test_a_quote_leads_to_the_picture_and_opens_nothing_when_it_is_gone(web, sign_in, board, asker, helper, csm):
    mine, other = await sign_in(asker, web.another()), await sign_in(helper, web.another())
    path = await sent(mine)
    thread = await posted(mine, board, f"{WORDS}\n\n![締め日の欄]({path})")
    [[post]] = await rows("SELECT id FROM post WHERE thread_id = ?", thread)
    form = (await other.get(f"/community/{thread}?quote={post}")).text
    assert f"&gt; ![締め日の欄]({path})" in form
    await other.submit(f"/community/{thread}/replies", {"body": f"> ![締め日の欄]({path})\n\nここを押します。"})
    assert (
        f'<a href="{path}" rel="nofollow ugc noopener">締め日の欄</a>' in (await web.get(f"/community/{thread}")).text
    )
    await actions.hide(await as_person(csm), post, "personal_data")
    assert await sees(other, path) == [404]


async def test_what_stands_in_no_text_goes_after_a_day_and_drafts_keep_theirs(web, sign_in, board, asker):
    mine = await sign_in(asker)
    old, drafted, published, fresh = [await sent(mine, a_picture(size=(1600, 20 + n))) for n in range(4)]
    await posted(mine, board, f"{WORDS}\n\n![欄]({published})")
    draft = {"draft": "reply:1", "sequence": "1", "body": f"書きかけ ![欄]({drafted})"}
    assert (await mine.submit("/community/drafts", draft)).status_code == 200
    await write("UPDATE media SET created_at = ? WHERE key <> ?", now() - timedelta(hours=25), fresh[7:])
    assert await pictures.forget_loose() == 1
    assert await sees(mine, old, drafted, published, fresh) == [404, 200, 200, 200]
    assert len(on_disk()) == 6
    assert not [name for name in on_disk() if name.startswith(old[7:39])]
    await mine.submit("/community/drafts/1", {"_method": "DELETE"})
    await pictures.forget_loose()
    assert await sees(mine, drafted) == [404]


async def test_the_description_is_found_and_stands_in_lists_and_feeds(web, sign_in, board, asker, run_jobs):
    mine = await sign_in(asker)
    path = await sent(mine)
    thread = await posted(mine, board, f"![灰色のリアクターパネル]({path})\n\n押せません。どうすればよいでしょうか。")
    await run_jobs()
    found = (await web.get("/help/search?q=リアクターパネル")).text.split('<ol class="results', 1)[1].split("</ol>")[0]
    assert f"to=thread%3A{thread}" in found
    assert "リアクターパネル" in re.sub(r"<[^>]*>", "", found)
    feed = (await web.get("/community/feed.atom")).text
    assert "灰色のリアクターパネル" in feed and "<img" not in feed and "/media/" not in feed


async def test_an_article_made_of_a_thread_takes_its_pictures_along(web, sign_in, asker, helper):
    board = await a_board("inside", audience=["members"])
    mine, boss = await sign_in(asker, web.another()), await sign_in(await staff("admin"), web.another())
    path = await sent(mine, a_picture(size=(1600, 800)))
    thread = await posted(mine, board, f"{WORDS}\n\n![締め日の欄]({path})")
    answer = await actions.reply(await as_person(helper), thread, "設定の締め日を開きます。")
    await actions.accept(await as_person(asker), answer.id)
    await boss.submit(f"/community/{thread}/article", {})
    article, words = await Article.get(), await ArticleTranslation.get()
    [copied] = re.findall(r"!\[締め日の欄\]\((/media/[\w.-]+)\)", words.body)
    assert copied != path and f'<img src="{copied}"' in words.html
    reader = await sign_in(await a_person("別", "人"), web.another())
    assert await sees(boss, copied, path) == [200, 200]
    assert await sees(reader, copied, path) == [404, 200]  # a draft is for those who write articles
    await boss.submit(f"/staff/articles/{article.id}/publication", {"locale": "ja"})
    assert await sees(reader, copied) + await sees(web, copied) == [200, 404]
    [[post]] = await rows("SELECT id FROM post WHERE thread_id = ? AND number = 1", thread)
    await actions.hide(await as_person(await staff("csm")), post, "personal_data")
    assert await sees(reader, copied, path) == [200, 404]


async def test_an_erased_persons_pictures_are_gone_with_their_files_and_copies(web, sign_in, board, helper, asker):
    mine = await sign_in(helper, web.another())
    path, loose = await sent(mine, a_picture(size=(1600, 800))), await sent(mine)
    await posted(mine, board, f"{WORDS}\n\n![欄]({path})")
    others = await sent(await sign_in(asker, web.another()))
    [[post]] = await rows("SELECT id FROM post WHERE author_id = ? ORDER BY id DESC LIMIT 1", helper.id)
    boss = await as_person(await staff("admin"))
    body = await pictures.taken_along(f"![欄]({path})", [Ref("post", post)], boss.person_id)
    assert body != f"![欄]({path})" and len(on_disk()) == 6
    told = await privacy.export(helper.id)
    assert {one["size"] > 0 and one["width"] for one in told["media.owner_id"]} == {1600, 40}
    assert all("key" not in one for one in told["media.owner_id"])
    await privacy.erase(helper.id, "本人の申し出")
    assert on_disk() == [others[7:]]
    assert await sees(web, path) + await sees(mine, loose) == [404, 404]
    assert [row[0] for row in await rows("SELECT key FROM media")] == [others[7:]]


async def test_merged_people_keep_their_pictures(web, sign_in, board):
    one, two = await a_person("同", "一"), await a_person("同", "一")
    kept = await sent(await sign_in(two, web.another()))
    enter(Here(principal=SYSTEM))
    await merging.merge("person", one.id, two.id)
    assert [tuple(row) for row in await rows("SELECT key, owner_id FROM media")] == [(kept[7:], one.id)]
