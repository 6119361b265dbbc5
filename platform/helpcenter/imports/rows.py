"""What an imported file says, row by row, in one shape; and what is wrong with a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from helpcenter.imports.dates import moment_of
from helpcenter.wordings import Words, checked_audience, cleaned

LONGEST_ID = 120


class Row(msgspec.Struct, kw_only=True):
    """One language of one article. `where` names the line or the file for a person."""

    where: str
    id: str
    title: str
    body: str
    locale: str
    phrasings: list[str] = []
    category: str = ""
    audience: str = ""
    slug: str = ""
    published: str = ""  # moments in ISO form, as the other tool knew them; empty: now
    updated: str = ""
    outcome: str = ""  # created, updated, unchanged, refused
    reason: str = ""
    digest: str = ""
    article_id: int | None = None

    def fingerprint(self) -> str:
        said = [self.title, self.body, self.phrasings, self.category, self.audience, self.slug]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()

    def words(self) -> Words:
        return Words(title=self.title, body=self.body, phrasings=tuple(self.phrasings), locale=self.locale)


# The names that other tools and Japanese spreadsheets use for the same thing.
NAMES = {
    "id": ("id", "記事id", "記事ＩＤ", "番号", "no", "no.", "faq id", "faqid", "article_id"),
    "title": ("question", "title", "質問", "タイトル", "件名", "見出し", "q", "質問文", "subject"),
    "body": ("answer", "body", "回答", "本文", "内容", "答え", "a", "回答文", "text", "content"),
    "category": ("category", "カテゴリ", "カテゴリー", "分類", "section"),
    "phrasings": ("phrasings", "言い換え", "別の言い方", "同義質問", "類似質問", "questions", "keywords", "キーワード"),
    "locale": ("lang", "language", "locale", "言語"),
    "audience": ("audience", "公開範囲", "対象", "閲覧範囲"),
    "slug": ("slug", "スラッグ", "url"),
    "published": ("published", "published_at", "created", "created_at", "公開日", "作成日", "公開日時", "作成日時"),
    "updated": ("updated", "updated_at", "更新日", "最終更新", "更新日時", "最終更新日"),
}
KNOWN = {name.lower(): field for field, names in NAMES.items() for name in names}
AUDIENCES = {"公開": "public", "全員": "public", "会員": "members", "会員限定": "members", "ログイン": "members",
             "社内": "staff", "スタッフ": "staff"}  # fmt: skip
LANGUAGES_SAID = {"日本語": "ja", "英語": "en", "japanese": "ja", "english": "en", "jp": "ja"}


def understood(found: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by our names; where several headings mean the same, the first that is filled."""
    made: dict[str, Any] = {}
    for key, value in found.items():
        field = KNOWN.get(str(key).strip().lower())
        if field and value not in (None, "", []) and field not in made:
            made[field] = value
    return made


def row_of(found: Mapping[str, Any], where: str, lang: str) -> Row:
    """A row, cleaned; one that cannot be an article is refused with the reason in it."""
    said = understood(found)
    row = Row(
        where=where, id=_line(said.get("id")), title=_line(said.get("title")), body=_text(said.get("body")),
        locale=_locale(said.get("locale"), lang), phrasings=_phrasings(said.get("phrasings")),
        category=_line(said.get("category"))[:120], audience=_audience(said.get("audience")),
        slug=_line(said.get("slug"))[:120], published=_line(said.get("published"))[:40],
        updated=_line(said.get("updated"))[:40],
    )  # fmt: skip
    try:
        return _checked(row)
    except Refused as refusal:
        return refused(row, refusal.sentence)


def _checked(row: Row) -> Row:
    if len(row.id) > LONGEST_ID:
        raise Refused(_("Shorten the id to %(n)s characters.", n=LONGEST_ID))
    words = cleaned(row.words())
    if not words.body.strip():
        raise Refused(_("The answer is empty."))
    if row.audience:
        row.audience = " ".join(checked_audience(row.audience.split()))
    row.published, row.updated = moment_of(row.published), moment_of(row.updated)
    row.title, row.body, row.phrasings = words.title, words.body, list(words.phrasings)
    row.id = row.id or "q:" + hashlib.sha256(row.title.encode()).hexdigest()[:24]
    row.digest = row.fingerprint()
    return row


def refused(row: Row, reason: str) -> Row:
    row.outcome, row.reason = "refused", reason
    row.body = row.body[:200]
    return row


def broken(where: str, reason: str) -> Row:
    """A line that is not even a row."""
    return Row(where=where, id="", title="", body="", locale="", outcome="refused", reason=reason)


def _line(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _phrasings(value: Any) -> list[str]:
    """A list, or one text with a line, ｜, | or ; between them."""
    if isinstance(value, list):
        return [str(one) for one in value if isinstance(one, str | int | float)]
    text = str(value or "")
    for mark in ("｜", "|", "；", ";"):
        text = text.replace(mark, "\n")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _audience(value: Any) -> str:
    words = value if isinstance(value, list) else _line(value).replace(",", " ").split()
    return " ".join(AUDIENCES.get(str(word), str(word)) for word in words)


def _locale(value: Any, otherwise: str) -> str:
    said = _line(value).lower()
    return LANGUAGES_SAID.get(said, said.split("-")[0].split("_")[0]) if said else otherwise
