"""What the documents say is so: settings, links, commands, pictures."""

from __future__ import annotations

import argparse
import re
import shlex
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from app.cli import build_parser
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCUMENTS = [
    README,
    ROOT / "README.ja.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
PICTURES = sorted((ROOT / "docs" / "screenshots").glob("*.png"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
COMMAND = re.compile(r"(?<![\w/.-])engawa ((?:[a-z][\w-]*|--[a-z][\w-]*)(?:[^\n`|;&()\"'#、。→]|\"[^\"]*\")*)")
NOT_COMMANDS = {"is"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


@lru_cache
def anchors(path: Path) -> set[str]:
    """As the usual renderers make them of headings."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def test_the_table_of_settings_is_complete_and_true():
    table = README.read_text().partition("### Configuration")[2].partition("\n### ")[0]
    listed = set()
    for row in re.findall(r"^\|(.*?)\|", table, re.M):
        listed |= set(re.findall(r"`(ENGAWA_[A-Z_]+)`", row))
    assert listed == {f"ENGAWA_{field.upper()}" for field in Settings.__struct_fields__}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path):
    for target in LINK.findall(without_code(path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@lru_cache
def parser() -> argparse.ArgumentParser:
    return build_parser()


def commands_in(path: Path) -> list[str]:
    """`engawa …` in code: inline, or a line of a block that is not Python."""
    text = path.read_text()
    blocks = [body for kind, body in FENCE.findall(text) if kind not in ("python", "jinja2")]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    code = "\n".join([*blocks, *inline])
    return [found.strip() for found in COMMAND.findall(code)]


def unknown(words: list[str]) -> str:
    """What of a command the parser does not know: a verb or an option."""
    current = parser()
    for word in words:
        if word in ("…", "..."):
            break
        if word.startswith("--"):
            if word.partition("=")[0] not in current._option_string_actions:
                return word
            continue
        below = next((a for a in current._actions if isinstance(a, argparse._SubParsersAction)), None)
        if below is None:
            continue
        if word not in below.choices:
            return word
        current = below.choices[word]
    return ""


NOT_YET = README.read_text().partition("## What is not there yet")[2].partition("\n## ")[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_exists(path):
    for command in commands_in(path):
        words = [word.strip("[]") for word in shlex.split(command)]
        missing = unknown([word for word in words if word])
        assert not missing or f"`engawa {missing}`" in NOT_YET, f"engawa {command}: {missing}"


def test_what_is_said_to_be_missing_is_missing():
    for command in re.findall(r"`engawa (\w+)`", NOT_YET):
        assert unknown([command]) == command, f"engawa {command} exists by now: take it off the list"


def test_the_check_itself_sees_wrong_commands():
    assert unknown(["customers", "import", "x.csv", "--dry-run"]) == ""
    assert unknown(["customers", "export"]) == "export"
    assert unknown(["serve", "--colour"]) == "--colour"


@pytest.mark.parametrize("path", PICTURES, ids=name_of)
def test_a_picture_is_small_and_shown_somewhere(path):
    assert path.stat().st_size <= 200_000
    with Image.open(path) as picture:
        assert picture.width in (390, 1280)
    assert any(path.name in document.read_text() for document in DOCUMENTS), "nobody shows it"


def test_every_document_is_reachable_from_the_readme():
    seen, todo = set(), [README]
    while todo:
        path = todo.pop()
        if path in seen or path.suffix != ".md" or not path.exists():
            continue
        seen.add(path)
        for target in LINK.findall(without_code(path.read_text())):
            if not re.match(r"[a-z]+:", target):
                todo.append((path.parent / target.partition("#")[0]).resolve())
    assert set(DOCUMENTS) <= seen
