"""A campaign that is ready for its pilot, and its readers."""

from __future__ import annotations

from campaigns import actions, rollout
from campaigns.compose import Draft
from campaigns.line.content import Button, Message
from campaigns.models import Campaign
from channels import connections
from core.clock import now
from core.context import Here, enter
from core.principal import CAPABILITIES, Principal
from customers import consent, people
from customers.models import Segment, SegmentMember
from factories import a_person, an_account

SUBJECT = "{{ person.family_name }}さん、年末の締めを3日で終える準備"
MJML = """<mjml><mj-body>
<mj-section><mj-column>
<mj-text>{{ person.family_name }}さん、こんにちは。{{ account.name }}さまの締めの準備です。</mj-text>
{% if account.phase == "onboarding" %}
<mj-text>初めての年末です。</mj-text>
{% endif %}
<mj-button href="{{ link('/help/017') }}">締めの準備を見る</mj-button>
</mj-column></mj-section>
<mj-section><mj-column>
<mj-text>このメールは希望された方にお送りしています。<a href="{{ unsubscribe_url }}">配信を止める</a></mj-text>
<mj-text>{{ sender.name }}<br />{{ sender.address }}<br />苦情・お問い合わせ: {{ sender.contact }}</mj-text>
</mj-column></mj-section>
</mj-body></mjml>"""


def be(person) -> None:
    enter(Here(principal=Principal(person_id=person.id, name=person.full_name, role="admin", all_accounts=True,
                                   capabilities=frozenset(CAPABILITIES)), language="ja"))  # fmt: skip


async def a_reader(n: int, *, says: str | None = "given", topic: str = "usage", **fields):
    account = await an_account(f"株式会社水面{n}")
    person = await a_person(
        f"田辺{n}", "りょう", account=account, email=fields.pop("email", f"reader{n}@example.com"), **fields
    )
    if says:
        await consent.decide(person.id, topic, "email", says, source="form")
    return person


async def a_segment(people) -> Segment:
    segment = await Segment.create(name="管理者", tree={"all": []}, is_static=True, created_at=now(), updated_at=now())
    await SegmentMember.bulk_create(
        [SegmentMember(segment_id=segment.id, person_id=one.id, since=now()) for one in people]
    )
    return segment


async def a_campaign(people, *, draft: Draft | None = None, **settings) -> Campaign:
    segment = await a_segment(people)
    chosen = actions.Settings(name="年末の締め", topic="usage", segment_id=segment.id, **settings)
    campaign = await actions.open_campaign(chosen)
    await actions.keep_content(campaign, draft or Draft(SUBJECT, MJML, "12月の締めの前に"))
    return campaign


async def piloted(campaign: Campaign, people, run_jobs) -> Campaign:
    await rollout.start_pilot(campaign, "社内の3人", [one.id for one in people])
    await run_jobs()
    await rollout.judge(campaign, True, "わかりやすいとのこと")
    return campaign


# LINE --------------------------------------------------------------------------------------------------------

LINE_TEXT = """{{ person.family_name }}さん、{{ sender.name }}です。年末の締めの準備ができました。
{{ link('/help/017') }}

配信を止めるには「配信停止」とお送りください。"""
CARD = Message("card", "締めの前に片付けることを集めました。", "年末の締め", "https://static.tsukimi.example/a.png",
               (Button("準備を見る", "/help/017"), Button("予約する", "https://tsukimi.example/book")))  # fmt: skip
MESSAGES = (Message("text", LINE_TEXT), CARD)


async def on_line(line, person, *, says: str | None = "given", topic: str = "usage") -> str:
    """They follow us, linked their account, and said yes; returns the LINE user."""
    user = line.person(f"{person.family_name}{person.id}")
    channel = await connections.by_external_id("line", line.bot_user_id)
    await people.link("line", user, person.id, source="line_link", verified_at=now(),
                      connection_id=channel.id if channel else None)  # fmt: skip
    if says:
        await consent.decide(person.id, topic, "line", says, source="form")
    return user


async def a_line_campaign(readers, channels: str = "line", messages=MESSAGES, **settings) -> Campaign:
    segment = await a_segment(readers)
    campaign = await actions.open_campaign(
        actions.Settings(name="年末の締め", topic="usage", segment_id=segment.id, **settings)
    )
    await actions.choose_channels(campaign, channels)
    if channels != "line":
        await actions.keep_content(campaign, Draft(SUBJECT, MJML, "12月の締めの前に"))
    await actions.keep_line(campaign, messages)
    return campaign
