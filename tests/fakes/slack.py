"""A strict Slack Web API on a real socket, which also plays Slack when it calls our endpoints.

    async with FakeSlack() as slack:
        client = AsyncWebClient(token=slack.token, base_url=slack.url)
        mika = slack.person("Mika")
        await slack.deliver(events_url, slack.message(mika, "請求書はどこですか"))
        assert slack.sent[0].text == "設定の「請求」にあります。"
        assert slack.refused == []

Sources: Slack developer documentation, "Web API", "Rate limits", "Events API", "Verifying requests from Slack".
"""

import secrets
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from fakes.slack_arguments import METHODS, POST_OPTIONS, check_arguments, check_message, decoded
from fakes.slack_delivery import SlackDelivery
from fakes.slack_events import SlackEvents
from fakes.slack_methods import SlackMethods
from fakes.slack_requests import arguments_of, basic_credentials, json_object, uploaded_bytes
from fakes.slack_state import ResponseUrl, SlackCall, SlackError, SlackPost, SlackTeam, UploadedFile, slack_id
from fakes.wire import Fault, HttpFake, Problem, RateLimit, Refusal

IN_RESPONSES = POST_OPTIONS | {"response_type", "replace_original", "delete_original"}
TRIGGER_LIFETIME, RESPONSE_URL_LIFETIME, RESPONSE_URL_POSTS = 3.0, 1800.0, 5


