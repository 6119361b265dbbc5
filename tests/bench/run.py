"""`make bench`: measures the house and prints one JSON object; progress goes to standard error.

Each section is a module `bench_*.py` beside this file with `async def measure() -> dict`, run in a process of its own.
A section whose room or server is missing answers `{"skipped": "why"}`, one that fails `{"failed": "why"}`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TESTS, ROOT = HERE.parent, HERE.parents[1]
LONGEST = 900
KEPT = ("ENGAWA_TEST_", "ENGAWA_SHARED_DATA")


def sections() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the house; prints JSON.")
    parser.add_argument("--only", metavar="NAME", action="append", choices=sections(), help=", ".join(sections()))
    parser.add_argument("--quick", action="store_true", help="small numbers: does it work at all")
    parser.add_argument("--section", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.section:
        return one(given.section)
    with tempfile.TemporaryDirectory(prefix="engawa-bench-") as folder:
        found = {name: in_a_process(name, folder, given.quick) for name in given.only or sections()}
    print(json.dumps({"machine": machine(), **found}, ensure_ascii=False, indent=2))
    return 1 if any("failed" in section for section in found.values()) else 0


def machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": sys.version.split()[0]}


def in_a_process(name: str, folder: str, quick: bool) -> dict[str, Any]:
    """The section's own answer, or why there is none."""
    print(f"{name} …", file=sys.stderr, flush=True)
    path = os.pathsep.join([str(ROOT / "platform"), str(TESTS)])
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("ENGAWA_") or key.startswith(KEPT)
    }
    environment |= {"PYTHONPATH": path, "BENCH_FOLDER": folder, "BENCH_QUICK": "1" if quick else ""}
    began = time.monotonic()
    try:
        done = subprocess.run([sys.executable, __file__, "--section", name], env=environment, cwd=ROOT, text=True,
                              capture_output=True, timeout=LONGEST)  # fmt: skip
        print(quiet(done.stderr), end="", file=sys.stderr, flush=True)
        answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"failed": f"exit {done.returncode}"}
    except (subprocess.TimeoutExpired, ValueError) as error:
        answer = {"failed": str(error)[:300]}
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return dict(answer)


def quiet(said: str) -> str:
    """What a section says, without the log of the house itself."""
    return "".join(line + "\n" for line in said.splitlines() if not line.startswith(("{", "INFO")))


def one(name: str) -> int:
    from bench.house import Skipped

    try:
        answer = asyncio.run(importlib.import_module(f"bench.bench_{name}").measure())
    except Skipped as why:
        answer = {"skipped": str(why)}
    except ModuleNotFoundError as missing:
        answer = {"skipped": f"there is no {missing.name} yet"}
    except Exception as error:
        import traceback

        traceback.print_exc()
        answer = {"failed": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
