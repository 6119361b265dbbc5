"""What a lock of requirements pins: each package with its version, hashes, and who wants it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*(.+?))?\s*\\?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"^\s+#\s+(?:via\s+)?(\S+(?: \S+)?)$")


@dataclass
class Pin:
    """`marker` says on which systems; `wanted_by` is empty for what the house itself asks for."""

    name: str
    version: str
    marker: str = ""
    hashes: list[str] = field(default_factory=list)
    wanted_by: list[str] = field(default_factory=list)
    is_direct: bool = False


def pins(lock: Path) -> list[Pin]:
    found: list[Pin] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pin := PIN.match(line):
            found.append(Pin(pin[1].lower().replace("_", "-"), pin[2], pin[3] or ""))
        elif found and (hashed := HASH.search(line)):
            found[-1].hashes.append(hashed[1])
        elif found and line.startswith(" ") and (via := VIA.match(line)):
            _wanted(found[-1], via[1])
    return found


def _wanted(pin: Pin, by: str) -> None:
    if by.startswith("-r "):
        pin.is_direct = True
    elif by != "via" and not by.startswith("-c "):
        pin.wanted_by.append(by)
