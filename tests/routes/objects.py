"""Objects for addresses that name one: path template → factory of an own and a foreign one.

`OBJECTS["/customers/{account_id}"] = account` where `async def account(people: People) -> Objects` makes rows through
the rooms' verbs. *Own* is what belongs to `people.member` (their account, whose CSM is `people.csm`); *foreign* is what
belongs to `people.other_member` (another account, another CSM). A template that is not here gets an id that no row has.
The key may be a prefix: the longest one that a route begins with counts, so one factory serves all that lies under it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from access.actions import grant
from access.sessions import hashed, open_session
from core.clock import now
from core.database import rows, write
from core.web import new_key
from customers.models import Person
from factories import a_person, an_account, staff


class People(msgspec.Struct):
    """One of each role. `mine` is the account of `member` (of `csm`), `theirs` that of `other_member`."""

    member: Any
    other_member: Any
    ambassador: Any
    agent: Any
    csm: Any
    admin: Any
    other_csm: Any
    mine: Any
    theirs: Any


class Objects(msgspec.Struct):
    """Values of the path's parameters."""

    own: dict[str, object]
    foreign: dict[str, object]


Factory = Callable[[People], Awaitable[Objects]]
OBJECTS: dict[str, Factory] = {}
# What must be as before ahead of each request: throttles and the like.
FRESH: list[str] = ["DELETE FROM sign_in_attempt"]


def objects(template: str) -> Callable[[Factory], Factory]:
    def register(make: Factory) -> Factory:
        OBJECTS[template] = make
        return make

    return register


def factory_for(template: str) -> Factory | None:
    under = [key for key in OBJECTS if template == key or template.startswith(key.rstrip("/") + "/")]
    return OBJECTS[max(under, key=len)] if under else None


async def make_people() -> People:
    csm, other_csm = await staff("csm"), await staff("csm", "高橋", "一郎")
    mine, theirs = await an_account(csm_id=csm.id), await an_account(csm_id=other_csm.id)
    ambassador = await a_person("佐藤", "美香", account=theirs)
    await grant(ambassador.id, "board:1", ["community.moderate"], reason="ambassador")
    return People(
        member=await a_person(account=mine), other_member=await a_person("木村", "健", account=theirs),
        ambassador=ambassador, agent=await staff("agent"), csm=csm, admin=await staff("admin"), other_csm=other_csm,
        mine=mine, theirs=theirs,
    )  # fmt: skip


@objects("/me/sessions/{session_id}")
async def session(people: People) -> Objects:
    return Objects(
        {"session_id": await _session_of(people.member)}, {"session_id": await _session_of(people.other_member)}
    )


async def _session_of(person: Person) -> int:
    token = await open_session(person.id)
    return int((await rows("SELECT id FROM session WHERE token_hash = ?", hashed(token)))[0][0])


@objects("/staff/settings/people/{person_id}")
async def member_of_staff(people: People) -> Objects:
    """Own: one of staff; foreign: a customer, who is none of this page's."""
    colleague = await staff("agent", "中村", "学")
    return Objects({"person_id": colleague.id, "slug": "agent"}, {"person_id": people.other_member.id, "slug": "agent"})


@objects("/staff/settings/people/{person_id}/sessions/{session_id}")
async def session_of_staff(people: People) -> Objects:
    """Own: of one of staff; foreign: of a customer."""
    colleague = await staff("agent", "中村", "学")
    return Objects(
        {"person_id": colleague.id, "session_id": await _session_of(colleague)},
        {"person_id": people.other_member.id, "session_id": await _session_of(people.other_member)},
    )


@objects("/me/providers/{tie_id}")
async def tie(people: People) -> Objects:
    """An account at an identity provider: the member's own, and another's."""
    provider = await _provider()
    return Objects(
        {"tie_id": await _tie_of(people.member, provider)}, {"tie_id": await _tie_of(people.other_member, provider)}
    )


async def _provider() -> int:
    made = await write(
        "INSERT INTO oidc_provider (slug, name, issuer, client_id, sealed, for_staff, for_customers, adds_members,"
        " domains, found, signing, problem, created_at) VALUES (?, 'x', 'https://id.example', 'x', '', ?, ?, ?, '[]',"
        " '{}', '{}', '', ?) RETURNING id", new_key(), False, True, False, now(),
    )  # fmt: skip
    return int(made[0][0])


async def _tie_of(person: Person, provider: int) -> int:
    made = await write(
        "INSERT INTO oidc_tie (provider_id, subject, person_id, created_at, used_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING id", provider, new_key(), person.id, now(), now(),
    )  # fmt: skip
    return int(made[0][0])


@objects("/staff/settings/oidc/{provider_id}")
async def identity_provider(people: People) -> Objects:
    """They belong to the whole house; foreign is one that is not there."""
    return Objects({"provider_id": await _provider()}, {"provider_id": 999_999})


@objects("/staff/settings/jobs/{promise_id}")
async def stopped_work(people: People) -> Objects:
    made = await write(
        "INSERT INTO promise (name, arguments, lane, state, due_at, attempts, created_at)"
        " VALUES ('nothing.at_all', '{}', 'default', 'dead', ?, 8, ?) RETURNING id", now(), now(),
    )  # fmt: skip
    return Objects({"promise_id": made[0][0]}, {"promise_id": 999_999})


@objects("/staff/guides/{guide_id}")
async def guide(people: People) -> Objects:
    """Guides belong to the whole team; foreign is one that is not there."""
    made = await write(
        "INSERT INTO guide (key, brand, name, kind, state, locale, steps, texts, translated_from, urls, trigger,"
        " frequency, every_days, most_views, priority, revision, contents, version, created_at, updated_at) VALUES"
        " (?, 'default', 'x', 'modal', 'draft', 'ja', ?, '{}', '{}', '[]', '{}', 'once', 1, 1, 1, '', '{}', 1, ?, ?)"
        " RETURNING id", new_key(), [{"id": 1}], now(), now(),
    )  # fmt: skip
    return Objects({"guide_id": made[0][0], "step_id": 1}, {"guide_id": 999_999, "step_id": 1})


__all__ = ["FRESH", "Objects", "People", "factory_for", "make_people", "objects"]
