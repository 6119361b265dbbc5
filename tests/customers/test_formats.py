"""Workbooks of Excel, vCards and exports of business cards: as other programs write them, and as nobody should."""

from __future__ import annotations

import contextlib
import gc
import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from core.errors import Refused
from customers.imports.headings import detect_kind, guess_mapping
from customers.imports.reading import read_sheet
from customers.imports.rows import given as row_given
from customers.imports.run import columns_of

EIGHT = [
    *("会社名", "部署名", "役職", "氏名", "e-mail", "郵便番号", "住所", "TEL会社", "TEL部門", "TEL直通", "Fax"),
    *("携帯電話", "URL", "名刺交換日", "Eightでつながっている人", "再データ化中の名刺", "'?'を含んだデータ"),
]
SANSAN = [
    *("会社名", "部署名", "役職", "氏名[姓]", "氏名[名]", "郵便番号(1)", "住所(1)［全て］", "住所(1)［市区町村］"),
    *("TEL-1(1)", "FAX(1)", "Email(1)", "URL(1)", "会社ID", "人物ID", "名刺交換日", "名刺所有者ユーザID"),
]


def book(rows: list[list[Any]], change: Any = None) -> bytes:
    made = Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    if change:
        change(made, sheet)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def cells(content: bytes) -> list[list[str]]:
    return [row.cells for row in read_sheet(content).rows()]


def parts(**changed: bytes) -> bytes:
    """A small workbook with some of its parts put in the place of others."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book([["会社名"], ["a"]]))) as old, zipfile.ZipFile(file, "w", 8) as new:
        for info in old.infolist():
            name = info.filename
            key = name.rpartition("/")[2].partition(".")[0]
            new.writestr(name, changed.pop(key, old.read(name)))
        for key, content in changed.items():
            new.writestr(f"xl/{key}.xml", content)
    return file.getvalue()


def test_a_workbook_is_read_as_people_see_it() -> None:
    def change(made: Any, sheet: Any) -> None:
        sheet["C2"].number_format = 'yyyy"年"m"月"d"日"'
        hidden = made.create_sheet("old", 0)
        hidden.append(["nothing"])
        hidden.sheet_state = "hidden"

    content = book([["会社名", "法人番号", "開始日", "月額", "席数"],
                    ["株式会社青葉", 2990701001237, date(2026, 4, 1), 12000.5, 30],
                    [],
                    [" 千舟ロジ㈱", "2990701001237", datetime(2026, 4, 1, 9, 30), 0.1 + 0.2, True]],
                   change)  # fmt: skip
    sheet = read_sheet(content)
    gc.collect()
    assert (sheet.headings, sheet.encoding) == (["会社名", "法人番号", "開始日", "月額", "席数"], "Excel")
    assert [(row.number, row.cells, row.broken) for row in sheet.rows()] == [
        (2, ["株式会社青葉", "2990701001237", "2026-04-01", "12000.5", "30"], ""),
        (4, [" 千舟ロジ㈱", "2990701001237", "2026-04-01 09:30:00", "0.3", "1"], ""),
    ]


def test_a_formula_without_its_value_and_an_error_refuse_who_needs_the_cell() -> None:
    content = book([["会社名", "住所", "メモ"], ["a", "=B3", "x"], ["b", "青波市", "#N/A"]])
    sheet = read_sheet(content)
    columns = columns_of(sheet.headings, guess_mapping("accounts", sheet.headings))
    found = [row_given(row, columns, ("name",)) for row in sheet.rows()]
    assert "数式" in found[0].refusal
    assert (found[1].refusal, found[1].values) == ("", {"name": "b", "address": "青波市"})


def test_furigana_of_a_shared_string_are_no_part_of_it() -> None:
    shared = (
        '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>会社名</t></si><si><r><t>青</t></r><r><t>葉</t></r><rPh sb='0' eb='1'><t>アオバ</t></rPh></si></sst>"
    )
    sheet = "<worksheet><row><c t='s'><v>0</v></c></row><row><c t='s'><v>1</v></c></row></worksheet>"
    assert cells(parts(sharedStrings=shared.encode(), sheet1=sheet.encode())) == [["青葉"]]


@pytest.mark.parametrize("content", [
    b"PK\x03\x04zip", b"PK\x05\x06" + b"\0" * 18, parts(workbook=b"<workbook/>"),
    parts(sheet1=b"<worksheet><row r='1'>"),
    parts(sheet1=b"not xml"), parts(sheet1=b"<worksheet><row r='x'><c r='A1'><v>1</v></c></row></worksheet>"),
    parts(sheet1=b"<!DOCTYPE a [<!ENTITY b 'ha'>]><worksheet/>"), parts(sheet1=b"<worksheet/>"),
    b"\xd0\xcf\x11\xe0old", b"%PDF-1.7",
])  # fmt: skip
def test_a_broken_workbook_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        cells(content)
    assert refused.value.sentence


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before_it_does() -> None:
    blanks = b"<worksheet><sheetData>" + b" " * 60_000_000 + b"</sheetData></worksheet>"
    with pytest.raises(Refused, match="展開"):
        cells(parts(sheet1=blanks))


def test_a_sheet_that_breaks_off_keeps_its_rows_and_says_so() -> None:
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='str'><v>name {n}</v></c></row>" for n in range(1, 40))
    found = list(read_sheet(parts(sheet1=f"<worksheet><sheetData>{rows}<row".encode())).rows())
    assert [row.cells for row in found[:2]] == [["name 2"], ["name 3"]]
    assert len(found) == 39 and found[-1].broken


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
def test_no_damage_to_a_workbook_is_an_error_of_ours(at: int, damage: bytes) -> None:
    content = bytearray(book([["会社名", "住所"], ["a", "b"]]))
    content[at : at + len(damage)] = damage
    with contextlib.suppress(Refused):
        cells(bytes(content))


def test_vcards_of_every_kind_become_people() -> None:
    content = """BEGIN:VCARD
