"""The main job from an empty database, through the browser, mail, LINE and Slack; embedded, and again at scale.

CSV import → segment → a piloted newsletter over SMTP → its reader clicks to the help centre, searches, asks → an
ambassador hides spam, the asker accepts an answer → another asks on LINE, is answered and links the account → the first
sees a guide in the product, answers its survey, asks in the chat; a person answers with a picture, the unread answer
goes out by mail, and the mail's answer comes into the same conversation → an address bounces and gets no more → their
company, high-touch now, asks on Slack, the CSM takes over and replies → all of it on one timeline, and counted.
"""

from __future__ import annotations

import json

import pytest

from browser import axe_violations
from journeys import in_the_product, newsletters, other_channels
from journeys.in_the_product import where_it_is_day
from journeys.installation import ROOT
from journeys.town import Town
from journeys.walking import Walker, body_of, link_in, someone, until, until_shown

ACCOUNTS = """顧客ID,会社名,法人番号,業種,担当CSM
A1,株式会社青葉渡工業,,製造業,hiyori@maker.example
A2,夕星不動産株式会社,,不動産業,hiyori@maker.example
"""
ZONE = where_it_is_day()
PEOPLE = f"""人ID,顧客ID,姓,名,メール,役職,タイムゾーン
P1,A2,三輪,さつき,satsuki@yuzutsu.example,人事課長,{ZONE}
P2,A2,道下,ちか,chika@yuzutsu.example,総務,
P3,A2,大槻,はじめ,hajime@yuzutsu.example,経理,
P4,A1,加瀬,もとき,motoki@aobawatari.example,人事部長,
P5,A2,宮地,のぞみ,nozomi@yuzutsu.example,人事課長,
"""
CONTRACTS = """契約ID,顧客ID,プロダクト,プラン,月額,通貨,開始日
C1,A1,つきみ勤怠,拡張,900000,JPY,2025-04-01
C2,A2,つきみ勤怠,基本,3000,JPY,2025-06-01
"""
ALL_OF_IT = [
    "「年末の締め」の配信を受け取りました", "配信のリンクを開きました",
    "ヘルプで「締め日 変更 前月 残業 二重」を検索しました",
    "コミュニティで質問しました：「締め日を変えたら前月の残業が二重に出ます」", "が解決しました",
    "締め日を変えたい", "ボットが答えた", "LINEを連携",
    "「年末の締め日が早まります」", "「このサービスを同僚にすすめますか」", "締めが速くなった", "締め日を変更したい",
    "メール「年度の更新」が戻ってきました",
    "締め日の変更は3月分から", "ボットから担当者へ引き継ぎ", "はい、3月分からです",
]  # fmt: skip


@pytest.mark.browser
@pytest.mark.timeout(600)
async def test_the_main_job_end_to_end(town: Town):
    await the_first_administrator(town)
    await staff_and_sender(town)
    await customers_from_csv(town)
    article = await help_articles(town)
    reader = await a_reader_agrees(town)
    segment = await a_segment(town)
    await a_piloted_newsletter(town, segment, article)
    thread = await the_reader_clicks_searches_and_asks(town, reader)
    await an_ambassador_hides_spam_and_the_asker_accepts(town, reader, thread)
    await other_channels.somebody_asks_on_line_and_links_it(town)
    await in_the_product.the_product_embeds_us(town)
    await in_the_product.a_guide_is_seen_and_its_survey_answered(town, segment)
    await in_the_product.the_chat_goes_on_by_mail(town)
    await agrees(await town.comes_in_by_mail(newsletters.GONE))
    await newsletters.an_address_is_gone(town, segment, article)
    await other_channels.a_high_tier_customer_asks_on_slack(town)
    await in_the_product.the_numbers_say_so(town)
    await it_is_all_on_the_timeline(town)
    assert town.line.refused == [] and town.slack.refused == [] and town.smtp.violations == []


async def the_first_administrator(town: Town) -> None:
    made = json.loads(
        await town.house.run("admin", "create", "--email", "rei@maker.example", "--name", "月島 れい", "--json")
    )
    town.admin = await someone(town.browser, town.house.url)
    path = link_in(made["link"], r"/sign-in/link/[\w-]+")
    await town.admin.open(path)
    await town.admin.press(path)
    await town.admin.open("/staff")
    assert await axe_violations(town.admin.page) == []


