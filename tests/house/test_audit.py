"""The bill of materials is what CycloneDX 1.5 asks, and a weakness that the index knows fails the audit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "audit"))
import locked  # noqa: E402
import sbom  # noqa: E402
import weaknesses  # noqa: E402

LOCK = ROOT / "requirements" / "runtime.lock"


def test_the_lock_is_read_whole():
    found = locked.pins(LOCK)
    text = LOCK.read_text()
    assert len(found) == len(re.findall(r"^[a-z0-9].*==", text, re.M)) > 60
    assert sum(len(pin.hashes) for pin in found) == text.count("--hash=sha256:")
    by_name = {pin.name: pin for pin in found}
    assert by_name["jinja2"].is_direct
    assert "jinja2" in by_name["markupsafe"].wanted_by
    assert by_name["uvloop"].marker == "sys_platform != 'win32'"


def test_the_bill_of_materials_is_cyclonedx_and_names_every_pin():
    """The required fields, patterns and enumerations of bom-1.5.schema.json for what is used of it."""
    made = sbom.bill(LOCK, "1.2.3")
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.5", 1)
    uuid = r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
    assert re.match(uuid, made["serialNumber"])
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", made["metadata"]["timestamp"])
    everything = [made["metadata"]["component"], *made["metadata"]["tools"]["components"], *made["components"]]
    for one in everything:
        assert one["type"] in ("application", "library")
        assert one["name"]
        assert one.get("scope", "required") in ("required", "optional", "excluded")
        for hashed in one.get("hashes", []):
            assert hashed["alg"] == "SHA-256"
            assert re.match(r"^([a-fA-F0-9]{32}|[a-fA-F0-9]{40}|[a-fA-F0-9]{64})$", hashed["content"])
    refs = [one["bom-ref"] for one in [made["metadata"]["component"], *made["components"]]]
    assert len(refs) == len(set(refs)) == len(locked.pins(LOCK)) + 1
    assert all(one["hashes"] and one["purl"].startswith("pkg:pypi/") for one in made["components"])
    assert {one["ref"] for one in made["dependencies"]} == set(refs)
    reached, waiting = set(), ["engawa"]
    needs = {one["ref"]: one["dependsOn"] for one in made["dependencies"]}
    while waiting:
        if (ref := waiting.pop()) not in reached:
            reached.add(ref)
            waiting += needs[ref]
    assert reached == set(refs), "everything is there because something needs it"


def test_the_same_lock_gives_the_same_bill(monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert sbom.bill(LOCK, "1") == sbom.bill(LOCK, "1")
    command = [sys.executable, str(ROOT / "tests" / "audit" / "sbom.py"), str(tmp_path / "dist" / "x.json")]
    subprocess.run(command, check=True)
    assert json.loads((tmp_path / "dist" / "x.json").read_text())["components"]


@pytest.fixture
def index():
    """An index that answers in JSON; `known` says of which version it knows what."""
    known: dict[str, list[dict[str, object]]] = {}
    missing: set[str] = set()
    requests: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.strip("/").removesuffix("/json")
            requests.append(name)
            body = json.dumps({"info": {"name": name}, "vulnerabilities": known.get(name, [])}).encode()
            self.send_response(404 if name in missing or "all" in missing else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", known, missing, requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


PINS = [locked.Pin("jinja2", "3.1.6"), locked.Pin("nh3", "0.3.8")]


def test_a_known_weakness_fails_and_an_accepted_one_does_not(index, capsys, tmp_path):
    address, known, missing, _requests = index
    assert weaknesses.audit(address, PINS, set()) == 0
    assert "2 versions asked about, 0 to be mended" in capsys.readouterr().out
    known["jinja2/3.1.6"] = [
        {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fixed_in": ["3.1.7"], "summary": "x", "withdrawn": None},
        {"id": "PYSEC-2", "aliases": [], "fixed_in": [], "withdrawn": "2026-01-01T00:00:00Z"},
    ]
    assert weaknesses.audit(address, PINS, set()) == 1
    said = capsys.readouterr().out
    assert "WEAK: jinja2 3.1.6: CVE-2026-1, PYSEC-1; mended in 3.1.7" in said
    assert "PYSEC-2" not in said
    file = tmp_path / "accepted.txt"
    file.write_text("# until it is mended\nCVE-2026-1 2026-12-01 not reachable: we render no strangers' templates\n")
    assert weaknesses.audit(address, PINS, weaknesses.accepted(file, date(2026, 12, 1))) == 0
    assert weaknesses.audit(address, PINS, weaknesses.accepted(file, date(2026, 12, 2))) == 1
    missing.add("nh3/0.3.8")
    capsys.readouterr()
    assert weaknesses.audit(address, PINS, {"PYSEC-1"}) == 0
    assert "of nh3 0.3.8 nothing is known" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["http://127.0.0.1:9", "a mirror"])
def test_an_index_that_cannot_be_asked_is_said_and_fails_nothing(index, where):
    address, _known, missing, requests = index
    missing.add("all")
    environment = os.environ | {"AUDIT_INDEX": address if where == "a mirror" else where}
    command = [sys.executable, str(ROOT / "tests" / "audit" / "weaknesses.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "NOT CHECKED" in done.stdout
    assert len(requests) == (where == "a mirror"), "a mirror is asked once, and not about every package"
