"""In somebody's product: a guide and its survey, then the chat, a picture, a mail, and the answer to it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from guides import identity
from guides_host_page import snippet
from incoming_mails import letter
from journeys.town import DOMAIN, Town
from journeys.walking import link_in, someone, until, until_shown

READER = "satsuki@yuzutsu.example"
BOX, CHAT = "engawa-guides .box:not(.help)", "engawa-guides .chat"
ANSWERED = "画面のとおり、適用する月を選んでください。"


def where_it_is_day() -> str:
    """A zone in which it is noon now: at night nobody gets a mail, and the journey is walked at any hour."""
    ahead = 12 - datetime.now(UTC).hour
    return "Etc/GMT" + (f"{-ahead:+d}" if ahead else "")


async def the_product_embeds_us(town: Town) -> None:
    admin = town.admin
    await admin.open("/staff/settings/guides")
    await admin.send("/staff/settings/guides", origins=town.site, has_launcher=True, gap_hours=0)
    key = link_in(await admin.page.inner_text("#snippet"), r'(?<=data-key=")[^"]+')
    secret = str(await admin.page.locator("#secret").text_content())
    town.product.tag = snippet(town.house.url, key, identity.sign(secret, "P1", email=READER))


async def a_guide_goes_live(town: Town, segment: str, name: str, kind: str, **when: Any) -> str:
    """Written, tried on one, judged, shown; returns its address."""
    csm = town.csm
    await csm.open("/staff/guides/new")
    await csm.send("/staff/guides/new", name=name, kind=kind)
    base = link_in(csm.page.url, r"/staff/guides/\d+")
    await csm.open(f"{base}/content?step=1")
    await csm.send_where("[name=title]", title=name)
    await csm.open(f"{base}/audience")
    await csm.send(f"{base}/audience", segment_id=segment, **when)
    await csm.open(f"{base}/pilot")
    await csm.send(f"{base}/pilot", group_name="経理", addresses="hajime@yuzutsu.example")
    await csm.open(f"{base}/pilot")
    await csm.send(f"{base}/verdict", passed="yes", note="わかりやすい")
    await csm.open(f"{base}/publication")
    await csm.press(f"{base}/publication")
    return base


async def a_guide_is_seen_and_its_survey_answered(town: Town, segment: str) -> None:
    banner = await a_guide_goes_live(town, segment, "年末の締め日が早まります", "banner")
    survey = await a_guide_goes_live(town, segment, "このサービスを同僚にすすめますか", "survey",
                                     on="event", event="closed_month")  # fmt: skip
    reader = await someone(town.browser, town.house.url)
    page = reader.page
    await page.goto(town.site)
    await page.wait_for_selector(f"{BOX}.banner >> text=年末の締め日が早まります")
    await page.click(f"{BOX} >> role=button[name='閉じる']")
    await page.click("#did")
    await page.wait_for_selector(f"{BOX}.survey")
    await page.check(f"{BOX} input[value='9']", force=True)
    await page.fill(f"{BOX} textarea", "締めが速くなった")
    await page.click(f"{BOX} >> text=送る")
    await page.wait_for_selector(f"{BOX} >> text=ありがとうございました")
    assert await page.evaluate("window.seen.broken") == []
    await until_shown(town.csm, f"{survey}/report", "締めが速くなった")
    await until_shown(town.csm, f"{banner}/report", "三輪")
    [[score, comment]] = await town.sql("SELECT score, comment FROM guide_answer")
    assert (score, comment) == (9, "締めが速くなった")
    await reader.page.context.close()


async def the_chat_goes_on_by_mail(town: Town) -> None:
    talk = await somebody_asks_from_the_launcher(town)
    await a_person_answers_with_a_picture(town, talk)
    await the_answer_is_mailed_and_answered(town, talk)


async def somebody_asks_from_the_launcher(town: Town) -> str:
    """The bot is on trial: what it would say stands beside the question. Returns the conversation's address."""
    reader = await someone(town.browser, town.house.url)
    page = reader.page
    await page.goto(town.site)
    await page.click("engawa-guides .launch")
    await page.click("engawa-guides .help >> text=チャットで聞く")
    await page.wait_for_selector(f"{CHAT} textarea:focus")
    await page.fill(f"{CHAT} textarea", "締め日を変更したい")
    await page.click(f"{CHAT} form .main")
    await page.wait_for_selector(f"{CHAT} li.customer:has-text('締め日を変更したい') >> text=Web")
    csm = town.csm
    await until_shown(csm, "/staff/inbox", "締め日を変更したい")
    await csm.follow(".list a[href^='/staff/inbox/']:has-text('三輪')")
    talk = link_in(csm.page.url, r"/staff/inbox/\d+")
    await until_shown(csm, talk, "ボットの提案")
    assert "締め日を変更する" in await csm.text()
    await page.context.close()
    return talk