async def staff_and_sender(town: Town) -> None:
    admin = town.admin
    await admin.open("/staff/settings/people")
    await admin.send(
        "/staff/settings/people", email="hiyori@maker.example", family_name="白石", given_name="ひより", role="csm"
    )
    invitation = await town.mail_to("hiyori@maker.example")
    path = link_in(body_of(invitation), r"/sign-in/link/[\w-]+")
    town.csm = await someone(town.browser, town.house.url)
    await town.csm.open(path)
    await town.csm.press(path)
    await admin.open("/staff/campaigns/sender")
    await admin.send("/staff/campaigns/sender", name="株式会社つきみ計算舎", email="news@maker.example",
                     address="架空県縁側市1-1-1", contact="support@maker.example")  # fmt: skip
    await admin.open("/staff/customers/attention")  # the job is done at any hour, so no hours are quiet
    await admin.send("/staff/customers/attention", quiet_from="00:00", quiet_until="00:00",
                     per_day=20, per_week=20, per_month=20)  # fmt: skip


async def customers_from_csv(town: Town) -> None:
    for name, content in (("accounts", ACCOUNTS), ("people", PEOPLE), ("contracts", CONTRACTS)):
        file = town.folder / f"{name}.csv"
        # CP932, as a Japanese spreadsheet saves it.
        file.write_bytes(content.encode("cp932"))
        admin = town.admin
        await admin.open("/staff/customers/import")
        await admin.send("/staff/customers/import", file=str(file), source="crm")
        batch = link_in(admin.page.url, r"/staff/customers/import/\d+")
        await admin.send(f"{batch}/mapping")
        await until_pressed(admin, batch)
    await until_shown(town.admin, "/staff/customers", "青葉渡工業")
    assert "ハイタッチ" in await town.admin.text()


async def until_pressed(admin: Walker, batch: str) -> None:
    """The preview is a job; its button appears when it is done."""

    async def ready() -> bool:
        await admin.open(batch)
        return bool(await admin.page.locator(f'form[action="{batch}/application"]').count())

    await until(ready)
    await admin.press(f"{batch}/application")

    async def done() -> bool:
        await admin.open(batch)
        return not await admin.page.locator(f'form[action="{batch}/application"], progress').count()

    await until(done)


async def help_articles(town: Town) -> str:
    said = await town.house.run("helpcenter", "import", str(ROOT / "platform/app/demo/articles"), "--json")
    assert json.loads(said)
    visitor = await someone(town.browser, town.house.url)
    await until_shown(visitor, "/help/search?q=締め日を変えたい", "締め日を変更する")
    await visitor.follow("main a:has-text('締め日を変更する')")
    return visitor.page.url.split("?")[0]


async def a_reader_agrees(town: Town) -> Walker:
    """Consent with its proof: the reader and the one who tries it say yes on their own page."""
    await agrees(await town.comes_in_by_mail("hajime@yuzutsu.example"))
    reader = await town.comes_in_by_mail("satsuki@yuzutsu.example")
    await agrees(reader, "tracking:email")  # who did not say so is only counted
    return reader


async def agrees(walker: Walker, *more: str) -> None:
    await walker.open("/me/contact")
    await walker.send("/me/contact", wants=["usage:email", *more])


async def a_segment(town: Town) -> str:
    csm = town.csm
    await csm.open("/staff/customers/segments/new")
    await csm.page.locator("form#segment [name=name]").fill("テックタッチの人事")
    await csm.page.locator('form#segment select[name$="-field"]').first.select_option("person.title")
    await csm.page.wait_for_selector('form#segment select[name$="-op"] option[value="contains"]', state="attached")
    await csm.page.locator('form#segment select[name$="-op"]').first.select_option("contains")
    await csm.page.wait_for_timeout(600)
    await csm.page.locator('form#segment input[name$="-value"]').first.fill("人事課長")
    async with csm.page.expect_navigation():
        await csm.page.locator('button[form="segment"][value="save"]').click()
    assert "三輪" in await csm.text()
    return link_in(csm.page.url, r"\d+$")


