"""What the fake LINE remembers: its official accounts and what they sent."""

from dataclasses import dataclass, field

from fakes.wire import Problem


@dataclass
class LineChannel:
    """One official account: where its webhooks go, what it may still send this month."""

    bot_user_id: str
    token: str
    secret: str
    name: str = "Engawa"
    monthly_limit: int | None = None
    consumed: int = 0
    endpoint: str | None = None
    provider: str = ""


@dataclass
class SentByLine:
    """One accepted request, whether or not its answer arrived."""

    kind: str
    to: tuple[str, ...]
    messages: list[dict]
    channel: str
    request_id: str
    message_ids: list[str]
    retry_key: str | None = None
    reply_token: str | None = None
    body: dict = field(default_factory=dict)
    at: float = 0.0
    reached: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages if "text" in message]


class Refused(Exception):
    """The platform's refusal, on its way to the client."""

    def __init__(self, status: int, message: str, problems: list[Problem] | None = None, **headers: str) -> None:
        self.status, self.message, self.problems, self.headers = status, message, problems or [], headers

    def body(self) -> dict:
        details = [{"message": problem.what, "property": problem.where} for problem in self.problems]
        return {"message": self.message} | ({"details": details} if details else {})
