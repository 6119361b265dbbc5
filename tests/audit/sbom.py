"""The software bill of materials of the runtime: CycloneDX 1.5 as JSON, from the lock.

    PYTHONPATH=platform:tests .venv/bin/python tests/audit/sbom.py [FILE]

The same lock gives the same document, but for its time (SOURCE_DATE_EPOCH sets that, too).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
from locked import REQUIREMENTS, Pin, pins

HOUSE = "engawa"


def bill(lock: Path, version: str) -> dict[str, Any]:
    found = pins(lock)
    moment = datetime.fromtimestamp(float(os.environ.get("SOURCE_DATE_EPOCH") or time.time()), UTC)
    mark = uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(lock.read_bytes()).hexdigest())
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{mark}", "version": 1,
        "metadata": {
            "timestamp": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "tools": {"components": [{"type": "application", "name": "engawa-sbom", "version": version}]},
            "component": {"type": "application", "bom-ref": HOUSE, "name": HOUSE, "version": version,
                          "licenses": [{"license": {"id": "Apache-2.0"}}]},
        },
        "components": [_component(pin) for pin in found],
        "dependencies": _dependencies(found),
    }  # fmt: skip


def _purl(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{quote(pin.version)}"


def _component(pin: Pin) -> dict[str, Any]:
    """Each hash is of one file of this version (a wheel of some system, or the source)."""
    made: dict[str, Any] = {
        "type": "library", "bom-ref": _purl(pin), "name": pin.name, "version": pin.version, "purl": _purl(pin),
        "scope": "required", "hashes": [{"alg": "SHA-256", "content": one} for one in pin.hashes],
    }  # fmt: skip
    if pin.marker:
        made |= {"scope": "optional", "properties": [{"name": "python:marker", "value": pin.marker}]}
    return made


def _dependencies(found: list[Pin]) -> list[dict[str, Any]]:
    needs: dict[str, set[str]] = {HOUSE: set()} | {_purl(pin): set() for pin in found}
    by_name: dict[str, list[str]] = {}
    for pin in found:
        by_name.setdefault(pin.name, []).append(_purl(pin))
    for pin in found:
        for ref in [HOUSE] * pin.is_direct + [ref for name in pin.wanted_by for ref in by_name.get(name, [])]:
            needs[ref].add(_purl(pin))
    return [{"ref": ref, "dependsOn": sorted(on)} for ref, on in needs.items()]


def house_version() -> str:
    return str(tomllib.loads((REQUIREMENTS.parent / "pyproject.toml").read_text())["project"]["version"])


if __name__ == "__main__":
    made = json.dumps(bill(REQUIREMENTS / "runtime.lock", house_version()), indent=1)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
        Path(sys.argv[1]).write_text(made + "\n")
    else:
        print(made)