VERSION:3.0
UID:card-1
N:青波;はな子;;;
FN:青波 はな子
X-PHONETIC-LAST-NAME:アオナミ
X-PHONETIC-FIRST-NAME:ハナコ
ORG:株式会社水面\\, 本社;営業部;一課
TITLE:部長
TEL;TYPE=FAX:03-0000-0009
TEL;TYPE=CELL:090-1111-2222
EMAIL;TYPE=INTERNET:old@example.jp
item1.EMAIL;TYPE=INTERNET;TYPE=pref:hanako@
 example.jp
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ
 AAAQABAAD
END:VCARD
BEGIN:VCARD
VERSION:4.0
N;SORT-AS="ちふね,たろう":千舟;太郎;;;
TEL;VALUE=uri;PREF=1:tel:+81-3-1234-5678
EMAIL:taro@example.jp
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=B1=B1=E7=94=B0;=E5=A4=AA=
=E9=83=8E
SOUND;X-IRMC-N:ﾔﾏﾀﾞ;ﾀﾛｳ
TEL;CELL:09022223333
END:VCARD
BEGIN:VCARD
FN:Hanako Tanaka
END:VCARD
BEGIN:VCARD
FN:nobody
"""
    sheet = read_sheet(content.replace("\n", "\r\n").encode())
    assert (sheet.encoding, detect_kind(sheet.headings)) == ("vCard 3.0", "people")
    columns = columns_of(sheet.headings, guess_mapping("people", sheet.headings))
    found = [row_given(row, columns) for row in sheet.rows()]
    assert found[0].values == {
        "source_id": "card-1", "family_name": "青波", "given_name": "はな子", "family_kana": "アオナミ",
        "given_kana": "ハナコ", "name": "株式会社水面, 本社", "department": "営業部 一課", "title": "部長",
        "email": "hanako@example.jp", "phone": "090-1111-2222"}  # fmt: skip
    assert found[1].values == {"family_name": "千舟", "given_name": "太郎", "family_kana": "チフネ",
                               "given_kana": "タロウ", "email": "taro@example.jp",
                               "phone": "+81-3-1234-5678"}  # fmt: skip
    assert found[2].values == {"family_name": "山田", "given_name": "太郎", "family_kana": "ヤマダ",
                               "given_kana": "タロウ", "phone": "09022223333"}  # fmt: skip
    assert found[3].values == {"full_name": "Hanako Tanaka"}
    assert found[4].refusal


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_card_breaks_the_reader(words: str) -> None:
    for row in read_sheet(f"BEGIN:VCARD\nN:a;b\n{words}\nEND:VCARD\n".encode("utf-8", "replace")).rows():
        assert row.broken or len(row.cells) == 11


def test_what_eight_exports_is_recognised_behind_the_lines_before_it() -> None:
    before = "11月25日22時00分 JST にEightで生成された名刺リストです。\n合計 1 件\n*読めない文字は「?」です。\n\n\n"
    row = ["株式会社水面", "", "部長", "青波 はな子", "hanako@example.jp", "1050001", "港区1-2-3", "03-1234-5678", "",
           "", "", "090-1111-2222", "http://example.jp", "2026/05/26", "1", "", ""]  # fmt: skip
    sheet = read_sheet((before + ",".join(EIGHT) + "\n" + ",".join(row) + "\n").encode())
    assert (sheet.headings, detect_kind(sheet.headings)) == (EIGHT, "people")
    columns = columns_of(EIGHT, guess_mapping("people", EIGHT))
    [found] = [row_given(row, columns) for row in sheet.rows()]
    assert (found.number, found.values) == (7, {
        "name": "株式会社水面", "title": "部長", "full_name": "青波 はな子", "email": "hanako@example.jp",
        "phone": "03-1234-5678"})  # fmt: skip


def test_what_sansan_exports_is_recognised() -> None:
    assert detect_kind(SANSAN) == "people"
    assert guess_mapping("people", SANSAN) == {
        "会社名": "name", "部署名": "department", "役職": "title", "氏名[姓]": "family_name", "氏名[名]": "given_name",
        "TEL-1(1)": "phone", "Email(1)": "email", "人物ID": "source_id"}  # fmt: skip


def test_a_list_of_members_is_known_by_its_numbers() -> None:
    """As the members' pages of Japanese products write it out."""
    for heading in ("会員ID", "会員番号", "ユーザーID", "利用者番号", "社員番号"):
        headings = [heading, "姓", "名", "メールアドレス", "会社名"]
        assert detect_kind(headings) == "people"
        assert guess_mapping("people", headings)[heading] == "source_id"
