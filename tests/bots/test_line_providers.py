"""A LINE user id is kept with the channel on which LINE named it; a human has another one at another provider."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import pytest

from bots import linking
from channels import connections
from channels.connections import by_id
from core import database
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import people, privacy
from customers.models import Identity, Review
from factories import a_person, staff
from inbox.actions import replies
from inbox.models import Conversation, Outgoing
from wires import *  # noqa: F403
from wires import LINE, as_person

HERE, THERE = "Tsukimi Inc.", "Kawara Inc."


@pytest.fixture
async def another(line, line_channel):
    """A channel of another provider: the one of `line_channel` becomes that of HERE."""
    line.channel.provider = HERE
    fake = line.add_channel("採用", provider=THERE)
    made = await connections.add("line", "採用", fake.bot_user_id,
                                 {"channel_secret": fake.secret, "access_token": fake.token})  # fmt: skip
    return fake, made


async def linked(line, web, run_jobs, user: str, person, channel=None) -> None:
    """The end of LINE's account link: the event with our nonce."""
    address = await linking.begin_line(person.id, "token0001")
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    await line.deliver(LINE, [line.account_link(user, nonce)], client=web, channel=channel)
    await run_jobs()


async def places() -> set[tuple[str, int | None, int]]:
    return {(one.value, one.connection_id, one.person_id) for one in await Identity.filter(kind="line")}


async def test_each_link_is_kept_with_its_channel(web, line, line_channel, another, run_jobs):
    fake, other = another
    person = await a_person()
    here, there = line.person("Mika", provider=HERE), line.person("Mika", provider=THERE)
    assert here != there
    await linked(line, web, run_jobs, here, person)
    await linked(line, web, run_jobs, there, person, fake)
    assert await places() == {(here, line_channel.id, person.id), (there, other.id, person.id)}


async def test_an_answer_goes_to_the_id_and_channel_of_the_question(web, line, line_channel, another, run_jobs, faq):
    fake, _other = another
    person, member = await a_person(), await staff("csm")
    here, there = line.person("Mika", provider=HERE), line.person("Mika", provider=THERE)
    await linked(line, web, run_jobs, here, person)
    await linked(line, web, run_jobs, there, person, fake)
    for channel, user in ((fake, there), (line.channel, here)):
        await line.deliver(LINE, [line.text(user, "人と話したい")], client=web, channel=channel)
        await run_jobs()
        await write("UPDATE conversation SET reply_token = ''")  # the minute is over: it is a push
        line.sent.clear()
        as_person(member)
        await replies.reply((await Conversation.get(person_id=person.id)).id, "承知しました", key=f"r:{user}")
        await run_jobs()
        assert [(one.kind, one.channel, one.to) for one in line.sent] == [("push", channel.bot_user_id, (user,))]
    assert line.refused == [] and await Outgoing.filter(state="failed").count() == 0


async def test_an_account_that_is_somebody_elses_is_a_question_for_a_person(web, line, line_channel, run_jobs, sign_in):
    holder, other = await a_person("田中", "花子"), await a_person("田中", "花")
    mika = line.person("Mika")
    await linked(line, web, run_jobs, mika, holder)
    await linked(line, web, run_jobs, mika, other)
    await linked(line, web, run_jobs, mika, other)
    assert await places() == {(mika, line_channel.id, holder.id)}, "an address has one person"
    review = await Review.get()
    assert (review.kind, {review.person_id, review.other_person_id}) == ("duplicate_person", {holder.id, other.id})
    admin = await sign_in(await staff("admin"))
    page = (await admin.get(f"/staff/customers/reviews/{review.id}")).text
    assert "LINEアカウントが同じ" in page
    sent = await admin.submit(f"/staff/customers/reviews/{review.id}/verdict", {"verdict": "accept"})
    assert sent.status_code == 303
    await linked(line, web, run_jobs, mika, holder)
    assert (await Identity.get(kind="line")).person_id == min(holder.id, other.id)
    assert await Review.filter(state="open").count() == 0


async def test_nobody_of_ours_is_asked_about(web, line, line_channel, run_jobs):
    mika = line.person("Mika")
    await linked(line, web, run_jobs, mika, await a_person())
    await linked(line, web, run_jobs, mika, await staff("csm"))
    assert await Review.all().count() == 0


