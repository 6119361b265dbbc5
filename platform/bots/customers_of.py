"""Who speaks: a person by verified identity, an account by its Slack team; else somebody not known yet."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from channels import line, slack
from channels.connections import Known
from channels.outcomes import SendingFailed
from core.clock import now
from core.errors import Conflict
from customers import line_users, people
from customers.models import Identity, Person
from inbox.actions.receiving import key_of_person
from inbox.speaking import account_speaking

PATIENCE = 3.0  # seconds for the name of somebody new: an answer must not wait for it


class Speaker(msgspec.Struct, frozen=True):
    key: str
    person_id: int | None = None
    account_id: int | None = None
    name: str = ""
    lang: str = "ja"
    is_staff: bool = False


async def on_line(connection: Known, user: str, *, is_known: bool) -> Speaker:
    """A LINE user. `is_known`: we talked before, so the name is not asked again."""
    person = await line_users.speaker(connection.id, user)
    if person:
        return await _of_person(person)
    profile = {} if is_known else await _patiently(line.profile_of(connection.id, user))
    lang = "en" if str(profile.get("language", "ja")).startswith("en") else "ja"
    return Speaker(f"line:{connection.id}:{user}", None, None, str(profile.get("name", "")), lang)


async def by_mail(address: str, name: str) -> Speaker:
    """Who wrote a mail: a person whose address is verified. Your mail exchanger judged whether it is theirs (DMARC)."""
    person = await people.person_by_identity("email", address)
    return await _of_person(person) if person else Speaker(f"email:{address}", None, None, name or address)


async def on_slack(connection: Known, team: str, user: str, *, is_known: bool) -> Speaker:
    """A Slack user is `(user_team, user)`; the team may stand for an account."""
    address = f"{team}:{user}"
    person = await people.person_by_identity("slack", address)
    profile: dict[str, Any] = {}
    if person is None and not is_known:
        profile = await _patiently(slack.profile_of(connection.id, user))
        person = await _by_email(connection, team, address, profile)
    account_id = account_of_team(connection, team)
    if person:
        found = await _of_person(person)
        return found if found.account_id or not account_id else msgspec.structs.replace(found, account_id=account_id)
    return Speaker(f"slack:{address}", None, account_id, str(profile.get("name", "")))


def account_of_team(connection: Known, team: str) -> int | None:
    """Slack team → account, as the page of the connection says."""
    teams = connection.settings.get("teams") or {}
    found = teams.get(team) or (connection.settings.get("account_id") if team == connection.external_id else None)
    return int(found) if found else None


async def _of_person(person: Person) -> Speaker:
    return Speaker(
        key_of_person(person.id), person.id, await account_speaking(person.id), person.full_name,
        person.locale if person.locale in ("ja", "en") else "ja", person.kind == "staff",
    )  # fmt: skip


async def _by_email(connection: Known, team: str, address: str, profile: dict[str, Any]) -> Person | None:
    """The profile's e-mail says who it is where this workspace's directory is trusted and has confirmed it."""
    trusted = connection.settings.get("trusts_email") or []
    email = str(profile.get("email") or "").strip().lower()
    if team not in trusted or not email or profile.get("is_guest") or profile.get("is_email_confirmed") is False:
        return None
    identity = await Identity.get_or_none(kind="email", value=email, verified_at__isnull=False)
    person = await Person.get_or_none(id=identity.person_id, state="active") if identity else None
    if person is None or person.kind == "staff":
        return None
    try:
        await people.link("slack", address, person.id, source="slack_email", verified_at=now())
    except Conflict:
        return None
    return person


async def _patiently(asking: Any) -> dict[str, Any]:
    """A name would be nice; an answer in time is better."""
    try:
        return dict(await asyncio.wait_for(asking, PATIENCE))
    except (TimeoutError, SendingFailed):
        return {}
