"""What customers ask of the product: voices join a request, are weighed, moved and merged; a decision is told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.clock import as_of, local_day, now
from core.context import Here, enter
from core.database import rows
from core.errors import Conflict, NotFound, Refused
from core.principal import SYSTEM, Principal
from core.refs import Ref
from customers import seeing
from customers.models import ProductRequest, Voice
from customers.requests import deciding, ranking, similar, voices, writing
from customers.requests.deciding import Verdict
from customers.requests.writing import Wanted
from factories import a_contract, a_person, an_account, staff
from requests_parts import EVERYTHING, S, a_manager, a_voice

pytestmark = pytest.mark.anyio


async def test_a_voice_is_written_down_on_a_companys_page_and_joins_a_similar_request(
    web: Any, sign_in: Any, house: Any
) -> None:
    manager = await a_manager()
    account = await an_account("水面フーズ")
    contact, stranger = await a_person("木村", "健", account=account), await a_person("別", "人")
    await sign_in(manager)
    assert "要望はまだありません" in (await web.get(S)).text
    place = f"{S}/voices/new?account={account.id}"
    assert f'href="{place}"' in (await web.get(f"/staff/customers/{account.id}")).text.replace("&amp;", "&")
    first = {"account": account.id, "person": contact.id, "request_id": 0, "title": "申請を<b>まとめて</b>承認したい",
             "area": "申請", "quote": "50件を1つずつ開くのが<i>大変</i>です", "said_on": str(local_day())}  # fmt: skip
    for wrong in ({"quote": ""}, {"title": ""}, {"person": stranger.id}, {"said_on": "2999-01-01"}, {"said_on": "x"},
                  {"quote": "x" * 1001}, {"title": "x" * 121}):  # fmt: skip
        assert (await web.submit(f"{S}/voices/new", first | wrong)).status_code == 422, wrong
    for wrong in ({"account": 999_999}, {"account": "", "person": ""}, {"source": "post:1", "account": ""},
                  {"source": "nothing:1"}, {"request_id": 999_999}):  # fmt: skip
        assert (await web.submit(f"{S}/voices/new", first | wrong)).status_code == 404, wrong
    assert await ProductRequest.all().count() == await Voice.all().count() == 0, "nothing is left half-done"
    assert (await web.submit(f"{S}/voices/new", first)).status_code == 303
    request, voice = await ProductRequest.get(), await Voice.get()
    assert (voice.account_id, voice.person_id, voice.added_by_id) == (account.id, contact.id, manager.id)
    for where in (S, f"{S}/{request.id}", f"/staff/customers/{account.id}", f"/staff/customers/people/{contact.id}"):
        page = (await web.get(where)).text
        assert "申請を&lt;b&gt;まとめて&lt;/b&gt;承認したい" in page and "<b>まとめて" not in page, where
    shown = (await web.get(f"{S}/{request.id}")).text
    assert "50件を1つずつ開くのが&lt;i&gt;大変" in shown and "水面フーズ" in shown and "木村 健" in shown
    assert f'name="request_id" value="{request.id}"' in (await web.get(place)).text, "the latest, while nothing is said"
    near = (await web.get(f"{place}&quote=承認を一括でしたい")).text
    assert f'name="request_id" value="{request.id}"' in near and "申請を&lt;b&gt;まとめて" in near
    assert f'name="request_id" value="{request.id}"' not in (await web.get(f"{place}&q=ロゴ")).text
    again = {"person": contact.id, "request_id": request.id, "quote": "うちでも必要です"}
    assert (await web.submit(f"{S}/voices/new", again)).status_code == 303
    assert [one.account_id for one in await Voice.all()] == [account.id, account.id]
    assert (await ranking.weights([request.id], with_money=False))[request.id].accounts == 1


async def test_the_list_is_in_the_order_of_the_weight_that_is_shown(web: Any, sign_in: Any, house: Any) -> None:
    manager = await a_manager()
    high, low, old = await an_account("高", tier="high"), await an_account("低", tier="low"), await an_account("古")
    await a_contract(high, amount=90_000)
    await a_contract(high, amount=10_000, ended_on=local_day())
    await a_contract(low, amount=5_000)
    await a_contract(low, amount=777, currency="USD")
    one, two, three = [await writing.open_request(Wanted(title, area=area)) for title, area in
                       (("一括承認", "申請"), ("ロゴ", "印刷"), ("夜勤", "勤務"))]  # fmt: skip
    person = await a_person(account=high)
    await a_voice(one, high, person)
    await a_voice(one, high, person, days=3)
    await a_voice(one, low, days=1)
    await a_voice(two, old, days=100)
    weight = (await ranking.weights([one.id, two.id, three.id], with_money=True))[one.id]
    assert (weight.accounts, weight.high, weight.people, weight.recent, weight.voices) == (2, 1, 1, 2, 3)
    assert weight.points == 3 * 2 + 2 * 1 + 1 + 2 * 2 and weight.revenue == 95_000
    await sign_in(manager)

    async def shown(query: str = "") -> list[str]:
        text = (await web.get(f"{S}{query}")).text
        found = [(text.find(f">{one.title}</a>"), one.title) for one in (one, two, three)]
        return [title for at, title in sorted(found) if at >= 0]

    assert await shown() == ["一括承認", "ロゴ", "夜勤"]
    assert await shown("?sort=points") == ["夜勤", "ロゴ", "一括承認"]
    assert await shown("?sort=-revenue") == ["一括承認", "夜勤", "ロゴ"]
    assert await shown("?area=印刷") == ["ロゴ"] and await shown("?q=夜") == ["夜勤"]
    assert await shown("?tier=high") == ["一括承認"] and await shown("?tier=tech") == ["ロゴ"]
    assert await shown("?status=shipped") == [] and await shown("?owner=0") == ["一括承認", "ロゴ", "夜勤"]
    this, before = (ranking.quarter_of(local_day() - timedelta(days=n)) for n in (0, 100))
    assert "一括承認" in await shown(f"?quarter={this[0]}-{this[1]}")
    assert await shown(f"?quarter={before[0]}-{before[1]}") in (["ロゴ"], ["一括承認", "ロゴ"])
    assert "夜勤" not in await shown(f"?quarter={this[0]}-{this[1]}")
    assert await shown("?quarter=2026-9") == await shown("?tier=x") == ["一括承認", "ロゴ", "夜勤"], (
        "nonsense narrows nothing"
    )
    page = (await web.get(S)).text
    assert "95,000" in page and "点 ＝ 3 × 会社 ＋ 2 × ハイタッチの会社" in page
    csv = (await web.get(f"{S}?format=csv")).text
    assert "一括承認" in csv and "95000" in csv and csv.index("一括承認") < csv.index("ロゴ")
    await seeing.hide({"account.money": ["manager"]})
    for where in (S, f"{S}/{one.id}", f"{S}?format=csv", f"{S}?sort=-revenue"):
        text = (await web.get(where)).text
        assert not any(amount in text for amount in ("95,000", "95000", "90,000", "5,000")), where


async def test_the_csv_is_no_formula(web: Any, sign_in: Any, house: Any) -> None:
    manager = await a_manager()
    await writing.open_request(Wanted("=HYPERLINK(1)"))
    await sign_in(manager)
    assert "'=HYPERLINK(1)" in (await web.get(f"{S}?format=csv")).text
    assert await rows("SELECT 1 FROM audit_entry WHERE action = 'requests.export'")


async def test_a_segment_narrows_the_voices(house: Any) -> None:
    from customers import segments

    await a_manager()
    one, two = await a_person("中", "人"), await a_person("外", "人")
    request = await writing.open_request(Wanted("一括承認"))
    for person in (one, two):
        await a_voice(request, person=person)
    group = await segments.save_list("一人", [one.id])
    who = Principal(capabilities=EVERYTHING, all_accounts=True)
    for segment, people in ((0, 2), (group.id, 1)):
        found = ranking.ranked(who, ranking.Asked(segment=segment), with_money=True)
        row = (await rows(found.sql, *found.parameters))[0]
        assert (row["people"], row["points"]) == (people, people)


async def test_the_same_source_joins_a_request_once_also_at_the_same_moment(house: Any) -> None:
    await a_manager()
    account = await an_account()
    one, two, three = [await writing.open_request(Wanted(title)) for title in "一二三"]
    results = await asyncio.gather(*[a_voice(one, account, source=Ref("post", 5)) for _n in range(4)],
                                   return_exceptions=True)  # fmt: skip
    assert sorted(type(found).__name__ for found in results) == ["Conflict", "Conflict", "Conflict", "Voice"]
    other = await a_voice(two, account, source=Ref("post", 5))
    with pytest.raises(Conflict):
        await voices.move(other, one.id)
    await voices.move(other, two.id)
    first = await Voice.get(request_id=one.id)
    await voices.take_out(other)
    await voices.move(first, two.id)
    assert [(one.request_id, one.source_id) for one in await Voice.all()] == [(two.id, 5)]
    with pytest.raises(Conflict):
        await voices.move(first, three.id)  # read before it moved
    with pytest.raises(NotFound):
        await voices.move(await Voice.get(), 999_999)
    for _n in range(2):
        await a_voice(two, account)  # by hand as often as it was said


async def test_requests_are_merged_and_come_apart_again(web: Any, sign_in: Any, house: Any) -> None:
    manager = await a_manager()
    account = await an_account()
    kept, gone, third = [await writing.open_request(Wanted(f"承認{n}")) for n in "一二三"]
    await a_voice(kept, account, source=Ref("post", 1), quote="残")
    twice = await a_voice(gone, account, source=Ref("post", 1), quote="重")
    moves = await a_voice(gone, account, source=Ref("post", 2), quote="移")
    await sign_in(manager)
    assert f'value="{kept.id}"' in (await web.get(f"{S}/{gone.id}/merge")).text
    for wrong, status in ((gone.id, 422), (999_999, 404), (0, 422)):
        assert (await web.submit(f"{S}/{gone.id}/merge", {"into": wrong})).status_code == status, wrong
    assert (await web.submit(f"{S}/{gone.id}/merge", {"into": kept.id})).status_code == 303
    assert {one.id for one in await Voice.filter(request_id=gone.id)} == {twice.id}
    assert {one.quote for one in await Voice.filter(request_id=kept.id)} == {"残", "移"}
    assert (await web.get(f"{S}/{gone.id}")).headers["location"] == f"{S}/{kept.id}"
    assert "この要望はまとめられました" in (await web.get(f"{S}/{gone.id}?merged=1")).text
    assert ">承認二</a>" not in (await web.get(f"{S}?q=承認")).text
    for verb in (lambda: writing.merge(gone.id, third.id), lambda: a_voice(gone, account),
                 lambda: writing.merge(third.id, gone.id)):  # fmt: skip
        with pytest.raises(Conflict):
            await verb()
    gone = await ProductRequest.get(id=gone.id)
    for verb in (lambda: writing.change(gone, Wanted("x")), lambda: deciding.decide(gone, Verdict("planned", "x"))):
        with pytest.raises(Conflict):
            await verb()
    came = await a_voice(kept, account, source=Ref("post", 3), quote="あと")
    await writing.merge(kept.id, third.id)
    with pytest.raises(Conflict):
        await writing.undo_merge(gone.id)
    await writing.undo_merge(kept.id)
    undo = await web.submit(f"{S}/{gone.id}/merge", {"_method": "DELETE"})
    assert undo.status_code == 303
    assert {one.id for one in await Voice.filter(request_id=gone.id)} == {twice.id, moves.id}
    assert {one.quote for one in await Voice.filter(request_id=kept.id)} == {"残", came.quote}
    with pytest.raises(Conflict):
        await writing.undo_merge(gone.id)


async def test_staff_with_own_accounts_see_only_quotes_of_theirs(web: Any, sign_in: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "岩城", "直")
    mine, foreign = await an_account("わが社", csm_id=csm.id), await an_account("他人の会社", csm_id=other.id)
    stranger = await a_person("秘密", "太郎", account=foreign)
    await a_manager()
    request = await writing.open_request(Wanted("一括承認"))
    own = await a_voice(request, mine, quote="うちの声")
    hidden = await a_voice(request, foreign, stranger, quote="他社の秘密の声")
    nobodys = await a_voice(request, source=Ref("conversation", 7), quote="だれかの声")
    await a_contract(foreign, amount=123_456)
    await a_contract(mine, amount=1_000)
    await sign_in(csm)
    for where in (S, f"{S}/{request.id}", f"{S}?format=csv", f"/staff/customers/{mine.id}", f"{S}?sort=-accounts"):
        page = (await web.get(where)).text
        assert "一括承認" in page, where
        for secret in ("他人の会社", "秘密", "だれかの声", "123,456", "124,456", "124456"):
            assert secret not in page, (where, secret)
    page = (await web.get(f"{S}/{request.id}")).text
    assert "うちの声" in page and "1,000" in page
    assert (await web.get(f"{S}/voices/new?account={foreign.id}")).status_code == 404
    assert (await web.get(f"{S}/voices/new?person={stranger.id}")).status_code == 404
    assert (await web.submit(f"{S}/voices/new", {"account": foreign.id, "quote": "x", "title": "y"})).status_code == 404
    for one in (hidden, nobodys):
        base = f"{S}/{request.id}/voices/{one.id}"
        assert (await web.get(f"{base}/request")).status_code == 404
        assert (await web.submit(f"{base}/request", {"into": request.id})).status_code == 404
        assert (await web.submit(base, {"_method": "DELETE"})).status_code == 404
    for where in ("decision", "merge"):
        assert (await web.get(f"{S}/{request.id}/{where}")).status_code == 403
        assert (await web.submit(f"{S}/{request.id}/{where}", {"status": "planned", "into": 1})).status_code == 403
    assert (await web.get(f"{S}/{request.id}/edit")).status_code == 403, "neither theirs nor opened by them"
    assert (await web.submit(f"{S}/{request.id}/voices/{own.id}", {"_method": "DELETE"})).status_code == 303
    assert await Voice.all().count() == 2


async def test_a_request_is_changed_by_who_owns_it(web: Any, sign_in: Any, house: Any) -> None:
    csm, manager = await staff("csm"), await a_manager()
    customer = await a_person()
    await sign_in(manager)
    assert (await web.submit(f"{S}/new", {"title": ""})).status_code == 422
    assert (await web.submit(f"{S}/new", {"title": "印刷", "owner_id": customer.id})).status_code == 422
    assert (await web.submit(f"{S}/new", {"title": "印刷", "area": "帳票", "owner_id": csm.id})).status_code == 303
    request = await ProductRequest.get()
    await sign_in(csm)
    assert '<option value="帳票">' in (await web.get(f"{S}/{request.id}/edit")).text
    said = {"title": "紙への印刷", "description": "会社の<b>ロゴ</b>", "area": "帳票", "owner_id": csm.id}
    assert (await web.submit(f"{S}/{request.id}/edit", said)).status_code == 303
    page = (await web.get(f"{S}/{request.id}")).text
    assert "紙への印刷" in page and "会社の&lt;b&gt;ロゴ" in page
    assert [one.id for one in await similar.find("ロゴを入れたい")] == [request.id]
    assert await similar.find("、。") == [] and await similar.find("夜勤") == []
    await sign_in(await staff("csm", "別", "人"))
    assert (await web.submit(f"{S}/{request.id}/edit", said)).status_code == 403


async def test_what_staff_wrote_by_hand_is_hidden_from_who_may_not_read_notes(
    web: Any, sign_in: Any, house: Any
) -> None:
    agent = await staff("agent")
    await a_manager()
    account = await an_account()
    request = await writing.open_request(Wanted("一括承認"))
    await a_voice(request, account, quote="電話で聞いた話")
    await a_voice(request, account, source=Ref("post", 1), quote="投稿の言葉")
    await seeing.hide({"notes": ["agent"]})
    await sign_in(agent)
    page = (await web.get(f"{S}/{request.id}")).text
    assert "電話で聞いた話" not in page and "投稿の言葉" in page


async def test_who_is_known_later_stands_behind_their_voice(house: Any) -> None:
    await a_manager()
    account = await an_account()
    person = await a_person(account=account)
    request = await writing.open_request(Wanted("一括承認"))
    await a_voice(request, source=Ref("conversation", 7))
    await voices.adopt(Ref("conversation", 7), person.id, account.id)
    voice = await Voice.get()
    assert (voice.person_id, voice.account_id) == (person.id, account.id)
    await voices.forget(Ref("conversation", 7))
    assert (await Voice.get()).quote == ""


async def test_a_voice_of_the_past_is_counted_in_its_quarter(house: Any) -> None:
    enter(Here(principal=SYSTEM))
    with as_of(now() - timedelta(days=400)):
        request = await writing.open_request(Wanted("一括承認"))
        await a_voice(request, await an_account())
    weight = (await ranking.weights([request.id], with_money=False))[request.id]
    assert (weight.accounts, weight.recent, weight.points) == (1, 0, 3)
    with pytest.raises(Refused):
        await a_voice(request, await an_account(), days=-1)
