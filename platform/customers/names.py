"""Names of companies and people, brought to one form for comparing. Pure functions; what is shown is never changed.

`company_key("㈱ いんたー・ぱーく") == company_key("株式会社インターパーク") == "インターパク"`
"""

from __future__ import annotations

import re
import unicodedata

LEGAL_FORMS = (
    "株式会社",
    "有限会社",
    "合同会社",
    "合名会社",
    "合資会社",
    "相互会社",
    "特定目的会社",
    "投資法人",
    "特例有限会社",
    "一般社団法人",
    "一般財団法人",
    "公益社団法人",
    "公益財団法人",
    "社団法人",
    "財団法人",
    "医療法人社団",
    "医療法人財団",
    "医療法人",
    "社会医療法人",
    "学校法人",
    "社会福祉法人",
    "宗教法人",
    "特定非営利活動法人",
    "NPO法人",
    "独立行政法人",
    "国立大学法人",
    "地方独立行政法人",
    "農業協同組合",
    "協同組合",
    "弁護士法人",
    "税理士法人",
    "監査法人",
    "司法書士法人",
)
SHORT_FORMS = ("株", "有", "合", "同", "名", "資", "社", "財", "医", "学", "福", "宗", "特非", "独")
KANA_FORMS = ("カブシキガイシャ", "カブシキカイシャ", "ユウゲンガイシャ", "ゴウドウガイシャ", "カ", "ユ", "ド")
ENGLISH_FORMS = (
    "incorporated",
    "inc",
    "corporation",
    "corp",
    "company",
    "limited",
    "co ltd",
    "co",
    "ltd",
    "llc",
    "llp",
    "plc",
    "kk",
    "k k",
    "gk",
    "gmbh",
    "ag",
    "sa",
    "bv",
    "nv",
    "pte",
    "pty",
    "holdings co",
    "kabushiki kaisha",
    "godo kaisha",
)
# Old and variant forms that people mix up in names; the one on the right is the common one.
KANJI = str.maketrans(
    {
        "髙": "高",
        "﨑": "崎",
        "嵜": "崎",
        "碕": "崎",
        "斎": "斉",
        "齋": "斉",
        "齊": "斉",
        "邉": "辺",
        "邊": "辺",
        "澤": "沢",
        "濱": "浜",
        "濵": "浜",
        "眞": "真",
        "廣": "広",
        "國": "国",
        "櫻": "桜",
        "嶋": "島",
        "嶌": "島",
        "桒": "桑",
        "榮": "栄",
        "圓": "円",
        "會": "会",
        "學": "学",
        "體": "体",
        "舊": "旧",
        "寶": "宝",
        "豐": "豊",
        "龍": "竜",
        "瀧": "滝",
        "藏": "蔵",
        "德": "徳",
        "黑": "黒",
        "鐵": "鉄",
        "壽": "寿",
        "來": "来",
        "萬": "万",
        "與": "与",
        "惠": "恵",
        "應": "応",
        "實": "実",
        "縣": "県",
        "區": "区",
        "澁": "渋",
        "澀": "渋",
        "條": "条",
        "當": "当",
        "發": "発",
        "驛": "駅",
        "龜": "亀",
        "齒": "歯",
        "靜": "静",
        "曉": "暁",
        "檢": "検",
        "凛": "凜",
        "遙": "遥",
        "槇": "槙",
        "吉": "吉",
        "𠮷": "吉",
        "冨": "富",
        "峯": "峰",
        "舘": "館",
        "戶": "戸",
        "内": "内",
        "淸": "清",
        "晴": "晴",
        "郞": "郎",
        "増": "増",
        "增": "増",
        "﨔": "欅",
        "栁": "柳",
        "桺": "柳",
        "塚": "塚",
        "藪": "薮",
        "埼": "埼",
        "籐": "藤",
        "彥": "彦",
        "穗": "穂",
        "惣": "惣",
        "礒": "磯",
        "燈": "灯",
        "乘": "乗",
        "假": "仮",
        "價": "価",
        "關": "関",
        "鹽": "塩",
        "麥": "麦",
        "佛": "仏",
        "拂": "払",
        "點": "点",
        "證": "証",
        "變": "変",
        "讀": "読",
        "轉": "転",
        "處": "処",
        "號": "号",
        "繩": "縄",
        "蟲": "虫",
        "亞": "亜",
        "兒": "児",
    }
)
SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_dashes = re.compile(r"[-‐‑‒–—―−ー~〜]")
_outside = re.compile(r"[^0-9a-z々〆ァ-ヺ㐀-鿿豈-﫿\U00020000-\U0003ffff가-힣]")
_short_front = re.compile(rf"^\s*[(\[]({'|'.join(SHORT_FORMS)})[)\]]\s*")
_short_back = re.compile(rf"\s*[(\[]({'|'.join(SHORT_FORMS)})[)\]]\s*$")
_kana_front = re.compile(rf"^\s*(?:{'|'.join(KANA_FORMS[:4])}|[(\[](?:{'|'.join(KANA_FORMS[4:])})[)\]])\s*")
_kana_back = re.compile(rf"\s*(?:{'|'.join(KANA_FORMS[:4])}|[(\[](?:{'|'.join(KANA_FORMS[4:])})[)\]])\s*$")
_legal = "|".join(sorted(LEGAL_FORMS, key=len, reverse=True))
_legal_front = re.compile(rf"^\s*(?:{_legal})\s*")
_legal_back = re.compile(rf"\s*(?:{_legal})\s*$")
_english_back = re.compile(
    rf"[\s,]+(?:{'|'.join(re.escape(one) for one in sorted(ENGLISH_FORMS, key=len, reverse=True))})$"
)


