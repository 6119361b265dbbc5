"""An address that cannot be read is refused at start with a sentence, which does not repeat its password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "x" * 40
BAD = {
    "ENGAWA_DATABASE_URL": [
        "postgresql://u:geheim@db:54x2/x", "postgresql://u:geheim@db:99999/x", "postgresql://u:geheim@db:0/x",
        "postgresql://u:geheim@db/x?port=abc", "postgresql://u:geheim#word@db/x", "postgresql://u:geheim@[::1/x",
    ],
    "ENGAWA_REDIS_URL": ["redis://:geheim@cache:x/0"],
    "ENGAWA_IMAP_URL": ["imaps://u:geheim@mail:x/INBOX"],
    "ENGAWA_SMTP_URL": ["smtp://u:geheim@mail:99999"],
    "ENGAWA_EMBEDDINGS_URL": ["https://models:x/v1"],
    "ENGAWA_URL": ["http://127.0.0.1:x", "http://[127.0.0.1"],
}  # fmt: skip


def engawa(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    given = path | {"ENGAWA_SECRET_KEY": SECRET, "ENGAWA_DATA_DIR": str(folder)} | environment
    return subprocess.run([sys.executable, "-m", "app.cli", *arguments], env=given, capture_output=True, text=True,
                          timeout=60)  # fmt: skip


@pytest.mark.parametrize(("name", "address"), [(name, one) for name, many in BAD.items() for one in many])
def test_a_bad_address_is_refused_with_a_sentence(tmp_path: Path, name: str, address: str) -> None:
    done = engawa(tmp_path, "migrate", **{name: address})
    assert done.returncode == 1
    assert done.stderr.startswith(f"engawa: {name} ") and done.stderr.count("\n") == 1, done.stderr
    assert "geheim" not in done.stderr and "Traceback" not in done.stderr


def test_so_is_the_address_that_an_installation_moves_to(tmp_path: Path) -> None:
    assert engawa(tmp_path, "migrate").returncode == 0
    done = engawa(tmp_path, "move", "--to", "postgresql://u:geheim@db:54x2/x")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "geheim" not in done.stderr, done.stderr
