"""Reading the demo's files; what their ids became in the database."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import local_day, now

HERE = Path(__file__).resolve().parent


class Known:
    """From the files' ids (A001, P001, S01, T001, 001) to ours."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        self.accounts: dict[str, int] = {}
        self.articles: dict[str, str] = {}  # the slug
        self.threads: dict[str, int] = {}
        self.boards: dict[str, int] = {}
        self.segments: dict[str, int] = {}


def data(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((HERE / name).read_text(encoding="utf-8-sig"))))


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def day_from(offset: str) -> str:
    """`+31` → the ISO date in 31 days; empty stays empty."""
    return (local_day() + timedelta(days=int(offset))).isoformat() if offset else ""


def a_day(offset: str) -> date | None:
    return local_day() + timedelta(days=int(offset)) if offset else None


def hours_ago(hours: float) -> datetime:
    return now() - timedelta(hours=hours)