class FakeSlack(SlackMethods, SlackEvents, SlackDelivery, HttpFake):
    """`sent`: accepted messages. `calls`: every accepted call. `refused`: what Slack answers with ok: false because
    of the client. `throttled`: every 429. `rate_limiting = True` switches 1 message per second and channel on."""

    def __init__(self, *, port: int = 0, ledger: str | Path | None = None, token: str = "", secret: str = "") -> None:
        super().__init__(port=port, ledger=ledger)
        self.signing_secret = secret or secrets.token_hex(16)
        self.verification_token = secrets.token_hex(12)
        self.app_id = slack_id("A", "engawa")
        self.client_id, self.client_secret = "1234567890.1234567890", secrets.token_hex(16)
        self.teams: dict[str, SlackTeam] = {}
        self.team = self.add_team("Engawa", token=token)
        self.sent: list[SlackPost] = []
        self.posts: list[SlackPost] = []
        self.calls: list[SlackCall] = []
        self.responses: list[dict] = []
        self.deliveries: list[tuple[str, int, float]] = []
        self.views: dict[str, dict] = {}
        self.files: dict[str, UploadedFile] = {}
        self.reactions: list[tuple[str, str, str]] = []
        self.triggers: dict[str, float | None] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.codes: dict[str, SlackTeam] = {}
        self.refresh_tokens: dict[str, SlackTeam] = {}
        self.rotates_tokens = False
        self.rate_limiting = False
        self.rates = {
            "chat.postMessage": RateLimit(self.clock, 1, 1.0),
            "conversations.replies": RateLimit(self.clock, 1, 60.0),
        }
        self._last_ts = 0

    @property
    def url(self) -> str:
        """For `AsyncWebClient(base_url=slack.url)`."""
        return f"{self.origin}/api/"

    @property
    def token(self) -> str:
        return self.team.token

    def add_team(self, name: str, *, token: str = "") -> SlackTeam:
        """A further workspace that installed our app."""
        team = SlackTeam(
            slack_id("T", name), name, token or f"xoxb-{secrets.token_hex(24)}", slack_id("U", f"bot {name}"),
            slack_id("B", name),
        )  # fmt: skip
        self.teams[team.id] = team
        return team

    def person(self, name: str, **profile: Any) -> str:
        return self.team.person(name, **profile)

    def channel(self, name: str, **more: Any) -> str:
        return self.team.channel(name, **more)

    def oauth_code(self, team: SlackTeam) -> str:
        """What Slack appends to our redirect URL after the installer agreed; good once."""
        code = secrets.token_hex(24)
        self.codes[code] = team
        return code

    def new_ts(self) -> str:
        """Unique and growing, as `1712345678.123456`."""
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def find(self, channel: str, ts: str) -> SlackPost | None:
        return next((post for post in self.posts if (post.channel, post.ts) == (channel, ts)), None)

    def knows_thread(self, channel: str, ts: str) -> bool:
        return self.find(channel, ts) is not None

    def hold_rate(self, method: str, key: str, *, always: bool = False) -> None:
        wait = self.rates[method].wait_for(key) if self.rate_limiting or always else 0.0
        if wait:
            raise SlackError("ratelimited", status=429, **{"Retry-After": str(max(1, round(wait + 0.5)))})

    def use_trigger(self, trigger: str | None) -> None:
        """Three seconds, once (the page of views.open)."""
        if trigger is None or trigger not in self.triggers:
            raise SlackError("invalid_trigger_id")
        issued, self.triggers[trigger] = self.triggers[trigger], None
        if issued is None:
            raise SlackError("exchanged_trigger_id")
        if self.clock.now() - issued > TRIGGER_LIFETIME:
            raise SlackError("expired_trigger_id")

    # What our software calls

    def operation_of(self, request: web.Request) -> str:
        first, _, rest = request.path.strip("/").partition("/")
        return rest if first == "api" else first

    async def answer(self, request: web.Request) -> web.StreamResponse:
        operation, raw = self.operation_of(request), await request.read()
        try:
            if operation == "upload":
                return await self._receive_upload(request, raw)
            if operation == "actions":
                return self._receive_response(request, raw)
            return web.json_response({"ok": True} | self._call(operation, request, raw))
        except SlackError as error:
            return self._refuse(operation, error, raw)

    def _call(self, name: str, request: web.Request, raw: bytes) -> dict:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method")
        token, arguments = arguments_of(method, request, raw)
        if not method.needs_token:
            check_arguments(method, arguments)
            return self._grant(arguments, request)
        team = self._team_of(token)
        check_arguments(method, arguments)
        arguments = decoded(arguments)
        answer = self.handler_of(name)(team, arguments)
        self.calls.append(SlackCall(name, team.id, arguments))
        return answer

    def _team_of(self, token: str | None) -> SlackTeam:
        if not token:
            raise SlackError("not_authed")
        team = next((team for team in self.teams.values() if team.token == token), None)
        if team is None:
            raise SlackError("invalid_auth")
        if not team.is_installed:
            raise SlackError("account_inactive")
        return team

    def _grant(self, arguments: dict, request: web.Request) -> dict:
        """oauth.v2.access: a code once, or with token rotation a refresh token once."""
        given = basic_credentials(request) or (arguments.get("client_id"), arguments.get("client_secret"))
        if given[0] != self.client_id:
            raise SlackError("invalid_client_id")
        if given[1] != self.client_secret:
            raise SlackError("bad_client_secret")
        if arguments.get("grant_type") == "refresh_token":
            team, word = self.refresh_tokens.pop(arguments.get("refresh_token", ""), None), "invalid_refresh_token"
        else:
            team, word = self.codes.pop(arguments.get("code", ""), None), "invalid_code"
        if team is None:
            raise SlackError(word)
        return self._installation(team)

    def _installation(self, team: SlackTeam) -> dict:
        team.is_installed = True
        answer: dict[str, Any] = {"token_type": "bot", "scope": team.scopes, "bot_user_id": team.bot_user}
        if self.rotates_tokens:
            team.token, refresh = f"xoxe.xoxb-1-{secrets.token_hex(24)}", f"xoxe-1-{secrets.token_hex(24)}"
            self.refresh_tokens[refresh] = team
            answer |= {"refresh_token": refresh, "expires_in": 43_200}
        return answer | {
            "access_token": team.token,
            "app_id": self.app_id,
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": next(iter(team.people), slack_id("U", "installer"))},
        }

    async def _receive_upload(self, request: web.Request, raw: bytes) -> web.Response:
        file = self.files.get(request.path.rsplit("/", 1)[1])
        if file is None or file.content is not None:
            raise SlackError("file_not_found", status=404)
        raw = uploaded_bytes(request, raw)
        if len(raw) != file.length:
            wrong = Problem("length", f"{len(raw)} bytes came instead of {file.length}")
            raise SlackError("length_mismatch", status=400, problems=[wrong])
        file.content = raw
        return web.Response(text=f"OK - {len(raw)}")

    def _receive_response(self, request: web.Request, raw: bytes) -> web.Response:
        """A response_url: five posts in 30 minutes, JSON."""
        known = self.response_urls.get(request.path.rsplit("/", 1)[1])
        if known is None or self.clock.now() - known.issued > RESPONSE_URL_LIFETIME:
            raise SlackError("expired_url", status=404)
        if known.posts >= RESPONSE_URL_POSTS:
            raise SlackError("used_url", status=404)
        body = json_object(raw)
        unknown = body.keys() - IN_RESPONSES
        if unknown or request.content_type != "application/json":
            raise SlackError("invalid_payload", status=400, problems=[Problem(name, "unknown") for name in unknown])
        if not body.get("delete_original"):
            check_message(body)
        known.posts += 1
        self.responses.append(body)
        self.ledger.write({"event": "response", "body": body})
        return web.Response(text="ok")

    def _refuse(self, operation: str, error: SlackError, raw: bytes) -> web.Response:
        record = Refusal(operation, error.status, error.error, error.problems, raw.decode("utf-8", "replace"))
        (self.throttled if error.status == 429 else self.refused).append(record)
        return web.json_response(error.body(), status=error.status, headers=error.headers)

    def fault_response(self, fault: Fault) -> web.Response:
        status = fault.status or 500
        error = {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}
        headers = ({"Retry-After": "1"} if status == 429 else {}) | fault.headers
        return web.json_response(fault.body or error, status=status, headers=headers)

    async def control_more(self, what: str, request: web.Request) -> web.Response:
        """Another process: `team` makes people and channels, `deliver` takes `{"url", "build": [kind, [], {}]}`."""
        if what == "team":
            wish = await request.json() if request.can_read_body else {}
            people = {name: self.person(name) for name in wish.get("people", [])}
            channels = {name: self.channel(name) for name in wish.get("channels", [])}
            known = {"team_id": self.team.id, "bot_user": self.team.bot_user, "app_id": self.app_id}
            return web.json_response(known | {"people": people, "channels": channels})
        if what != "deliver":
            return await super().control_more(what, request)
        wish = await request.json()
        kind, values, more = wish["build"]
        built = getattr(self, kind)(*values, **more)
        send = {"block_actions": self.interact, "view_submission": self.interact, "slash_command": self.command}
        response = await send.get(kind, self.deliver)(wish["url"], built)
        return web.json_response({"status": response.status_code, "built": built})


if __name__ == "__main__":
    from fakes.process import run_fake

    run_fake(FakeSlack, "slack")
