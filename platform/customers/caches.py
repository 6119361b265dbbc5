"""What this process remembers of the room, to be forgotten when another database is opened."""

from __future__ import annotations

from customers.tracking import counting, keys


def forget_all() -> None:
    keys.forget()
    counting.forget()