async def a_piloted_newsletter(town: Town, segment: str, article: str) -> None:
    csm = town.csm
    base = await newsletters.written(town, segment, "年末の締め", "締めを早く終える準備", article)
    await csm.open(f"{base}/schedule")
    await csm.send(f"{base}/schedule", at="now")
    assert "先に少人数で試し送りをして" in await csm.text(), "no pilot, no schedule"
    await newsletters.tried_and_sent(town, base, "締めを早く終える準備")
    letter = await town.mail_to("satsuki@yuzutsu.example", "締めを早く終える準備")
    assert letter.parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len([one for one in town.smtp.messages if "締めを早く終える準備" in str(one.parsed["subject"])]) == 2
    await until_shown(csm, f"{base}/report", "三輪")


async def the_reader_clicks_searches_and_asks(town: Town, reader: Walker) -> str:
    await a_board(town)
    letter = await town.mail_to("satsuki@yuzutsu.example", "締めを早く終える準備")
    html = letter.parsed.get_body(preferencelist=("html",)).get_content()
    await reader.open(link_in(html, r"http://[^\"]+/c/[\w-]+[^\"]*"))
    assert "締め日" in await reader.text()
    await reader.open("/help/search?q=" + "締め日 変更 前月 残業 二重")
    await reader.open("/community/new")
    await reader.send("/community/new", title="締め日を変えたら前月の残業が二重に出ます",
                      body="15日締めに変えたところ、前月分の残業が2回出ています。直し方を知りたいです。")  # fmt: skip
    return link_in(reader.page.url, r"/community/\d+")


async def a_board(town: Town) -> None:
    admin = town.admin
    await admin.open("/staff/community/boards/new")
    await admin.send("/staff/community/boards", name_ja="質問", name_en="Questions", slug="questions",
                     kind="question", audience="public", posting="members", holds="nobody", state="open")  # fmt: skip
    await admin.open("/staff/community")
    await admin.page.locator("details:has(form[action='/staff/community/grants'])").evaluate("d => d.open = true")
    await admin.send("/staff/community/grants", email="chika@yuzutsu.example", reason="答えるのが好き", months=6)


async def an_ambassador_hides_spam_and_the_asker_accepts(town: Town, reader: Walker, thread: str) -> None:
    spammer = await town.comes_in_by_mail("motoki@aobawatari.example")
    await spammer.open(thread)
    await spammer.send(f"{thread}/replies", body="副業で毎月50万円。詳しくはプロフィールから。")
    ambassador = await town.comes_in_by_mail("chika@yuzutsu.example")
    await ambassador.open(thread)
    hiding = str(await ambassador.page.locator("a[href$='/hiding']").last.get_attribute("href"))
    await ambassador.open(hiding)
    await ambassador.send(hiding, reason="spam")
    visitor = await someone(town.browser, town.house.url)
    await visitor.open(thread)
    assert "副業で毎月" not in await visitor.text()
    await ambassador.open(thread)
    await ambassador.send(
        f"{thread}/replies", body="適用する月を次の月にすると、前月の期間が重なりません。試しに締めて確かめられます。"
    )
    await reader.open(thread)
    accept = reader.page.locator("form[action$='/acceptance']").last
    await reader._submit(accept)
    await until_shown(visitor, thread, "適用する月を次の月に")


async def it_is_all_on_the_timeline(town: Town) -> None:
    """One page of one company: newsletter, click, search, question, LINE, the tier, Slack and its answer."""
    admin = town.admin
    await admin.open("/staff/customers")
    account = link_in(await admin.href("a[href^='/staff/customers/']:has-text('夕星不動産')"), r"\d+$")
    await until_shown(admin, f"/staff/customers/{account}/timeline", "はい、3月分からです")
    text = await admin.whole_text(f"/staff/customers/{account}/timeline")
    for words in ALL_OF_IT:
        assert words in text, (words, text)
    await admin.open("/staff/customers/people?q=大槻")
    text = await admin.whole_text(await admin.href("a[href^='/staff/customers/people/']:has-text('大槻')"))
    for words in ("締め日を変えたい", "LINEを連携", "年末の締め"):
        assert words in text, (words, text)
