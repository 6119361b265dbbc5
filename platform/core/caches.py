"""What this room keeps between requests."""

from __future__ import annotations

from core import left_open
from core.streams import hall


def forget_all() -> None:
    hall.open()
    left_open.forget()
