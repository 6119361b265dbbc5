"""Asks the package index whether a pinned version has a known weakness; exit status 1 when one has.

    PYTHONPATH=platform:tests .venv/bin/python tests/audit/weaknesses.py

The index is pip's own, or AUDIT_INDEX (the address under which `/NAME/VERSION/json` answers). Where it does not answer
in JSON, as behind a mirror, nothing is known: that is said, and is no failure. A weakness that cannot be mended yet is
accepted in requirements/accepted.txt: `ID YYYY-MM-DD why`, until that day.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from locked import REQUIREMENTS, Pin, pins

SECONDS = 6
AT_ONCE = 8


def index() -> str:
    if said := os.environ.get("AUDIT_INDEX"):
        return said.rstrip("/")
    from pip._internal.models.index import PyPI

    return str(PyPI.pypi_url)


def asked(address: str, pin: Pin) -> dict[str, Any] | None:
    """What the index knows of it; None when it gives no such answer."""
    try:
        with urllib.request.urlopen(f"{address}/{pin.name}/{pin.version}/json", timeout=SECONDS) as answer:
            said = json.load(answer)
    except (OSError, ValueError):  # HTTPError and TimeoutError are OSErrors
        return None
    return said if isinstance(said, dict) and "vulnerabilities" in said else None


def weaknesses(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in said["vulnerabilities"] or [] if not one.get("withdrawn")]


def accepted(file: Path, today: date) -> set[str]:
    if not file.exists():
        return set()
    lines = [line.split(maxsplit=2) for line in file.read_text().splitlines() if line.strip() and line[0] != "#"]
    return {line[0] for line in lines if len(line) == 3 and date.fromisoformat(line[1]) >= today}


def audit(address: str, found: list[Pin], spared: set[str]) -> int:
    # One version first: a mirror that knows no weaknesses is asked about nothing else.
    if asked(address, found[0]) is None:
        print("Weaknesses: NOT CHECKED. The package index does not answer in JSON from here.")
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda pin: asked(address, pin), found))
    unknown = [pin for pin, said in zip(found, answers, strict=True) if said is None]
    bad = 0
    for pin, said in zip(found, answers, strict=True):
        for one in weaknesses(said) if said else []:
            names = {one.get("id", "?"), *one.get("aliases", [])}
            is_spared = bool(names & spared)
            bad += not is_spared
            mended = ", ".join(one.get("fixed_in") or []) or "nothing yet"
            print(f"{'accepted' if is_spared else 'WEAK'}: {pin.name} {pin.version}: {', '.join(sorted(names))};"
                  f" mended in {mended}. {str(one.get('summary') or '')[:120]}")  # fmt: skip
    if unknown:
        print(f"Weaknesses: of {', '.join(f'{pin.name} {pin.version}' for pin in unknown)} nothing is known.")
    print(f"Weaknesses: {len(found) - len(unknown)} versions asked about, {bad} to be mended.")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(audit(index(), pins(REQUIREMENTS / "dev.lock"),
                   accepted(REQUIREMENTS / "accepted.txt", datetime.now(UTC).date())))  # fmt: skip
