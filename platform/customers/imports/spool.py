"""A file on its way in, on disk and without a name: any number of readers, gone with the process, even a killed one."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PART = 1 << 20  # bytes of the file in one row of the database


class Spool:
    """`add` parts, then read with as many `reader`s as needed, each with a place of its own."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the spool
        self._sum = hashlib.sha256()
        self.size = 0

    def add(self, part: bytes) -> None:
        self._file.write(part)
        self._sum.update(part)
        self.size += len(part)

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()

    def reader(self, start: int = 0) -> io.BufferedReader:
        self._file.flush()
        return io.BufferedReader(_Window(self._file, self.size, start), 1 << 16)

    def beginning(self, most: int = PART) -> bytes:
        return self.reader().read(most)

    def packed(self) -> Iterator[bytes]:
        """The file as the database keeps it: parts, each compressed by itself."""
        source = self.reader()
        while part := source.read(PART):
            yield zlib.compress(part)

    def close(self) -> None:
        self._file.close()


class _Window(io.RawIOBase):
    """A reader that does not move the file's own place, so that several may read at once."""

    def __init__(self, file: Any, size: int, start: int) -> None:
        self._file, self._size, self._at = file, size, start  # the file itself, which ends with its last reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, (0, self._at, self._size)[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = os.pread(self._file.fileno(), len(buffer), self._at)
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def spooled(content: bytes | Path) -> Spool:
    spool = Spool()
    if isinstance(content, bytes):
        spool.add(content)
        return spool
    with content.open("rb") as source:
        while part := source.read(PART):
            spool.add(part)
    return spool
