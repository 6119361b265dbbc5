"""How far a brand's confidence may be trusted, and the bands that staff choose."""

from __future__ import annotations

from datetime import datetime

import msgspec

from core.audit import audit
from core.clock import when
from core.database import rows, transaction, write
from core.errors import Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from search import policy, site
from search.confidence import ANSWER, CANDIDATES
from search.reliability import Reliability


class Trust(msgspec.Struct, frozen=True):
    """`is_own` is false while the prior holds; `answer` and `candidates` are the lower edges of the bands."""

    brand: str
    is_own: bool = False
    answer: float = ANSWER
    candidates: float = CANDIDATES
    trained_at: datetime | None = None
    samples: int = 0
    auc: float = 0.0
    calibration_error: float = 0.0


async def trust_of(brand: str) -> Trust:
    found = await rows("SELECT answer, candidates, trained_at FROM search_trust WHERE brand = ?", brand)
    if not found:
        return Trust(brand)
    row, judged = found[0], await reliability_of(brand)
    return Trust(brand, judged.is_own, row["answer"], row["candidates"], when(row["trained_at"]), judged.samples,
                 judged.auc, judged.calibration_error)  # fmt: skip


async def reliability_of(brand: str) -> Reliability:
    """The diagram and the curve of the last training; empty before the first."""
    found = await rows("SELECT report FROM search_trust WHERE brand = ?", brand)
    return msgspec.json.decode(found[0][0], type=Reliability) if found and found[0][0] else Reliability()


async def set_bands(who: Principal, brand: str, answer: float = ANSWER, candidates: float = CANDIDATES) -> None:
    """From which probability on a first result is given as the answer, or as one of three candidates."""
    ensure(policy.can_control(who))
    if not 0 < candidates < answer < 1:
        raise Refused(_("Both numbers lie between 0 and 1, that of the candidates below that of the answer."))
    before = await trust_of(brand)
    async with transaction():
        await write(
            "INSERT INTO search_trust (brand, weights, report, answer, candidates) VALUES (?, '', '', ?, ?)"
            " ON CONFLICT (brand) DO UPDATE SET answer = excluded.answer, candidates = excluded.candidates",
            brand, answer, candidates,
        )  # fmt: skip
        await audit("set_bands", Ref("search_trust", 0), note=brand,
                    before={"answer": before.answer, "candidates": before.candidates},
                    after={"answer": answer, "candidates": candidates})  # fmt: skip
        await site.next_version()
