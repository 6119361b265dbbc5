"""株式会社, (株), カブシキガイシャ, Inc. …: taken from a name before or after, as often as they stand there."""

from __future__ import annotations

import re

_forms = """
株式会社 有限会社 合同会社 合名会社 合資会社 相互会社 特定目的会社 投資法人 特例有限会社 無限責任中間法人
一般社団法人 一般財団法人 公益社団法人 公益財団法人 社団法人 財団法人 医療法人社団 医療法人財団 医療法人
社会医療法人 学校法人 社会福祉法人 宗教法人 特定非営利活動法人 npo法人 独立行政法人 国立大学法人 公立大学法人
地方独立行政法人 国立研究開発法人 農業協同組合 生活協同組合 協同組合 農事組合法人 管理組合法人
弁護士法人 税理士法人 監査法人 司法書士法人 行政書士法人 社会保険労務士法人 特許業務法人
"""
LEGAL_FORMS = tuple(_forms.split())
_short = "株 有 合 同 名 資 社 財 医 学 福 宗 特非 独 一社 一財 公社 公財"
SHORT_FORMS = tuple(_short.split())
_long = """
カブシキガイシャ カブシキカイシャ カブシキガイシヤ カブシキカイシヤ ユウゲンガイシャ ユウゲンカイシャ
ゴウドウガイシャ ゴウドウカイシャ トウシホウジン ソウゴガイシャ ソウゴカイシャ カブシキカ゛イシャ
"""
LONG_KANA = tuple(_long.split())
SHORT_KANA = ("カ", "ユ", "ド", "メ", "シ")  # as banks write them: ｶ)アオバ, アオバ(ｶ
ENGLISH_FORMS = (
    "incorporated", "inc", "corporation", "corp", "company", "limited", "co ltd", "co", "ltd", "llc", "llp", "plc",
    "kk", "k k", "gk", "g k", "gmbh", "ag", "sa", "bv", "nv", "pte", "pty", "lp", "holdings co", "kabushiki kaisha",
    "kabushiki gaisha", "godo kaisha", "yugen kaisha",
)  # fmt: skip


def _one_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_bracketed = rf"[(\[](?:{_one_of(SHORT_FORMS)})[)\]]"
_banks = _one_of(SHORT_KANA)
_front = re.compile(rf"^\s*(?:{_bracketed}|{_one_of(LEGAL_FORMS)}|{_one_of(LONG_KANA)}|[(\[]?(?:{_banks})[)\]])\s*")
_back = re.compile(
    rf"(?:\s*(?:{_bracketed}|{_one_of(LEGAL_FORMS)}|{_one_of(LONG_KANA)}|[(\[](?:{_banks})[)\]]?)"
    rf"|[\s,]+(?:{_one_of(ENGLISH_FORMS)}))\s*$"
)
_english_front = re.compile(r"^(?:k k|kabushiki kaisha|godo kaisha|the)\s+(?=\S)")


def without_legal_form(name: str) -> str:
    """`name` (folded) without its legal forms. What is nothing but a form becomes empty."""
    found = re.sub(r"\s+", " ", re.sub(r"[.。]", " ", name)).strip(" ,、・")
    while True:
        before = found
        for form in (_front, _back, _english_front):
            found = form.sub("", found, count=1).strip(" ,、・")
        if found == before:
            return found


_shortened = {
    "株": "株式会社",
    "有": "有限会社",
    "合": "合同会社",
    "同": "合同会社",
    "名": "合名会社",
    "資": "合資会社",
}


def legal_form_of(name: str) -> str:
    """The form that a folded name bears before or after, written out; empty when it says none (or only Inc.)."""
    for form in (_front, _back):
        if found := form.search(name):
            said = found[0].strip(" ()[]")
            said = _shortened.get(said, said)
            if said in LEGAL_FORMS:
                return said
    return ""
