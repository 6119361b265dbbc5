"""Coming in with a token of the company's own product; the connections that may make such tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from access import policy, tokens, watching
from access.actions import doors
from access.sso_models import SignOn
from core import vault
from core.audit import audit
from core.clock import now
from core.context import here
from core.database import transaction, write
from core.errors import NotFound, Refused, Unauthenticated
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from core.web import new_key
from customers.vouched import Vouched, vouched_person


async def look(key: str, token: str) -> tokens.Claims:
    """Who the token speaks of; it stays unused. Raises Unauthenticated, the same for all that is wrong."""
    return (await _read(key, token))[1]


async def _read(key: str, token: str) -> tuple[SignOn, tokens.Claims]:
    connection = await SignOn.get_or_none(key=key[:40], ended_at=None)
    if connection is None:
        raise Unauthenticated(_("This way in does not work. Sign in another way, or try again from the product."))
    try:
        return connection, tokens.read(connection, token)
    except tokens.BadToken as bad:
        watching.refused("token", str(bad), here().request)
        await write("UPDATE sign_on SET problem = ?, problem_at = ? WHERE id = ?", str(bad)[:200], now(), connection.id)
        raise Unauthenticated(
            _("This way in does not work. Sign in another way, or try again from the product.")
        ) from None


async def enter(key: str, token: str, request: Any) -> doors.Entered:
    """Use the token up and come in as the person it speaks of, made or completed by what it says."""
    connection, said = await _read(key, token)
    mark = hashlib.sha256(said.jti.encode()).hexdigest()
    until = datetime.fromtimestamp(said.exp, UTC) + timedelta(seconds=2 * tokens.SKEW)
    async with transaction():
        fresh = await write(
            "INSERT INTO used_token (sign_on_id, mark, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (sign_on_id, mark) DO NOTHING RETURNING id", connection.id, mark, until,
        )  # fmt: skip
        if not fresh:
            raise Unauthenticated(_("This way in was used already. Try again from the product."))
        person = await vouched_person(Vouched(
            user=said.sub, source=connection.source, email=said.email, is_email_verified=connection.trusts_email,
            account=said.account, locale=said.locale,
            traits=said.traits | ({"name": said.name} if said.name else {}),
        ))  # fmt: skip
        await write("UPDATE sign_on SET used_at = ? WHERE id = ?", now(), connection.id)
        entered = await doors.enter(person.id, request, "token")
        if entered is None:
            raise Refused(_("This account is locked."))
    return entered


async def connect(
    name: str, source: str, algorithm: str, *, by: Principal, public_key: str = "", issuer: str = "",
    trusts_email: bool = False,
) -> tuple[SignOn, str]:  # fmt: skip
    """A product that may vouch for people; with HS256 the secret, which is shown once."""
    ensure(policy.can_manage_staff(by))
    secret = ""
    if algorithm == "HS256":
        secret, public_key = secrets.token_urlsafe(48), ""
    elif algorithm in tokens.ALGORITHMS:
        tokens.checked_public_key(algorithm, public_key)
    else:
        raise Refused(_("Choose one of the list."))
    async with transaction():
        made = await SignOn.create(
            key=new_key(), name=name, source=source, algorithm=algorithm, public_key=public_key.strip(),
            sealed=vault.seal({"secret": secret}) if secret else "", issuer=issuer, trusts_email=trusts_email,
            made_by_id=by.person_id, created_at=now(),
        )  # fmt: skip
        after = {"name": name, "source": source, "algorithm": algorithm, "trusts_email": trusts_email}
        await audit("sign_on.connect", Ref("sign_on", made.id), after=after)
    return made, secret


async def end(connection_id: int, *, by: Principal) -> None:
    """No token of it opens anything any more; who is signed in stays so."""
    ensure(policy.can_manage_staff(by))
    async with transaction():
        ended = await write("UPDATE sign_on SET ended_at = ? WHERE id = ? AND ended_at IS NULL RETURNING name",
                            now(), connection_id)  # fmt: skip
        if not ended:
            raise NotFound(_("There is no such connection."))
        await audit("sign_on.end", Ref("sign_on", connection_id), before={"name": ended[0][0]})
