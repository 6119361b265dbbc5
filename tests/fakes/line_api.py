"""The endpoints of the LINE Messaging API that our software calls, each with its refusals.

Source: LINE Developers, "Messaging API reference" (status codes, error responses, rate limits, sending messages,
webhook settings, getting content, account link, users).
"""

import json
import re
import uuid
from typing import Any

from aiohttp import web

from fakes.line_events import message_id, quote_token
from fakes.line_messages import REQUESTS
from fakes.line_queries import LineQueries
from fakes.line_state import LineChannel, Refused, SentByLine
from fakes.wire import Problem, RateLimit, Refusal

UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
ROUTES: dict[str, tuple[str, str]] = {
    "reply": ("POST", "/v2/bot/message/reply"),
    "push": ("POST", "/v2/bot/message/push"),
    "multicast": ("POST", "/v2/bot/message/multicast"),
    "broadcast": ("POST", "/v2/bot/message/broadcast"),
    "narrowcast": ("POST", "/v2/bot/message/narrowcast"),
    "validate": ("POST", "/v2/bot/message/validate/(reply|push|multicast|broadcast|narrowcast)"),
    "quota": ("GET", "/v2/bot/message/quota"),
    "consumption": ("GET", "/v2/bot/message/quota/consumption"),
    "profile": ("GET", "/v2/bot/profile/([^/]+)"),
    "loading": ("POST", "/v2/bot/chat/loading/start"),
    "link_token": ("POST", "/v2/bot/user/([^/]+)/linkToken"),
    "content": ("GET", "/v2/bot/message/([^/]+)/content"),
    "preview": ("GET", "/v2/bot/message/([^/]+)/content/preview"),
    "transcoding": ("GET", "/v2/bot/message/([^/]+)/content/transcoding"),
    "info": ("GET", "/v2/bot/info"),
    "get_endpoint": ("GET", "/v2/bot/channel/webhook/endpoint"),
    "set_endpoint": ("PUT", "/v2/bot/channel/webhook/endpoint"),
    "test_endpoint": ("POST", "/v2/bot/channel/webhook/test"),
}
PATTERNS = {name: (method, re.compile(path)) for name, (method, path) in ROUTES.items()}
SENDING = {"reply", "push", "multicast", "broadcast", "narrowcast"}
WITH_RETRY_KEY = SENDING - {"reply"}
# Requests per channel and seconds, as published under "Rate limits".
PUBLISHED_RATES = {
    "broadcast": (60, 3600),
    "narrowcast": (60, 3600),
    "multicast": (200, 1),
    "loading": (100, 1),
    "test_endpoint": (60, 3600),
    "set_endpoint": (1000, 60),
    "anything else": (2000, 1),
}
BAD_TOKEN = "Authentication failed. Confirm that the access token in the authorization header is valid."
RATE_EXCEEDED = "The API rate limit has been exceeded. Try again later."
MONTHLY_LIMIT = "You have reached your monthly limit."
NOBODY = "Failed to send messages"


class AlreadyAccepted(Exception):
    """The retry key was used for an accepted request within 24 hours."""

    def __init__(self, sent: SentByLine) -> None:
        self.sent = sent


