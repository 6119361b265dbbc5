"""Connections: a Slack team or a LINE channel as a row, its secrets sealed."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from channels.models import Connection
from core.audit import audit
from core.clock import now
from core.database import after_commit, rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.refs import Ref
from core.vault import seal, unseal

KINDS = ("line", "slack")
NEEDED = {"line": ("channel_secret", "access_token"), "slack": ("signing_secret", "bot_token")}


class Known(msgspec.Struct, frozen=True):
    """A connection with its secrets open: never stored, never logged."""

    id: int
    kind: str
    name: str
    external_id: str
    state: str
    settings: dict[str, Any]
    secrets: dict[str, Any]

    @property
    def is_active(self) -> bool:
        return self.state == "active"


KEPT_SECONDS = 1.0
_kept: dict[str, tuple[float, list[Known]]] = {}
_opened: dict[str, dict[str, Any]] = {}


def _open(sealed: str) -> dict[str, Any]:
    """Unsealing costs ~60 µs, so the last few stay open."""
    if sealed not in _opened:
        if len(_opened) > 64:
            _opened.clear()
        _opened[sealed] = unseal(sealed)
    return _opened[sealed]


def _known(row: Any) -> Known:
    settings = row["settings"]
    found = msgspec.json.decode(settings) if isinstance(settings, str | bytes) else dict(settings or {})
    return Known(int(row["id"]), row["kind"], row["name"], row["external_id"], row["state"], found,
                 _open(row["secrets"]))  # fmt: skip


COLUMNS = "SELECT id, kind, name, external_id, state, settings, secrets FROM connection WHERE "


async def by_external_id(kind: str, external_id: str) -> Known | None:
    return next((one for one in await all_of(kind) if one.external_id == external_id), None)


async def by_id(connection_id: int) -> Known:
    found = await rows(COLUMNS + "id = ?", connection_id)
    if not found:
        raise NotFound(_("This connection does not exist."))
    return _known(found[0])


async def all_of(kind: str) -> list[Known]:
    """Every connection of a kind, kept for a second: a webhook asks several times and must answer quickly."""
    kept = _kept.get(kind)
    if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = [_known(row) for row in await rows(COLUMNS + "kind = ? AND state <> 'revoked' ORDER BY id", kind)]
    _kept[kind] = (time.monotonic(), found)
    return found


def forget() -> None:
    """This process changed a connection."""
    _kept.clear()


async def add(
    kind: str, name: str, external_id: str, secrets: dict[str, str], settings: dict[str, Any] | None = None,
    *, brand: str = "default",
) -> Connection:  # fmt: skip
    """Store a connection, its secrets sealed. One row per LINE channel or Slack team."""
    if kind not in KINDS:
        raise Refused(_("A connection is of kind line or slack."))
    if missing := [key for key in NEEDED[kind] if not secrets.get(key, "").strip()]:
        raise Refused(_("Missing: %(names)s.", names=", ".join(missing)))
    if not external_id.strip():
        raise Refused(_("Missing: %(names)s.", names="destination" if kind == "line" else "team"))
    moment = now()
    async with transaction():
        made = await Connection.get_or_none(kind=kind, external_id=external_id)
        if made and made.state != "revoked":
            raise Conflict(_("This is connected already."))
        made = made or Connection(kind=kind, external_id=external_id, created_at=moment)
        made.update_from_dict({
            "name": name.strip()[:120] or external_id, "brand": brand,
            "settings": _kept_provider(made) | (settings or {}),
            "secrets": seal({key: value.strip() for key, value in secrets.items() if value}),
            "state": "active", "last_error": "", "updated_at": moment,
        })  # fmt: skip
        await made.save()
        after_commit(forget)
        await audit("connect", Ref("connection", made.id), after={"kind": kind, "name": made.name})
    return made


def _kept_provider(made: Connection) -> dict[str, Any]:
    """A LINE channel that is connected again is of the provider that it was: LINE moves none to another."""
    provider = (made.settings or {}).get("provider")
    return {"provider": provider} if provider else {}


async def change_settings(connection_id: int, **changed: Any) -> None:
    """Merge into a connection's settings; None takes one away."""
    async with transaction():
        connection = await Connection.select_for_update().get(id=connection_id)
        settings = {key: value for key, value in (connection.settings | changed).items() if value is not None}
        await Connection.filter(id=connection_id).update(settings=settings, updated_at=now())
        after_commit(forget)


async def set_state(connection_id: int, state: str) -> None:
    """active, paused or revoked. Events of a paused connection are kept and not answered."""
    if state not in ("active", "paused", "revoked"):
        raise Refused(_("A connection is active, paused or revoked."))
    async with transaction():
        before = await write("UPDATE connection SET state = ?, updated_at = ? WHERE id = ? AND state <> ? RETURNING id",
                             state, now(), connection_id, state)  # fmt: skip
        after_commit(forget)
        if before:
            await audit(state, Ref("connection", connection_id))


async def note_error(connection_id: int, reason: str) -> None:
    """The last thing that went wrong, shown on the page of connections; an empty one when all is well again."""
    await write("UPDATE connection SET last_error = ? WHERE id = ? AND last_error <> ?",
                reason[:300], connection_id, reason[:300])  # fmt: skip
