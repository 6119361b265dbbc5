"""Why customers leave: one list for staff, files, hooks and programs.

What stands first is what a CS team can do most about: who could not master the product leaves for a reason of ours.
"""

from __future__ import annotations

import unicodedata

from core.i18n import lazy

OTHER = "other"
REASONS = {
    "could_not_master": lazy("Could not master it"), "cost": lazy("Costs"),
    "missing_features": lazy("Missing features"), "competitor": lazy("Moved to a competitor"),
    "contact_changed": lazy("Change of the person in charge"),
    "business_ended": lazy("Business ended or merged"), OTHER: lazy("Some other reason"),
}  # fmt: skip
# What a file may say instead of the code, whatever language its reader has: the words of the list and plain variants.
WORDS = {
    "could_not_master": "使いこなせなかった 使いこなせない 使いこなせず 定着しなかった couldnotmasterit couldnotmaster",
    "cost": "費用 価格 料金 コスト cost costs price pricing",
    "missing_features": "機能不足 機能の不足 missingfeatures missingfeature",
    "competitor": "競合へ乗り換え 競合への乗り換え 他社へ乗り換え 他社への乗り換え movedtoacompetitor competitor",
    "contact_changed": "担当者の交代 担当者交代 担当者の退職 changeofthepersonincharge contactchanged championleft",
    "business_ended": "事業の終了・統合 事業の終了 事業の統合 事業終了 倒産 businessendedormerged businessended",
    OTHER: "その他 someotherreason other others",
}
LONGEST_NOTE = 300
_codes = {word: code for code, words in WORDS.items() for word in words.split()}


def read(text: str) -> tuple[str, str]:
    """(code, note) of what a source says: one of the list's words, else its own words under the other reasons."""
    words = unicodedata.normalize("NFKC", text).strip()
    if not words:
        return "", ""
    code = _codes.get("".join(words.lower().replace("_", "").split()).rstrip("。."))
    return (code, "") if code else (OTHER, text.strip()[:LONGEST_NOTE])


def said(code: str) -> str:
    """The reason in the reader's language; nothing where nobody said one."""
    return str(REASONS[code]) if code in REASONS else code