class LineApi(LineQueries):
    """Mixed into FakeLine, which holds the state."""

    def limit_rates_as_published(self) -> None:
        self.rates = {name: RateLimit(self.clock, count, every) for name, (count, every) in PUBLISHED_RATES.items()}

    def limit_rate(self, operation: str, count: int, seconds: float) -> None:
        """A rate small enough for a test to exceed."""
        self.rates[operation] = RateLimit(self.clock, count, seconds)

    def operation_of(self, request: web.Request) -> str:
        return next((name for name, (verb, path) in PATTERNS.items() if fits(request, verb, path)), "unknown")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        operation = self.operation_of(request)
        request_id = str(uuid.uuid4())
        raw = await request.read()
        try:
            response = await self._answer_well_formed(operation, request, raw, request_id)
        except AlreadyAccepted as repeat:
            response = self._conflict(repeat.sent)
        except Refused as refused:
            response = self._refuse(operation, refused, raw)
        response.headers["x-line-request-id"] = request_id
        return response

    async def _answer_well_formed(self, operation: str, request: web.Request, raw: bytes, request_id: str):
        if operation == "unknown":
            raise Refused(*unknown_path(request))
        channel = self._channel_of(request)
        self._hold_rate(operation, channel)
        may_be_empty = operation not in REQUESTS or (operation == "test_endpoint" and not raw)
        body = {} if may_be_empty else parsed(request, raw)
        if operation in REQUESTS:
            check(REQUESTS[operation].check(body, ""))
        if operation in SENDING:
            return self._send(operation, channel, request, body, request_id)
        named = PATTERNS[operation][1].fullmatch(request.path)
        return await getattr(self, f"_{operation}")(channel, body, *named.groups())

    def _channel_of(self, request: web.Request) -> LineChannel:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.channels:
            raise Refused(401, BAD_TOKEN)
        return self.channels[token]

    def _hold_rate(self, operation: str, channel: LineChannel) -> None:
        rate = self.rates.get(operation) or self.rates["anything else"]
        if rate.wait_for(f"{channel.token} {operation}"):
            raise Refused(429, RATE_EXCEEDED)

    def _send(self, kind: str, channel: LineChannel, request: web.Request, body: dict, request_id: str):
        retry_key = self._retry_key(kind, channel, request)
        to, reply_token = self._recipients(kind, channel, body)
        reached = tuple(user for user in to if user not in self.blocked)
        self._charge(kind, channel, reached)
        if reply_token:
            self.reply_tokens[reply_token].is_spent = True
        sent = SentByLine(
            kind,
            to,
            body["messages"],
            channel=channel.bot_user_id,
            request_id=request_id,
            message_ids=[message_id() for _ in body["messages"]],
            retry_key=retry_key,
            reply_token=reply_token,
            body=body,
            at=self.clock.now(),
            reached=reached,
        )
        self.sent.append(sent)
        if retry_key:
            self.accepted_keys[channel.token, retry_key.lower()] = sent
        self.ledger.write(sent)
        return web.json_response(answer_to(sent), status=202 if kind == "narrowcast" else 200)

    def _retry_key(self, kind: str, channel: LineChannel, request: web.Request) -> str | None:
        key = request.headers.get("X-Line-Retry-Key")
        if key is None:
            return None
        if kind not in WITH_RETRY_KEY:
            raise Refused(400, "The retry key is not supported by this endpoint")
        if not UUID.fullmatch(key):
            raise Refused(400, "The retry key is invalid: it must be a UUID in hexadecimal format")
        before = self.accepted_keys.get((channel.token, key.lower()))
        if before and self.clock.now() - before.at < self.retry_key_lifetime:
            raise AlreadyAccepted(before)
        return key

    def _recipients(self, kind: str, channel: LineChannel, body: dict) -> tuple[tuple[str, ...], str | None]:
        if kind == "push":
            provider = self.provider_of.get(body["to"], channel.provider)
            if body["to"].startswith("U") and (body["to"] not in self.friends or provider != channel.provider):
                raise Refused(400, NOBODY)
            return (body["to"],), None
        if kind == "multicast":
            return tuple(dict.fromkeys(body["to"])), None
        if kind == "reply":
            return self._chat_behind(body["replyToken"], channel)
        return tuple(user for user in self.friends if user not in self.blocked), None

    def _chat_behind(self, token: str, channel: LineChannel) -> tuple[tuple[str, ...], str]:
        known = self.reply_tokens.get(token)
        alive = known and not known.is_spent and self.clock.now() - known.handed_out < self.reply_token_lifetime
        if not alive or known.channel not in ("", channel.token):
            raise Refused(400, "Invalid reply token")
        return (known.chat,), token

    def _charge(self, kind: str, channel: LineChannel, to: tuple[str, ...]) -> None:
        """Replies are free; everything else counts one per recipient whom it reaches, however many message objects
        it holds. Who blocked the account is not reached, which no answer says."""
        if kind == "reply":
            return
        if channel.monthly_limit is not None and channel.consumed + len(to) > channel.monthly_limit:
            raise Refused(429, MONTHLY_LIMIT)
        channel.consumed += len(to)

    def _conflict(self, sent: SentByLine) -> web.Response:
        self.repeated.append(sent.retry_key)
        again = answer_to(sent) if sent.kind == "push" else {}
        body = {"message": "The retry key is already accepted"} | again
        return web.json_response(body, status=409, headers={"x-line-accepted-request-id": sent.request_id})

    def _refuse(self, operation: str, refused: Refused, raw: bytes) -> web.Response:
        body = raw.decode("utf-8", "replace")
        record = Refusal(operation, refused.status, refused.message, refused.problems, body)
        (self.throttled if refused.status == 429 else self.refused).append(record)
        return web.json_response(refused.body(), status=refused.status, headers=refused.headers)


def fits(request: web.Request, method: str, path: re.Pattern) -> bool:
    return request.method == method and path.fullmatch(request.path) is not None


def unknown_path(request: web.Request) -> tuple[int, str]:
    other_method = any(path.fullmatch(request.path) for _, path in PATTERNS.values())
    return (405, "Method not allowed") if other_method else (404, "Not found")


def parsed(request: web.Request, raw: bytes) -> Any:
    if request.content_type != "application/json":
        raise Refused(415, f"The content type, {request.content_type}, is not supported")
    try:
        return json.loads(raw)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f"line: {getattr(error, 'lineno', 1)}, column: {getattr(error, 'colno', 1)}"
        raise Refused(400, f"The request body could not be parsed as JSON ({where})") from error


def check(problems: list[Problem]) -> None:
    if problems:
        raise Refused(400, f"The request body has {len(problems)} error(s)", problems)


def answer_to(sent: SentByLine) -> dict:
    """Only reply and push answer with the ids; text and media messages can be quoted."""
    if sent.kind not in ("reply", "push"):
        return {}
    quotable = {"text", "textV2", "sticker", "image", "video", "template"}
    return {
        "sentMessages": [
            {"id": number} | ({"quoteToken": quote_token()} if message["type"] in quotable else {})
            for number, message in zip(sent.message_ids, sent.messages, strict=True)
        ]
    }
