"""The second factor, as browsers meet it: set up, asked at the door, used once, lost, required, proved again."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from at_the_door import PASSWORD, enter, give_password, is_in, letters, token_of

from access import totp
from access.actions import make_api_key
from access.actions.factor import ask_of_role
from core import vault
from core.clock import days_ago, now
from core.database import rows, write
from core.principal import SYSTEM
from factories import a_person, staff

MINE = "/me/second-factor"


async def secret_of(person) -> str:
    return vault.unseal((await rows("SELECT sealed FROM second_factor WHERE person_id = ?", person.id))[0][0])["totp"]


async def code_of(person, later: int = 0) -> str:
    return totp.code_at(await secret_of(person), int(now().timestamp()) // 30 + later)


async def set_up(web, person) -> list[str]:
    """Through the pages; returns the recovery codes. What was used counts as used."""
    assert (await web.submit(MINE)).status_code == 303
    shown = await web.get(MINE)
    assert "<svg" in shown.text
    assert await secret_of(person) in shown.text
    done = await web.submit(f"{MINE}/confirmation", {"code": await code_of(person)})
    assert done.status_code == 200
    codes = re.findall(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b", done.text)
    await write("UPDATE second_factor SET last_step = last_step - 5")
    return codes


@pytest.mark.parametrize(("seconds", "code"), [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
                                               (1234567890, "89005924"), (2000000000, "69279037"),
                                               (20000000000, "65353130")])  # fmt: skip
def test_codes_are_those_of_the_rfc(seconds, code):
    """RFC 6238, appendix B, SHA-1."""
    import base64

    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code_at(secret, seconds // 30, digits=8) == code
    assert totp.step_of(secret, code[-6:], seconds) == seconds // 30
    assert totp.step_of(secret, code[-6:], seconds + 30) == seconds // 30, "a clock may be a little late"
    assert totp.step_of(secret, code[-6:], seconds + 61) is None


async def test_with_a_second_factor_a_password_alone_opens_nothing(web, sign_in, run_jobs):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    await sign_in(boss, other := web.another())
    codes = await set_up(web, boss)
    assert len(set(codes)) == 10
    assert codes[0] not in (await web.get(MINE)).text
    assert await is_in(web)
    assert not await is_in(other), "sessions without it ended"
    asked = await enter(other, boss, next="/staff/settings")
    assert asked.headers["location"] == "/sign-in/second-factor?next=%2Fstaff%2Fsettings"
    assert not await is_in(other)
    assert (await other.get("/staff/settings")).status_code == 303
    half = token_of(other)
    wrong = await other.submit("/sign-in/second-factor", {"code": "000000", "next": "/staff/settings"})
    assert wrong.status_code == 422
    done = await other.submit("/sign-in/second-factor", {"code": await code_of(boss), "next": "/staff/settings"})
    assert done.headers["location"] == "/staff/settings"
    assert await is_in(other)
    assert token_of(other) != half
    await run_jobs()
    assert len(await letters(boss.email)) == 1


async def test_a_code_opens_once_also_for_many_at_once(web, sign_in):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    await set_up(web, boss)
    browsers = [web.another() for _n in range(4)]
    for browser in browsers:
        await enter(browser, boss)
    code = await code_of(boss)
    done = await asyncio.gather(*[one.submit("/sign-in/second-factor", {"code": code}) for one in browsers])
    assert sorted(one.status_code for one in done) == [303, 422, 422, 422]
    earlier = await browsers[0].submit("/sign-in/second-factor", {"code": await code_of(boss, -1)})
    assert earlier.status_code in (303, 422)
    assert sum([await is_in(one) for one in browsers]) == 1, "nor does an older one, once a newer was used"


async def test_guesses_are_limited(web, sign_in):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    await set_up(web, boss)
    await write("DELETE FROM sign_in_attempt")
    thief = web.another()
    await enter(thief, boss)
    guessed = [(await thief.submit("/sign-in/second-factor", {"code": f"{n:06}"})).status_code for n in range(6)]
    assert guessed == [422] * 5 + [429]
    assert (await thief.submit("/sign-in/second-factor", {"code": await code_of(boss)})).status_code == 429


async def test_a_waiting_session_is_over_after_ten_minutes(web, sign_in):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    await set_up(web, boss)
    late = web.another()
    await enter(late, boss)
    await write("UPDATE session SET created_at = ? WHERE awaits_factor = (1 = 1)", now() - timedelta(minutes=11))
    over = await late.submit("/sign-in/second-factor", {"code": await code_of(boss)})
    assert over.headers["location"] == "/sign-in"
    assert not await is_in(late)


async def test_a_code_on_paper_opens_once_and_is_told(web, sign_in, run_jobs):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    codes = await set_up(web, boss)
    await enter(web, boss)
    assert (await web.submit("/sign-in/second-factor", {"code": codes[0].lower()})).status_code == 303
    await enter(web, boss)
    assert (await web.submit("/sign-in/second-factor", {"code": codes[0]})).status_code == 422
    await run_jobs()
    assert len(await letters(boss.email)) == 2
    assert (await web.submit("/sign-in/second-factor", {"code": codes[1]})).status_code == 303
    fresh = await web.submit(f"{MINE}/codes")
    assert fresh.status_code == 200
    await enter(web, boss)
    assert (await web.submit("/sign-in/second-factor", {"code": codes[2]})).status_code == 422, "the old ones are over"


async def test_whoever_lost_their_phone_is_helped_by_an_administrator_or_the_machine(web, sign_in, house):
    boss, agent = await staff("admin"), await staff("agent", "中村", "学")
    await give_password(agent)
    await sign_in(agent)
    await set_up(web, agent)
    theirs = f"/staff/settings/people/{agent.id}/second-factor"
    assert (await web.submit(theirs, {"_method": "DELETE"})).status_code == 403
    await sign_in(boss, admin := web.another())
    assert (await admin.submit(theirs, {"_method": "DELETE"})).status_code == 303
    assert not await is_in(web)
    assert (await enter(web, agent)).status_code == 303
    assert await is_in(web)
    said = {row[0] for row in await rows("SELECT action FROM audit_entry")}
    assert {"factor.add", "factor.remove"} <= said


async def test_a_role_asks_for_it_after_a_time_of_grace(web, sign_in):
    boss, agent = await staff("admin"), await staff("agent", "中村", "学")
    await give_password(agent)
    await sign_in(boss)
    asked = await web.submit("/staff/settings/roles/agent/second-factor", {"days": "7"})
    assert asked.status_code == 303
    browser = web.another()
    entered = await enter(browser, agent)
    assert (await browser.get(entered.headers["location"])).status_code == 200
    assert (await browser.get("/staff/inbox")).status_code == 200, "still within the grace"
    await write("UPDATE role SET factor_due_at = ? WHERE slug = 'agent'", days_ago(0.01))
    sent = await browser.get("/staff/inbox")
    assert sent.headers["location"] == "/me/second-factor?next=%2Fstaff%2Finbox"
    assert (await browser.get("/community")).status_code == 200
    await set_up(browser, agent)
    assert (await browser.get("/staff/inbox")).status_code == 200
    assert (await browser.submit(MINE, {"_method": "DELETE"})).status_code == 422, "nor is it taken off again"
    assert (await web.submit("/staff/settings/roles/agent/second-factor", {"_method": "DELETE"})).status_code == 303
    assert (await browser.submit(MINE, {"_method": "DELETE"})).status_code == 303
    assert (await browser.get("/staff/inbox")).status_code == 200


async def test_a_key_of_somebody_without_the_factor_goes_on(web):
    agent = await staff("agent")
    await ask_of_role("agent", 0, by=SYSTEM)
    _made, key = await make_api_key("x", ["inbox.answer"], by=SYSTEM, person_id=agent.id)
    found = await web.get("/api/v1/conversations", headers={"authorization": f"Bearer {key}"})
    assert found.status_code == 200


async def test_dangerous_pages_ask_again_who_it_is(web, sign_in):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    assert (await web.get("/staff/settings/api")).status_code == 200
    await write("UPDATE session SET created_at = ?", now() - timedelta(minutes=20))
    sent = await web.get("/staff/settings/api")
    assert sent.headers["location"] == "/sign-in/again?next=%2Fstaff%2Fsettings%2Fapi"
    posted = await web.submit("/staff/settings/api", {"name": "x"},
                              headers={"referer": "http://127.0.0.1:8000/staff/settings/api"})  # fmt: skip
    assert posted.headers["location"] == "/sign-in/again?next=%2Fstaff%2Fsettings%2Fapi"
    assert (await web.get("/staff/settings/people")).status_code == 200, "looking around asks nothing"
    again = {"password": "wrong wrong wrong", "next": "/staff/settings/api"}
    assert (await web.submit("/sign-in/again", again)).status_code == 422
    before = token_of(web)
    done = await web.submit("/sign-in/again", again | {"password": PASSWORD})
    assert done.headers["location"] == "/staff/settings/api"
    assert token_of(web) != before, "proving it makes a new token"
    assert [row[0] is None for row in await rows("SELECT revoked_at FROM session ORDER BY id")] == [False, True]
    assert (await web.get("/staff/settings/api")).status_code == 200
    await set_up(web, boss)
    await write("UPDATE session SET confirmed_at = ?", now() - timedelta(minutes=20))
    assert (await web.submit("/sign-in/again", again | {"password": PASSWORD})).status_code == 422, "the code counts"
    assert (await web.submit("/sign-in/again", again | {"code": await code_of(boss)})).status_code == 303
    assert (await web.submit("/sign-in/again", again | {"next": "//evil.example", "code": "1"})).status_code == 422


async def test_nobody_sets_a_factor_up_from_a_browser_that_stood_open(web, sign_in):
    hana = await a_person()
    await sign_in(hana)
    await write("UPDATE session SET created_at = ?", now() - timedelta(minutes=20))
    assert (await web.submit(MINE)).status_code == 303
    assert await rows("SELECT 1 FROM second_factor") == []


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_its_pages_are_drawn_in_both_languages(web, sign_in, language):
    boss = await staff("admin")
    await give_password(boss)
    await sign_in(boss)
    web.cookies.set("language", language)
    for path in (MINE, "/staff/settings/roles", "/me", f"/staff/settings/people/{boss.id}"):
        found = await web.get(path)
        assert (found.status_code, found.text.count("<h1")) == (200, 1), path
    await set_up(web, boss)
    await enter(web, boss)
    found = await web.get("/sign-in/second-factor")
    assert found.status_code == 200
    assert f'lang="{language}"' in found.text
