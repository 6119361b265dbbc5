"""Every sentence is said in Japanese too, with the same placeholders."""

from __future__ import annotations

import io
import re

import pytest
from babel.messages.pofile import read_po

from access.audit_words import ACTION_NAMES, TARGET_NAMES
from core.catalogues import rooms, untranslated
from core.i18n import ROOMS as PLATFORM
from core.i18n import catalogues

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
ROOMS = list(rooms())


@pytest.mark.parametrize("room", ROOMS, ids=lambda p: p.name)
def test_every_sentence_of_a_room_has_a_translation(room):
    assert untranslated(room) == []


@pytest.mark.parametrize("source", catalogues("ja"), ids=lambda p: p.parts[-5])
def test_a_translation_keeps_its_placeholders(source):
    for message in read_po(io.BytesIO(source.read_bytes()), locale="ja"):
        if not message.id:
            continue
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        asked = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set(PLACEHOLDER.findall(asked[-1]))
        for text in said:
            assert set(PLACEHOLDER.findall(text)) <= wanted | {"n"}, message.id
            assert wanted - {"n"} <= set(PLACEHOLDER.findall(text)), message.id


def test_rooms_say_the_same_sentence_the_same_way():
    """All catalogues become one, and the last would win: two meanings need two English sentences."""
    said: dict[object, dict[object, list[str]]] = {}
    for source in catalogues("ja"):
        for message in read_po(io.BytesIO(source.read_bytes()), locale="ja"):
            if message.id:
                said.setdefault(message.id, {}).setdefault(message.string, []).append(source.parts[-5])
    assert {sentence: ways for sentence, ways in said.items() if len(ways) > 1} == {}


def test_the_audit_log_has_words_for_what_every_room_writes_into_it():
    calls = re.compile(r'\baudit\(\s*"([a-z_.]+)",\s*Ref\(\s*"?([a-z_]*)')
    written = [call for file in sorted(PLATFORM.rglob("*.py")) for call in calls.findall(file.read_text())]
    kinds = {kind for _, kind in written} - {"table", "about", ""}
    assert len(written) > 50
    assert {action for action, _ in written} - set(ACTION_NAMES) == set()
    assert kinds - set(TARGET_NAMES) == set()


# One thing has one word. What customers type, and what the bot and the search understand of it, is theirs.
ONE_WORD = {"誰": "だれ", "ログイン": "サインイン", "ログオン": "サインイン", "ログアウト": "サインアウト"}
REPOSITORY = PLATFORM.parent
WRITTEN_IN_JAPANESE = [REPOSITORY / "README.ja.md", *sorted((REPOSITORY / "docs" / "ja").glob("*.md")),
                       *sorted((PLATFORM / "app" / "demo" / "articles" / "ja").glob("*.md"))]  # fmt: skip


@pytest.mark.parametrize("source", catalogues("ja"), ids=lambda p: p.parts[-5])
def test_one_thing_has_one_word_on_the_screen(source):
    for message in read_po(io.BytesIO(source.read_bytes()), locale="ja"):
        said = "".join(message.string) if isinstance(message.string, tuple) else message.string
        assert [f"{no} → {yes}" for no, yes in ONE_WORD.items() if no in said] == [], said


@pytest.mark.parametrize("source", WRITTEN_IN_JAPANESE, ids=lambda p: p.name)
def test_one_thing_has_one_word_in_what_is_read(source):
    text = source.read_text()
    if "articles" in source.parts:
        text = text.split("---", 2)[2]  # above stand the wordings of customers
    assert [f"{no} → {yes}" for no, yes in ONE_WORD.items() if no in text] == []
