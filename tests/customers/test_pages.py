"""Staff at work with customers, and customers with their own pages: from the form to the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.audit import audit
from core.clock import local_day, now
from core.database import rows
from core.refs import Ref
from customers import notices, pilots, segments, timeline, touches
from customers.models import Account, Consent, ConsentProof, Contract, ImportBatch, Person, Review, Segment, Topic
from customers.tiers import recompute
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
S = "/staff/customers"


async def upload(web: Any, text: str, name: str = "a.csv", **fields: str) -> Any:
    await web.get("/healthz")
    token = next(value for key, value in web.cookies.items() if key.endswith("csrf"))
    return await web.post(f"{S}/import", data={"_csrf_token": token, **fields}, files={"file": (name, text.encode())})


async def test_a_file_from_upload_to_result(web: Any, sign_in: Any, run_jobs: Any) -> None:
    await sign_in(await staff("admin"))
    answer = await upload(
        web,
        "会社コード名,番号,法人番号\nかもめ商会,K1,2990701001237\n別のかもめ,K2,2990701001237\n,K3,\n",
        source="crm",
    )
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert "会社コード名" in (await web.get(place)).text
    answer = await web.submit(
        f"{place}/mapping", {"kind": "accounts", "source": "crm", "column-0": "-", "column-1": "source_id"}
    )
    assert answer.status_code == 422
    chosen = {
        "kind": "accounts",
        "source": "crm",
        "column-0": "name",
        "column-1": "source_id",
        "column-2": "corporate_number",
    }
    assert (await web.submit(f"{place}/mapping", chosen)).status_code == 303
    shown = (await web.get(f"{place}?outcome=review")).text
    assert "2990701001237" in shown
    assert await Account.all().count() == 0
    assert (await web.submit(f"{place}/application")).status_code == 303
    assert [a.name for a in await Account.all()] == ["かもめ商会"]
    assert (await web.submit(f"{place}/application")).status_code == 409
    batch = await ImportBatch.get()
    assert batch.counts == {"created": 1, "updated": 0, "unchanged": 0, "review": 1, "refused": 1}
    assert await rows("SELECT 1 FROM import_file") == []


async def test_a_big_file_is_a_job_with_progress(web: Any, sign_in: Any, run_jobs: Any) -> None:
    await sign_in(await staff("admin"))
    text = "id,会社名\n" + "".join(f"{n},会社{n}株式会社\n" for n in range(2500))
    place = (await upload(web, text)).headers["location"]
    await web.submit(f"{place}/mapping", {"kind": "accounts", "column-0": "source_id", "column-1": "name"})
    assert "data-progress" in (await web.get(place)).text
    await run_jobs()
    assert (await web.get(f"{place}/progress")).headers["x-done"] == "1"
    await web.submit(f"{place}/application")
    await run_jobs()
    assert await Account.all().count() == 2500
    assert (await ImportBatch.get()).state == "applied"


@pytest.mark.parametrize("verdict", ["accept", "reject"])
async def test_a_review_is_decided_once(web: Any, sign_in: Any, verdict: str) -> None:
    from customers.imports import run

    await sign_in(await staff("admin"))
    csv = "id,会社名,法人番号\n1,青葉渡工業,2990701001237\n2,青葉渡グループ,2990701001237\n".encode()
    await run.apply(await run.start(csv))
    review = await Review.get()
    shown = await web.get(f"{S}/reviews/{review.id}")
    assert "青葉渡グループ" in shown.text
    assert "青葉渡工業" in shown.text
    await web.submit(f"{S}/reviews/{review.id}/verdict", {"verdict": verdict})
    assert await Account.all().count() == (1 if verdict == "accept" else 2)
    assert (await web.submit(f"{S}/reviews/{review.id}/verdict", {"verdict": verdict})).status_code == 409
    assert dict(await run.apply(await run.start(csv))) == {
        "created": 0, "updated": 0, "unchanged": 2, "review": 0, "refused": 0}  # fmt: skip
    assert await rows("SELECT 1 FROM audit_entry WHERE action LIKE 'review.%'")


async def test_the_tier_by_hand_outlives_the_rule_until_its_day(web: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    account = await an_account("千舟ロジ")
    await Contract.create(
        account_id=account.id,
        product="つきみ勤怠",
        amount=500_000,
        starts_on=local_day(),
        source="t",
        created_at=now(),
        updated_at=now(),
    )
    await recompute([account.id])
    assert (await Account.get(id=account.id)).tier == "high"
    path = f"{S}/{account.id}/tier"
    assert (await web.submit(path, {"tier": "tech", "reason": ""})).status_code == 422
    yesterday = str(local_day() - timedelta(days=1))
    assert (await web.submit(path, {"tier": "tech", "reason": "試用", "until": yesterday})).status_code == 422
    assert (await web.submit(path, {"tier": "tech", "reason": "試用のため"})).status_code == 303
    await recompute([account.id])
    found = await Account.get(id=account.id)
    assert (found.tier, found.tier_source, found.tier_reason) == ("tech", "manual", "試用のため")
    assert "試用のため" in (await web.get(f"{S}/{account.id}")).text
    await Account.filter(id=account.id).update(tier_until=local_day() - timedelta(days=1))
    await recompute([account.id])
    assert (await Account.get(id=account.id)).tier == "high"


async def test_staff_see_their_own_accounts_and_no_others(web: Any, sign_in: Any) -> None:
    csm = await staff("csm")
    mine, other = await an_account("みえる会社", csm_id=csm.id), await an_account("みえない会社")
    hidden = await a_person("秘密", "太郎", account=other)
    await sign_in(csm)
    seen = (await web.get(S)).text
    assert "みえない会社" not in seen
    assert "みえる会社" in seen
    assert (await web.get(f"{S}/{mine.id}")).status_code == 200
    for path in (f"{S}/{other.id}", f"{S}/{other.id}/timeline", f"{S}/people/{hidden.id}"):
        assert (await web.get(path)).status_code == 404
    assert (await web.submit(f"{S}/{other.id}/tier", {"tier": "high", "reason": "わたしの"})).status_code == 404
    assert (await upload(web, "会社名\n千舟ロジ\n")).status_code == 403


async def test_a_customer_sees_no_page_of_staff(web: Any, sign_in: Any) -> None:
    await sign_in(await a_person())
    account = await an_account()
    for path in (S, f"{S}/{account.id}", f"{S}/people", f"{S}/segments", f"{S}/import", f"{S}/reviews", f"{S}/rules"):
        assert (await web.get(path)).status_code == 403
    assert (await web.submit(f"{S}/{account.id}/tier", {"tier": "high", "reason": "私"})).status_code == 403


async def test_looking_at_a_person_is_audited_once_a_day(web: Any, sign_in: Any) -> None:
    person = await a_person("加瀬", "もとき")
    await sign_in(await staff("admin"))
    for _ in range(3):
        assert (await web.get(f"{S}/people/{person.id}")).status_code == 200
    assert len(await rows("SELECT 1 FROM audit_entry WHERE action = 'person.view' AND target_id = ?", person.id)) == 1


async def test_many_accounts_get_a_csm_at_once(web: Any, sign_in: Any) -> None:
    boss = await staff("admin")
    ids = [(await an_account(f"会社{n}")).id for n in range(3)]
    await sign_in(boss)
    first = await web.submit(f"{S}/assignment", {"id": [str(i) for i in ids], "do": "csm"})
    assert "会社1" in first.text
    await web.submit(f"{S}/assignment", {"id": [str(i) for i in ids], "csm_id": str(boss.id)})
    assert {a.csm_id for a in await Account.all()} == {boss.id}


async def test_a_segment_is_built_without_a_script(web: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    high, tech = await an_account("高", tier="high"), await an_account("技", tier="tech")
    await a_person("加瀬", "もとき", account=high)
    inside = await a_person("水城", "えり", account=tech)
    form: dict[str, Any] = {"node": ["0:all", "0.0:if"], "0-join": "all", "0.0-field": "account.tier", "0.0-op": "is",
                            "0.0-value": "tech"}  # fmt: skip
    grown = await web.submit(f"{S}/segments/new", form | {"do": "group:0"})
    assert "0.1.0-field" in grown.text
    assert "水城 えり" in (await web.submit(f"{S}/segments/new", form | {"do": "update"})).text
    shrunk = await web.submit(f"{S}/segments/new", form | {"do": "remove:0.0"})
    assert "0.0-field" not in shrunk.text
    counted = await web.submit(f"{S}/segments/count", form)
    assert "<html" not in counted.text
    said = await web.submit(f"{S}/segments/new", form | {"do": "why", "who": "加瀬 もとき"})
    assert "加瀬 もときさんは入りません" in said.text
    assert (await web.submit(f"{S}/segments/new", form | {"do": "save", "name": ""})).status_code == 422
    assert (await web.submit(f"{S}/segments/new", form | {"do": "save", "name": "技術"})).status_code == 303
    segment = await Segment.get()
    assert await segments.people_in(segment.id) == [inside.id]
    assert await segments.is_in(segment.id, inside.id)
    assert (await web.get(f"{S}/segments/{segment.id}")).status_code == 200
    old = form | {"do": "save", "name": "別", "version": "7"}
    assert (await web.submit(f"{S}/segments/{segment.id}", old)).status_code == 409
    circle = {"node": ["0:all", "0.0:if"], "0.0-field": "segment", "0.0-op": "is", "0.0-value": str(segment.id)}
    assert (await web.submit(f"{S}/segments/{segment.id}", circle | {"do": "save", "name": "輪"})).status_code == 422


async def test_a_large_segment_shows_its_people_first_and_the_rest_when_it_is_asked_for(
    web: Any, sign_in: Any, monkeypatch: Any
) -> None:
    await sign_in(await staff("admin"))
    tech = await an_account("技", tier="tech")
    for name in ("えり", "まい"):
        await a_person("水城", name, account=tech)
    form: dict[str, Any] = {"node": ["0:all", "0.0:if"], "0-join": "all", "0.0-field": "account.tier", "0.0-op": "is",
                            "0.0-value": "tech"}  # fmt: skip
    small = (await web.submit(f"{S}/segments/new", form | {"do": "update"})).text
    assert "data-follows" not in small and "1社" in small
    monkeypatch.setattr("customers.pages.segments.LARGE", 1)
    first = (await web.submit(f"{S}/segments/new", form | {"do": "update"})).text
    assert "data-follows" in first and "1社" not in first and "水城 えり" in first
    for whole in (
        await web.submit(f"{S}/segments/count", form),  # the script asks at once
        await web.submit(f"{S}/segments/new", form | {"do": "count"}),  # and without one the button does
    ):
        assert "data-follows" not in whole.text and "1社" in whole.text


@pytest.mark.parametrize("nodes", [["x"], ["0:if", "9:if"], ["0:all", "0.5.5:if"], ["0:all"] * 400, ["0:evil"]])
async def test_a_form_that_is_not_ours_is_refused(web: Any, sign_in: Any, nodes: list[str]) -> None:
    await sign_in(await staff("admin"))
    assert (await web.submit(f"{S}/segments/new", {"node": nodes, "do": "save", "name": "x"})).status_code == 422


CHAT = "chat_replies:email"  # comes unless somebody unticks it


async def test_a_customer_chooses_what_to_receive(web: Any, sign_in: Any) -> None:
    await Topic.create(slug="tips", name_ja="使い方", name_en="Tips")
    person = await a_person()
    await sign_in(person)
    assert "使い方" in (await web.get("/me/contact")).text
    await web.submit("/me/contact", {"wants": ["tips:email", "tips:line", "secret:email", CHAT]})
    assert [(c.topic, c.channel, c.state) for c in await Consent.all()] == [("tips", "email", "given")]
    await web.submit("/me/contact", {"wants": ["tips:email", CHAT]})
    await web.submit("/me/contact", {"wants": [CHAT]})
    assert (await Consent.get()).state == "refused"
    assert [p.state for p in await ConsentProof.all().order_by("id")] == ["given", "refused"]
    await web.submit("/me/contact", {})
    assert (await Consent.get(topic="chat_replies")).state == "refused"


async def test_notices_are_read_by_their_own_person_only(web: Any, sign_in: Any) -> None:
    me, other = await a_person(), await a_person()
    for person in (me, other):
        await notices.tell(
            [person.id], about=Ref("thread", 1), kind="x.y", key="a", url="/help", data={"title": "返事です"}
        )
    ids = {row[1]: row[0] for row in await rows("SELECT id, person_id FROM notice")}
    await sign_in(me)
    assert "返事です" in (await web.get("/notices")).text
    assert (await web.get(f"/notices/{ids[other.id]}")).status_code == 404
    assert (await web.get(f"/notices/{ids[me.id]}")).headers["location"] == "/help"
    assert (await notices.unread_count(me.id), await notices.unread_count(other.id)) == (0, 1)


async def test_the_timeline_speaks_in_sentences_and_falls_back(web: Any, sign_in: Any) -> None:
    account = await an_account("千舟ロジ")
    person = await a_person("加瀬", "もとき", account=account)
    timeline.describe("zoo.fed", "%(person)s fed %(animal)s, %(missing)s", "leaf")
    await timeline.record(person.id, "zoo.fed", animal="<b>らくだ</b>", key="k")
    await timeline.record(person.id, "zoo.fed", animal="twice", key="k")
    await timeline.record(person.id, "never.described", title="何か")
    await sign_in(await staff("admin"))
    shown = (await web.get(f"{S}/{account.id}/timeline")).text
    assert "加瀬 もとき fed &lt;b&gt;らくだ&lt;/b&gt;, –" in shown
    assert "never: described" in shown
    assert "twice" not in shown


async def test_the_budget_of_attention_is_never_overdrawn(house: Any) -> None:
    import asyncio

    person = await a_person()
    said = await asyncio.gather(*(touches.reserve_touch(person.id, "email", "mail", f"d:{n}") for n in range(12)))
    assert sum(said) == 2
    taken = [n for n, yes in enumerate(said) if yes]
    assert await touches.reserve_touch(person.id, "line", "mail", f"d:{taken[0]}")
    await touches.give_back([f"d:{taken[0]}"])
    assert await touches.reserve_touch(person.id, "line", "mail", "another")


async def test_a_pilot_needs_a_persons_verdict_on_its_revision(house: Any) -> None:
    from core.context import here
    from core.errors import Conflict, Refused
    from core.principal import MEMBER, Principal

    person = await a_person()
    about = Ref("campaign", 1)
    pilot = await pilots.start(about, "r1", "仲間", [person.id])
    with pytest.raises(Refused):
        await pilots.judge(pilot.id, True, "よい")
    here().principal = Principal(person_id=person.id, name="x", capabilities=MEMBER)
    await pilots.judge(pilot.id, True, "よい")
    with pytest.raises(Conflict):
        await pilots.judge(pilot.id, False, "やはり")
    assert await pilots.passed(about, "r1")
    assert not await pilots.passed(about, "r2")


async def test_hostile_words_are_only_words(web: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    evil = "<script>alert(1)</script>{{7*7}}"
    account = await an_account(evil, industry=evil)
    person = await a_person(evil, "x", account=account)
    await audit("x", Ref("account", account.id))
    for path in (S, f"{S}/{account.id}", f"{S}/people/{person.id}", f"{S}?q=%3Cscript%3E", f"{S}/segments/new"):
        answer = await web.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    assert (await Person.get(id=person.id)).family_name == evil
    answer = await web.get(f"{S}?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    exported = answer.text
    assert evil in exported.replace('""', '"')
