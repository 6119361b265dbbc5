"""Records of the book that may be one: looked for by night among those that changed, in both kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import now
from core.database import rows, transaction, write
from core.tasks import in_thread
from customers import merging
from customers.imports.rows import select_in
from customers.matching.book import Candidate
from customers.matching.evidence import Evidence, Verdict
from customers.matching.people import POINTS
from customers.matching.stored import LOADERS, book_for
from customers.matching.words import reasons
from customers.registry import About

KINDS = {"account": "duplicate_company", "person": "duplicate_person"}
ASKED_FROM = 8  # points: the same address alone, as in an office building, is no question within one book
SIZE = 500


async def seek(about: About, since: datetime) -> dict[str, int]:
    """Merge by itself at high evidence, where no source holds both; else one question for each pair."""
    last, said = 0, {"merged": 0, "asked": 0}
    while found := await rows(f"SELECT id FROM {about} WHERE id > ? AND updated_at >= ? ORDER BY id LIMIT {SIZE}",
                              last, since):  # fmt: skip
        last = found[-1][0]
        for id, candidate in await _pairs(about, [int(row[0]) for row in found]):
            said[await _decide(about, id, candidate)] += 1
    return said


async def _pairs(about: About, ids: list[int]) -> list[tuple[int, Candidate]]:
    records: dict[int, Any] = await LOADERS[about](ids)
    book = await book_for(about, list(records.values()))
    book.holds_the_asked = True

    def weigh() -> list[tuple[int, Candidate]]:
        return [(id, one) for id, record in records.items() for one in book.candidates(record)
                if one.id != id and one.verdict.points >= ASKED_FROM]  # fmt: skip

    found: list[tuple[int, Candidate]] = await in_thread(weigh)
    return found


async def _decide(about: About, id: int, other: Candidate) -> str:
    kept, gone = sorted((id, other.id))
    evidence = [[one.kind, one.points, one.value] for one in other.verdict.evidence]
    async with transaction():
        live = await rows(f"SELECT COUNT(*) FROM {about} WHERE id IN (?, ?) AND state NOT IN ('merged', 'erased')",
                          kept, gone)  # fmt: skip
        if live[0][0] < 2:
            return "asked"
        asked = await rows("SELECT 1 FROM review WHERE key = ?", _key(about, kept, gone))
        if other.verdict.level == "automatic" and not asked and not await _share_a_source(about, kept, gone):
            await merging.merge(about, kept, gone, evidence)
            return "merged"
        await ask_about(about, kept, gone, other.verdict)
    return "asked"


async def ask_about(about: About, one: int, other: int, verdict: Verdict) -> None:
    """A question about two records; the same pair is asked once."""
    kept, gone = sorted((one, other))
    evidence = [[part.kind, part.points, part.value] for part in verdict.evidence]
    mine, theirs = ("account_id", "other_id") if about == "account" else ("person_id", "other_person_id")
    await write(f"INSERT INTO review (kind, {mine}, {theirs}, key, data, reason, state, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 'open', ?) ON CONFLICT (key) DO NOTHING",
                KINDS[about], kept, gone, _key(about, kept, gone),
                {"values": {}, "source": "", "source_id": "", "evidence": evidence},
                reasons(verdict.evidence)[:300], now())  # fmt: skip


async def ask_about_address(kind: str, address: str, holder: int, claimant: int) -> None:
    """`claimant` proved that an address is theirs which is verified as the holder's: they may be one. An address has
    one person, so that it stays where it is until somebody decides. Nobody of ours is asked about."""
    customers = await rows("SELECT COUNT(*) FROM person WHERE id IN (?, ?) AND kind = 'customer' AND state = 'active'",
                           holder, claimant)  # fmt: skip
    if customers[0][0] == 2:
        evidence = Evidence(f"same_{kind}", POINTS[f"same_{kind}"], address)
        await ask_about("person", holder, claimant, Verdict((evidence,)))


def _key(about: About, kept: int, gone: int) -> str:
    return f"duplicate:{about}:{kept}:{gone}"


async def _share_a_source(about: About, *ids: int) -> bool:
    """A system that holds both under two ids says that they are two."""
    found = await select_in(f"SELECT source FROM {about}_source WHERE {about}_id IN ({{marks}})"
                            f" GROUP BY source HAVING COUNT(DISTINCT {about}_id) > 1", ids)  # fmt: skip
    return bool(found)
