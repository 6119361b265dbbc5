"""A client of the tracking API that costs little: batches over one kept connection, in Segment's words."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import uuid
from datetime import UTC, datetime
from typing import Any


class Sender:
    """`await send(body)` answers the status; 0 when the connection broke, so that nobody knows."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.key = base64.b64encode(f"{key}:".encode()).decode()
        self.pair: Any = None

    async def send(self, body: bytes, path: str = "/v1/batch") -> int:
        try:
            if self.pair is None:
                self.pair = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self.pair
            writer.write(
                f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                f"authorization: Basic {self.key}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            )
            writer.write(body)  # fmt: skip
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            return int(head.split(b" ", 2)[1])
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.close()
            return 0

    def close(self) -> None:
        if self.pair is not None:
            self.pair[1].close()
            self.pair = None


def a_batch(r: random.Random, size: int, people: int, names: int, groups: int = 0) -> tuple[list[str], bytes]:
    """The message ids and the body of a batch of `track` calls as segment-analytics-python writes them."""
    moment = datetime.now(UTC).isoformat()
    calls = []
    for _ in range(size):
        who = r.randrange(people)
        context: dict[str, Any] = {"library": {"name": "analytics-python", "version": "2.4.0"}}
        if groups:
            context["groupId"] = f"company-{who % groups}"
        calls.append({
            "type": "track", "event": f"feature.{r.randrange(names)}", "userId": f"user-{who}", "anonymousId": None,
            "messageId": str(uuid.UUID(int=r.getrandbits(128))), "timestamp": moment, "context": context,
            "integrations": {}, "properties": {"plan": "pro", "button": "save", "n": r.randrange(10_000)},
        })  # fmt: skip
    body = json.dumps({"batch": calls, "sentAt": moment}).encode()
    return [call["messageId"] for call in calls], body