async def test_what_line_names_on_a_channel_is_known_there(web, line, line_channel, another, run_jobs):
    """Also where nobody wrote that two channels are of one provider; an unfollow moves nothing."""
    fake, other = another
    person, mika = await a_person(), line.person("Mika")
    await people.link("line", mika, person.id, source="line_link", verified_at=now())
    await line.deliver(LINE, [line.unfollow(mika)], client=web)
    await run_jobs()
    assert await places() == {(mika, None, person.id)}
    for event, channel, place in ((line.follow(mika), None, line_channel.id),
                                  (line.text(mika, "こんにちは"), fake, other.id)):  # fmt: skip
        await line.deliver(LINE, [event], client=web, channel=channel)
        await run_jobs()
        assert await places() == {(mika, place, person.id)}
    for one in (line_channel.id, other.id):
        await connections.change_settings(one, provider=HERE)
    await line.deliver(LINE, [line.text(mika, "こんにちは")], client=web)
    await run_jobs()
    assert await places() == {(mika, other.id, person.id)}, "one provider: it is known on both"


async def test_an_upgrade_fills_what_the_talk_tells(web, line, line_channel, another, run_jobs):
    fake, other = another
    talked, named, silent = await a_person(), await a_person(), await a_person()
    users = [line.person(name) for name in ("Mika", "Ken", "Yui")]
    for user, person in zip(users, (talked, named, silent), strict=True):
        await people.link("line", user, person.id, source="line_link", verified_at=now())
    await line.deliver(LINE, [line.text(users[0], "こんにちは")], client=web, channel=fake)
    await line.deliver(LINE, [line.follow(users[1])], client=web)
    await run_jobs()
    await write("DELETE FROM arrival WHERE kind = 'message'")
    await write("UPDATE identity SET connection_id = NULL")
    await filled()
    assert await places() == {(users[0], other.id, talked.id), (users[1], line_channel.id, named.id),
                              (users[2], None, silent.id)}  # fmt: skip


async def test_an_upgrade_of_a_house_with_one_channel_knows_them_all(line, line_channel):
    person = await a_person()
    await people.link("line", line.person("Mika"), person.id, source="line_link", verified_at=now())
    await people.link("email", "mika@example.com", person.id, source="form", verified_at=now())
    await filled()
    found = await rows("SELECT kind, connection_id FROM identity WHERE person_id = ?", person.id)
    assert {(row[0], row[1]) for row in found} == {("line", line_channel.id), ("email", None)}


async def filled() -> None:
    step = import_module("bots.migrations.0003_line_channels_of_identities")

    class Client:
        class capabilities:  # noqa: N801
            dialect = "postgres" if database.dialect() == "postgresql" else "sqlite"

        execute_query = staticmethod(write)

    class Editor:
        client = Client

    await step.forward(None, Editor)


async def test_the_page_says_whose_ids_a_channel_shares(web, sign_in, line, line_channel, another):
    _fake, other = another
    admin = await sign_in(await staff("admin"))
    where = f"/staff/settings/connections/{line_channel.id}"
    assert "LINE Developersコンソールのプロバイダー" in (await admin.get(where)).text
    assert (await admin.submit(where, {"provider": HERE})).status_code == 303
    assert "ユーザーIDが共通のチャネル" not in (await admin.get(where)).text
    assert (await admin.submit(f"/staff/settings/connections/{other.id}", {"provider": f" {HERE} "})).status_code == 303
    page = (await admin.get(where)).text
    assert "ユーザーIDが共通のチャネル" in page and "採用" in page
    await admin.submit(where, {"_method": "DELETE"})
    page = await admin.get(where)
    assert page.status_code == 200 and HERE in page.text, "ids of a removed channel may be good on another"
    await connections.add("line", "公式", line.bot_user_id,
                          {"channel_secret": line.secret, "access_token": line.token})  # fmt: skip
    assert (await by_id(line_channel.id)).settings == {"provider": HERE}, "a channel stays at its provider"


async def test_a_persons_page_and_data_name_the_channel(web, sign_in, line, line_channel, another):
    _fake, other = another
    person = await a_person()
    for name, place in (("Mika", other.id), ("Miki", None)):
        await people.link("line", line.person(name), person.id, source="line_link", verified_at=now(),
                          connection_id=place)  # fmt: skip
    admin = await sign_in(await staff("admin"))
    page = (await admin.get(f"/staff/customers/people/{person.id}")).text
    assert "LINE (採用)" in page and "LINE (チャネル不明)" in page
    enter(Here(principal=SYSTEM))
    found = await privacy.export(person.id)
    assert {one["connection_id"] for one in found["identity"] if one["kind"] == "line"} == {other.id, None}
    await privacy.erase(person.id, "本人の申し出")
    assert not await Identity.filter(kind="line").exists()
