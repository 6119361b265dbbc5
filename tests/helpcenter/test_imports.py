"""Bringing articles in: the real FAQ, spreadsheets from Excel, folders of Markdown, and what is wrong with them."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import now
from core.errors import Refused
from core.principal import Principal
from helpcenter import actions
from helpcenter.imports import Options, plan_import, propose, read_files, run_import
from helpcenter.imports.dates import moment_of
from helpcenter.models import Article, ArticleImport, ArticleRevision, ArticleTranslation, Category
from helpcenter.wordings import Words
from search import find
from shared_data import shared_data

DEMO = Path(__file__).resolve().parents[2] / "platform" / "app" / "demo" / "articles"


async def bring(writer: Principal, files: list[tuple[str, bytes]], format: str, **options: Any) -> dict[str, int]:
    chosen = Options(source=options.pop("source", "test"), **options)
    plan = await plan_import(writer, read_files(files, format, chosen.lang), chosen)
    await run_import(writer, (await propose(writer, files[0][0], format, plan)).id)
    return plan.counts


def lines(*rows: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [("faq.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())]


@pytest.mark.data
async def test_the_real_faq_comes_in_is_found_and_comes_in_only_once(writer: Principal) -> None:
    files = [("faq.jsonl", shared_data("search/msdocs-faq-ja/faq.jsonl").read_bytes())]
    assert await bring(writer, files, "jsonl") == {"created": 320, "updated": 0, "unchanged": 0, "refused": 0}
    assert await bring(writer, files, "jsonl") == {"created": 0, "updated": 0, "unchanged": 320, "refused": 0}
    assert await Article.all().count() == await ArticleRevision.all().count() == 320
    found = await find("Power BI Pro と Premium の違い", tokens={"public"}, kinds={"article"})
    assert "Premium" in found.hits[0].title


async def test_the_demo_folder_has_two_languages_and_its_links_lead_somewhere(writer: Principal, browse: Any) -> None:
    files = [(str(p.relative_to(DEMO)), p.read_bytes()) for p in sorted(DEMO.rglob("*.md"))]
    assert (await bring(writer, files, "markdown"))["created"] == 80
    assert await Article.all().count() == 60
    guest = browse()
    english = await guest.get("/help/closing-day?lang=en")
    assert 'href="/help/reopen-closing"' in english.text
    assert "article:0" not in "".join(await ArticleTranslation.all().values_list("body", flat=True))
    assert (await guest.get("/help/closing-groups?lang=en")).status_code == 200  # only in Japanese: shown so
    assert await Category.all().count() == 6
    assert (await bring(writer, files, "markdown"))["unchanged"] == 80


async def test_a_spreadsheet_from_excel_with_its_headings(writer: Principal) -> None:
    heads = "番号,カテゴリ,質問,回答,言い換え,言語\r\n"
    text = heads + '1,休暇,有給は繰り越せますか,"はい。\n2年間です。",有給の繰越｜休みを来年に,日本語\r\n'
    files = [("faq.csv", text.encode("cp932"))]
    assert (await bring(writer, files, "csv"))["created"] == 1
    one = await ArticleTranslation.get()
    assert (one.title, one.body, one.phrasings) == (
        "有給は繰り越せますか",
        "はい。\n2年間です。",
        ["有給の繰越", "休みを来年に"],
    )
    assert [c.slug for c in await Category.all()] == ["休暇"]
    assert (await bring(writer, [("faq.csv", "\ufeff".encode() + text.encode())], "csv"))["unchanged"] == 1


async def test_each_bad_row_has_its_reason_and_the_good_ones_come_in(writer: Principal) -> None:
    content = b"\n".join(
        [
            b'{"id": "1", "question": "\xe8\x89\xaf\xe3\x81\x84", "answer": "ok"}',
            b"{",
            b"[1]",
            b'{"id": "2", "answer": "no title"}',
            b'{"id": "3", "question": "no answer"}',
            b'{"id": "1", "question": "again", "answer": "x"}',
            b"\xff\xfe",
            b'{"id": "4", "question": "q", "answer": "a", "lang": "xx"}',
            b'{"id": "5", "question": "q", "answer": "a", "audience": "all"}',
            b'{"id": "6", "question": {"a": 1}, "answer": ["x"]}',
            b"[" * 100_000,
            b'{"id": "7", "title": "' + b"x" * 300 + b'", "body": "a"}',
        ]
    )
    counts = await bring(writer, [("faq.jsonl", content)], "jsonl")
    assert (counts["created"], counts["refused"]) == (1, 11)
    report = (await ArticleImport.get()).report
    assert all(row["reason"] and row["where"] for row in report["rows"] if row["outcome"] == "refused")
    assert await Article.all().count() == 1


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.csv", b"x,y\n1,2\n", "csv"),
        ("a.csv", b"\x81\xff\xfe\x00", "csv"),
        ("a.csv", b"", "csv"),
        ("a.jsonl", b"\n\n", "jsonl"),
    ],
)
async def test_a_file_that_cannot_be_read_is_one_sentence(house: Any, name: str, content: bytes, format: str) -> None:
    with pytest.raises(Refused):
        read_files([(name, content)], format)


def test_markdown_with_a_broken_head_is_refused_alone() -> None:
    files = [("a.md", b"---\ntitle: [\n---\nx"), ("b.md", b"---\ntitle: x\n"), ("c.md", "# 題\n\n本文".encode()),
             ("d.md", b"---\n- a\n---\nx"), ("e.md", b"\xff")]  # fmt: skip
    rows = read_files(files, "markdown")
    assert [row.outcome for row in rows] == ["refused", "refused", "", "refused", "refused"]
    assert (rows[2].title, rows[2].body) == ("題", "本文")


async def test_a_changed_row_changes_its_article_and_what_staff_wrote_is_kept(writer: Principal) -> None:
    await bring(
        writer,
        lines({"id": 1, "question": "一", "answer": "古い"}, {"id": 2, "question": "二", "answer": "二"}),
        "jsonl",
    )
    first = await ArticleTranslation.get(title="一")
    article = await Article.get(id=first.article_id)
    await actions.save(writer, article.id, article.version, Words(title="一", body="スタッフが直した"))
    again = lines({"id": 1, "question": "一", "answer": "古い"}, {"id": 2, "question": "二", "answer": "新しい"})
    counts = await bring(writer, again, "jsonl")
    assert (counts["updated"], counts["unchanged"]) == (1, 1)
    assert (await ArticleTranslation.get(title="一")).body == "スタッフが直した"
    assert (await find("新しい", tokens={"public"})).hits[0].title == "二"
    other = await bring(writer, lines({"id": 1, "question": "別の表", "answer": "x"}), "jsonl", source="other")
    assert other["created"] == 1  # two tools' 1 are two articles


async def test_an_import_that_stopped_goes_on_where_it_was(writer: Principal, monkeypatch: Any) -> None:
    from helpcenter.imports import running

    rows = [{"id": n, "question": f"質問{n}", "answer": "答え"} for n in range(7)]
    options = Options(source="test")
    plan = await plan_import(writer, read_files(lines(*rows), "jsonl"), options)
    ledger = await propose(writer, "x", "jsonl", plan)
    monkeypatch.setattr(running, "CHUNK", 2)
    real, calls = running._write, []

    async def dies(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("the power went out")
        await real(*arguments)

    monkeypatch.setattr(running, "_write", dies)
    with pytest.raises(RuntimeError):
        await run_import(writer, ledger.id)
    assert (await ArticleImport.get(id=ledger.id)).done == await Article.all().count() == 2
    await run_import(writer, ledger.id)
    assert await Article.all().count() == 7
    assert (await ArticleImport.get(id=ledger.id)).state == "done"


async def test_drafts_and_audiences_of_an_import(writer: Principal, browse: Any) -> None:
    await bring(writer, lines({"id": 1, "title": "下書きの話", "body": "x"}), "jsonl", publish=False)
    assert (await browse().get("/help/下書きの話")).status_code == 404
    await bring(writer, lines({"id": 2, "title": "会員の話", "body": "x"}), "jsonl", audience="members")
    assert (await browse().get("/help/会員の話")).status_code == 404
    with pytest.raises(Refused):
        await bring(writer, lines({"id": 3, "title": "x", "body": "x"}), "jsonl", audience="everybody")


async def test_the_page_shows_a_preview_and_changes_nothing_before_yes(writer: Any, browse: Any, run_jobs: Any) -> None:
    staff = browse("writer")
    content = "質問,回答,カテゴリ\n有給は,あります,休暇\n,題がない,\n".encode()
    looked = await staff.submit("/staff/articles/imports", {"lang": "ja", "publish": "on"},
                                files={"file": ("faq.csv", content, "text/csv")})  # fmt: skip
    assert looked.status_code == 303, looked.text[:3000]
    preview = await staff.get(looked.headers["location"])
    assert "有給は" in preview.text
    assert "タイトルを書いてください" in preview.text
    assert await Article.all().count() == 0
    for _twice in range(2):
        await staff.submit(f"{looked.headers['location']}/application")
    await run_jobs()
    assert "取り込みが終わりました" in (await staff.get(looked.headers["location"])).text
    assert await Article.all().count() == 1
    assert (await browse().get("/help/有給は")).status_code == 200
    for files in ({"file": ("x.exe", b"MZ", "x/y")}, {"file": ("x.csv", b"a,b\n1,2", "text/csv")}):
        assert (await staff.submit("/staff/articles/imports", {"lang": "ja"}, files=files)).status_code == 422


async def test_the_command_line(house: Any, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    from core.database import close_database, open_database
    from helpcenter import cli

    parser = argparse.ArgumentParser()
    cli.commands(parser.add_subparsers())
    path = tmp_path / "faq.jsonl"
    path.write_text('{"id": 1, "question": "質問", "answer": "答え"}\n{"id": 2}\n', encoding="utf-8")
    await close_database()
    said = []
    for extra in (["--dry-run"], [], []):
        import anyio

        args = parser.parse_args(["helpcenter", "import", str(path), "--json", *extra])
        assert await anyio.to_thread.run_sync(args.run, args) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert [(one["created"], one["unchanged"], one["refused"]) for one in said] == [(1, 0, 1), (1, 0, 1), (0, 1, 1)]
    missing = parser.parse_args(["helpcenter", "import", str(tmp_path / "none.csv")])
    assert await anyio.to_thread.run_sync(missing.run, missing) == 1
    from servers import rooms_with_models

    await open_database(house.settings.database, rooms_with_models())


async def test_dates_come_along_and_a_wrong_one_is_refused(writer: Any) -> None:
    rows = [
        {
            "id": 1,
            "title": "締め日",
            "body": "**締め日**を変えます。",
            "公開日": "2024/4/1",
            "更新日": "2025-11-12 09:30",
        },
        {
            "id": 2,
            "title": "有給",
            "body": "繰り越せます。",
            "updated": "-9",
            "phrasings": ["{有給/有休}の残り ~{方法}"],
        },
        {"id": 3, "title": "打刻", "body": "直せます。", "updated": "先週"},
        {"id": 4, "title": "退職", "body": "止めます。", "phrasings": ["{退職"]},
    ]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    plan = await plan_import(writer, read_files([("faq.jsonl", content)], "jsonl"), Options(source="faq"))
    assert [row.outcome for row in plan.rows] == ["created", "created", "refused", "refused"]
    assert "先週" in plan.rows[2].reason
    assert "{退職" in plan.rows[3].reason
    await run_import(writer, (await propose(writer, "faq.jsonl", "jsonl", plan)).id)
    old, new = await Article.all().order_by("id")
    assert (old.published_at.year, old.created_at.year) == (2024, 2024)
    assert old.updated_at.isoformat() == "2025-11-12T00:30:00+00:00"
    assert old.published_at.isoformat() == "2024-03-31T15:00:00+00:00"
    assert 8.9 < (now() - new.updated_at).total_seconds() / 86400 < 9.1
    assert new.published_at == new.updated_at
    [words] = await ArticleTranslation.filter(article_id=old.id)
    assert words.excerpt == "締め日を変えます。"  # no space where the emphasis was
    found = await find("有休の残り", tokens={"public"}, kinds={"article"})
    assert found.hits[0].ref == new.ref


@given(st.text(max_size=40) | st.from_regex(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(Z|[+-]\d{4})?)?"))
def test_any_date_is_a_moment_of_the_past_or_refused(said: str) -> None:
    try:
        made = moment_of(said.strip())
    except Refused:
        return
    assert made == "" or datetime.fromisoformat(made) <= now()
