"""The calendar: what is planned for whom over all rooms, what waits, what went out; and who may see it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from campaigns_parts import MJML, a_segment, be
from core.clock import as_of, local_day, now
from core.database import write
from core.models import Brand
from core.settings import settings
from customers import touches
from customers.models import Topic
from customers.pages.calendar import span
from customers.rules import QuietRule, set_rule
from factories import a_person, an_account, staff, where_it_is_noon

C = "/staff/customers/calendar"


async def a_newsletter(name: str, people: list[Any], due: datetime, state: str = "waiting") -> int:
    """Scheduled as rollout.schedule does, without the pilot, which has its own tests."""
    from campaigns import actions
    from campaigns.compose import Draft
    from campaigns.models import Campaign, Step

    await Topic.get_or_create(slug="usage", defaults={"name_ja": "使い方", "name_en": "Tips"})
    segment = await a_segment(people)
    campaign = await actions.open_campaign(actions.Settings(name=name, topic="usage", segment_id=segment.id))
    await actions.keep_content(campaign, Draft("題", MJML, ""))
    await campaign.refresh_from_db()
    await Campaign.filter(id=campaign.id).update(state="scheduled")
    await Step.create(campaign_id=campaign.id, revision_id=campaign.revision_id, kind="main", segment_id=segment.id,
                      due_at=due, created_at=now(), state=state)  # fmt: skip
    return campaign.id


@pytest.fixture
async def admin(web: Any, sign_in: Any) -> Any:
    person = await staff("admin")
    await Brand.filter(slug="default").update(sender_name="株式会社つきみ", sender_email="news@tsukimi.example")
    be(person)
    await sign_in(person)
    return person


async def test_a_week_begins_on_monday_and_a_month_on_its_first(house: Any) -> None:
    assert span("week", "2026-11-26") == (date(2026, 11, 23), date(2026, 11, 30))
    assert span("month", "2026-12-31") == (date(2026, 12, 1), date(2027, 1, 1))
    assert span("week", "nonsense")[0].weekday() == 0
    assert span("month", "9999-12-31")[1] < date(2101, 1, 1)


async def test_the_calendar_shows_newsletters_guides_and_what_waits_by_day(web: Any, admin: Any) -> None:
    from guides.models import Guide
    from guides_parts import written

    people = [await a_person(f"暦{n}", "あや") for n in range(3)]
    due = datetime.combine(local_day() + timedelta(days=1), time(12), settings().zone)
    await a_newsletter("年末の締めの便り", people, due)
    await a_newsletter("冬の勉強会のご案内", people[:2], due + timedelta(minutes=1))
    guide = await written("banner", "締め日の帯", segment_id=(await a_segment(people)).id)
    await Guide.filter(id=guide.id).update(state="live", published_at=due, ends_at=due + timedelta(minutes=1))
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="23:59"))
    await touches.ask("line", "campaign", [(people[0].id, "x:1")], worth_until=now() + timedelta(days=9))
    for view in ("week", "month"):
        shown = (await web.get(f"{C}?view={view}&from={due.date()}")).text
        assert "年末の締めの便り" in shown and "冬の勉強会のご案内" in shown and "締め日の帯" in shown
        assert "ガイドの開始" in shown and "ガイドの終了" in shown
        assert "この日は2人が2通以上" in shown
        assert "予定は" in shown and "<svg" in shown
    far = (await web.get(f"{C}?view=month&from=2030-01-01")).text
    assert "この期間の予定はありません" in far


async def test_a_person_and_a_company_show_what_is_planned_held_and_sent(web: Any, admin: Any) -> None:
    account = await an_account("株式会社こよみ堂")
    person = await a_person("暦", "あや", account=account, time_zone=where_it_is_noon())
    other = await a_person("別所", "まこ")
    await a_newsletter("一通目の便り", [person, other], now() + timedelta(hours=3))
    await a_newsletter("二通目の便り", [person], now() + timedelta(hours=5))
    await a_newsletter("別の人の便り", [other], now() + timedelta(hours=5))
    with as_of(now() - timedelta(days=6)):
        await touches.reserve_touch(person.id, "in_app", "guide", "g:1")
        await touches.reserve_touch(person.id, "email", "transactional", "t:1")
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="23:59"))
    await touches.ask("email", "campaign", [(person.id, "d:1")], worth_until=now() + timedelta(days=3))
    for path in (f"/staff/customers/people/{person.id}/touches", f"/staff/customers/{account.id}/touches"):
        shown = (await web.get(path)).text
        assert "一通目の便り" in shown and "二通目の便り" in shown and "別の人の便り" not in shown
        assert "「一通目の便り」と「二通目の便り」が1日のうちに同じ人へ届きます" in shown
        assert "相手の静かな時間帯" in shown and "待機中" in shown
        assert "製品内のガイド" in shown and "手続きに必要なもの" in shown


async def test_who_sees_own_accounts_only_sees_no_other_persons_calendar(web: Any, sign_in: Any, admin: Any) -> None:
    mine, theirs = await an_account("株式会社うち"), await an_account("株式会社よそ")
    inside, outside = await a_person("内田", "りん", account=mine), await a_person("外山", "れい", account=theirs)
    csm = await staff("csm", "担当", "いち")
    await write("UPDATE account SET csm_id = ? WHERE id = ?", csm.id, mine.id)
    browser = await sign_in(csm, web.another())
    assert (await browser.get(f"/staff/customers/people/{inside.id}/touches")).status_code == 200
    assert (await browser.get(f"/staff/customers/people/{outside.id}/touches")).status_code == 404
    assert (await browser.get(f"/staff/customers/{theirs.id}/touches")).status_code == 404
    assert (await browser.get(C)).status_code == 200
