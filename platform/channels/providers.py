"""Which LINE channels share user ids: those of one provider.

LINE gives somebody one id for all channels of a provider and other ids for those of others, and tells nobody which
provider a channel belongs to: an administrator writes its name on the connection's page. Where nothing is written a
channel is its own provider.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import msgspec

from core.database import rows


class Providers(msgspec.Struct, frozen=True):
    """Of every LINE channel that there ever was, also the removed ones: ids of theirs are still kept."""

    of: dict[int, str]

    def peers(self, connection_id: int) -> list[int]:
        """The channels on which an id of this one is the same person's: itself and those of its provider."""
        return [one for one in self.of if self.shares(one, connection_id)]

    def shares(self, one: int, other: int) -> bool:
        return one == other or (one in self.of and self.of[one] == self.of.get(other))

    @property
    def is_one(self) -> bool:
        """An id of which nobody knows the channel can then be of this provider alone."""
        return len(set(self.of.values())) == 1


async def providers() -> Providers:
    found = await rows("SELECT id, settings FROM connection WHERE kind = 'line' ORDER BY id")
    return Providers({int(row["id"]): named(row["settings"]) or f"#{row['id']}" for row in found})


def named(settings: Any) -> str:
    """The provider as written, without what a second writing of the same name may do differently."""
    known = json.loads(settings) if isinstance(settings, str | bytes) else settings or {}
    return " ".join(unicodedata.normalize("NFKC", str(known.get("provider") or "")).casefold().split())
