"""A newsletter from its first word to its report, as a CSM sends it; and what becomes of an address that is gone."""

from __future__ import annotations

from incoming_mails import bounce
from journeys.town import Town
from journeys.walking import link_in, until_shown

MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ person.family_name }}さん、{{ account.name }}の締めが早く終わる方法です。</mj-text>
<mj-button href="{{ link('ARTICLE') }}">手順を読む</mj-button>
<mj-text>{{ sender.name }} {{ sender.address }} 苦情・お問い合わせ: {{ sender.contact }}
<a href="{{ unsubscribe_url }}">配信を止める</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
TRIES = "hajime@yuzutsu.example"
GONE = "nozomi@yuzutsu.example"


async def written(town: Town, segment: str, name: str, subject: str, article: str) -> str:
    """Up to its checks; returns its address."""
    csm = town.csm
    await csm.open("/staff/campaigns/new")
    await csm.send("/staff/campaigns/new", name=name, topic="usage")
    base = link_in(csm.page.url, r"/staff/campaigns/\d+")
    await csm.open(f"{base}/content")
    await csm.send(f"{base}/content", subject="{{ person.family_name }}さん、" + subject,
                   mjml=MJML.replace("ARTICLE", article))  # fmt: skip
    await csm.open(f"{base}/recipients")
    await csm.send(f"{base}/recipients", segment_id=segment, tracking="individual")
    await csm.open(f"{base}/checks")
    await csm.press(f"{base}/checks")
    return base


async def tried_and_sent(town: Town, base: str, subject: str) -> None:
    csm = town.csm
    await csm.open(f"{base}/pilot")
    await csm.send(f"{base}/pilot", group_name="経理の大槻さん", addresses=TRIES)
    pilot = await town.mail_to(TRIES, subject)
    assert "大槻さん" in str(pilot.parsed["subject"])
    await csm.open(f"{base}/pilot")
    await csm.send(f"{base}/verdict", passed="yes", note="読みやすいとのこと")
    await csm.open(f"{base}/schedule")
    await csm.send(f"{base}/schedule", at="now")


async def an_address_is_gone(town: Town, segment: str, article: str) -> None:
    """Its server sends the newsletter back; nothing is sent there again, and the next report says why."""
    base = await written(town, segment, "年度の更新", "年度更新の準備", article)
    await tried_and_sent(town, base, "年度更新の準備")
    letter = await town.mail_to(GONE, "年度更新の準備")
    await town.mail_to("satsuki@yuzutsu.example", "年度更新の準備")
    key = link_in(letter.sender, r"(?<=bounce\+)\w+(?=@)")
    await town.mail_comes(bounce(key, to=GONE), "", letter.sender)
    await until_shown(town.csm, f"{base}/report", "5.1.1 user unknown")
    [[state]] = await town.sql("SELECT state FROM delivery WHERE key = ?", key)
    assert state == "failed"
    assert await town.sql("SELECT reason FROM suppression WHERE channel = 'email'") != []

    base = await written(town, segment, "締めの点検", "締めの点検表", article)
    await tried_and_sent(town, base, "締めの点検表")
    await town.mail_to("satsuki@yuzutsu.example", "締めの点検表")
    await until_shown(town.csm, f"{base}/report", "届かないか、苦情のあった宛先です")
    assert [one for one in town.smtp.mails_to(GONE) if "締めの点検表" in str(one.parsed["subject"])] == []
