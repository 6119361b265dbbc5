"""Whose word counts when two sources say different things about a field."""

from __future__ import annotations

import msgspec

from core.audit import audit
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import NotFound
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy

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


# Set by staff ---------------------------------------------------------------------------------------------------

FIELDS = ("name", "name_kana", "corporate_number", "industry", "employees", "prefecture", "address", "phone", "website",
          "csm", "deputy", "phase", "family_name", "given_name", "family_kana", "given_kana", "email", "locale",
          "time_zone", "handle")  # fmt: skip
COLUMNS = {"csm": "csm_id", "deputy": "deputy_id"}


async def sources() -> list[str]:
    """Every system that has sent something, by name."""
    found = await rows("SELECT source FROM account_source UNION SELECT source FROM person_source"
                       " UNION SELECT source FROM write_key UNION SELECT source FROM import_batch"
                       " ORDER BY 1")  # fmt: skip
    return [row[0] for row in found if row[0]]


async def set_rank(source: str, field: str, rank: int) -> None:
    """`field` empty: for every field that has no rank of its own."""
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        await write("INSERT INTO source_rank (source, field, rank) VALUES (?, ?, ?) ON CONFLICT (source, field)"
                    " DO UPDATE SET rank = excluded.rank", source, COLUMNS.get(field, field), rank)  # fmt: skip
        await audit("source_rank.set", Ref("source_rank", 0), after={"source": source, "field": field, "rank": rank})


async def forget_rank(rank_id: int) -> None:
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        found = await write("DELETE FROM source_rank WHERE id = ? RETURNING source, field, rank", rank_id)
        if not found:
            raise NotFound(_("There is no such number."))
        await audit("source_rank.remove", Ref("source_rank", rank_id), before=dict(found[0]))
