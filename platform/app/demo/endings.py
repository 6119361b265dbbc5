"""Customers who left: their CSM wrote down when and why, on that day."""

from __future__ import annotations

from app.demo.acting import Cast, at
from app.demo.company import SOURCE, has_left
from app.demo.files import Known, data, table
from core.clock import days_ago, local_day
from customers import end_reasons, ending, health
from customers.models import Contract


async def load(known: Known) -> None:
    """What ended without a customer leaving came with the import."""
    cast = Cast(known)
    staff = {one["email"]: one["id"] for one in data("company.json")["staff"]}
    csm = {row["顧客ID"]: staff[row["担当CSM"]] for row in table("accounts.csv") if row["担当CSM"]}
    for row in table("contracts.csv"):
        if has_left(row):
            who = await cast.be(csm[row["顧客ID"]])
            reason, _words = end_reasons.read(row["解約理由"])
            contract = await Contract.get(source=SOURCE, source_id=row["契約ID"])
            with at(days_ago(-int(row["終了日"])), who):
                await ending.end(contract, local_day(), reason, row["解約理由の詳細"])
    await cast.leave()
    await health.recompute([known.accounts[id] for id in csm])  # as of today
