"""People as other customers see them: a name and a rank, never an address or a company."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from community import caches, grants
from core.database import rows
from core.i18n import _

COLUMNS = "handle, family_name, given_name, locale, kind"


class Face(msgspec.Struct, frozen=True):
    name: str
    rank: str = "member"  # member, ambassador, staff
    id: int = 0

    @property
    def avatar(self) -> str:
        """The kind of the avatar: ours, or nothing."""
        return "" if self.rank == "member" else "ours"


def public_name(handle: str, family: str, given: str, locale: str, kind: str) -> str:
    """The handle; of staff the full name; else the family name alone."""
    if handle:
        return handle
    if kind == "staff":
        names = (family, given) if locale == "ja" else (given, family)
        return " ".join(name for name in names if name)
    return family or given or _("A member")


def face(id: int, handle: str, family: str, given: str, locale: str, kind: str, ambassadors: set[int]) -> Face:
    rank = "staff" if kind == "staff" else "ambassador" if id in ambassadors else "member"
    return Face(public_name(handle, family, given, locale, kind) or _("A member"), rank, id)


async def ambassadors() -> set[int]:
    found: set[int] = await caches.kept("ambassadors", 30, grants.ambassadors)
    return found


async def names_of(ids: Iterable[int]) -> dict[int, Face]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    marks = ", ".join("?" * len(wanted))
    known = await ambassadors()
    found: list[Any] = await rows(f"SELECT id, {COLUMNS} FROM person WHERE id IN ({marks})", *wanted)
    return {row[0]: face(*tuple(row), known) for row in found}
