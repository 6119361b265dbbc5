"""Whose word counts when two sources say different things about a field."""

from __future__ import annotations

import msgspec

from core.database import rows

STAFF = "staff"  # what staff wrote by hand outranks every other source
UNRANKED = 1000


class Precedence(msgspec.Struct, frozen=True):
    """(source, field or "") → rank; the lower wins."""

    ranks: dict[tuple[str, str], int] = {}

    def rank(self, source: str, field: str) -> int:
        if source == STAFF:
            return -1
        return self.ranks.get((source, field), self.ranks.get((source, ""), UNRANKED))

    def may_write(self, source: str, field: str, holder: str, is_empty: bool) -> bool:
        """Whether `source` may put its value where `holder`'s stands.

        Its own always, an empty one too; otherwise only a better rank, so that two sources of one rank never take
        a field from each other back and forth.
        """
        if is_empty or holder in {"", source}:
            return holder != STAFF or source == STAFF
        return self.rank(source, field) < self.rank(holder, field)


async def precedence() -> Precedence:
    found = await rows("SELECT source, field, rank FROM source_rank")
    return Precedence({(row[0], row[1]): int(row[2]) for row in found})
