"""From a cookie to what a person may do."""

from __future__ import annotations

from access.actions import give_role, grant, revoke, take_role
from access.identify import find
from access.sessions import close_all_sessions, open_session
from core.database import write
from factories import a_person, an_account, staff


async def test_a_member_is_known_with_their_accounts(house):
    account = await an_account()
    hana = await a_person(account=account, time_zone="Asia/Tokyo")
    found = await find(await open_session(hana.id))
    assert found.principal.person_id == hana.id
    assert found.principal.name == "山田 花子"
    assert found.principal.role == "member"
    assert found.principal.accounts == {account.id}
    assert found.principal.may("community.post")
    assert not found.principal.is_staff


async def test_staff_have_their_roles_capabilities_and_own_accounts(house):
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    other = await an_account(deputy_id=csm.id)
    await an_account()
    found = await find(await open_session(csm.id))
    assert found.principal.role == "csm"
    assert found.principal.own_accounts == {account.id, other.id}
    assert not found.principal.all_accounts
    assert found.principal.may("inbox.answer")
    assert not found.principal.may("settings.manage")
    await give_role(csm.id, "admin")
    admin = (await find(await open_session(csm.id))).principal
    assert admin.role == "admin"
    assert admin.all_accounts
    assert admin.may("settings.manage")


async def test_a_grant_counts_until_it_is_revoked(house):
    mika = await a_person("佐藤", "美香")
    token = await open_session(mika.id)
    made = await grant(mika.id, "board:3", ["community.moderate"], reason="ambassador")
    principal = (await find(token)).principal
    assert principal.may_on("community.moderate", ["board:3"])
    assert not principal.may_on("community.moderate", ["board:4"])
    assert not principal.may("community.moderate")
    await revoke(made.id)
    assert not (await find(token)).principal.may_somewhere("community.moderate")


async def test_what_was_closed_is_nobody(house):
    hana = await a_person()
    token = await open_session(hana.id)
    await close_all_sessions(hana.id)
    assert await find(token) is None
    token = await open_session(hana.id)
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", hana.id)
    assert await find(token) is None


async def test_taking_a_role_ends_the_sessions(house):
    first, second = await staff("admin"), await staff("admin")
    token = await open_session(second.id)
    await take_role(second.id, "admin")
    assert await find(token) is None
    assert (await find(await open_session(first.id))).principal.role == "admin"
