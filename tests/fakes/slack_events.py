"""Events, interactions and slash commands as Slack sends them, with the signature over their body.

Sources: Slack developer documentation, "Events API" (envelope, retries), "Verifying requests from Slack",
"Interaction payloads", "Slash commands", "Slack Connect", and the page of each event.
"""

import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from fakes.slack_state import ResponseUrl, SlackPost, SlackTeam

event_numbers = itertools.count(int(time.time()) * 1000)


def slack_signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v0=` and the hexadecimal HMAC-SHA256 of `v0:timestamp:body`."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


class SlackEvents:
    """Builders, mixed into FakeSlack: `slack.message(user, "…", channel)`, `slack.block_actions(user, …)`."""

    def event(self, event: dict, *, team: SlackTeam | None = None, **envelope: Any) -> dict:
        """The envelope of any event. `authorizations` names the installation whose token to use."""
        team = team or self.team
        return {
            "token": self.verification_token,
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": {"event_ts": event.get("ts") or self.new_ts()} | event,
            "type": "event_callback",
            "event_id": f"Ev{next(event_numbers):X}",
            "event_time": int(time.time()),
            "authorizations": [authorization(team)],
            "is_ext_shared_channel": False,
            "event_context": "4-" + secrets.token_urlsafe(24),
        } | envelope

    def message(
        self,
        user: str,
        text: str,
        channel: str | None = None,
        *,
        thread_ts: str | None = None,
        team: SlackTeam | None = None,
        from_team: str | None = None,
        **more: Any,
    ) -> dict:
        """A message in a channel, or with the app when no channel is given. `from_team`: Slack Connect."""
        team = team or self.team
        channel = channel or team.direct(user)
        event = {
            "type": "message",
            "user": user,
            "ts": self.new_ts(),
            "client_msg_id": secrets.token_hex(16),
            "text": text,
            "team": from_team or team.id,
            "blocks": rich_text(text),
            "channel": channel,
            "channel_type": "im" if channel.startswith("D") else "channel",
        }
        event |= {"thread_ts": thread_ts} if thread_ts else {}
        event |= {"user_team": from_team, "source_team": from_team} if from_team else {}
        self.remember(event | more, team)
        return self.event(event | more, team=team, is_ext_shared_channel=from_team is not None)

    def app_mention(self, user: str, text: str, channel: str, **more: Any) -> dict:
        team = more.get("team") or self.team
        envelope = self.message(user, f"<@{team.bot_user}> {text}", channel, **more)
        event = {key: value for key, value in envelope["event"].items() if key != "channel_type"}
        return envelope | {"event": event | {"type": "app_mention"}}

    def assistant_thread_started(self, user: str, *, team: SlackTeam | None = None) -> dict:
        team = team or self.team
        channel, ts = team.direct(user), self.new_ts()
        self.remember({"ts": ts, "channel": channel, "user": user, "text": "New Assistant Thread"}, team)
        thread = {"user_id": user, "context": {}, "channel_id": channel, "thread_ts": ts}
        return self.event({"type": "assistant_thread_started", "assistant_thread": thread}, team=team)

    def app_uninstalled(self, team: SlackTeam | None = None) -> dict:
        """From here on the team's token is revoked."""
        team = team or self.team
        team.is_installed = False
        return self.event({"type": "app_uninstalled"}, team=team)

    def app_home_opened(self, user: str, *, team: SlackTeam | None = None) -> dict:
        team = team or self.team
        return self.event(
            {"type": "app_home_opened", "user": user, "channel": team.direct(user), "tab": "home"}, team=team
        )

    def url_verification(self) -> dict:
        challenge = secrets.token_urlsafe(32)
        return {"token": self.verification_token, "challenge": challenge, "type": "url_verification"}

    def interaction(self, kind: str, user: str, team: SlackTeam | None = None, **more: Any) -> dict:
        team = team or self.team
        return {
            "type": kind,
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team.id},
            "api_app_id": self.app_id,
            "token": self.verification_token,
            "team": {"id": team.id, "domain": team.name.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self.new_trigger(),
        } | more

    def block_actions(
        self,
        user: str,
        action_id: str,
        value: str | None = None,
        *,
        message: SlackPost | None = None,
        team: SlackTeam | None = None,
        **action: Any,
    ) -> dict:
        """A click on a button, of a message that our app posted when `message` is given."""
        clicked = {"type": "button", "action_id": action_id, "block_id": "b1", "action_ts": self.new_ts()}
        clicked |= {"text": {"type": "plain_text", "text": action_id, "emoji": True}}
        clicked |= {"value": value} if value else {}
        more: dict[str, Any] = {"actions": [clicked | action], "state": {"values": {}}}
        if message is not None:
            more |= self._place_of(message)
        return self.interaction("block_actions", user, team, **more)

    def _place_of(self, post: SlackPost) -> dict:
        container = {"type": "message", "message_ts": post.ts, "channel_id": post.channel, "is_ephemeral": False}
        container |= {"thread_ts": post.thread_ts} if post.thread_ts else {}
        message = {"type": "message", "ts": post.ts, "text": post.text, "blocks": post.blocks, "team": post.team}
        return {
            "container": container,
            "channel": {"id": post.channel, "name": "directmessage"},
            "message": message | ({"thread_ts": post.thread_ts} if post.thread_ts else {}),
            "response_url": self.new_response_url(),
        }

    def view_submission(self, user: str, view: dict, values: dict, team: SlackTeam | None = None) -> dict:
        """`view` as views.open answered it; `values` is block_id → action_id → state."""
        return self.interaction(
            "view_submission", user, team, view=view | {"state": {"values": values}}, response_urls=[]
        )

    def slash_command(self, user: str, command: str, text: str = "", channel: str | None = None) -> dict:
        team = self.team
        return {
            "token": self.verification_token,
            "team_id": team.id,
            "team_domain": team.name.lower(),
            "channel_id": channel or team.direct(user),
            "channel_name": "directmessage",
            "user_id": user,
            "user_name": user.lower(),
            "command": command,
            "text": text,
            "api_app_id": self.app_id,
            "is_enterprise_install": "false",
            "response_url": self.new_response_url(),
            "trigger_id": self.new_trigger(),
        }

    def new_trigger(self) -> str:
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger] = self.clock.now()
        return trigger

    def new_response_url(self) -> str:
        key = secrets.token_urlsafe(18)
        self.response_urls[key] = ResponseUrl(self.clock.now())
        return f"{self.origin}/actions/{key}"

    def remember(self, event: dict, team: SlackTeam) -> None:
        """What users write can be answered in a thread, reacted to and linked."""
        self.posts.append(
            SlackPost(
                "from a user", team.id, event["channel"], event["ts"], event["text"], [],
                event.get("thread_ts"), event.get("user"), event,
            )
        )  # fmt: skip


def authorization(team: SlackTeam) -> dict:
    return {
        "enterprise_id": None,
        "team_id": team.id,
        "user_id": team.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }


def rich_text(text: str) -> list[dict]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "block_id": "rt1", "elements": [section]}]


def interactive_form(payload: dict) -> bytes:
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()
