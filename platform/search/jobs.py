"""What search does by itself: it learns each night how sure it may be, and asks for the vectors that are missing."""

from __future__ import annotations

from core.database import rows
from core.jobs import every, job
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