def folded(text: str) -> str:
    """NFKC, lower case, hiragana as katakana, old kanji as new: the same word however it is typed."""
    found = unicodedata.normalize("NFKC", text).translate(KANJI).lower()
    return "".join(chr(ord(letter) + 96) if "ぁ" <= letter <= "ゖ" else letter for letter in found)


def without_legal_form(name: str) -> str:
    """`name` (folded) without 株式会社, (株), Inc. …, before or after, as often as they stand there."""
    found = re.sub(r"\s+", " ", re.sub(r"[.。]", " ", name)).strip(" ,、・")
    while True:
        before = found
        for form in (_short_front, _short_back, _legal_front, _legal_back, _kana_front, _kana_back, _english_back):
            found = form.sub("", found, count=1).strip(" ,、・")
        if found == before:
            return found


def company_key(name: str) -> str:
    """What two spellings of one company share. Empty when nothing but a legal form or signs was given."""
    found = without_legal_form(folded(name).replace("カ゛", "ガ"))
    # Dashes go, the long vowel too: コンピュータ and コンピューター are one word.
    found = _dashes.sub("", found).translate(SMALL)
    return _outside.sub("", found.replace("&", "and").replace("・", ""))


def person_key(family: str, given: str) -> str:
    """Both names folded, without blanks: 髙橋 花子 and 高橋花子."""
    return re.sub(r"[\s・.]", "", folded(family + given)).translate(SMALL)


def kana(text: str) -> str:
    """A reading as full-width katakana, one blank between words."""
    wide = unicodedata.normalize("NFKC", text)
    found = "".join(chr(ord(letter) + 96) if "ぁ" <= letter <= "ゖ" else letter for letter in wide)
    return re.sub(r"\s+", " ", found).strip()


def phone_digits(text: str) -> str:
    """A telephone number as digits, +81 as 0."""
    found = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[^0-9+]", "", found)
    return "0" + digits[3:].lstrip("0") if digits.startswith("+81") else digits.lstrip("+")


_blocks = str.maketrans("一二三四五六七八九", "123456789")
_number_word = re.compile(r"([一二三四五六七八九十]+)(丁目|番地?|号)")


def address_key(text: str) -> str:
    """An address with its numbers as digits and hyphens: 仲町台２丁目７番１号 and 仲町台2-7-1."""
    found = unicodedata.normalize("NFKC", text).translate(KANJI).lower()
    found = _number_word.sub(lambda one: f"{_arabic(one[1])}{one[2]}", found)
    found = re.sub(r"(丁目|番地の?|番|号|の(?=\d))", "-", found)
    found = re.sub(r"[‐‑‒–—―−ー]", "-", found)
    return re.sub(r"-+(?!\d)|[\s、,]", "", found)


def _arabic(words: str) -> int:
    """一 to 九十九."""
    if "十" not in words:
        return int(words.translate(_blocks) or 0)
    tens, _, ones = words.partition("十")
    return int(tens.translate(_blocks) or 1) * 10 + int(ones.translate(_blocks) or 0)
