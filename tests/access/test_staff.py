"""The pages where staff look after staff, work, the brand and the record."""

from __future__ import annotations

import json

import pytest
from at_the_door import hold, is_in, letters, link_for, token_of

from access import setup
from access.actions import grant
from access.sessions import open_session
from core.clock import now
from core.database import rows, write
from customers.models import Person
from factories import a_person, staff

PEOPLE = "/staff/settings/people"


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_every_page_of_the_settings_is_drawn(web, sign_in, language):
    boss = await staff("admin")
    other = await staff("csm", "高橋", "一郎")
    await grant(other.id, "board:3", ["community.moderate"], reason="helps a lot")
    await dead_promise()
    await sign_in(boss)
    web.cookies.set("language", language)
    for path in [
        "",
        "/people",
        f"/people/{other.id}",
        f"/people/{other.id}/lock",
        "/roles",
        "/audit",
        "/jobs",
        "/brand",
    ]:
        found = await web.get("/staff/settings" + path)
        assert found.status_code == 200, path
        assert f'lang="{language}"' in found.text
        assert found.text.count("<h1") == 1, path
    for path in ["/me", "/me/sessions"]:
        assert (await web.get(path)).status_code == 200
    assert "給与" not in (await web.get("/staff/settings/audit?format=csv")).text


async def test_an_invitation_makes_staff_and_mails_a_link(web, sign_in, run_jobs):
    await sign_in(await staff("admin"))
    sent = {"email": "new@example.jp", "role": "agent", "family_name": "新井", "given_name": "新"}
    done = await web.submit(PEOPLE, sent)
    person = await Person.get(email="new@example.jp")
    assert (done.status_code, done.headers["location"]) == (303, f"{PEOPLE}/{person.id}")
    await run_jobs()
    newcomer = web.another()
    assert (await newcomer.submit(await link_for("new@example.jp"))).status_code == 303
    assert (await newcomer.get("/staff/settings")).status_code == 200
    assert (await newcomer.get(PEOPLE)).status_code == 403
    assert (await web.submit(PEOPLE, sent | {"role": "emperor"})).status_code == 422


async def test_roles_are_given_and_taken_with_a_record(web, sign_in):
    boss, ken = await staff("admin"), await staff("agent", "木村", "健")
    await sign_in(ken, theirs := web.another())
    await sign_in(boss)
    assert (await web.submit(f"{PEOPLE}/{ken.id}/roles", {"role": "admin"})).status_code == 303
    assert (await theirs.get(PEOPLE)).status_code == 200
    taken = await web.submit(f"{PEOPLE}/{ken.id}/roles/admin", {"_method": "DELETE"})
    assert taken.status_code == 303
    assert (await theirs.get(PEOPLE)).status_code == 303, "the session ended"
    log = await rows("SELECT action, actor_id, before, after FROM audit_entry ORDER BY id DESC LIMIT 2")
    assert [(row["action"], row["actor_id"]) for row in log] == [("take_role", boss.id), ("give_role", boss.id)]
    assert '"agent"' in log[0]["after"]
    assert '"admin"' not in log[0]["after"]


async def test_the_last_administrator_stays(web, sign_in):
    boss = await staff("admin")
    await sign_in(boss)
    assert (await web.submit(f"{PEOPLE}/{boss.id}/roles/admin", {"_method": "DELETE"})).status_code == 409
    assert (await web.submit(f"{PEOPLE}/{boss.id}/lock")).status_code == 422
    second = await staff("admin", "木村", "健")
    await sign_in(second, other := web.another())
    assert (await other.submit(f"{PEOPLE}/{boss.id}/lock", {"reason": "left"})).status_code == 303
    assert not await is_in(web)
    assert (await other.submit(f"{PEOPLE}/{second.id}/lock")).status_code == 422
    assert (await other.submit(f"{PEOPLE}/{boss.id}/lock", {"_method": "DELETE"})).status_code == 303
    assert not await is_in(web), "the old session stays closed"


async def test_a_locked_account_opens_by_no_way(web, sign_in, run_jobs):
    boss, ken = await staff("admin"), await staff("csm", "木村", "健", email="ken@example.jp")
    await web.submit("/sign-in/link", {"email": "ken@example.jp"})
    await run_jobs()
    path = await link_for("ken@example.jp")
    await sign_in(boss)
    await web.submit(f"{PEOPLE}/{ken.id}/lock")
    other = web.another()
    assert (await other.submit(path)).status_code == 404
    await other.submit("/sign-in/link", {"email": "ken@example.jp"})
    await run_jobs()
    assert len(await letters("ken@example.jp")) == 1
    assert (await web.submit(PEOPLE, {"email": "ken@example.jp", "role": "csm"})).status_code == 422


async def test_stopped_work_is_run_again_or_discarded(web, sign_in):
    await sign_in(await staff("admin"))
    first, second = await dead_promise(), await dead_promise()
    assert (await web.submit(f"/staff/settings/jobs/{first}/run")).status_code == 303
    assert (await web.submit(f"/staff/settings/jobs/{second}", {"_method": "DELETE"})).status_code == 303
    assert (await web.submit(f"/staff/settings/jobs/{second}/run")).status_code == 409
    states = [tuple(row) for row in await rows("SELECT state, attempts FROM promise WHERE name = 'x.y' ORDER BY id")]
    assert states == [("waiting", 0), ("done", 8)]
    log = await rows("SELECT action FROM audit_entry WHERE target_kind = 'promise' ORDER BY id")
    assert [row[0] for row in log] == ["run_again", "discard"]


