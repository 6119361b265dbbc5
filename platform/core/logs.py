"""Structured logs: one line a record, text for people or JSON for machines (ENGAWA_LOG=json)."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

EXTRA = ("request_id", "status", "milliseconds", "person", "client")


class AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in EXTRA if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class AsText(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = f"{datetime.fromtimestamp(record.created):%H:%M:%S} {record.levelname[0]} {record.getMessage()}"
        if (spent := getattr(record, "milliseconds", None)) is not None:
            head += f" {spent} ms {getattr(record, 'request_id', '')}"
        return f"{head}\n{self.formatException(record.exc_info)}" if record.exc_info else head


def set_up(kind: str, level: int = logging.INFO) -> None:
    """`kind` is `text` or `json`; everything goes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(AsJson() if kind == "json" else AsText())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("engawa").setLevel(level)
