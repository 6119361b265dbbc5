"""Signing in, up and out, as browsers do it."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from at_the_door import PASSWORD, enter, give_password, hold, is_in, letters, link_for, token_of

from access.actions import give_role, set_password
from access.sessions import hashed, open_session
from core.clock import now
from core.database import rows, write
from customers.models import Person
from factories import a_person, staff


async def test_a_password_opens_the_door_and_a_wrong_one_does_not(web):
    hana = await a_person()
    await give_password(hana)
    refused = await enter(web, hana, "not the password at all")
    assert refused.status_code == 422
    assert "アドレスかパスワードが違います" in refused.text
    assert token_of(web) is None
    taken = await enter(web, hana, next="/me")
    assert (taken.status_code, taken.headers["location"]) == (303, "/me")
    page = await web.get("/me")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "private, no-store"


async def test_a_client_never_chooses_the_session(web):
    hana = await a_person()
    await give_password(hana)
    chosen = "chosen-by-the-attacker-0123456789abcdef"
    hold(web, chosen)
    assert not await is_in(web)
    await enter(web, hana)
    assert token_of(web) != chosen
    assert await is_in(web)
    hold(web, chosen)
    assert not await is_in(web)


async def test_signing_in_again_ends_what_the_browser_held(web, sign_in):
    hana = await a_person()
    await give_password(hana)
    await sign_in(hana)
    before = token_of(web)
    await enter(web, hana)
    assert token_of(web) != before
    assert await rows("SELECT 1 FROM session WHERE token_hash = ? AND revoked_at IS NOT NULL", hashed(before))


async def test_ten_prefetches_sign_nobody_in_and_the_person_still_does(web, run_jobs):
    hana = await a_person(email="hana@example.jp")
    sent = await web.submit("/sign-in/link", {"email": "hana@example.jp", "next": "/me/sessions"})
    assert sent.status_code == 200
    await run_jobs()
    path = await link_for("hana@example.jp")
    scanner = web.another()
    for _n in range(10):
        looked = await scanner.get(path)
        assert looked.status_code == 200
        assert looked.headers["referrer-policy"] == "no-referrer"
        assert (await scanner.head(path)).status_code in (200, 405)
    assert token_of(scanner) is None
    assert not await is_in(scanner)
    taken = await web.submit(path)
    assert (taken.status_code, taken.headers["location"]) == (303, "/me/sessions")
    assert await is_in(web)
    again = await scanner.submit(path)
    assert again.status_code == 404
    assert not await is_in(scanner)
    assert await rows("SELECT 1 FROM identity WHERE person_id = ? AND verified_at IS NOT NULL", hana.id)


async def test_of_many_at_once_one_uses_a_link(web, run_jobs):
    await a_person(email="hana@example.jp")
    await web.submit("/sign-in/link", {"email": "hana@example.jp"})
    await run_jobs()
    path = await link_for("hana@example.jp")
    browsers = [web.another() for _n in range(8)]
    taken = await asyncio.gather(*[browser.submit(path) for browser in browsers])
    assert sorted(one.status_code for one in taken) == [303] + [404] * 7


async def test_a_link_ends_after_fifteen_minutes(web, run_jobs):
    await a_person(email="hana@example.jp")
    await web.submit("/sign-in/link", {"email": "hana@example.jp"})
    await run_jobs()
    path = await link_for("hana@example.jp")
    left = await rows("SELECT expires_at, created_at FROM sign_in_link")
    from core.clock import when

    assert (when(left[0][0]) - when(left[0][1])).total_seconds() == 900
    await write("UPDATE sign_in_link SET expires_at = created_at")
    assert (await web.get(path)).status_code == 404
    assert (await web.submit(path)).status_code == 404


async def test_the_answer_does_not_tell_who_is_known(web, run_jobs):
    await a_person(email="known@example.jp")
    await give_password(await a_person(email="keyed@example.jp"))
    for path in ("/sign-in/link", "/sign-up"):
        answers = []
        for address in ("known@example.jp", "nobody@example.jp"):
            sent = await web.submit(path, {"email": address, "family_name": "山田"})
            answers.append((sent.status_code, strip(sent.text.replace(address, "X"))))
        assert answers[0] == answers[1]
    refused = [
        await enter(web, person) for person in (Person(email="nobody@example.jp"), Person(email="known@example.jp"))
    ]
    assert refused[0].status_code == refused[1].status_code == 422
    await run_jobs()
    assert len(await letters("known@example.jp")) == 2
    assert len(await letters("nobody@example.jp")) == 1, "only signing up writes to somebody new"


def strip(text: str) -> str:
    import re

    return re.sub(r'(nonce|value|src|href|content)="[^"]*"', "", text)


async def test_somebody_unknown_costs_the_same_work(web):
    hana = await a_person(email="hana@example.jp")
    await give_password(hana)
    nobody = Person(email="nobody@example.jp")
    await enter(web, nobody, "warm the hash up please")

    async def seconds(person) -> float:
        began = time.perf_counter()
        await enter(web, person, "wrong wrong wrong wrong")
        return time.perf_counter() - began

    known, unknown = [await seconds(hana) for _ in range(4)], [await seconds(nobody) for _ in range(4)]
    assert 0.5 < min(known) / min(unknown) < 2


async def test_signing_up_makes_a_person_only_when_the_button_is_pressed(web, run_jobs):
    await web.submit("/sign-up", {"email": "Aoi@Example.JP", "family_name": "青木", "given_name": "葵"})
    await run_jobs()
    path = await link_for("aoi@example.jp")
    await web.get(path)
    assert not await Person.exists(email="aoi@example.jp")
    assert (await web.submit(path)).status_code == 303
    person = await Person.get(email="aoi@example.jp")
    assert (person.family_name, person.given_name, person.kind) == ("青木", "葵", "customer")
    assert await is_in(web)
    kinds = {row[0] for row in await rows("SELECT kind FROM touchpoint WHERE person_id = ?", person.id)}
    assert kinds == {"access.signed_up", "access.signed_in"}


async def test_an_imported_address_claims_its_person(web, run_jobs):
    from customers import people

    imported = await people.register(family_name="田辺", email="tanabe@example.jp", source="csv")
    await web.submit("/sign-up", {"email": "tanabe@example.jp", "family_name": "別人"})
    await run_jobs()
    await web.submit(await link_for("tanabe@example.jp"))
    assert await Person.all().count() == 1
    found = await Person.get(id=imported.id)
    assert found.family_name == "田辺"
    assert await rows("SELECT 1 FROM identity WHERE person_id = ? AND verified_at IS NOT NULL", imported.id)


async def test_an_address_imported_between_asking_and_pressing_is_claimed(web, run_jobs):
    from customers import people

    await web.submit("/sign-up", {"email": "tanabe@example.jp", "family_name": "田辺"})
    await run_jobs()
    imported = await people.register(family_name="田辺", email="tanabe@example.jp", source="csv")
    await web.submit(await link_for("tanabe@example.jp"))
    assert [person.id for person in await Person.all()] == [imported.id]


async def test_an_unverified_second_address_does_not_open_a_staff_account(web, run_jobs):
    from customers import people

    boss = await staff("admin", email="boss@example.jp")
    await people.link("email", "attacker@example.com", boss.id, source="chat")
    await web.submit("/sign-in/link", {"email": "attacker@example.com"})
    await run_jobs()
    assert await letters("attacker@example.com") == []


async def test_nothing_outlives_a_password_change(web, sign_in):
    hana = await a_person()
    await sign_in(hana)
    await sign_in(hana, other := web.another())
    assert await is_in(other)
    began = time.monotonic()
    await set_password(hana.id, PASSWORD)
    assert not await is_in(web)
    assert not await is_in(other)
    assert time.monotonic() - began < 1.0


async def test_changing_the_password_on_the_own_page_keeps_only_this_browser(web, sign_in, run_jobs):
    hana = await a_person(email="hana@example.jp")
    await give_password(hana)
    await sign_in(hana)
    await sign_in(hana, other := web.another())
    before = token_of(web)
    wrong = await web.submit("/me/password", {"current": "nonsense", "password": "a much better one"})
    assert wrong.status_code == 422
    done = await web.submit("/me/password", {"current": PASSWORD, "password": "a much better one"})
    assert done.status_code == 303
    assert token_of(web) != before
    assert await is_in(web)
    assert not await is_in(other)
    hold(web, before)
    assert not await is_in(web)
    await run_jobs()
    assert len(await letters("hana@example.jp")) == 1


async def test_a_password_changed_while_somebody_signs_in_with_the_old_one(web):
    from access.actions import doors

    hana = await a_person()
    await give_password(hana)
    kept = (await rows("SELECT hash FROM credential"))[0][0]
    await set_password(hana.id, "a much better one")
    assert await doors.enter(hana.id, None, "password", kept=kept) is None


@pytest.mark.parametrize("end", ["suspended", "erased", "merged"])
async def test_a_session_ends_with_its_person(web, sign_in, end):
    hana = await a_person()
    await sign_in(hana)
    assert await is_in(web)
    await write("UPDATE person SET state = ? WHERE id = ?", end, hana.id)
    assert not await is_in(web)


async def test_a_session_ends_by_age_and_by_rest(web, sign_in):
    hana, boss = await a_person(), await staff("admin")
    from core.clock import days_ago

    for person, column, days, still in [
        (hana, "last_seen_at", 13, True), (hana, "last_seen_at", 15, False), (hana, "expires_at", 0, False),
        (boss, "last_seen_at", 0.9, True), (boss, "last_seen_at", 1.1, False), (boss, "created_at", 8, False),
    ]:  # fmt: skip
        await sign_in(person)
        await write(f"UPDATE session SET {column} = ? WHERE token_hash = ?", days_ago(days), hashed(token_of(web)))
        assert await is_in(web) is still, (column, days)


async def test_signing_out_ends_the_session(web, sign_in):
    hana = await a_person()
    await sign_in(hana)
    token = token_of(web)
    out = await web.submit("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert not token_of(web)
    hold(web, token)
    assert not await is_in(web)


async def test_one_ends_ones_own_sessions_and_nobody_elses(web, sign_in):
    hana, ken = await a_person(), await a_person("木村", "健")
    await sign_in(hana)
    await open_session(hana.id)
    await open_session(ken.id)
    mine = (await rows("SELECT id FROM session WHERE person_id = ? ORDER BY id DESC", hana.id))[0][0]
    theirs = (await rows("SELECT id FROM session WHERE person_id = ?", ken.id))[0][0]
    assert (await web.submit(f"/me/sessions/{theirs}", {"_method": "DELETE"})).status_code == 404
    assert (await web.submit(f"/me/sessions/{mine}", {"_method": "DELETE"})).status_code == 303
    assert await rows("SELECT 1 FROM session WHERE id = ? AND revoked_at IS NULL", theirs)
    assert await is_in(web)


async def test_after_a_change_of_rights_the_old_token_is_exchanged_once(web, sign_in):
    mika = await a_person("佐藤", "美香")
    await sign_in(mika)
    old = token_of(web)
    await give_role(mika.id, "csm")
    assert (await web.get("/staff/settings")).status_code == 200, "rights are live"
    await write("UPDATE session SET renew_by = created_at, created_at = ?", now() - timedelta(minutes=20))
    sent = await web.get("/staff/settings")
    assert sent.headers["location"] == "/sign-in?next=%2Fstaff%2Fsettings"
    back = await web.get(sent.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, "/staff/settings")
    assert token_of(web) != old
    assert (await web.get("/staff/settings")).status_code == 200
    asked = await web.get("/me/second-factor")
    assert asked.headers["location"].startswith("/sign-in/again"), "an exchange proves nothing anew"
    thief = web.another()
    hold(thief, old)
    assert (await thief.get("/sign-in")).status_code == 200
    assert not await is_in(thief)


async def test_a_cookie_is_locked_to_the_host_where_the_house_is_secure(house):
    from access.sessions import session_cookie
    from core.settings import read_settings, settings, use

    before = settings()
    use(read_settings({}, secret_key=before.secret_key, url="https://help.example.com", data_dir=before.data_dir))
    try:
        cookie = session_cookie("x" * 43)
        assert cookie.key == "__Host-session"
        assert cookie.secure
        assert cookie.httponly
        assert cookie.samesite == "lax"
        assert cookie.domain is None
        assert cookie.path == "/"
    finally:
        use(before)


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_next_stays_in_the_house(web, run_jobs, target):
    hana = await a_person(email="hana@example.jp")
    await give_password(hana)
    assert (await enter(web, hana, next=target)).headers["location"] == "/"
    other = web.another()
    await other.submit("/sign-in/link", {"email": "hana@example.jp", "next": target})
    await run_jobs()
    assert (await other.submit(await link_for("hana@example.jp"))).headers["location"] == "/"
    assert (await web.get("/sign-in", params={"next": target})).headers["location"] == "/"


async def test_once_a_day_the_timeline_says_who_was_here(web):
    hana = await a_person()
    await give_password(hana)
    await enter(web, hana)
    await enter(web, hana)
    assert len(await rows("SELECT 1 FROM touchpoint WHERE kind = 'access.signed_in'")) == 1
    assert len(await rows("SELECT 1 FROM fact WHERE name = 'access.SignedIn'")) == 2


async def test_a_hash_of_other_parameters_is_made_anew(web):
    from argon2 import PasswordHasher

    hana = await a_person()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await write("INSERT INTO credential (person_id, hash, changed_at) VALUES (?, ?, ?)", hana.id, old, hana.created_at)
    assert (await enter(web, hana)).status_code == 303
    assert (await rows("SELECT hash FROM credential"))[0][0] != old
    assert (await enter(web, hana)).status_code == 303
