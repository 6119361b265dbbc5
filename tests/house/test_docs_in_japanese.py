"""The Japanese pages are complete, and call everything as the Japanese screens call it.

In docs/ja **bold** is a word of our screens, and nothing else; 「」 is one too, or what somebody says, or a word of
another service's screen, and then it stands in `ELSEWHERE`.
"""

from __future__ import annotations

import csv
import importlib
import io
import re
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from markdown_it import MarkdownIt

from app import rooms
from core.i18n import catalogues, speaking
from core.navigation import navigation
from core.settings import Settings
from customers.topics import CHAT_REPLIES, TRACKING

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, JAPANESE = ROOT / "docs", ROOT / "docs" / "ja"
PAGES = sorted(JAPANESE.glob("*.md"))
FOR_BUILDERS = {"architecture.md", "pages.md"}
PLACEHOLDER = re.compile(r"%\\?\(\w+\\?\)[sd]|%n")
SAID = {
    "担当者が返信します", "人に聞きたい", "連携", "配信停止", "配信再開", "だこくわすれた", "打刻を忘れたときに直す",
    "有給 繰越", "繰越の有給", "ゆうき", "ホールディングス", "…",
}  # fmt: skip
ELSEWHERE = {
    "line.md": {
        "設定", "Messaging API", "チャネル基本設定", "Messaging API設定", "チャネルアクセストークン（長期）",
        "Webhook URL", "検証", "成功", "Webhookの利用", "応答設定", "応答メッセージ", "あいさつメッセージ",
    },
    "slack.md": {
        "Create New App", "From a manifest", "Install App", "Basic Information", "OAuth & Permissions",
        "Bot User OAuth Token", "Event Subscriptions", "Request URL", "Retry", "Verified",
    },
    "oidc.md": {
        "ウェブ アプリケーション", "内部", "アプリの登録", "この組織ディレクトリのみに含まれるアカウント",
        "トークン構成", "Client authentication", "Standard flow", "PKCE method",
    },
}  # fmt: skip
AREAS = ("/staff", "/me/", "/community", "/help", "/contact", "/sign-", "/developers", "/welcome", "/api")


def name_of(path: Path) -> str:
    return path.name


def without_code(path: Path) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S))


@lru_cache
def words() -> tuple[set[str], list[re.Pattern[str]]]:
    """What the screens say in Japanese; and what has a place in it, as patterns."""
    said: set[str] = set()
    for source in catalogues("ja"):
        for message in read_po(io.BytesIO(source.read_bytes()), locale="ja"):
            if message.id:
                said |= {message.string} if isinstance(message.string, str) else set(message.string)
    said |= {role[1] for role in importlib.import_module("access.migrations.0002_roles").ROLES}
    said |= {TRACKING.name_ja, CHAT_REPLIES.name_ja}
    open_ended = [one for one in said if PLACEHOLDER.search(one) and len(PLACEHOLDER.sub("", one)) >= 4]
    return said, [re.compile(PLACEHOLDER.sub(".+", re.escape(one))) for one in open_ended]


def is_on_a_screen(text: str) -> bool:
    said, patterns = words()
    full = any(one.fullmatch(text) or one.fullmatch(f"{text} 0") for one in patterns)
    return text in said or f"{text}。" in said or full


def parts(bold: str) -> list[str]:
    return [part.strip() for part in bold.split("→")]


def test_whatever_a_reader_needs_is_there_in_japanese():
    needed = {path.name for path in ENGLISH.glob("*.md")} - FOR_BUILDERS
    assert needed - {path.name for path in PAGES} == set()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_bold_words_are_words_of_the_screens(path):
    bold = re.findall(r"\*\*([^*\n]+)\*\*", without_code(path))
    assert [one for one in bold if not all(is_on_a_screen(part) for part in parts(one))] == []


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.ja.md"], ids=name_of)
def test_bold_is_bold_when_it_is_rendered(path):
    """`**` between a bracket and a letter is no bold in CommonMark: put a blank there."""
    shown = MarkdownIt("commonmark").enable("table").render(without_code(path))
    assert re.findall(r".{0,20}\*\*.{0,20}", shown) == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_quoted_words_are_of_the_screens_or_listed(path):
    quoted = set(re.findall(r"「([^」\n]+)」", without_code(path)))
    listed = ELSEWHERE.get(path.name, set())
    assert {one for one in quoted - listed - SAID if not is_on_a_screen(one)} == set()
    assert listed - quoted == set(), "listed, and not on the page"


def test_the_settings_are_found_where_the_pages_say():
    rooms.load()
    with speaking("ja"):
        known = {str(one.label) for (area, _), one in navigation.entries.items() if area == "settings"}
    for path in PAGES:
        for bold in re.findall(r"\*\*(設定 → [^*\n]+)\*\*", without_code(path)):
            assert parts(bold)[1] in known, f"{path.name}: {bold}"


@lru_cache
def routes() -> list[re.Pattern[str]]:
    found = set()
    for table in ("expected.csv", "expected_api.csv"):
        with (ROOT / "tests" / "routes" / table).open() as file:
            found |= {row["path"] for row in csv.DictReader(file)}
    return [re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path).rstrip("/") or "/") for path in found | {"/api/v1"}]


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.ja.md"], ids=name_of)
def test_addresses_are_addresses_of_ours(path):
    for code in re.findall(r"`(?:[A-Z]+ )?(/[^`\s]*)`", path.read_text()):
        address = code.partition("?")[0].rstrip("/")
        if "…" not in address and address.startswith(AREAS):
            assert any(one.fullmatch(address) for one in routes()), code


def test_the_list_of_settings_is_complete_in_japanese_too():
    table = (JAPANESE / "installing.md").read_text().partition("## 設定の一覧")[2].partition("\n## ")[0]
    listed = set()
    for row in re.findall(r"^\|(.*?)\|", table, re.M):
        listed |= set(re.findall(r"`(ENGAWA_[A-Z_]+)`", row))
    assert listed == {f"ENGAWA_{field.upper()}" for field in Settings.__struct_fields__}


def test_the_check_itself_sees_words_of_no_screen():
    assert is_on_a_screen("判定を記録する") and is_on_a_screen("LINEをつなぐ") and is_on_a_screen("CSM（担当者）")
    assert not is_on_a_screen("判定を書く") and not is_on_a_screen("会話を消し去る")
