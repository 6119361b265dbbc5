"""What the fake Slack remembers: workspaces, their people and channels, and what was posted."""

import hashlib
from dataclasses import dataclass, field
from typing import Any


def slack_id(kind: str, name: str) -> str:
    """The same id for the same name: `U…` user, `C…` channel, `D…` direct message, `T…` team, `A…` app."""
    number = int(hashlib.md5(name.encode()).hexdigest(), 16)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return kind + "0" + "".join(alphabet[(number >> shift) & 31] for shift in range(0, 45, 5))


@dataclass
class SlackTeam:
    """One workspace in which our app is installed."""

    id: str
    name: str
    token: str
    bot_user: str
    bot_id: str
    is_installed: bool = True
    people: dict[str, dict] = field(default_factory=dict)
    channels: dict[str, dict] = field(default_factory=dict)
    scopes: str = "app_mentions:read,assistant:write,chat:write,files:write,im:history,reactions:write,users:read"

    def person(self, name: str, **profile: Any) -> str:
        user = slack_id("U", f"{self.id} {name}")
        profile = {"real_name": name, "display_name": name, "email": f"{user.lower()}@example.com"} | profile
        self.people[user] = {"id": user, "team_id": self.id, "name": name, "real_name": name, "profile": profile}
        return user

    def channel(self, name: str, **more: Any) -> str:
        channel = slack_id("C", f"{self.id} {name}")
        self.channels[channel] = {"id": channel, "name": name, "is_channel": True, "is_member": True} | more
        return channel

    def direct(self, user: str) -> str:
        channel = slack_id("D", f"{self.id} {user}")
        self.channels[channel] = {"id": channel, "is_im": True, "user": user}
        return channel


@dataclass
class SlackPost:
    """One accepted message. `edits` are earlier versions (text, blocks)."""

    method: str
    team: str
    channel: str
    ts: str
    text: str
    blocks: list[dict]
    thread_ts: str | None = None
    user: str | None = None
    arguments: dict = field(default_factory=dict)
    edits: list[tuple[str, list[dict]]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


@dataclass
class SlackCall:
    """One accepted call of any method."""

    method: str
    team: str
    arguments: dict


@dataclass
class UploadedFile:
    id: str
    name: str
    length: int
    content: bytes | None = None
    is_complete: bool = False
    channel: str | None = None


@dataclass
class ResponseUrl:
    """Good for five posts within 30 minutes."""

    issued: float
    posts: int = 0


class SlackError(Exception):
    """`ok: false` with Slack's own word for it."""

    def __init__(self, error: str, *, problems: list | None = None, status: int = 200, **headers: str) -> None:
        self.error, self.problems, self.status, self.headers = error, problems or [], status, headers

    def body(self) -> dict:
        body: dict[str, Any] = {"ok": False, "error": self.error}
        if self.problems:
            body["errors"] = [problem.what for problem in self.problems]
            lines = [f"[ERROR] {problem.what} [json-pointer:/{pointer(problem.where)}]" for problem in self.problems]
            body["response_metadata"] = {"messages": lines}
        return body


def pointer(where: str) -> str:
    return where.replace("[", "/").replace("]", "").replace(".", "/")
