"""The brand of a page: the row of core, kept a few seconds per process, because every page says the name."""

from __future__ import annotations

import time

import msgspec

from core.audit import audit
from core.database import rows, transaction, write
from core.errors import NotFound
from core.i18n import _
from core.models import Brand
from core.pages import Brand as Shown
from core.policy import deny, ensure
from core.principal import Principal
from core.refs import Ref

KEPT = 5.0
_kept: dict[str, object] = {"at": 0.0, "brand": Shown()}
FIELDS = ("name", "sender_name", "sender_email", "postal_address", "complaints_contact")


def current() -> Shown:
    """For `core.pages.use_brand`: what was read last (see `refresh`)."""
    found = _kept["brand"]
    return found if isinstance(found, Shown) else Shown()


async def refresh(force: bool = False) -> None:
    """Read the row again when it is older than a few seconds."""
    if not force and time.monotonic() - float(str(_kept["at"])) < KEPT:
        return
    found = await rows("SELECT name FROM brand WHERE slug = 'default'")
    if found:
        _kept.update(at=time.monotonic(), brand=Shown(name=found[0][0], company=found[0][0]))


def forget() -> None:
    _kept.update(at=0.0, brand=Shown())


async def default_brand() -> Brand:
    found = await Brand.get_or_none(slug="default")
    if found is None:
        raise NotFound(_("There is no brand."))
    return found


async def change(values: msgspec.Struct, *, by: Principal) -> None:
    """Change what FIELDS name, and say so in the audit log."""
    if not by.may("settings.manage"):
        ensure(deny(_("Only an administrator may do this.")))
    row = await default_brand()
    typed = {name: getattr(values, name) or "" for name in FIELDS}
    before = {name: getattr(row, name) for name in FIELDS if getattr(row, name) != typed[name]}
    if not before:
        return
    async with transaction():
        await write(
            "UPDATE brand SET name = ?, sender_name = ?, sender_email = ?, postal_address = ?, complaints_contact = ?"
            " WHERE id = ?", *(typed[name] for name in FIELDS), row.id,
        )  # fmt: skip
        after = {name: typed[name] for name in before}
        await audit("change_brand", Ref("brand", row.id), before=before, after=after)
    await refresh(force=True)
