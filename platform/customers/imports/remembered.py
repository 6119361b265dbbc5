"""What an import remembers of rows long gone, on disk, so that a large file takes no more memory than a small one."""

from __future__ import annotations

import sqlite3


class Remembered:
    """Text by text, as a dict of strings. Its file has no name and goes with it."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._kept.execute("PRAGMA journal_mode = OFF")
        self._kept.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def get(self, key: str) -> str | None:
        found = self._kept.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __setitem__(self, key: str, value: str) -> None:
        self._kept.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, value))


class Seen(Remembered):
    """The rows so far by the source's id: their number and what they said."""

    def remember(self, key: str, number: int, digest: str) -> tuple[int, str] | None:
        """None the first time; else (number, digest) of the first row with this id."""
        before = self.get(key)
        if before is None:
            self[key] = f"{number} {digest}"
            return None
        first, _blank, said = before.partition(" ")
        return int(first), said