async def a_person_answers_with_a_picture(town: Town, talk: str) -> None:
    picture = town.folder / "screen.png"
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "#2a4b8d").save(buffer, "PNG")
    picture.write_bytes(buffer.getvalue())
    csm = town.csm
    await csm.send(f"{talk}/replies", body=ANSWERED, picture=str(picture))
    await until_shown(csm, talk, ANSWERED)
    assert await csm.page.locator("li[data-from=us] img").count() == 1


async def the_answer_is_mailed_and_answered(town: Town, talk: str) -> None:
    await five_minutes_pass(town)
    mail = await town.mail_to(READER, ANSWERED)
    to = str(mail.parsed["Reply-To"] or mail.parsed["From"]).rpartition("<")[2].strip(">")
    assert to.endswith(f"@{DOMAIN}"), mail.parsed.items()
    more = f"In-Reply-To: {mail.parsed['Message-ID']}\r\nReferences: {mail.parsed['Message-ID']}\r\n"
    await town.mail_comes(letter(READER, "選べました。ありがとうございます。", more=more), READER, to)
    await until_shown(town.csm, talk, "選べました。ありがとうございます。")
    number = int(talk.rpartition("/")[2])
    said = await town.sql("SELECT sender, body FROM message WHERE conversation_id = ? ORDER BY number", number)
    # A picture is a message of its own.
    assert [one for one, _body in said if one in ("person", "staff")] == ["person", "staff", "staff", "person"], said
    assert [row[0] for row in await town.sql("SELECT id FROM conversation WHERE channel <> 'line'")] == [number]
    reader = await someone(town.browser, town.house.url)
    await reader.page.goto(town.site)
    await reader.page.click("engawa-guides .launch")
    await reader.page.click("engawa-guides .help >> text=チャットで聞く")
    await reader.page.wait_for_selector(f"{CHAT} canvas")
    await reader.page.wait_for_selector(f"{CHAT} li.customer:has-text('選べました')")
    await reader.page.context.close()


async def five_minutes_pass(town: Town) -> None:
    """The clock of the promise is set forward: nobody waits for five minutes."""

    async def promised() -> bool:
        found = await town.sql("SELECT id FROM promise WHERE name LIKE '%mail_unread' AND state = 'waiting'")
        for (id,) in found:
            await town.sql("UPDATE promise SET due_at = created_at WHERE id = ?", id)
        return bool(found)

    await until(promised)


async def the_numbers_say_so(town: Town) -> None:
    """Each room's page counts what the journey did. The chat's conversation goes on by mail, where it was answered."""
    admin = town.admin
    for section, words in (("campaigns", ("年度の更新", "締めの点検")), ("conversations", ("メール", "LINE", "Slack"))):
        await admin.open(f"/staff/insights/{section}")
        text = await admin.text()
        for one in words:
            assert one in text, (section, one, text[:2000])
    data = json.dumps(await town.sql("SELECT kind, COUNT(*) FROM touchpoint GROUP BY kind"), ensure_ascii=False)
    for kind in ("guide.shown", "guide.answered", "inbox.mailed", "campaign.bounced"):
        assert kind in data, data
