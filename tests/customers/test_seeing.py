"""Hidden fields leave by no way; rows go after their period; an erased person leaves lists and files."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from access.actions import make_api_key
from core.clock import days_ago, local_day, now
from core.context import Here, enter
from core.database import rows, transaction, write
from core.errors import Refused
from core.media import _path, forget_media, store_image
from core.principal import SYSTEM, Principal
from core.refs import Ref
from customers import pilots, privacy, retention, seeing, segments
from customers.imports import run as imports
from customers.models import Account, Contract, Notice, Pilot, ProductEvent, Review
from customers.rules import RetentionRule, set_rule
from customers.tracking import Tracked, track_many
from customers.tracking.recounting import recount_events
from factories import a_person, an_account, staff
from inbox.models import Conversation, Message

pytestmark = pytest.mark.anyio
S = "/staff/customers"
SECRET = {"person.email": "himitsu@example.jp", "person.phone": "03-1234-5678", "account.money": "7,654,321",
          "notes": "社内だけのメモ", "account.phone": "岬町9-9-9"}  # fmt: skip


async def a_customer(csm: Any) -> tuple[Any, Any]:
    """With every kind of field that can be hidden."""
    account = await an_account("水面フーズ", csm_id=csm.id, expected_ltv=7654321, address=SECRET["account.phone"],
                               phone="06-9999-0000")  # fmt: skip
    person = await a_person(
        "田辺", "りょう", account=account, email=SECRET["person.email"], phone=SECRET["person.phone"]
    )
    await Contract.create(account_id=account.id, product="x", amount=7654321, starts_on=local_day(), source="t",
                          created_at=now(), updated_at=now())  # fmt: skip
    await track_many([Tracked(name="secret.used", person_id=person.id)])
    return account, person


async def test_what_a_role_may_not_see_leaves_by_no_way(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account, person = await a_customer(csm)
    await sign_in(csm)
    await web.submit(f"{S}/people/{person.id}/notes", {"body": SECRET["notes"]})
    places = (f"{S}/people", f"{S}/people?format=csv", f"{S}/people/{person.id}", f"{S}/{account.id}", S,
              f"{S}?format=csv", f"{S}/{account.id}/tier", f"{S}/{account.id}/settings", "/staff/search?q=田辺",
              f"{S}/{account.id}/people")  # fmt: skip
    before = "".join([(await web.get(place)).text for place in places])
    for field, secret in SECRET.items():
        assert secret in before or secret.replace(",", "") in before, field
    assert "secret.used" in before
    await sign_in(await staff("admin"))
    everything = [f"{field}|{role}" for field in seeing.FIELDS for role in ("agent", "csm", "manager")]
    shown = (await web.get(f"{S}/privacy")).text
    assert "person.email|csm" in shown and "person.email|admin" not in shown
    kept = [one for one in everything if not one.endswith("|csm")]
    assert (await web.submit(f"{S}/privacy/fields", {"sees": kept})).status_code == 303
    await sign_in(csm)
    for place in places:
        answer = await web.get(place)
        assert answer.status_code == 200, place
        for secret in (*SECRET.values(), "7654321", "secret.used", "06-9999-0000"):
            assert secret not in answer.text, (place, secret)
    assert "himitsu" not in (await web.get(f"{S}/people?q=himitsu@")).text.replace("q=himitsu", "").replace(
        'value="himitsu@"', "").replace("「himitsu@」", "")  # fmt: skip
    assert "田辺 りょう" not in (await web.get("/staff/search?q=himitsu")).text
    # What is not shown is not emptied by saving the page without it.
    await web.submit(f"{S}/{account.id}/settings", {"name": "水面フーズ", "csm_id": csm.id})
    assert (await rows("SELECT address, phone FROM account WHERE id = ?", account.id))[0][0] == SECRET["account.phone"]


async def test_reviews_and_previews_of_imports_hide_the_same_fields(web: Any, sign_in: Any, house: Any) -> None:
    boss, csm = await staff("admin"), await staff("csm")
    await write("UPDATE role SET all_accounts = ?", True)
    await sign_in(boss)
    await a_customer(csm)
    people = (
        "人ID,姓,名,メール,電話,備考\n1,田辺,りょう,himitsu@example.jp,03-1234-5678,spare@example.jp\n"
        "2,別人,太郎,himitsu@example.jp,03-1234-5678,\n3,川上,花,kowareta@,03-1234-5678,\n"
    )
    companies = "顧客ID,会社名,住所,電話\n1,水面フーヅ,岬町9-9-9,06-9999-0000\n"
    enter(Here(principal=SYSTEM))
    batches = [await imports.take(text.encode(), file_name="x.csv", source=f"s{n}", kind="")
               for n, text in enumerate((people, companies))]  # fmt: skip
    secrets = ("himitsu@example.jp", "03-1234-5678", "岬町9-9-9", "06-9999-0000", "spare@", "kowareta@")

    async def pages() -> str:
        said = [(await web.get(f"{S}/import/{batch.id}")).text for batch in batches]
        for batch in batches:
            await imports.back_to_mapping(batch.id) if batch.state != "mapping" else None
        return "".join(said)

    mapping = await pages()
    assert "himitsu@example.jp" in mapping and "岬町9-9-9" in mapping
    await seeing.hide({field: ["csm"] for field in seeing.FIELDS})
    await sign_in(csm)
    hidden = await pages()
    assert [one for one in secrets if one in hidden] == []
    for batch in batches:
        await imports.preview(await imports.batch_of(batch.id))
    for batch in batches:
        for outcome in ("created", "updated", "review", "refused"):
            said = (await web.get(f"{S}/import/{batch.id}?outcome={outcome}")).text
            assert [one for one in secrets if one in said] == [], (batch.kind, outcome)
        enter(Here(principal=SYSTEM))
        await imports.apply(await imports.batch_of(batch.id))
    said = {"name": "水面フーヅ", "address": SECRET["account.phone"], "phone": "06-9999-0000"}
    account = await Account.get(name="水面フーズ")
    await Review.create(kind="same_company", account_id=account.id, key="k", source="s",
                        source_id="email:himitsu@example.jp", data={"values": said, "source": "s",
                        "source_id": "email:himitsu@example.jp"}, reason="電話 06-9999-0000 が同じ",
                        created_at=now())  # fmt: skip
    found = await rows("SELECT id FROM review")
    assert len(found) == 2, "somebody with another's address, and a company"
    for row in found:
        said = (await web.get(f"{S}/reviews/{row[0]}")).text
        assert "•••" in said
        assert [one for one in secrets if one in said] == []
    listed = (await web.get(f"{S}/reviews")).text
    assert [one for one in secrets if one in listed] == []
    await sign_in(boss)
    assert "himitsu@example.jp" in "".join([(await web.get(f"{S}/reviews/{row[0]}")).text for row in found])


async def test_a_program_sees_no_more_than_the_role_of_its_key(web: Any, house: Any) -> None:
    csm = await staff("csm")
    account, person = await a_customer(csm)
    _made, key = await make_api_key("crm", ["customers.read"], by=SYSTEM, person_id=csm.id)
    keyed = {"authorization": f"Bearer {key}", "accept": "application/json"}
    places = (f"/api/v1/accounts/{account.id}", "/api/v1/accounts", f"/api/v1/people/{person.id}", "/api/v1/people")
    before = "".join([(await web.get(place, headers=keyed)).text for place in places])
    assert SECRET["person.email"] in before and "7654321" in before and SECRET["account.phone"] in before
    await seeing.hide({field: ["csm"] for field in seeing.FIELDS})
    for place in places:
        answer = await web.get(place, headers=keyed)
        assert answer.status_code == 200, answer.text
        for secret in (*SECRET.values(), "7654321", "06-9999-0000"):
            assert secret not in answer.text, (place, secret)
    assert (await web.get(f"/api/v1/people?email={SECRET['person.email']}", headers=keyed)).status_code == 403


async def test_a_segment_gives_nothing_away_about_a_hidden_field(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account, person = await a_customer(csm)
    tree = {"all": [{"field": "person.email", "op": "contains", "value": "himitsu"}]}
    enter(Here(principal=SYSTEM))
    saved = await segments.save("mine", tree)
    around = await segments.save("around", {"all": [{"field": "segment", "op": "is", "value": saved.id}]})
    await seeing.hide({"person.email": ["csm"], "traits": ["csm"]})
    await sign_in(csm)
    asked = {"node": ["0:all", "0.0:if"], "0-join": "all", "0.0-field": "person.email", "0.0-op": "contains",
             "0.0-value": "himitsu", "name": "x"}  # fmt: skip
    new = (await web.get(f"{S}/segments/new")).text
    assert 'value="person.email"' not in new and 'value="account.tier"' in new
    for place in (f"{S}/segments/count", f"{S}/segments/new"):
        for trait in ({}, {"0.0-field": "account.traits.size"}):
            said = (await web.submit(place, asked | trait)).text
            assert "見られない項目" in said and "田辺" not in said
    for segment in (saved, around):
        said = (await web.get(f"{S}/segments/{segment.id}?who=田辺")).text
        assert "himitsu" not in said and "田辺 りょう" not in said
        assert (await web.submit(f"{S}/segments/{segment.id}", {"do": "save", "name": "gone"})).status_code == 422
    assert (await web.submit(f"{S}/segments/new", asked | {"do": "save"})).status_code == 422
    assert (await segments.tree_of(saved.id)).nodes
    assert "himitsu" not in (await web.get(f"{S}/segments/new?who=himitsu")).text.replace('value="himitsu"', "")


async def test_whoever_may_not_see_all_may_not_take_all_away(web: Any, sign_in: Any, house: Any) -> None:
    boss = await staff("manager")
    _account, person = await a_customer(boss)
    await sign_in(boss)
    first = await web.get(f"{S}/people/{person.id}/data.json")
    await seeing.hide({"person.phone": ["manager", "admin", "no_such_role"], "no.such.field": ["manager"]})
    if first.status_code == 200:
        assert (await web.get(f"{S}/people/{person.id}/data.json")).status_code == 403
    admin = Principal(person_id=1, role="admin", capabilities=frozenset({"settings.manage"}))
    assert (await seeing.sight(admin)).hidden == frozenset()
    assert (await seeing.sight(Principal(person_id=1, role="manager"))).hidden == {"person.phone"}


async def test_nothing_goes_until_a_period_is_set_and_then_by_slices(
    web: Any, sign_in: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await a_person(account=await an_account())
    old = [Tracked(name="made", person_id=person.id, message_id=f"m{n}", at=days_ago(n)) for n in (120, 100, 60, 5, 0)]
    await track_many(old)
    for event in await ProductEvent.all():
        await ProductEvent.filter(id=event.id).update(received_at=event.at)
    for n in range(7):
        await Notice.create(person_id=person.id, kind="x", about_kind="x", about_id=1, key=f"k{n}",
                            created_at=days_ago(10 * n))  # fmt: skip
    assert await retention.prune() == {}
    monkeypatch.setattr(retention, "SLICE", 2)
    await sign_in(await staff("admin"))
    P = f"{S}/privacy/retention"
    for wrong in ({"event": "3"}, {"event": "x"}, {"notice": "-9"}, {"audit_entry": "1"}):
        assert (await web.submit(P, wrong)).status_code == 422
    counted = (await web.submit(P, {"do": "count", "event": "50", "notice": "15"})).text
    assert await retention.would_go("event", 50) == 3 and await retention.would_go("notice", 15) == 5
    assert counted.count('<td class="num">3</td>') == 1 and await retention.prune() == {}
    assert (await web.submit(P, {"do": "save", "event": "50", "notice": "15"})).status_code == 303
    assert await retention.prune() == {"event": 3, "notice": 5}
    assert await retention.prune() == {}
    assert await ProductEvent.all().count() == 2
    said = await rows("SELECT after FROM audit_entry WHERE action = 'retention.prune'")
    assert len(said) == 1 and '"event"' in str(said[0][0])
    with pytest.raises(Refused):
        await retention.set_periods({"person": 30})


async def test_counts_outlive_the_events_they_were_made_of(house: Any) -> None:
    person = await a_person(account=await an_account())
    late = Tracked(name="made", person_id=person.id, message_id="late", at=days_ago(80))
    await track_many(
        [Tracked(name="made", person_id=person.id, message_id=f"m{n}", at=days_ago(n)) for n in (70, 60, 2)]
    )
    for event in await ProductEvent.all():
        await ProductEvent.filter(id=event.id).update(received_at=event.at)
    await track_many([late])  # happened long ago and came only now: its day is not whole, though it is the oldest
    await set_rule("retention", RetentionRule({"event": 30}))
    assert await retention.prune() == {"event": 2}
    assert await recount_events([person.id]) == 0
    assert (await rows("SELECT total FROM person_metric WHERE metric = 'made'"))[0][0] == 4


async def test_the_end_of_a_period_is_found_by_halving_ids(house: Any) -> None:
    for n in range(40, 0, -1):
        await ProductEvent.create(id=1000 - 7 * n, message_id=str(n), name="x", received_at=days_ago(n), at=days_ago(n))
    for days in (0, 1, 13, 39, 40, 41, 400):
        truth = await ProductEvent.filter(received_at__lt=retention._end(days)).count()
        assert await retention.would_go("event", days) == truth
    await ProductEvent.all().delete()
    assert await retention.would_go("event", 1) == 0


def a_picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(made, "PNG")
    return made.getvalue()


async def test_an_erased_person_leaves_lists_and_takes_their_pictures_along(house: Any) -> None:
    gone, other = await a_person(), await a_person("佐藤")
    pilot = await pilots.start(Ref("guide", 1), "r", "first", [other.id, gone.id])
    sent = await store_image(a_picture(), "a.png", audience="staff")
    ours = await store_image(a_picture(), "b.png", audience="staff")
    talk = await Conversation.create(customer_key=f"person:{gone.id}", person_id=gone.id, channel="line",
                                     bot_since=now(), last_message_at=now(), created_at=now())  # fmt: skip
    for number, (sender, kept) in enumerate((("person", sent), ("staff", ours)), 1):
        await Message.create(conversation_id=talk.id, number=number, sender=sender, at=now(), created_at=now(),
                             data={"attachments": [{"kind": "image", "media": kept.key}]})  # fmt: skip
    assert _path(sent.key).exists()
    enter(Here(principal=SYSTEM))
    done = await privacy.erase(gone.id, "asked for it")
    assert done["pilot"] == 1
    assert (await Pilot.get(id=pilot.id)).people == [other.id]
    assert not _path(sent.key).exists() and _path(ours.key).exists()
    assert [row[0] for row in await rows("SELECT key FROM media")] == [ours.key]
    try:
        async with transaction():
            await forget_media([ours.key])
            raise RuntimeError
    except RuntimeError:
        pass
    assert _path(ours.key).exists()  # a file goes only once its row is gone
