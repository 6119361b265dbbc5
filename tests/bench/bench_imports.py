"""`engawa customers import` of 20,000 and 200,000 companies, as CSV and as a workbook, and of as many people: does
memory grow with the file?

Each import is a process of its own on an empty house; `peak_mb` is its largest resident size.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.bench_tracking import prepare
from bench.house import POSTGRES, folder, is_quick, settings_in
from faults.processes import environment_of

HEADINGS = ["顧客ID", "会社名", "住所", "電話番号", "業種", "従業員数"]
FAMILIES = [("佐藤", "サトウ"), ("鈴木", "スズキ"), ("高橋", "タカハシ"), ("田中", "タナカ"), ("伊藤", "イトウ"),
            ("渡辺", "ワタナベ"), ("山本", "ヤマモト"), ("中村", "ナカムラ"), ("小林", "コバヤシ"),
            ("加藤", "カトウ"), ("吉田", "ヨシダ")]  # fmt: skip
GIVEN = [("花子", "ハナコ"), ("太郎", "タロウ"), ("美咲", "ミサキ"), ("健太", "ケンタ"), ("直樹", "ナオキ"),
         ("由美", "ユミ"), ("恵子", "ケイコ")]  # fmt: skip
OF_PEOPLE = ["会員ID", "姓", "名", "セイ", "メイ", "メールアドレス", "会社名"]


async def measure() -> dict[str, Any]:
    found: dict[str, Any] = {"goal": "peak_mb does not grow with the rows"}
    for engine, database in {"sqlite": "", **({"postgresql": POSTGRES} if POSTGRES else {})}.items():
        for kind in ("csv", "xlsx", "people"):
            for count in (2_000, 20_000) if is_quick() else (20_000, 200_000):
                found[f"{engine}_{kind}_{count}"] = await imported(database, a_file(kind, count))
    return found


def a_file(kind: str, count: int) -> Path:
    path = folder() / (f"people-{count}.csv" if kind == "people" else f"companies-{count}.{kind}")
    if not path.exists():
        if kind == "xlsx":
            write_workbook(path, count)
        elif kind == "people":
            path.write_text("\n".join(",".join(row) for row in (OF_PEOPLE, *people(count))))
        else:
            path.write_text("\n".join(",".join(row) for row in (HEADINGS, *rows(count))))
    return path


def rows(count: int) -> Iterator[list[str]]:
    for n in range(count):
        yield [f"C{n}", f"株式会社計測{n:06d}工業", f"青波市港町{n % 97 + 1}-{n}",
               f"03-{n // 10000:04d}-{n % 10000:04d}", f"業種{n % 40}", str(n % 5000)]  # fmt: skip


def people(count: int) -> Iterator[list[str]]:
    """Twenty of each company."""
    for n in range(count):
        family, given = FAMILIES[n % len(FAMILIES)], GIVEN[n // len(FAMILIES) % len(GIVEN)]
        yield [f"P{n}", family[0], given[0], family[1], given[1], f"p{n}@c{n // 20}.example.jp",
               f"株式会社計測{n // 20:06d}工業"]  # fmt: skip


def write_workbook(path: Path, count: int) -> None:
    """As Excel writes one: every text is a shared string."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", '<workbook><sheets><sheet id="r1"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="r1" Type="x/worksheet"'
                      ' Target="worksheets/sheet1.xml"/></Relationships>')  # fmt: skip
        with book.open("xl/sharedStrings.xml", "w") as shared:
            shared.write(b"<sst>")
            for row in (HEADINGS, *rows(count)):
                shared.write("".join(f"<si><t>{cell}</t></si>" for cell in row).encode())
            shared.write(b"</sst>")
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for at in range(count + 1):
                cells = "".join(f'<c r="{chr(65 + n)}{at + 1}" t="s"><v>{6 * at + n}</v></c>' for n in range(6))
                sheet.write(f'<row r="{at + 1}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")


async def imported(database: str, path: Path) -> dict[str, Any]:
    settings = settings_in(Path(tempfile.mkdtemp(dir=folder())), database_url=database)
    await prepare(settings.database)
    began = time.perf_counter()
    command = [sys.executable, "-m", "app.cli", "customers", "import", str(path), "--json"]
    environment = environment_of(settings, settings.database)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as running:
        said = running.stdout.read().decode() if running.stdout else ""
        _pid, status, used = os.wait4(running.pid, 0)
        running.returncode = status
    assert status == 0 and '"refused": 0' in said, said
    cpu = used.ru_utime + used.ru_stime
    seconds = time.perf_counter() - began
    return {"peak_mb": used.ru_maxrss // 1024, "seconds": round(seconds, 1), "cpu_s": round(cpu, 1)}
