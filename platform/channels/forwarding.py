"""A LINE account has one webhook URL: its webhooks go on to a second tool, byte for byte, with their signature."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from channels import sessions
from channels.connections import Known, by_id, note_error
from core.errors import Refused
from core.i18n import _
from core.jobs import job
from core.settings import LOOPBACK, settings


def wanted_by(connection: Known) -> str:
    return str(connection.settings.get("forward_to") or "")


def checked_target(address: str) -> str:
    """https, and not ourselves. Raises Refused."""
    found = _split(address.strip())
    if found.scheme == "http" and found.hostname in LOOPBACK and urlsplit(settings().url).hostname in LOOPBACK:
        pass
    elif found.scheme != "https" or not found.hostname or "." not in found.hostname:
        raise Refused(_("Write an address that begins with https://."))
    if found.netloc == urlsplit(settings().url).netloc:
        raise Refused(_("Webhooks cannot be forwarded to this site itself."))
    return address.strip()


def _split(address: str) -> SplitResult:
    try:
        found = urlsplit(address)
        return found if found.port != 0 else SplitResult("", "", "", "", "")
    except ValueError:  # half an IPv6 address, a port that is none
        return SplitResult("", "", "", "", "")


@job(attempts=5, timeout=30)
async def forward(connection_id: int, body: str, signature: str) -> str:
    """Best effort: five attempts; the second tool checks the signature by itself."""
    import aiohttp

    connection = await by_id(connection_id)
    target = wanted_by(connection)
    if not target or not connection.is_active:
        return "not wanted"
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Line-Signature": signature}
    http = await sessions.session()
    try:
        async with http.post(target, data=body.encode(), headers=headers, allow_redirects=False) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as lost:
        await note_error(connection_id, f"Forwarding failed: {type(lost).__name__}")
        raise
    if status >= 500:
        await note_error(connection_id, f"Forwarding was answered with {status}")
        raise RuntimeError(f"forwarding was answered with {status}")
    return f"answered with {status}"
