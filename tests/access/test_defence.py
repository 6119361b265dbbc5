"""What attackers try at the door: guessing, forging, tricks with paths, fields that no form has."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from at_the_door import PASSWORD, enter, give_password, is_in

from access import models
from core.clock import now
from core.database import rows, write
from core.models import Brand
from customers.models import Person
from factories import a_person, staff


async def test_five_wrong_passwords_close_the_door_for_fifteen_minutes(web):
    hana = await a_person()
    await give_password(hana)
    for _n in range(5):
        assert (await enter(web, hana, "wrong wrong wrong")).status_code == 422
    refused = await enter(web, hana)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "900"
    assert not await is_in(web)
    await write("UPDATE sign_in_attempt SET at = ?", now() - timedelta(minutes=15, seconds=1))
    assert (await enter(web, hana)).status_code == 303


async def test_many_guesses_at_once_count_too(web):
    hana = await a_person()
    await give_password(hana)
    await web.get("/sign-in")
    answers = await asyncio.gather(*[enter(web, hana, f"wrong wrong wrong {n}") for n in range(12)])
    assert sorted(one.status_code for one in answers) == [422] * 5 + [429] * 7


async def test_thirty_tries_from_one_place_are_enough(web):
    hana = await a_person()
    await give_password(hana)
    moment = now()
    for n in range(30):
        await write(
            "INSERT INTO sign_in_attempt (kind, address_hash, ip, at) VALUES ('password', ?, '127.0.0.1', ?)",
            f"other{n}", moment,
        )  # fmt: skip
    assert (await enter(web, hana)).status_code == 429
    await write("UPDATE sign_in_attempt SET ip = '192.0.2.7'")
    assert (await enter(web, hana)).status_code == 303


async def test_a_success_forgets_the_slips_before_it(web):
    hana = await a_person()
    await give_password(hana)
    for _n in range(4):
        await enter(web, hana, "wrong wrong wrong")
    assert (await enter(web, hana)).status_code == 303
    assert await rows("SELECT 1 FROM sign_in_attempt") == []


async def test_mails_are_throttled_apart_from_passwords(web, run_jobs):
    hana = await a_person()
    await give_password(hana)
    for _n in range(5):
        assert (await web.submit("/sign-in/link", {"email": hana.email})).status_code == 200
    assert (await web.submit("/sign-in/link", {"email": hana.email})).status_code == 429
    assert (await enter(web, hana)).status_code == 303


async def test_guesses_of_the_current_password_are_throttled(web, sign_in):
    hana = await a_person()
    await give_password(hana)
    await sign_in(hana)
    sent = {"current": "wrong", "password": "a much better one"}
    for _n in range(5):
        assert (await web.submit("/me/password", sent)).status_code == 422
    assert (await web.submit("/me/password", sent | {"current": PASSWORD})).status_code == 429


PASSWORDS = {
    "short": False, "password1234": False, "Password1234": False, "aaaaaaaaaaaab": False, "x" * 201: False,
    "yamada2026": False, "きょうは よい てんき です": True, "correct horse battery staple": True, "yamamotoyama!": True,
}  # fmt: skip


async def test_a_password_is_long_and_not_a_common_one(web, sign_in):
    for password, good in PASSWORDS.items():
        await sign_in(await a_person())
        done = await web.submit("/me/password", {"password": password})
        assert done.status_code == (303 if good else 422), password


FORMS = ["/sign-in", "/sign-in/link", "/sign-in/link/x", "/sign-up", "/sign-out", "/me", "/me/password",
         "/staff/settings/people", "/staff/settings/brand", "/welcome"]  # fmt: skip


async def test_no_form_works_without_its_token_or_from_another_site(web, sign_in):
    await sign_in(await staff("admin"))
    before = await _everything()
    for path in FORMS:
        assert (await web.post(path, data={"email": "a@example.jp"})).status_code == 403, path
        forged = await web.submit(path, {"email": "a@example.jp"}, headers={"origin": "https://evil.example"})
        assert forged.status_code == 403, path
    assert await _everything() == before


GUARDED = ["/staff/settings", "/staff/settings/people", "/staff/settings/audit", "/staff/settings/jobs", "/me"]
TRICKS = ["/{0}", "{0}/", "{0}//", "/.{0}", "{1}", "{2}", "{0}/.", "{0};x=1", "{0}%20", "{0}%00", "{3}", "/x/..{0}"]


@pytest.mark.parametrize("path", GUARDED)
async def test_no_spelling_of_a_path_leads_past_the_guard(web, path):
    for trick in TRICKS:
        await _is_guarded(web, trick.format(path, path.replace("/", "%2f", 2), path.upper(), path.replace("/", "//")))


async def _is_guarded(web, tricked):
    for method in ("GET", "POST", "DELETE"):
        found = await web.request(method, f"{web.base_url}".rstrip("/") + "/" * (tricked[0] != "/") + tricked)
        assert found.status_code in (303, 400, 401, 403, 404, 405), (method, tricked, found.status_code)
        assert "location" not in found.headers or found.headers["location"].startswith("/sign-in"), tricked


def every_field() -> dict[str, str]:
    """Each field of each model, with a value that would show."""
    kinds = [Person, Brand, models.Session, models.Credential, models.Role, models.RoleAssignment, models.SignInLink]
    names = {name for kind in kinds for name in [*kind._meta.fields_map, *kind._meta.fields_db_projection.values()]}
    return dict.fromkeys(names, "1") | {"state": "erased", "kind": "staff", "role": "admin", "capabilities": "*"}


async def test_no_form_binds_a_field_that_it_does_not_show(web, sign_in, run_jobs):
    hana = await a_person(email="hana@example.jp")
    await sign_in(hana)
    shown = {"family_name": "山田", "given_name": "花子", "handle": "hana", "locale": "ja", "time_zone": "Asia/Tokyo"}
    done = await web.submit("/me", every_field() | shown)
    assert done.status_code == 303
    after = (await rows("SELECT * FROM person WHERE id = ?", hana.id))[0]
    assert (after["state"], after["kind"], after["email"], after["phone"]) == (
        "active",
        "customer",
        "hana@example.jp",
        "",
    )
    assert after["version"] == 2
    await web.submit("/me/password", every_field() | {"password": PASSWORD, "current": ""})
    assert await rows("SELECT 1 FROM role_assignment") == []
    await web.submit("/sign-up", every_field() | {"family_name": "新", "email": "new@example.jp", "next": ""})
    await run_jobs()
    link = await models.SignInLink.get(email="new@example.jp")
    assert link.person_id is None
    assert set(link.data) == {"family_name", "given_name", "language"}


async def test_the_brand_form_binds_only_what_it_shows(web, sign_in):
    await sign_in(await staff("admin"))
    before = (await rows("SELECT id, slug, domain, language FROM brand"))[0]
    done = await web.submit("/staff/settings/brand", every_field() | {"name": "つきみ勤怠", "sender_email": "a@b.jp"})
    assert done.status_code == 303
    assert tuple((await rows("SELECT id, slug, domain, language FROM brand"))[0]) == tuple(before)


async def test_nobody_gives_more_than_they_hold(house):
    from access.actions import give_role, grant
    from access.identify import find
    from access.sessions import open_session
    from core.errors import Forbidden

    manager = (await find(await open_session((await staff("manager")).id))).principal
    other = await a_person()
    with pytest.raises(Forbidden):
        await give_role(other.id, "csm", by=manager)
    with pytest.raises(Forbidden):
        await grant(other.id, "board:1", ["settings.manage"], reason="x", by=manager)
    assert (await grant(other.id, "board:1", ["community.moderate"], reason="x", by=manager)).id


async def _everything() -> list[object]:
    tables = ["person", "credential", "role_assignment", "brand", "sign_in_link", "promise", "audit_entry"]
    return [[tuple(row) for row in await rows(f"SELECT * FROM {table} ORDER BY id")] for table in tables]


async def test_the_log_says_who_came_in_how_and_who_was_refused_and_no_secret(web, caplog):
    caplog.set_level("INFO", logger="engawa.door")
    hana = await a_person(email="hanako@example.jp")
    await give_password(hana)
    await enter(web, hana, "quite another password")
    await web.submit("/sign-in/link/not-a-token-of-ours-at-all")
    for _n in range(5):
        await enter(web.another(), hana, "guess after guess")
    await write("DELETE FROM sign_in_attempt")
    await enter(web, hana)
    said = [(one.getMessage(), one.person) for one in caplog.records if one.name == "engawa.door"]
    assert said[0] == ("password: refused (wrong)", hana.id)
    assert ("link: refused (used or too old)", None) in said
    assert ("password: refused (too many tries)", None) in said
    assert said[-1] == ("password: signed in", hana.id)
    assert all(one.client and one.request_id for one in caplog.records if one.name == "engawa.door")
    assert not any(word in caplog.text for word in (PASSWORD, "guess after guess", "hanako@example.jp"))
