"""A decision about a request is told to everybody who asked, once; what merging and erasing do to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.clock import now
from core.database import rows
from core.errors import Conflict, Forbidden, NotFound, Refused
from core.principal import Principal
from customers import merging, notices, policy, privacy, seeing
from customers.models import Decision, Notice, Person, Telling, Touchpoint, Voice
from customers.requests import deciding, ranking, telling, voices, writing
from customers.requests.deciding import Verdict
from customers.requests.voices import Heard
from customers.requests.writing import Wanted
from factories import a_person, an_account, staff
from requests_parts import EVERYTHING, S, a_manager, a_voice
from wires import as_person

pytestmark = pytest.mark.anyio


async def test_customers_read_none_of_it_but_what_they_were_told(
    web: Any, sign_in: Any, run_jobs: Any, house: Any
) -> None:
    await a_manager()
    asker, other = await a_person("聞いた", "人"), await a_person("別", "人")
    request = await writing.open_request(Wanted("一括承認", description="社内だけの説明"))
    await a_voice(request, person=asker, quote="お願いします")
    for who in (asker, other):
        await sign_in(who)
        for where in (S, f"{S}/{request.id}", f"{S}/new"):
            assert (await web.get(where)).status_code in (403, 404), where
        assert "一括承認" not in (await web.get("/me/requests")).text
    as_person(asker, "member")
    assert await policy.visible_requests(Principal()).count() == 0
    for verb in (lambda: writing.find(request.id), lambda: voices.find(request.id, 1)):
        with pytest.raises(NotFound):
            await verb()
    for verb in (lambda: writing.open_request(Wanted("x")), lambda: voices.join(request.id, Heard("x", now(), None, 1)),
                 lambda: deciding.decide(request, Verdict("shipped", "x")), lambda: writing.merge(1, 2)):  # fmt: skip
        with pytest.raises(Forbidden):
            await verb()
    await a_manager()
    await deciding.decide(request, Verdict("shipped", "一覧で選べます<b>", reason="社内の理由"))
    await run_jobs()
    await sign_in(asker)
    page = (await web.get("/me/requests")).text
    assert "一括承認" in page and "一覧で選べます&lt;b&gt;" in page and "社内" not in page
    bell = (await web.get("/notices")).text
    assert "ご要望の「一括承認」ができました：一覧で選べます&lt;b&gt;" in bell
    await sign_in(other)
    assert "一括承認" not in (await web.get("/me/requests")).text and "一括承認" not in (await web.get("/notices")).text


async def test_a_decision_is_made_on_its_page_and_told_once(web: Any, sign_in: Any, run_jobs: Any, house: Any) -> None:
    csm, manager = await staff("csm"), await a_manager()
    one, two = await an_account("青葉", csm_id=csm.id), await an_account("千舟", csm_id=csm.id)
    kimura, tanaka = await a_person("木村", "健", account=one), await a_person("田中", "花", account=two)
    gone = await a_person("退会", "者", account=two)
    request = await writing.open_request(Wanted("一括承認"))
    for person, account in ((kimura, one), (kimura, one), (tanaka, two), (gone, two)):
        await a_voice(request, account, person)
    await Person.filter(id=gone.id).update(state="suspended")
    await sign_in(manager)
    form = (await web.get(f"{S}/{request.id}/decision")).text
    assert "お知らせ（ベル）が届く人：2人" in form
    good = {"status": "shipped", "message": "一覧で選んでまとめて承認できます", "reason": "要望が多い", "tells": "on",
            "version": 1}  # fmt: skip
    for wrong in (
        {"message": ""},
        {"status": "open"},
        {"status": "x"},
        {"message": "x" * 501},
        {"in_conversations": "x"},
    ):
        assert (await web.submit(f"{S}/{request.id}/decision", good | wrong)).status_code == 422, wrong
    assert (await web.submit(f"{S}/{request.id}/decision", good)).status_code == 303
    assert (await web.submit(f"{S}/{request.id}/decision", good)).status_code == 422, "it is shipped already"
    stale = good | {"status": "declined"}
    assert (await web.submit(f"{S}/{request.id}/decision", stale)).status_code == 409, (
        "decided since the form was shown"
    )
    await run_jobs()
    decision = await Decision.get()
    for _again in range(2):
        await telling.tell(decision.id)
    assert sorted(one.person_id for one in await Telling.all()) == sorted((kimura.id, tanaka.id))
    told = await Notice.filter(about_kind="product_request")
    assert sorted((one.person_id, one.kind) for one in told) == sorted([
        (kimura.id, "customers.request_decided"), (tanaka.id, "customers.request_decided"),
        (csm.id, "customers.request_of_yours")])  # fmt: skip
    entries = await Touchpoint.filter(kind="customers.request_decided")
    assert sorted(one.account_id for one in entries) == sorted((one.id, two.id))
    assert "要望が提供されました：一括承認" in (await web.get(f"/staff/customers/{one.id}/timeline")).text
    await sign_in(csm)
    assert "「一括承認」が提供済みになりました。担当の2社からの要望です" in (await web.get("/notices")).text
    page = (await web.get(f"{S}/{request.id}")).text
    assert "未定 → 提供済み" in page and "要望が多い" in page and "知らせた人：お知らせ 2" in page
    await seeing.hide({"notes": ["csm"]})
    assert "要望が多い" not in (await web.get(f"{S}/{request.id}")).text


async def test_a_job_that_was_killed_tells_the_rest_once(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_manager()
    request = await writing.open_request(Wanted("一括承認"))
    people = [await a_person("人", str(n)) for n in range(5)]
    for person in people:
        await a_voice(request, person=person)
    decision = await deciding.decide(request, Verdict("planned", "来期に作ります"))
    monkeypatch.setattr(telling, "SLICE", 2)
    usual, calls = notices.tell, []

    async def dies(*args: Any, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        await usual(*args, **more)

    monkeypatch.setattr(notices, "tell", dies)
    with pytest.raises(RuntimeError):
        await telling.tell(decision.id)
    assert await Notice.all().count() == await Telling.all().count() == 2, "who is in the ledger was told"
    await asyncio.gather(*[telling.tell(decision.id) for _twice in range(2)])
    assert sorted(one.person_id for one in await Notice.all()) == sorted(one.id for one in people)
    assert await Telling.all().count() == 5


async def test_a_later_decision_is_told_again_and_nobody_hears_when_it_is_not_to_be_told(
    house: Any, run_jobs: Any
) -> None:
    await a_manager()
    person = await a_person()
    request = await writing.open_request(Wanted("一括承認"))
    await a_voice(request, person=person)
    for status, message, tells in (("reviewing", "", True), ("planned", "", False), ("declined", "しません", True),
                                   ("open", "", True), ("shipped", "できました", True)):  # fmt: skip
        request = await writing.find(request.id)
        await deciding.decide(request, Verdict(status, message, tells=tells))
        await run_jobs()
    said = [one.data["status"] for one in await Notice.filter(person_id=person.id).order_by("id")]
    assert said == ["declined", "shipped"]
    request = await writing.find(request.id)
    assert request.shipped_at is not None and request.version == 6
    for wrong in (Verdict("shipped", "x"), Verdict("planned", " "), Verdict("no", "x"),
                  Verdict("planned", "x", in_conversations="post")):  # fmt: skip
        with pytest.raises((Refused, Conflict)):
            await deciding.decide(request, wrong)
    as_person(await staff("manager"), "manager", capabilities=EVERYTHING - {"inbox.answer"})
    with pytest.raises(Refused):
        await deciding.decide(request, Verdict("declined", "x", in_conversations="reply"))


async def test_two_people_decide_at_once_and_one_of_them_wins(house: Any) -> None:
    await a_manager()
    request = await writing.open_request(Wanted("一括承認"))
    both = [deciding.decide(request, Verdict(status, "x")) for status in ("planned", "declined")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Decision"]
    assert await Decision.all().count() == 1


async def test_voices_follow_a_merge_of_people_and_companies_and_come_back(house: Any) -> None:
    await a_manager()
    keep, lose = await an_account("残る"), await an_account("移る")
    one, two = await a_person("同じ", "人", account=lose), await a_person("同じ", "人", account=lose)
    request = await writing.open_request(Wanted("一括承認"))
    voice = await a_voice(request, lose, two)
    await a_voice(request, lose, one)
    decision = await deciding.decide(request, Verdict("shipped", "x"))
    await telling.tell(decision.id)
    company, people = await merging.merge("account", keep.id, lose.id), await merging.merge("person", one.id, two.id)
    voice = await Voice.get(id=voice.id)
    assert (voice.account_id, voice.person_id) == (keep.id, one.id)
    assert await Telling.all().count() == 1
    await telling.tell(decision.id)
    assert await Notice.filter(person_id=one.id, key=f"request:{decision.id}").count() == 1
    await merging.undo(people.id)
    await merging.undo(company.id)
    voice = await Voice.get(id=voice.id)
    assert (voice.account_id, voice.person_id) == (lose.id, two.id) and await Telling.all().count() == 2


async def test_erasing_a_person_takes_their_words_and_leaves_the_count(house: Any) -> None:
    await a_manager()
    account = await an_account()
    person = await a_person("秘密", "太郎", account=account)
    request = await writing.open_request(Wanted("一括承認"))
    await a_voice(request, account, person, quote="秘密の言葉")
    decision = await deciding.decide(request, Verdict("shipped", "x"))
    await telling.tell(decision.id)
    assert (await privacy.export(person.id))["voice"][0]["quote"] == "秘密の言葉"
    await privacy.erase(person.id, "本人の希望")
    assert (await Voice.get()).quote == "" and await Telling.all().count() == 0
    assert (await ranking.weights([request.id], with_money=False))[request.id].accounts == 1
    assert [one for one in await telling.askers(decision) if one.person_id] == []
    for table, columns in (("voice", "quote"), ("notice", "data"), ("touchpoint", "data"),
                           ("audit_entry", "before, after, note")):  # fmt: skip
        said = str([tuple(row) for row in await rows(f"SELECT {columns} FROM {table}")])
        assert "秘密" not in said and "\\u79d8" not in said, table
    with pytest.raises(Refused):
        await a_voice(request, account, person)
