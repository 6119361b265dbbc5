"""Slack calls us: signed events with their retries, interactions, slash commands.

Sources: Slack developer documentation, "Events API" (responding, retries), "Verifying requests from Slack".
"""

import json
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

import httpx

from fakes.slack_events import interactive_form, slack_signature

EVENT_TIMEOUT = 3.0
AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SlackDelivery:
    """Mixed into FakeSlack. Forge with secret=, signature=, timestamp=, without=; `client=` posts into an ASGI app."""

    async def deliver(
        self, url: str, envelope: dict, *, retry: int = 0, reason: str = "http_timeout", **how: Any
    ) -> httpx.Response:
        """An event as JSON. `retry=1…3` makes it a redelivery, with the headers that say so."""
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        body = json.dumps(envelope, ensure_ascii=False).encode()
        return await self._post(url, body, {"Content-Type": "application/json"} | headers, **how)

    async def deliver_until_acknowledged(self, url: str, envelope: dict, **how: Any) -> list[int]:
        """At once and up to three more times, as Slack does but without its pauses. The statuses; 0 is a time-out."""
        statuses: list[int] = []
        for retry in range(4):
            reason = "http_error" if statuses and statuses[-1] else "http_timeout"
            try:
                statuses.append((await self.deliver(url, envelope, retry=retry, reason=reason, **how)).status_code)
            except httpx.TransportError:
                statuses.append(0)
            if 200 <= statuses[-1] < 300:
                break
        return statuses

    async def interact(self, url: str, payload: dict, **how: Any) -> httpx.Response:
        """block_actions, view_submission, shortcuts: a form with one field, `payload`."""
        return await self._post(url, interactive_form(payload), FORM, **how)

    async def command(self, url: str, form: dict, **how: Any) -> httpx.Response:
        return await self._post(url, urlencode(form).encode(), FORM, **how)

    async def _post(
        self,
        url: str,
        body: bytes,
        headers: dict,
        *,
        secret: str | None = None,
        signature: str | bytes | None = None,
        timestamp: str | None = None,
        without: Collection[str] = (),
        client: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        timestamp = timestamp or str(int(time.time()))
        signed = slack_signature(secret or self.signing_secret, timestamp, body) if signature is None else signature
        headers = headers | {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signed, "User-Agent": AGENT}
        headers = {name: value for name, value in headers.items() if name not in without}
        started = time.perf_counter()
        response = await (client or self.http).post(url, content=body, headers=headers, timeout=EVENT_TIMEOUT)
        self.deliveries.append((url, response.status_code, time.perf_counter() - started))
        return response
