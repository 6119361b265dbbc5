"""Articles are written, published, found, rated, translated, moved and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from core.database import rows
from core.errors import Conflict, Forbidden, NotFound, Refused
from core.principal import MEMBER, NOBODY, Principal
from factories import an_account
from helpcenter import actions, counting, policy
from helpcenter.models import Article, ArticleRevision, ArticleTranslation
from helpcenter.slugs import path_of
from helpcenter.wordings import Place, Words
from search import find


async def test_a_published_article_is_read_and_found_and_a_draft_is_neither(browse: Any, an_article: Any) -> None:
    draft = await an_article("締め日を変更する", "締め日は月ごとに変えられます。", publish=False, slug="closing-day")
    guest = browse()
    assert (await guest.get("/help/closing-day")).status_code == 404
    assert "締め日を変更する" not in (await guest.get("/help/search?q=締め日")).text
    await browse("writer").submit(f"/staff/articles/{draft.id}/publication", {"locale": "ja"})
    read = await guest.get("/help/closing-day")
    assert read.status_code == 200
    assert "締め日は月ごとに変えられます" in read.text
    assert "closing-day" in (await guest.get("/sitemap.xml")).text
    assert "締め日" in (await guest.get("/help/search?q=締め日")).text
    assert [row[0] for row in await rows("SELECT name FROM fact WHERE name LIKE 'helpcenter.%'")] == [
        "helpcenter.ArticlePublished"
    ]


async def test_taking_back_and_archiving_leave_no_trace_for_readers(writer: Any, browse: Any, an_article: Any) -> None:
    article = await an_article("退職者を登録する", "退職日を入れます。", slug="leavers")
    await actions.unpublish(writer, article.id)
    assert (await browse().get("/help/leavers")).status_code == 404
    assert not (await find("退職者", tokens={"public"})).hits
    await actions.publish(writer, article.id)
    await actions.archive(writer, article.id)
    assert (await browse().get("/help/leavers")).status_code == 404
    assert "leavers" not in (await browse().get("/sitemap.xml")).text


async def test_two_who_save_at_once_do_not_overwrite_each_other(writer: Any, browse: Any, an_article: Any) -> None:
    article = await an_article()
    form = {"title": "新しい題", "locale": "ja", "body": "新しい本文", "version": article.version, "audience": "public"}
    staff = browse("writer")
    assert (await staff.submit(f"/staff/articles/{article.id}", form)).status_code == 303
    second = await staff.submit(f"/staff/articles/{article.id}", form | {"title": "別の題"})
    assert second.status_code == 409
    assert "別の題" in second.text  # what was typed is not lost
    assert (await ArticleTranslation.get(article_id=article.id)).title == "新しい題"
    with pytest.raises(Conflict):
        await actions.save(writer, article.id, article.version, Words(title="三", body="三"))


async def test_a_saved_change_is_read_and_found_at_once_and_can_be_taken_back(
    writer: Any, browse: Any, an_article: Any
) -> None:
    article = await an_article("古い題", "古い本文", slug="one")
    await actions.save(
        writer, article.id, article.version, Words(title="パスキーで入る", body="指紋で入れます。", slug="passkey")
    )
    assert "指紋で入れます" in (await browse().get("/help/passkey")).text
    assert (await find("パスキー", tokens={"public"})).hits[0].url == "/help/passkey"
    moved = await browse().get("/help/one")
    assert (moved.status_code, moved.headers["location"]) == (301, "/help/passkey")
    staff = browse("writer")
    shown = await staff.get(f"/staff/articles/{article.id}/revisions?locale=ja")
    assert "<del>古い題</del>" in shown.text
    assert "<ins>パスキーで入る</ins>" in shown.text
    for nowhere in ("9" * 40, "\0", ""):
        gone = await staff.submit(f"/staff/articles/{article.id}/revisions/1/restoration", {"locale": nowhere})
        assert gone.status_code == 404
    await staff.submit(f"/staff/articles/{article.id}/revisions/1/restoration", {"locale": "ja"})
    assert "古い本文" in (await browse().get("/help/passkey")).text
    assert await ArticleRevision.all().count() == 3


async def test_a_translation_goes_stale_when_the_original_changes(writer: Any, browse: Any, an_article: Any) -> None:
    article = await an_article("有給を申請する", "申請から選びます。", slug="request-leave")
    article = await actions.save(writer, article.id, article.version,
                                 Words(title="Request leave", body="Choose from Requests.", locale="en"))  # fmt: skip
    guest = browse()
    assert "申請から選びます" in (await guest.get("/help/request-leave?lang=en")).text  # not published in English yet
    article = await actions.publish(writer, article.id, "en")
    english = await guest.get("/help/request-leave?lang=en")
    assert "Choose from Requests" in english.text
    assert 'hreflang="ja"' in english.text
    assert '<link rel="canonical" href="http://127.0.0.1:8000/help/request-leave-' not in english.text
    assert (await guest.get("/help/request-leave", headers={"accept-language": "en"})).text.count(
        "Choose from Requests"
    ) > 0
    await actions.save(writer, article.id, article.version, Words(title="有給を申請する", body="画面が変わりました。"))
    assert (await ArticleTranslation.get(article_id=article.id, locale="en")).is_stale
    assert "The original changed" in (await guest.get("/help/request-leave?lang=en")).text


async def test_two_titles_alike_get_two_addresses_and_a_taken_one_is_refused(writer: Any, an_article: Any) -> None:
    first, second = await an_article("同じ題"), await an_article("同じ題")
    slugs = [(await ArticleTranslation.get(article_id=one.id)).slug for one in (first, second)]
    assert slugs == ["同じ題", "同じ題-2"]
    with pytest.raises(Conflict):
        await an_article("別の題", slug="同じ題")
    with pytest.raises(Conflict):
        await an_article("別の題", slug="search")


async def test_only_writers_write(member: Principal, an_article: Any) -> None:
    article = await an_article()
    for verb in (actions.create(member, Words(title="x")), actions.publish(member, article.id),
                 actions.archive(member, article.id), actions.create_category(member, "x", {"ja": ("x", "")}),
                 actions.save(NOBODY, article.id, article.version, Words(title="x", body="x"))):  # fmt: skip
        with pytest.raises(Forbidden):
            await verb


async def test_mistakes_are_sentences(writer: Principal, browse: Any) -> None:
    for words in (
        Words(title=" "),
        Words(title="x" * 201),
        Words(title="x", body="y" * 200_001),
        Words(title="x", locale="xx"),
        Words(title="x", phrasings=tuple(f"p{n}" for n in range(51))),
    ):
        with pytest.raises(Refused):
            await actions.create(writer, words)
    with pytest.raises(Refused):
        await actions.create(writer, Words(title="x"), Place(audience=("everybody",)))
    with pytest.raises(NotFound):
        await actions.create(writer, Words(title="x"), Place(category_id=99))
    empty = await browse("writer").submit("/staff/articles/new", {"title": "", "body": "x"})
    assert empty.status_code == 422


AUDIENCES: list[tuple[tuple[str, ...], str, set[str]]] = [
    (("public",), "公開の記事", {"guest", "member", "inside", "staff"}),
    (("members",), "会員の記事", {"member", "inside", "staff"}),
    (("staff",), "社内の記事", {"staff"}),
]


async def test_an_audience_is_kept_everywhere(browse: Any, people: Any, member: Principal, an_article: Any) -> None:
    """Page, results, counts, suggestions, related, categories, sitemap, and the address through a result."""
    account = await an_account()
    people["inside"] = Principal(person_id=member.person_id, role="member", capabilities=MEMBER,
                                 accounts=frozenset({account.id}))  # fmt: skip
    people["staff"] = Principal(person_id=member.person_id, role="csm", capabilities=MEMBER | {"inbox.answer"})
    shelf = await actions.create_category(people["writer"], "secrets", {"ja": ("秘密", "")})
    cases = [*AUDIENCES, ((f"account:{account.id}",), "一社の記事", {"inside"})]
    made = {}
    for tokens, title, _who in cases:
        made[title] = await an_article(title, f"{title}の合言葉はやまびこです。", audience=tokens, category_id=shelf.id)
    for name in ("guest", "member", "inside", "staff"):
        browser = browse("" if name == "guest" else name)
        allowed = [title for _t, title, who in cases if name in who]
        pages = {
            path: (await browser.get(path)).text
            for path in (
                "/",
                "/help",
                "/help/c/secrets",
                "/help/search?q=やまびこ",
                "/help/suggest?q=やまびこ",
                "/help/公開の記事",
            )
        }
        for _tokens, title, who in cases:
            status = (await browser.get(path_of(title))).status_code
            assert status == (200 if name in who else 404), (name, title)
            hit = await browser.get(f"/help/go/nokey/1?to=article:{made[title].id}")
            assert (hit.headers["location"] == path_of(title)) == (name in who)
            for path, text in pages.items():
                assert name in who or title not in text, (name, title, path)
        assert f"「やまびこ」の結果 {len(allowed)}件" in pages["/help/search?q=やまびこ"], name
        assert f"{len(allowed)}件" in pages["/"]
    assert [title for _t, title, _w in cases[1:] if title in (await browse("inside").get("/sitemap.xml")).text] == []


async def test_visible_articles_and_the_raw_rule_agree(member: Principal, an_article: Any) -> None:
    for tokens, title, _who in AUDIENCES:
        await an_article(title, "本文", audience=tokens)
    for who in (NOBODY, member):
        queried = set(await policy.visible_articles(who).values_list("id", flat=True))
        asked = {one.id for one in await Article.all()
                 if policy.may_read(who, state=one.state, audience=one.tokens, brand=one.brand)}  # fmt: skip
        assert queried == asked


async def test_did_it_help_is_one_changeable_answer_each(browse: Any, member: Principal, an_article: Any) -> None:
    article = await an_article(slug="leave")
    guest = browse()
    assert "この記事は役に立ちましたか" in (await guest.get("/help/leave")).text
    assert (await guest.submit("/help/leave/feedback", {"helpful": "yes"})).status_code == 303
    await guest.submit("/help/leave/feedback", {"helpful": "no"})
    await guest.submit("/help/leave/feedback", {"helpful": "no", "comment": "端数の扱いがわかりません"})
    assert "端数の扱いがわかりません" in (await guest.get("/help/leave")).text
    assert "端数の扱い" not in (await browse().get("/help/leave")).text
    await browse("member").submit("/help/leave/feedback", {"helpful": "yes"})
    await browse("member").submit("/help/leave/feedback", {"helpful": "yes"})
    found = await Article.get(id=article.id)
    assert (found.helpful, found.unhelpful) == (1, 1)
    listed = await browse("writer").get("/staff/articles/feedback?state=open")
    assert "端数の扱いがわかりません" in listed.text
    assert [r[0] for r in await rows("SELECT kind FROM touchpoint WHERE kind LIKE 'help.%'")] == ["help.rated"]
    assert (await guest.submit("/help/leave/feedback", {"helpful": "maybe"})).status_code == 422


async def test_views_are_counted_and_a_member_reads_once_a_day(browse: Any, member: Principal, an_article: Any) -> None:
    article = await an_article(slug="leave")
    for name in ("", "", "member", "member"):
        await browse(name).get("/help/leave")
    await counting.write_views()
    assert (await Article.get(id=article.id)).views == 4
    kinds = [row[0] for row in await rows("SELECT kind FROM touchpoint WHERE person_id = ?", member.person_id)]
    assert kinds.count("help.read") == 1


async def test_a_guest_gets_a_tag_and_a_member_nothing_to_keep(browse: Any, member: Principal, an_article: Any) -> None:
    await an_article(slug="leave")
    guest = browse()
    await guest.get("/help/leave")
    first = await guest.get("/help/leave")
    again = await guest.get("/help/leave", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    kept = await browse("member").get("/help/leave")
    assert kept.headers["cache-control"] == "private, no-store"
    assert "etag" not in kept.headers


async def test_many_articles_are_changed_at_once(writer: Any, browse: Any, an_article: Any) -> None:
    shelf = await actions.create_category(writer, "leave", {"ja": ("休暇", ""), "en": ("Leave", "")})
    one, two = await an_article("一", "本文", publish=False), await an_article("二", "", publish=False)
    staff = browse("writer")
    await staff.submit("/staff/articles/bulk", {"id": [one.id, two.id], "do": "publish"})
    states = {a.id: a.state for a in await Article.all()}
    assert states == {one.id: "published", two.id: "draft"}  # the empty one stays, and says why
    assert "本文を書いてください" in (await staff.get("/staff/articles")).text
    await staff.submit("/staff/articles/bulk", {"id": [one.id, two.id], "do": "move", "move_to": shelf.id})
    assert await Article.filter(category_id=shelf.id).count() == 2
    for query in ("state=draft", f"category={shelf.id}", "lang=ja", "stale=0", "q=二", "sort=-views", "format=csv"):
        answer = await staff.get(f"/staff/articles?{query}")
        assert answer.status_code == 200
        assert "二" in answer.text, query
    assert "二" not in (await staff.get("/staff/articles?lang=en")).text
