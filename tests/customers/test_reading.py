"""Files as people send them: encodings, delimiters, quotes, and what is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from customers.imports.headings import detect_kind, guess_mapping
from customers.imports.reading import read_sheet

TEXT = "会社名,住所\n株式会社青葉渡工業,青波市\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encoding_and_delimiter_are_found_out(encoding: str, delimiter: str, ending: str) -> None:
    sheet = read_sheet(TEXT.replace(",", delimiter).replace("\n", ending).encode(encoding))
    assert sheet.headings == ["会社名", "住所"]
    assert [row.cells for row in sheet.rows()] == [["株式会社青葉渡工業", "青波市"]]


def test_a_quoted_cell_may_hold_lines_and_delimiters() -> None:
    [row] = read_sheet(b'a,b\n"x, ""y""\nz",2\n').rows()
    assert row.cells == ['x, "y"\nz', "2"]
    assert row.broken == ""


def test_broken_rows_are_refused_one_by_one() -> None:
    content = 'a,b\n1,2,3\n"open,2\n4,5\n"x"y,2\n6\n7,8\n' + "9," + "z" * 10_001 + "\n\n10,11,,\n"
    rows = list(read_sheet(content.encode()).rows())
    assert [(row.number, bool(row.broken)) for row in rows] == [
        (2, True), (3, True), (4, False), (5, True), (6, True), (7, False), (8, True), (10, False)
    ]  # fmt: skip


def test_a_row_with_unreadable_bytes_is_refused_alone() -> None:
    rows = list(read_sheet("a,b\n良い,1\n".encode() + b"\xff\xfe\xfd,2\n" + ("良い,3\n" * 40).encode()).rows())
    assert [bool(row.broken) for row in rows] == [False, True] + [False] * 40


@pytest.mark.parametrize("content", [b"", b"  \n \n", b"PK\x03\x04zip", b"%PDF-1.7", bytes(range(256)) * 20])
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        list(read_sheet(content).rows())
    assert refused.value.sentence


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    try:
        sheet = read_sheet(content)
    except Refused:
        return
    for row in sheet.rows():
        assert row.broken or len(row.cells) == len(sheet.headings)


@pytest.mark.parametrize(
    ("headings", "kind", "mapping"),
    [
        (
            "src_id,name,name_en,address,sec_code,corp_no",
            "accounts",
            {
                "src_id": "source_id",
                "name": "name",
                "name_en": "alias",
                "address": "address",
                "corp_no": "corporate_number",
            },
        ),
        (
            "会社名,法人番号,住所,メール",
            "accounts",
            {"会社名": "name", "法人番号": "corporate_number", "住所": "address", "メール": "email"},
        ),
        (
            "顧客ID,姓,名,セイ,メイ,メールアドレス",
            "people",
            {
                "顧客ID": "account_id",
                "姓": "family_name",
                "名": "given_name",
                "セイ": "family_kana",
                "メイ": "given_kana",
                "メールアドレス": "email",
            },
        ),
        (
            "契約ID,顧客ID,プラン,月額,開始日,更新日",
            "contracts",
            {
                "契約ID": "source_id",
                "顧客ID": "account_id",
                "プラン": "plan",
                "月額": "amount",
                "開始日": "starts_on",
                "更新日": "renews_on",
            },
        ),
    ],
)
def test_common_headings_are_recognised(headings: str, kind: str, mapping: dict[str, str]) -> None:
    names = headings.split(",")
    assert detect_kind(names) == kind
    assert guess_mapping(kind, names) == mapping
