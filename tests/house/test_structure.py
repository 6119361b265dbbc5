"""The rules of the house that a reader would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "platform").rglob("*.py"))
TEMPLATES = sorted((ROOT / "platform").rglob("templates/**/*.html"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_nothing_shadows_the_standard_library_or_a_room():
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("how", [["-c"], ["-P", "-c"]])
def test_import_platform_is_the_standard_librarys(how):
    said = subprocess.run([sys.executable, *how, "import platform; print(platform.python_version())"], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout.strip() == ".".join(map(str, sys.version_info[:3]))


def test_import_platform_under_pytest():
    import platform

    assert platform.python_implementation()


def test_the_wheel_holds_the_rooms_and_not_a_package_called_platform(tmp_path):
    import zipfile

    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True,
                   capture_output=True)  # fmt: skip
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "core/database.py" in names and "core/templates/parts.html" in names
    assert "core/static/css/tokens.css" in names and "customers/migrations/0001_initial.py" in names
    assert not [name for name in names if name.startswith("platform/")]


def calls(source: Path) -> list[str]:
    tree = ast.parse(source.read_text())
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_tasks_and_transactions_begin_in_one_place():
    """`core.tasks.spawn` gives a task a clean context; `core.database.transaction` is the only transaction."""
    for source in SOURCES:
        where = source.relative_to(ROOT / "platform").as_posix()
        if where == "core/tasks.py" or where.startswith(("core/engines/", "core/migrat")):
            continue
        found = [name for name in calls(source) if name.endswith(("create_task", "ensure_future")) or name == "atomic"]
        assert found == [], where
        assert "tortoise.transactions" not in source.read_text(), where


def test_nothing_is_left_behind_in_a_connection_of_the_pool():
    """PostgreSQL's session goes back as it was taken; the server is not asked to reset it (core.engines.asyncpg)."""
    session = re.compile(
        r"""["'( ](SET (?!LOCAL)[a-z_.]+ (=|TO) ?['\w]+["']|pg_(try_)?advisory_lock|LISTEN |DECLARE |CREATE TEMP)"""
    )
    for source in SOURCES:
        found = [one for one in ast.walk(ast.parse(source.read_text())) if isinstance(one, ast.Constant)]
        told = [one.value for one in found if isinstance(one.value, str) and "\n\n" not in one.value]
        assert [text for text in told if session.match(f" {text}")] == [], source


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: p.name)
def test_templates_hold_no_query_no_style_and_no_inline_handler(template):
    text = template.read_text()
    assert not re.search(r"\.(filter|all|get_or_none|fetch_related)\(", text), "a query in a template"
    assert not re.search(r"<[^<>]*\sstyle=[\"']", text), "a style attribute"
    assert not re.search(r"\son[a-z]+=\"", text), "an inline handler"
    assert not re.search(r"<script(?![^>]*(nonce|application/ld\+json))", text), "a script without a nonce"


def test_no_file_names_a_package_registry_or_a_path_of_some_machine():
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "deb" + r"\.debian\.org"])
    )
    paths = re.compile("/" + "work/|/" + "root/|/" + "home/[a-z]")
    for file in tracked():
        if file.suffix in {".png", ".jpg", ".mo", ".woff2", ".ico"} or "vendor" in file.parts:
            continue
        text = file.read_text(errors="ignore")
        assert not hosts.search(text), f"{file} names a registry"
        assert not paths.search(text), f"{file} names a path of this machine"


def test_the_lock_carries_hashes_and_no_index():
    lock = (ROOT / "requirements" / "dev.lock").read_text()
    assert "--index-url" not in lock and "--find-links" not in lock
    assert lock.count("--hash=sha256:") > lock.count("==")
