"""A strict LINE Messaging API on a real socket, which also plays LINE when it calls our webhook.

    async with FakeLine() as line:
        configuration = Configuration(host=line.url, access_token=line.token)
        mika = line.person("Mika")
        await line.deliver(webhook_url, [line.text(mika, "こんにちは")])
        assert line.sent[0].texts == ["いらっしゃいませ"]
        assert line.refused == []

Sources: LINE Developers, "Messaging API reference", "Retrying a failed API request", "Receive messages (webhook)".
"""

import json
import secrets
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from fakes.line_api import RATE_EXCEEDED, LineApi
from fakes.line_events import LineEvents, ReplyToken, line_id, line_signature, redelivered
from fakes.line_state import LineChannel, SentByLine
from fakes.wire import Fault, HttpFake

WEBHOOK_TIMEOUT = 2.0


class FakeLine(LineApi, LineEvents, HttpFake):
    """`sent` and `loading` hold what was accepted; `refused` what LINE would refuse; `throttled` every 429;
    `repeated` every 409. Faults are scripted with `faults.next("push", …)`, time passes with `advance(seconds)`."""

    reply_token_lifetime = 60.0
    retry_key_lifetime = 24 * 3600.0
    link_token_lifetime = 600.0

    def __init__(self, *, port: int = 0, ledger: str | Path | None = None, token: str = "", secret: str = "") -> None:
        HttpFake.__init__(self, port=port, ledger=ledger)
        LineEvents.__init__(self)
        self.channels: dict[str, LineChannel] = {}
        self.channel = self.add_channel("Engawa", token=token, secret=secret)
        self.sent: list[SentByLine] = []
        self.loading: list[tuple[str, int]] = []
        self.repeated: list[str] = []
        self.deliveries: list[tuple[dict, int, float]] = []
        self.accepted_keys: dict[tuple[str, str], SentByLine] = {}
        self.link_tokens: dict[str, tuple[str, float]] = {}
        self.limit_rates_as_published()

    @property
    def url(self) -> str:
        """For `Configuration(host=line.url)`; both api.line.me and api-data.line.me are here."""
        return self.origin

    @property
    def token(self) -> str:
        return self.channel.token

    @property
    def secret(self) -> str:
        return self.channel.secret

    @property
    def bot_user_id(self) -> str:
        return self.channel.bot_user_id

    def add_channel(self, name: str, *, token: str = "", secret: str = "", **more: Any) -> LineChannel:
        """A further official account; webhooks are routed by its `bot_user_id` (`destination`)."""
        channel = LineChannel(
            bot_user_id=line_id(f"bot {name}"),
            token=token or secrets.token_urlsafe(64),
            secret=secret or secrets.token_hex(16),
            name=name,
            **more,
        )
        self.channels[channel.token] = channel
        return channel

    def new_reply_token(self) -> str:
        token = secrets.token_hex(16)
        self.reply_tokens[token] = ReplyToken("", self.clock.now())
        return token

    def sent_to(self, user: str) -> list[dict]:
        """All messages that reached one chat, in order; replies are known by the token's event."""
        return [message for sent in self.sent if user in sent.reached for message in sent.messages]

    def envelope(self, events: list[dict], channel: LineChannel | None = None) -> bytes:
        """A webhook body. From now on the reply tokens in it are alive."""
        channel = channel or self.channel
        self._hand_out_reply_tokens(events, channel)
        return json.dumps({"destination": channel.bot_user_id, "events": events}, ensure_ascii=False).encode()

    async def deliver(
        self,
        url: str,
        events: list[dict],
        *,
        channel: LineChannel | None = None,
        secret: str | None = None,
        signature: str | bytes | None = None,
        without: Collection[str] = (),
        client: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        """POST a webhook as LINE does. `secret=`, `signature=` or `without={"X-Line-Signature"}` forge it;
        `client=` posts into an ASGI app.

        Raises httpx.TimeoutException after LINE's 2 s.
        """
        channel = channel or self.channel
        body = self.envelope(events, channel)
        signed = line_signature(secret or channel.secret, body) if signature is None else signature
        headers: dict[str, Any] = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "X-Line-Signature": signed,
        }
        headers = {name: value for name, value in headers.items() if name not in without}
        started = time.perf_counter()
        response = await (client or self.http).post(url, content=body, headers=headers, timeout=WEBHOOK_TIMEOUT)
        self.deliveries.append((json.loads(body), response.status_code, time.perf_counter() - started))
        return response

    async def redeliver(self, url: str, events: list[dict], **how: Any) -> httpx.Response:
        """The same events once more: same `webhookEventId`, same reply token, `isRedelivery` true."""
        return await self.deliver(url, [redelivered(event) for event in events], **how)

    async def verify(self, url: str, **how: Any) -> httpx.Response:
        """The console's Verify button: a signed body without events."""
        return await self.deliver(url, [], **how)

    def _hand_out_reply_tokens(self, events: list[dict], channel: LineChannel) -> None:
        for event in events:
            token = self.reply_tokens.get(event.get("replyToken", ""))
            if token and not token.channel:
                token.channel, token.handed_out = channel.token, self.clock.now()
                token.chat = chat_of(event)

    async def control_more(self, what: str, request: web.Request) -> web.Response:
        """Another process asks for a delivery: `{"url": …, "build": [["text", ["U…", "hi"], {}]]}`."""
        if what in ("loading", "repeated"):
            return web.json_response(getattr(self, what))
        if what == "quota":
            self.channel.monthly_limit = (await request.json())["monthly_limit"]
            return web.json_response({})
        if what == "know":
            for user in (await request.json())["users"]:
                self.know(user)
            return web.json_response({})
        if what != "deliver":
            return await super().control_more(what, request)
        wish = await request.json()
        events = [getattr(self, kind)(*values, **more) for kind, values, more in wish["build"]]
        events = [event | wish.get("override", {}) for event in events]
        response = await self.deliver(wish["url"], events)
        return web.json_response({"status": response.status_code, "events": events})

    def fault_response(self, fault: Fault) -> web.Response:
        body = fault.body or {"message": {429: RATE_EXCEEDED}.get(fault.status or 500, "Internal Server Error")}
        headers = {"x-line-request-id": str(uuid.uuid4())} | fault.headers
        return web.json_response(body, status=fault.status or 500, headers=headers)


def chat_of(event: dict) -> str:
    source = event.get("source", {})
    return source.get("groupId") or source.get("roomId") or source.get("userId") or ""


if __name__ == "__main__":
    from fakes.process import run_fake

    run_fake(FakeLine, "line")
