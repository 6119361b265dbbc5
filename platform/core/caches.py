"""What this room keeps between requests."""

from __future__ import annotations

from core.streams import hall


def forget_all() -> None:
    hall.open()
