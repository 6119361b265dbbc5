"""Postal addresses, telephones, web and mail domains, brought to one form for comparing. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import msgspec

from customers.kanji import COMMON

_prefectures = """
北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県
福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県
山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県
"""
PREFECTURES = tuple(_prefectures.split())
# Everybody may have an address there, so it says nothing about the company.
_free = """
gmail.com googlemail.com yahoo.co.jp yahoo.com ymail.ne.jp outlook.com outlook.jp hotmail.com hotmail.co.jp live.jp
live.com icloud.com me.com mac.com aol.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp vodafone.ne.jp
ybb.ne.jp nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp infoseek.jp excite.co.jp proton.me protonmail.com
qq.com 163.com naver.com gmx.de web.de mail.ru
"""
FREE_MAIL = frozenset(_free.split())
# A mailbox that several people read; what a hyphen, a dot or a number adds changes nothing.
_roles = """
info contact contactus inquiry inquiries enquiry toiawase support help helpdesk sales eigyo admin administrator office
jimu soumu somu keiri accounting billing invoice seikyu recruit saiyo hr jinji pr press kouhou koho marketing shop store
order orders mail post webmaster hello team service cs customer reception uketsuke daihyo hosho honsha kanri system
noreply no-reply postmaster kaikei kokusai system-admin desk all staff
"""
ROLES = frozenset(_roles.split())
_shared = "facebook.com twitter.com x.com instagram.com note.com ameblo.jp wixsite.com jimdo.com"
SHARED_SITES = frozenset(_shared.split())
_blocks = str.maketrans("一二三四五六七八九", "123456789")
_number_word = re.compile(r"([一二三四五六七八九十]+)(丁目|番地?|号|条)")
_prefecture = re.compile(rf"^(?:〒?\d{{3}}-?\d{{4}})?(?:{'|'.join(PREFECTURES)})?")
_city = re.compile(r"^(.+?郡.+?[町村]|.+?市.+?区(?=.)|.+?[市区町村])")


class Address(msgspec.Struct, frozen=True):
    """`city` to 市区町村, `town` up to the first number, `numbers` such as 2-7-1."""

    city: str = ""
    town: str = ""
    numbers: str = ""

    @property
    def place(self) -> str:
        """Town and numbers; empty when the address does not go as far as a number."""
        return f"{self.town}{self.numbers}" if self.numbers else ""


def address_key(text: str) -> str:
    """An address with its numbers as digits and hyphens: 仲町台２丁目７番１号 and 仲町台2-7-1."""
    found = unicodedata.normalize("NFKC", text.translate(COMMON)).translate(COMMON).lower()
    found = _number_word.sub(lambda one: f"{_arabic(one[1])}{one[2]}", found)
    found = re.sub(r"(丁目|番地の?|番|号|の(?=\d)|ノ(?=\d))", "-", found)
    found = re.sub(r"[‐‑‒–—―−ー]", "-", found)
    return re.sub(r"-+(?!\d)|[\s、,]", "", found)


def address_of(text: str) -> Address:
    """City, town and numbers of a Japanese address; what follows the numbers (building, floor) is left out."""
    key = _prefecture.sub("", address_key(text))
    if not key:
        return Address()
    found = re.match(r"([^\d]*)(\d[\d-]*)?", key)
    assert found is not None
    town = re.sub(r"大字|(?<=.)字|[ヶケが]", "", found[1])
    city = _city.match(found[1])
    return Address(city[1] if city else "", town, re.sub(r"-+", "-", found[2] or "").strip("-"))


def phone_digits(text: str) -> str:
    """A telephone number as digits, +81 as 0; an extension is left out."""
    found = re.split(r"(?:内線|ext\.?|x)\s*\d", unicodedata.normalize("NFKC", text), flags=re.IGNORECASE)[0]
    digits = re.sub(r"[^0-9+]", "", found)
    return "0" + digits[3:].lstrip("0") if digits.startswith("+81") else digits.lstrip("+")


def site_of(website: str) -> str:
    """The host of a web address without www; empty for places that many companies share."""
    text = unicodedata.normalize("NFKC", website).strip().lower()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.").rstrip(".")
    is_shared = any(host == site or host.endswith(f".{site}") for site in SHARED_SITES)
    return host if "." in host and not is_shared else ""


def is_shared_mailbox(email: str) -> bool:
    """info@, sales-tokyo@, support2@: an address that says nothing about which person."""
    box = email.partition("@")[0].strip().lower()
    return box in ROLES or re.split(r"[-_.+\d]", box)[0] in ROLES


def mail_domain(email: str) -> str:
    """The domain of a mail address; empty for a provider's."""
    domain = email.rpartition("@")[2].strip().lower()
    return "" if domain in FREE_MAIL or "." not in domain else domain


def _arabic(words: str) -> int:
    """一 to 九十九."""
    if "十" not in words:
        return int(words.translate(_blocks) or 0)
    tens, _, ones = words.partition("十")
    return int(tens.translate(_blocks) or 1) * 10 + int(ones.translate(_blocks) or 0)