async def test_a_manager_reads_the_log_and_the_work_but_changes_nothing(web, sign_in):
    await sign_in(await staff("manager"))
    promise = await dead_promise()
    assert (await web.get("/staff/settings/audit")).status_code == 200
    assert (await web.get("/staff/settings/jobs")).status_code == 200
    assert (await web.submit(f"/staff/settings/jobs/{promise}/run")).status_code == 403
    assert (await web.get("/staff/settings/brand")).status_code == 403


async def test_the_brand_is_changed_and_shown(web, sign_in):
    await sign_in(await staff("admin"))
    done = await web.submit(
        "/staff/settings/brand", {"name": "つきみ勤怠 サポート", "postal_address": "東京都千代田区1-1"}
    )
    assert done.status_code == 303
    assert "つきみ勤怠 サポート" in (await web.another().get("/sign-in")).text
    log = await rows("SELECT before, after FROM audit_entry WHERE action = 'change_brand'")
    assert "Engawa" in log[0]["before"]
    assert json.loads(log[0]["after"])["postal_address"] == "東京都千代田区1-1"


async def test_the_welcome_page_opens_only_with_the_code_and_only_once(web):
    assert (await web.get("/welcome")).status_code == 404
    assert (await web.get("/welcome", params={"code": "0" * 32})).status_code == 404
    code = setup.setup_code()
    assert code in await setup.sentence()
    assert (await web.get("/welcome", params={"code": code})).status_code == 200
    typed = {"code": code, "family_name": "白石", "given_name": "ひより", "email": "hiyori@example.jp"}
    assert (await web.submit("/welcome", typed | {"code": "wrong"})).status_code == 404
    done = await web.submit("/welcome", typed)
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    assert (await web.get(PEOPLE)).status_code == 200
    assert (await web.get("/welcome", params={"code": code})).status_code == 404
    assert (await web.submit("/welcome", typed)).status_code == 404
    assert await setup.sentence() == ""


async def test_the_command_line_prints_a_link_that_works_once(web, monkeypatch):
    from access.actions import make_admin

    person, link = await make_admin("root@example.jp", "白石")
    path = link.removeprefix("http://127.0.0.1:8000")
    assert (await web.submit(path)).status_code == 303
    assert (await web.get(PEOPLE)).status_code == 200
    assert (await web.another().submit(path)).status_code == 404
    assert person.kind == "staff"


async def test_own_page_changes_name_language_and_zone(web, sign_in):
    hana, ken = await a_person(), await a_person("木村", "健", handle="ken")
    await sign_in(hana)
    typed = {"family_name": "山田", "given_name": "華子", "handle": "Ken", "locale": "en", "time_zone": "Europe/Paris"}
    assert (await web.submit("/me", typed)).status_code == 409
    assert (await web.submit("/me", typed | {"time_zone": "Moon/Base"})).status_code == 422
    assert (await web.submit("/me", typed | {"handle": "hanako"})).status_code == 303
    assert 'lang="en"' in (await web.get("/me")).text
    assert (await Person.get(id=ken.id)).handle == "ken"
    assert token_of(web)
    hold(web, await open_session(ken.id))


async def dead_promise() -> int:
    made = await write(
        "INSERT INTO promise (name, arguments, lane, state, due_at, attempts, created_at, last_error, finished_at)"
        " VALUES ('x.y', '{}', 'default', 'dead', ?, 8, ?, 'RuntimeError: no', ?) RETURNING id",
        now(), now(), now(),
    )  # fmt: skip
    return int(made[0][0])


async def test_an_administrator_ends_one_session_of_a_colleague(web, sign_in):
    await sign_in(await staff("admin"))
    colleague = await staff("agent", "中村", "学")
    lost, kept = await sign_in(colleague, web.another()), await sign_in(colleague, web.another())
    home = f"/staff/settings/people/{colleague.id}/sessions"
    ids = [row[0] for row in await rows("SELECT id FROM session WHERE person_id = ? ORDER BY id", colleague.id)]
    shown = (await web.get(home)).text
    assert all(f"{home}/{id}" in shown for id in ids)
    assert home in (await web.get(f"/staff/settings/people/{colleague.id}")).text
    assert (await web.submit(f"{home}/{ids[0]}", {"_method": "DELETE"})).status_code == 303
    assert (await lost.get("/me")).status_code == 303
    assert (await kept.get("/me")).status_code == 200
    assert await rows("SELECT 1 FROM audit_entry WHERE action = 'session.end' AND target_id = ?", colleague.id)
    other = await staff("agent")
    mine = await sign_in(other, web.another())
    [theirs] = await rows("SELECT id FROM session WHERE person_id = ?", other.id)
    assert (await web.submit(f"{home}/{theirs[0]}", {"_method": "DELETE"})).status_code == 404
    assert (await mine.submit(f"{home}/{ids[1]}", {"_method": "DELETE"})).status_code == 403
    assert (await kept.get("/me")).status_code == 200


async def test_whoever_may_set_something_finds_the_way_to_the_settings(web, sign_in):
    """The inbox's people keep canned replies there; an editor has nothing to set."""
    link = 'href="/staff/settings"'
    for role, sees in (("agent", True), ("csm", True), ("editor", False)):
        await sign_in(await staff(role))
        assert (link in (await web.get("/staff")).text) is sees, role
    await sign_in(await staff("agent"))
    settings = (await web.get("/staff/settings")).text
    assert 'href="/staff/settings/replies"' in settings and "会話" in settings
    assert "運用" not in settings, "a heading without entries"
