"""Everybody who asked is told of a decision once, on one way: what the ledger holds already is not told again.

The rooms where voices come from do theirs first (`sources.Source.follow`: the idea's status, a reply in the
conversation); whoever is left is told at the bell. Then the accounts' timelines and their CSMs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from core.clock import now
from core.database import rows, transaction, write
from core.refs import Ref
from customers import notices, timeline
from customers.models import Decision
from customers.requests import sources
from customers.requests.deciding import TOLD
from customers.requests.words import URL

SLICE = 200
OWN = "/me/requests"


class Asker(msgspec.Struct, frozen=True):
    """Who asked: a person, or the conversation of somebody not known. `conversation_id`: all they asked in is there."""

    person_id: int | None
    conversation_id: int | None


async def tell(decision_id: int) -> str:
    decision = await Decision.get_or_none(id=decision_id).select_related("request")
    if decision is None:
        return "gone"
    for source in sources.known().values():
        if source.follow:
            await source.follow(decision)
    told = await _at_the_bell(decision) if decision.tells else 0
    if decision.status in TOLD:
        await _to_accounts(decision)
    return f"told {told} at the bell"


async def is_newest(decision: Decision) -> bool:
    """Whether nobody has decided about the request since."""
    return not await rows("SELECT 1 FROM request_decision WHERE request_id = ? AND id > ? LIMIT 1",
                          decision.request_id, decision.id)  # fmt: skip


async def claim(decision: Decision, people: Iterable[int], way: str) -> list[int]:
    """Of these people those who were not told yet; they count as told now. In the transaction that tells them."""
    wanted = list(dict.fromkeys(people))
    claimed: list[int] = []
    for person in wanted:
        made = await write(
            "INSERT INTO request_telling (decision_id, person_id, conversation_id, way, at) VALUES (?, ?, NULL, ?, ?)"
            " ON CONFLICT (decision_id, person_id) DO NOTHING RETURNING id", decision.id, person, way, now(),
        )  # fmt: skip
        if made:
            claimed.append(person)
    return claimed


async def claim_conversation(decision: Decision, conversation_id: int, way: str) -> bool:
    """The same for the conversation of somebody who is not known."""
    return bool(await write(
        "INSERT INTO request_telling (decision_id, person_id, conversation_id, way, at) VALUES (?, NULL, ?, ?, ?)"
        " ON CONFLICT (decision_id, conversation_id) DO NOTHING RETURNING id", decision.id, conversation_id, way, now(),
    ))  # fmt: skip


async def askers(decision: Decision) -> list[Asker]:
    """Who has a voice in the request and was not told of this decision yet."""
    found = await rows(
        "SELECT v.person_id AS person, MAX(CASE WHEN v.source_kind = 'conversation' THEN 0 ELSE 1 END) AS elsewhere,"
        " MAX(CASE WHEN v.source_kind = 'conversation' THEN v.source_id END) AS conversation"
        " FROM voice v JOIN person p ON p.id = v.person_id WHERE v.request_id = ? AND p.state = 'active'"
        " AND p.kind = 'customer' AND NOT EXISTS (SELECT 1 FROM request_telling t WHERE t.decision_id = ?"
        " AND t.person_id = v.person_id) GROUP BY v.person_id ORDER BY v.person_id", decision.request_id, decision.id,
    )  # fmt: skip
    known = [Asker(int(row["person"]), None if row["elsewhere"] else int(row["conversation"])) for row in found]
    nobody = await rows(
        "SELECT DISTINCT v.source_id FROM voice v WHERE v.request_id = ? AND v.person_id IS NULL AND v.source_kind ="
        " 'conversation' AND NOT EXISTS (SELECT 1 FROM request_telling t WHERE t.decision_id = ?"
        " AND t.conversation_id = v.source_id) ORDER BY v.source_id", decision.request_id, decision.id,
    )  # fmt: skip
    return known + [Asker(None, int(row[0])) for row in nobody]


async def _at_the_bell(decision: Decision) -> int:
    """Those who asked in a conversation only as the decision says: here, or not."""
    due = [one.person_id for one in await askers(decision)
           if one.person_id and (one.conversation_id is None or decision.in_conversations == "notice")]  # fmt: skip
    for at in range(0, len(due), SLICE):
        async with transaction():
            people = await claim(decision, due[at : at + SLICE], "notice")
            await notices.tell(people, about=Ref("product_request", decision.request_id), url=OWN, key=key_of(decision),
                               kind="customers.request_decided", data=facts_of(decision))  # fmt: skip
    return len(due)


def key_of(decision: Decision) -> str:
    """Of one decision nobody has two notices, whichever room tells."""
    return f"request:{decision.id}"


def facts_of(decision: Decision) -> dict[str, Any]:
    return {"title": decision.request.title, "status": decision.status, "message": decision.message}


async def _to_accounts(decision: Decision) -> None:
    """The timeline of every account behind it, and whoever looks after them; each once."""
    behind = await rows(
        "SELECT DISTINCT a.id AS id, a.csm_id AS csm FROM voice v JOIN account a ON a.id = v.account_id"
        " WHERE v.request_id = ? AND a.state <> 'merged' ORDER BY a.id", decision.request_id,
    )  # fmt: skip
    for at in range(0, len(behind), SLICE):
        async with transaction():
            for row in behind[at : at + SLICE]:
                await timeline.record(
                    None, "customers.request_decided", account_id=int(row["id"]), channel="staff", at=decision.at,
                    about=Ref("product_request", decision.request_id), key=f"request:{decision.id}:{row['id']}",
                    **facts_of(decision),
                )  # fmt: skip
    counts: dict[int, int] = {}
    for row in behind:
        if row["csm"] and row["csm"] != decision.by_id:
            counts[int(row["csm"])] = counts.get(int(row["csm"]), 0) + 1
    for csm in await _active(list(counts)):
        await notices.tell([csm], about=Ref("product_request", decision.request_id), key=key_of(decision),
                           url=f"{URL}/{decision.request_id}", kind="customers.request_of_yours",
                           data=facts_of(decision) | {"accounts": counts[csm]})  # fmt: skip


async def _active(people: list[int]) -> list[int]:
    if not people:
        return []
    marks = ", ".join("?" * len(people))
    return [int(row[0]) for row in await rows(f"SELECT id FROM person WHERE state = 'active' AND id IN ({marks})"
                                              " ORDER BY id", *people)]  # fmt: skip


async def counts(decisions: list[int]) -> dict[int, dict[str, int]]:
    """decision → way → how many were told so."""
    if not decisions:
        return {}
    marks = ", ".join("?" * len(decisions))
    found: dict[int, dict[str, int]] = {}
    for row in await rows(f"SELECT decision_id, way, COUNT(*) FROM request_telling WHERE decision_id IN ({marks})"
                          " GROUP BY decision_id, way", *decisions):  # fmt: skip
        found.setdefault(int(row[0]), {})[row[1]] = int(row[2])
    return found


class Asking(msgspec.Struct, frozen=True):
    """How many would be told: people who asked elsewhere, and those who asked in a conversation only."""

    people: int
    in_conversations: int


async def asking(request_id: int) -> Asking:
    """For whoever decides."""
    found = await askers(Decision(id=0, request_id=request_id))
    inside = sum(one.conversation_id is not None for one in found)
    return Asking(len(found) - inside, inside)
