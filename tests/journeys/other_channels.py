"""LINE and Slack: one customer links the account, another is high touch and gets a person."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from journeys.town import Town
from journeys.walking import Walker, link_in, until


async def the_bot_may_answer(admin: Any, connection: str) -> None:
    """Whoever knows the bot from elsewhere sets a pilot of no conversations, and writes down why."""
    await admin.open("/staff/settings/bots")
    await admin.send("/staff/settings/bots", conversations="0")
    await admin.send(f"/staff/settings/bots/connection/{connection}/verdict", note="ほかの窓口で試しずみ")


async def somebody_asks_on_line_and_links_it(town: Town) -> None:
    admin, line = town.admin, town.line
    await admin.open("/staff/settings/connections/new?kind=line")
    await admin.send("/staff/settings/connections/new/line", name="つきみ公式", channel_secret=line.secret,
                     access_token=line.token)  # fmt: skip
    await the_bot_may_answer(admin, link_in(admin.page.url, r"\d+$"))
    user, webhook = line.person("ゆい"), f"{town.house.url}/line/webhook"
    await line.deliver(webhook, [line.text(user, "締め日を変えたい")])
    answer = await until(lambda: line.sent_to(user))
    assert "締め日を変更する" in json.dumps(answer, ensure_ascii=False), answer
    await line.deliver(webhook, [line.text(user, "連携")])
    found = await until(lambda: [text for sent in line.sent for text in sent.texts if "/link/line?" in text])
    address = link_in(found[-1], r"http://\S+/link/line\?\S+")
    yui = await town.comes_in_by_mail("hajime@yuzutsu.example")
    await yui.open(address)
    async with yui.page.expect_request("https://access.line.me/dialog/bot/accountLink?**") as asked:
        await yui.page.locator("form[action='/link/line'] button").click()
    dialog = parse_qs(urlsplit((await asked.value).url).query)
    assert line.use_link_token(dialog["linkToken"][0]) == user
    await line.deliver(webhook, [line.account_link(user, dialog["nonce"][0])])


async def a_high_tier_customer_asks_on_slack(town: Town) -> None:
    admin, slack, csm = town.admin, town.slack, town.csm
    await admin.open("/staff/settings/connections/new?kind=slack")
    await admin.send("/staff/settings/connections/new/slack", name="青葉渡のSlack", signing_secret=slack.signing_secret,
                     bot_token=slack.token)  # fmt: skip
    connection = link_in(admin.page.url, r"/staff/settings/connections/\d+")
    await admin.open("/staff/customers")
    account = link_in(await admin.href("a[href^='/staff/customers/']:has-text('夕星不動産')"), r"\d+$")
    await it_grows_to_high_touch(csm, account)
    await csm.open("/staff/inbox")
    await admin.open(connection)
    await admin.send(connection, teams=f"{slack.team.id} = {account}")
    mika = slack.person("Mika")
    asked = slack.message(mika, "締め日の変更は3月分からでしょうか")
    await slack.deliver(f"{town.house.url}/slack/events", asked)
    # The open page is told; nobody reloads it.
    await csm.page.wait_for_selector(".list :text('締め日の変更は3月分から')")
    await csm.follow("a[href^='/staff/inbox/']:has-text('Mika')")
    talk = link_in(csm.page.url, r"/staff/inbox/\d+")
    await csm.send(f"{talk}/replies", body="はい、3月分からです。給与の書き出しも同じ月から変わります。")
    await until(lambda: [one for one in slack.posts if "3月分からです" in str(one)])
    # No answer of the bot reached a high-tier customer, only the notice that a person will.
    assert not [one for one in slack.posts if "締め日を変更する" in str(one)]


async def it_grows_to_high_touch(csm: Walker, account: str) -> None:
    path = f"/staff/customers/{account}/tier"
    await csm.open(path)
    await csm.send(path, tier="high", reason="全社で使うことが決まった")
