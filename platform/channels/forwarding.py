"""A LINE account has one webhook URL: its webhooks go on to a second tool, byte for byte, with their signature."""

from __future__ import annotations

from channels import fetching
from channels.connections import Known, by_id, note_error
from core.errors import Refused
from core.jobs import job


def wanted_by(connection: Known) -> str:
    return str(connection.settings.get("forward_to") or "")


@job(attempts=5, timeout=30)
async def forward(connection_id: int, body: str, signature: str) -> str:
    """Best effort: five attempts; the second tool checks the signature by itself."""
    import aiohttp

    connection = await by_id(connection_id)
    target = wanted_by(connection)
    if not target or not connection.is_active:
        return "not wanted"
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Line-Signature": signature}
    try:
        status = (await fetching.post(target, body.encode(), headers)).status
    except Refused as refused:
        return refused.sentence
    except (aiohttp.ClientError, OSError, TimeoutError) as lost:  # OSError: no such name, or a network of ours
        await note_error(connection_id, f"Forwarding failed: {type(lost).__name__}")
        raise
    if status >= 500:
        await note_error(connection_id, f"Forwarding was answered with {status}")
        raise RuntimeError(f"forwarding was answered with {status}")
    return f"answered with {status}"
