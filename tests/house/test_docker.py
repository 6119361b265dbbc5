"""The image and the composition hang together. There is no engine here to build them: this reads what one would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
OURS = ("migrate", "web-1", "web-2", "worker")


def test_two_web_processes_a_worker_and_what_they_stand_on():
    assert set(SERVICES) == {*OURS, "database", "redis", "mail", "proxy"}
    assert [SERVICES[name]["command"][0] for name in OURS] == ["migrate", "serve", "serve", "worker"]
    assert "--appendonly" in SERVICES["redis"]["command"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gives_up_its_rights_and_says_how_it_is(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "proxy":
        assert str(service["user"]).partition(":")[0] not in ("", "0", "root")
    if name != "migrate":
        assert service["healthcheck"]["test"][0] == "CMD"
    assert ":latest" not in service["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_there(name):
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        assert source in COMPOSE["volumes"] or (source.startswith("./") and (DOCKER / source).exists())


def test_nothing_serves_before_the_migration_is_done():
    for name in ("web-1", "web-2", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_setting_is_one_and_the_trusted_network_is_the_house():
    known = {f"ENGAWA_{field.upper()}" for field in Settings.__struct_fields__}
    given = SERVICES["web-1"]["environment"]
    assert set(given) <= known
    assert given["ENGAWA_TRUSTED_PROXIES"] == COMPOSE["networks"]["house"]["ipam"]["config"][0]["subnet"]
    assert set(re.findall(r"\b(ENGAWA_[A-Z_]+)=", DOCKERFILE)) <= known


def test_every_variable_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    given = set(re.findall(r"^(\w+)=", (DOCKER / "env.example").read_text(), re.M))
    assert asked == given


def test_the_image_copies_what_exists_and_installs_the_hashed_lock():
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S+) ", DOCKERFILE, re.M)
    assert copied
    allowed = (DOCKER / "Dockerfile.dockerignore").read_text()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, f"{source} is ignored"
    assert "--require-hashes -r requirements/runtime.lock" in DOCKERFILE
    assert "dev.lock" not in DOCKERFILE


def test_the_image_runs_as_nobody_in_particular():
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root|0)", final, re.M)
    assert str(SERVICES["web-1"]["user"]).partition(":")[0] in re.findall(r"--uid (\d+)", final)


def test_the_proxy_leads_to_both():
    caddyfile = (DOCKER / "Caddyfile").read_text()
    assert set(re.findall(r"(\S+):8000", caddyfile)) == {"web-1", "web-2"}
    assert "/readyz" in caddyfile
