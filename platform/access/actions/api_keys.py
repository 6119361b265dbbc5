"""Making and ending API keys."""

from __future__ import annotations

from datetime import timedelta

from access import policy
from access.api_keys import SCOPES, hashed, new_key
from access.identify import rights_of
from access.models import ApiKey
from core.audit import audit
from core.clock import now
from core.database import transaction, write
from core.errors import NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref


async def make_api_key(
    name: str, scopes: list[str], *, by: Principal, person_id: int, is_read_only: bool = False, days: int | None = None,
    per_minute: int = 600,
) -> tuple[ApiKey, str]:  # fmt: skip
    """A new key that acts for `person_id`, and its text, which nobody can read again. `days`: how long it lives."""
    wanted = sorted(set(scopes))
    subject = await rights_of(person_id)
    ensure(policy.can_make_api_key(by, frozenset(wanted), subject))
    if not wanted or set(wanted) - set(SCOPES):
        raise Refused(_("Choose what the key may do."))
    if missing := sorted(set(wanted) - subject.capabilities):
        raise Refused(_("%(name)s may not do this: %(rights)s", name=subject.name, rights=", ".join(missing)))

    prefix, key = new_key()
    moment = now()
    async with transaction():
        made = await ApiKey.create(
            name=name.strip()[:80], prefix=prefix, secret_hash=hashed(key), person_id=person_id, scopes=wanted,
            is_read_only=is_read_only, per_minute=per_minute, made_by_id=by.person_id, created_at=moment,
            expires_at=moment + timedelta(days=days) if days else None,
        )  # fmt: skip
        after = {"name": made.name, "prefix": prefix, "scopes": wanted, "for": person_id, "read_only": is_read_only}
        await audit("api_key.make", Ref("api_key", made.id), after=after)
    return made, key


async def revoke_api_key(key_id: int, *, by: Principal) -> None:
    """The very next request with it is refused."""
    ensure(policy.can_manage_staff(by))
    async with transaction():
        ended = await write(
            "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING name, prefix",
            now(), key_id,
        )  # fmt: skip
        if not ended:
            raise NotFound(_("There is no such key, or it is revoked already."))
        await audit("api_key.revoke", Ref("api_key", key_id), before={"name": ended[0][0], "prefix": ended[0][1]})
