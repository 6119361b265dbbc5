"""What arrived from an erased person: bodies of webhooks and letters are emptied; their keys stay, so that a repeated
delivery brings nothing back."""

from __future__ import annotations

from collections.abc import Iterable

from core.database import dialect, rows, write

Address = tuple[str, str]  # kind and value of an identity
SLICE = 500


async def arrivals_of(addresses: Iterable[Address]) -> list[int]:
    """Webhook events in which one of these stands. Reads bodies of 90 days: before the transaction, not in it."""
    found: set[int] = set()
    for kind, value in addresses:
        if kind in ("line", "slack"):
            parts = value.split(":")  # Slack's are team and user, which stand apart in a body
            where = " AND ".join(["CAST(a.body AS TEXT) LIKE ? ESCAPE '!'"] * len(parts))
            found |= {int(row[0]) for row in await rows(
                f"SELECT a.id FROM arrival a JOIN connection c ON c.id = a.connection_id AND c.kind = ? WHERE {where}",
                kind, *(f'%"{_literal(part)}"%' for part in parts))}  # fmt: skip
    return sorted(found)


async def forget_arrivals(ids: Iterable[int]) -> None:
    wanted = sorted(set(ids))
    for at in range(0, len(wanted), SLICE):
        part = wanted[at : at + SLICE]
        await write("UPDATE arrival SET body = ?, outcome = 'erased',"
                    " state = CASE WHEN state = 'waiting' THEN 'ignored' ELSE state END"
                    f" WHERE id IN ({', '.join('?' * len(part))})", {}, *part)  # fmt: skip


async def forget_mail(address: str) -> None:
    """What was sent to the address and what came from it. A mail on its way is left to its ledger."""
    await write("DELETE FROM mail WHERE recipient = ?", address)
    await write("DELETE FROM outgoing_mail WHERE recipient = ? AND state NOT IN ('waiting', 'attempting')", address)
    text = "encode(content, 'escape')" if dialect() == "postgresql" else "CAST(content AS TEXT)"
    spoken = [row[0] for row in await rows(
        f"SELECT id FROM incoming_mail WHERE sender = ? OR (length(content) > 0 AND lower({text}) LIKE ? ESCAPE '!')",
        address, f"%{_literal(address)}%")]  # fmt: skip
    for id in spoken:
        await write("UPDATE incoming_mail SET sender = '', content = ?, outcome = 'erased',"
                    " state = CASE WHEN state IN ('waiting', 'taken') THEN 'ignored' ELSE state END WHERE id = ?",
                    b"", id)  # fmt: skip


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
