"""From a cell to a value of its field, or a Mistake whose sentence becomes the row's reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from core.errors import Refused
from core.i18n import _
from customers.corporate_numbers import is_valid, normal_number
from customers.imports.sheets import AN_ERROR, NO_VALUE
from customers.models import PHASES
from customers.names import kana
from customers.people import normal_email

LENGTHS = {"name": 200, "name_kana": 200, "alias": 200, "industry": 120, "prefecture": 40, "address": 300, "phone": 40,
           "website": 300, "family_name": 80, "given_name": 80, "family_kana": 80, "given_kana": 80, "title": 120,
           "department": 120, "handle": 60, "product": 120, "plan": 120, "end_reason": 300, "end_note": 300,
           "source_id": 120, "account_id": 120, "person_id": 120, "parent": 120, "full_name": 160, "csm": 254,
           "deputy": 254, "currency": 3}  # fmt: skip
BIGGEST = 10**15
PHASE_WORDS = {"導入": "onboarding", "オンボーディング": "onboarding", "定着": "adoption", "活用": "adoption",
               "拡大": "expansion", "更新": "renewal", "解約": "churned"}  # fmt: skip
GIVEN = {
    "1",
    "true",
    "yes",
    "y",
    "on",
    "はい",
    "同意",
    "同意する",
    "同意済み",
    "希望",
    "希望する",
    "○",
    "◯",
    "可",
    "有",
    "given",
}
REFUSED = {
    "0",
    "false",
    "no",
    "n",
    "off",
    "いいえ",
    "拒否",
    "希望しない",
    "同意しない",
    "×",
    "不可",
    "無",
    "refused",
    "配信停止",
}
_forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Mistake(Exception):
    """Why a cell cannot be taken."""


def clean(text: str) -> str:
    """NFC, trimmed, blanks and line ends as single blanks. Raises Mistake for control characters."""
    if text.startswith(NO_VALUE):
        raise Mistake(_("The formula has no value. Open the file in Excel and save it again."))
    if text.startswith(AN_ERROR):
        raise Mistake(_("The spreadsheet says %(error)s here.", error=text[1:20]))
    if _forbidden.search(text):
        raise Mistake(_("It holds control characters."))
    return re.sub(r"[\s\u3000]+", " ", unicodedata.normalize("NFC", text)).strip()


def value_of(field: str, text: str) -> Any:
    """The value; "" means that nothing was said, and nothing is changed by it. Raises Mistake."""
    words = clean(text)
    if words == "" or words in {"-", "－", "―", "N/A", "n/a", "NULL", "null"}:
        return ""
    reader = READERS.get(field)
    found = reader(words) if reader else words
    if isinstance(found, str) and len(found) > LENGTHS.get(field, 1000):
        raise Mistake(_("It is longer than %(n)s characters.", n=LENGTHS[field]))
    return found


def _number(words: str) -> str:
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", words, re.IGNORECASE):
        raise Mistake(_("Excel has cut this number short. Format the column as text and export it again."))
    number = normal_number(words)
    if not is_valid(number):
        raise Mistake(_("%(number)s is not right: its check digit does not fit.", number=words[:20]))
    return number


def _count(words: str) -> int:
    digits = re.sub(r"[,，\s名人約]", "", unicodedata.normalize("NFKC", words))
    if not re.fullmatch(r"\d{1,9}", digits, re.ASCII):
        raise Mistake(_("“%(value)s” is no number of people.", value=words[:20]))
    return int(digits)


def _amount(words: str) -> int:
    """In whole units of the currency; less than nothing is a refund."""
    digits = re.sub(r"[,，\s¥￥\\円$]", "", unicodedata.normalize("NFKC", words))
    if not re.fullmatch(r"[-△▲]?\d{1,15}(\.\d+)?", digits, re.ASCII):
        raise Mistake(_("“%(value)s” is no amount.", value=words[:20]))
    sign, digits = (-1, digits[1:]) if digits[0] in "-△▲" else (1, digits)
    return sign * (round(float(digits)) if "." in digits else int(digits))


def _money(words: str) -> int:
    found = _amount(words)
    if found < 0:
        raise Mistake(_("An amount cannot be less than zero."))
    return found


def _date(words: str) -> date:
    text = unicodedata.normalize("NFKC", words)
    try:
        if found := re.match(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})", text, re.ASCII):
            return _sane(date(*(int(part) for part in found.groups())))
        if found := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text, re.ASCII):
            return _sane(date(*(int(part) for part in found.groups())))
        if found := re.match(
            r"(令和|平成|昭和|R|H|S)\s*(\d{1,2}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})", text
        ):
            first = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}[found[1]]
            return _sane(date(first + (1 if found[2] == "元" else int(found[2])), int(found[3]), int(found[4])))
        if re.fullmatch(r"\d{5}", text, re.ASCII):  # a day as Excel counts it
            return _sane(date(1899, 12, 30) + timedelta(days=int(text)))
    except ValueError:
        pass
    raise Mistake(_("“%(value)s” is no date such as 2026-11-22.", value=words[:20]))


def _sane(found: date) -> date:
    if not 1900 <= found.year <= 2200:
        raise ValueError
    return found


def _email(words: str) -> str:
    try:
        return normal_email(words)
    except Refused:
        raise Mistake(_("“%(value)s” is no e-mail address.", value=words[:60])) from None


def _phase(words: str) -> str:
    found = PHASE_WORDS.get(words, words.lower())
    if found not in PHASES:
        raise Mistake(_("“%(value)s” is no phase.", value=words[:20]))
    return found


def _locale(words: str) -> str:
    found = {"日本語": "ja", "japanese": "ja", "english": "en", "英語": "en"}.get(words.lower(), words.lower()[:2])
    return found if found in {"ja", "en"} else "en"


def _zone(words: str) -> str:
    if words not in available_timezones():
        raise Mistake(_("“%(value)s” is no time zone such as Asia/Tokyo.", value=words[:40]))
    return words


def _consent(words: str) -> str:
    found = unicodedata.normalize("NFKC", words).lower()
    if found in GIVEN or words in GIVEN:
        return "given"
    if found in REFUSED or words in REFUSED:
        return "refused"
    raise Mistake(_("“%(value)s” says neither yes nor no.", value=words[:20]))


def _currency(words: str) -> str:
    found = {"円": "JPY", "¥": "JPY", "$": "USD"}.get(words, words.upper())
    if not re.fullmatch(r"[A-Z]{3}", found):
        raise Mistake(_("“%(value)s” is no currency such as JPY.", value=words[:20]))
    return found


READERS: dict[str, Callable[[str], Any]] = {
    "corporate_number": _number,
    "employees": _count,
    "seats": _count,
    "amount": _money,
    "amount_yearly": _money,
    "paid": _amount,
    "quantity": _count,
    "bought_on": _date,
    "starts_on": _date,
    "renews_on": _date,
    "ended_on": _date,
    "email": _email,
    "csm": _email,
    "deputy": _email,
    "phase": _phase,
    "locale": _locale,
    "time_zone": _zone,
    "consent": _consent,
    "currency": _currency,
    "name_kana": kana,
    "family_kana": kana,
    "given_kana": kana,
}
