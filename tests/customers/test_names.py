"""Names, numbers and addresses: what people type differently is one thing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.addresses import address_key, address_of, mail_domain, phone_digits, site_of
from customers.corporate_numbers import check_digit, is_valid, normal_number
from customers.legal_forms import LEGAL_FORMS
from customers.names import company_key, folded, kana, person_key

CORES = st.text(st.sampled_from("青葉渡千舟かなカナABCxyz高沢斉09"), min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("㈱ いんたー・ぱーく", "株式会社インターパーク"),
        ("㈱青葉渡工業", "株式会社青葉渡工業"),
        ("髙島屋", "高島屋"),
        ("斎藤商店(有)", "有限会社齋藤商店"),
        ("ABC Co., Ltd.", "abc"),
        ("株式会社　サカタのタネ", "サカタのタネ(株)"),
        ("コンピューター", "コンピュータ"),
        ("K.K. Aoba", "aoba"),
        ("Aoba Kabushiki Kaisha", "AOBA, Inc."),
        ("ｶ)ｱｵﾊﾞﾄｾｲ", "アオバトセイ（カ"),
        ("渡邊鐵工所", "渡辺鉄工所"),
        ("カブシキカイシヤアオバ", "アオバ"),
        ("ＮＴＴデータ", "NTTデータ"),
    ],
)
def test_two_spellings_of_one_company_share_a_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other) != ""


def test_a_name_that_is_only_a_legal_form_has_no_key() -> None:
    assert company_key("株式会社") == company_key("(株)") == company_key("・・・") == ""


@given(CORES, st.sampled_from([*LEGAL_FORMS[:8], "㈱", "(有)"]), st.booleans())
def test_a_legal_form_before_or_after_changes_nothing(core: str, form: str, is_front: bool) -> None:
    assert company_key(f"{form}{core}" if is_front else f"{core}{form}") == company_key(core)


@given(CORES)
def test_width_and_kana_change_nothing(core: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in core)
    kata = "".join(chr(ord(c) + 96) if "ぁ" <= c <= "ゖ" else c for c in core)
    assert company_key(wide) == company_key(kata) == company_key(core)


@given(st.text(max_size=60))
def test_no_text_breaks_the_normalisers(text: str) -> None:
    for fold in (company_key, address_key, address_of, site_of, mail_domain, kana, phone_digits, normal_number):
        assert fold(text) is not None
    assert company_key(unicodedata.normalize("NFD", text)) == company_key(unicodedata.normalize("NFC", text))


@given(st.integers(0, 10**12 - 1))
def test_one_check_digit_fits_a_corporate_number(twelve: int) -> None:
    digits = f"{twelve:012}"
    assert [first for first in range(10) if is_valid(f"{first}{digits}")] == [check_digit(digits)]


def test_a_corporate_number_may_be_typed_with_hyphens_and_wide() -> None:
    assert normal_number("６－０２００－０１００－８６６２") == "6020001008662"
    assert normal_number("T6020001008662") == "6020001008662"
    assert is_valid("6020001008662")
    assert not is_valid("6020001008663")
    assert not is_valid("６０２０００１００８６６２")


def test_addresses_and_telephones_meet() -> None:
    one, other = (
        address_of("神奈川県横浜市都筑区大字仲町台２丁目７番１号 青葉ビル３Ｆ"),
        address_of("横浜市都筑区仲町台2-7-1"),
    )
    assert (one.place, one.city) == (other.place, other.city) == ("横浜市都筑区仲町台2-7-1", "横浜市都筑区")
    assert address_of("港区").place == ""
    assert phone_digits("03-1234-5678 内線12") == "0312345678"
    assert address_key("仲町台二丁目７番１号") == address_key("仲町台2-7-1")
    assert phone_digits("+81-3-1234-5678") == phone_digits("０３（１２３４）５６７８") == "0312345678"


def test_domains_say_something_only_where_they_are_a_companys_own() -> None:
    assert site_of("https://www.Aoba.example/ja") == site_of("aoba.example") == "aoba.example"
    assert site_of("https://facebook.com/aoba") == site_of("http://[") == site_of("なし") == ""
    assert mail_domain("a@aoba.example") == "aoba.example"
    assert mail_domain("a@gmail.com") == ""


def test_names_of_people_meet() -> None:
    assert person_key("髙橋", "花子") == person_key("高橋　", "花子")
    assert person_key("斎藤", "") == person_key("齋藤", "") == person_key("齊藤", "")
    assert folded("﨑") == "崎"
