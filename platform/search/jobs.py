"""What search does by itself: it learns each night how sure it may be, asks for the vectors that are missing, and after
an upgrade has everything analysed anew.
"""

from __future__ import annotations

from core.database import rows, transaction, write
from core.events import announce
from core.jobs import every, job
from search.documents import ANALYSIS
from search.events import DocumentOutdated
from search.meaning import embed_waiting
from search.training import train


@job(lane="bulk", timeout=900, attempts=3)
async def retrain(brand: str) -> None:
    """Learn the confidence of a brand anew."""
    await train(brand)


@every(hours=24, at="03:40")
async def retrain_all() -> None:
    """Every brand that has something to be found."""
    for row in await rows("SELECT DISTINCT brand FROM search_document WHERE state = 'live' AND brand <> ''"):
        await retrain.later(brand=row[0], key=f"retrain:{row[0]}")


@every(minutes=1, lane="bulk", timeout=300, attempts=2)
async def embed_documents() -> None:
    """Only where an embeddings endpoint is set. What fails waits for the next minute."""
    await embed_waiting()


AT_ONCE = 500  # a minute's work in the bulk lane, and little of what readers wait for


@every(minutes=1, lane="bulk")
async def renew_outdated() -> None:
    """Documents that an older release analysed are told to their rooms, which put them again; each is told once."""
    async with transaction():
        found = await write(
            "UPDATE search_document SET analysis = ? WHERE id IN (SELECT id FROM search_document"
            " WHERE state = 'live' AND analysis < ? ORDER BY id LIMIT ?) RETURNING kind, ref_id",
            ANALYSIS, ANALYSIS, AT_ONCE,
        )  # fmt: skip
        for kind, id in sorted({(row[0], row[1]) for row in found}):
            await announce(DocumentOutdated(kind, id))
