"""`engawa customers import`: from a file to the database, as somebody at a terminal does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.database import rows
from customers.models import Account
from customers.topics import slugs
from shared_data import shared_data

pytestmark = pytest.mark.anyio
ACCOUNTS = """顧客ID,会社名,法人番号,住所,メール
A1,株式会社青葉渡工業,2990701001237,青波市港町2-4-1,info@aoba.example
A2,千舟ロジ㈱,,帆立市埠頭3-18,
A3,青葉渡工業別館,2990701001237,,
A4,株式会社まちがい,1234567890123,,
A5,,,,
"""


@pytest.fixture
def engawa(house: Any) -> Any:
    """Runs the command in a process of its own, on the test's database."""
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {
        "ENGAWA_SECRET_KEY": house.settings.secret_key, "ENGAWA_DATABASE_URL": house.settings.database,
        "ENGAWA_DATA_DIR": house.settings.data_dir, "PYTHONPATH": str(root / "platform"),
    }  # fmt: skip

    def run(*arguments: str) -> tuple[int, Any, str]:
        done = subprocess.run([sys.executable, "-m", "app.cli", "customers", "import", *arguments], env=environment,
                              capture_output=True, text=True, timeout=120)  # fmt: skip
        said = json.loads(done.stdout) if "--json" in arguments and done.returncode == 0 else done.stdout
        return done.returncode, said, done.stderr

    return run


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, review: int = 0, refused: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "review": review, "refused": refused}


async def test_the_same_file_again_changes_nothing(engawa: Any, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes(ACCOUNTS.encode("cp932"))
    assert engawa(str(file), "--dry-run", "--json")[:2] == (0, counts(created=2, review=1, refused=2))
    assert await rows("SELECT 1 FROM account") == await rows("SELECT 1 FROM import_batch") == []

    status, said, errors = engawa(str(file), "--json")
    assert (status, said) == (0, counts(created=2, review=1, refused=2))
    assert "1234567890123" in errors and "取り込めない" in errors and "名寄せへ" in errors
    before = [tuple(row) for row in await rows("SELECT id, name, version, updated_at FROM account ORDER BY id")]
    assert engawa(str(file), "--json")[1] == counts(unchanged=2, review=1, refused=2)
    assert [tuple(row) for row in await rows("SELECT id, name, version, updated_at FROM account ORDER BY id")] == before
    assert len(await rows("SELECT 1 FROM review")) == 1
    people = await rows("SELECT p.email, a.name FROM person p JOIN membership m ON m.person_id = p.id"
                        " JOIN account a ON a.id = m.account_id")  # fmt: skip
    assert [tuple(row) for row in people] == [("info@aoba.example", "株式会社青葉渡工業")]


async def test_a_changed_row_changes_and_a_changed_number_is_reviewed(engawa: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(ACCOUNTS, encoding="utf-8-sig")
    engawa(str(file))
    file.write_text(
        "id,name,corp_no,address\nA2,千舟ロジスティクス株式会社,,帆立市埠頭4\nA1,株式会社青葉渡工業,6020001008662,\n"
    )
    assert engawa(str(file), "--json")[1] == counts(updated=1, review=1)
    account = await Account.get(name="千舟ロジスティクス株式会社").prefetch_related("aliases")
    assert [alias.name for alias in account.aliases] == ["千舟ロジ㈱"]
    assert (await Account.get(name="株式会社青葉渡工業")).corporate_number == "2990701001237"


async def test_mistakes_at_the_terminal(engawa: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("社,番\nあ,1\n")
    assert engawa(str(tmp_path / "none.csv"))[0] == 2
    assert engawa(str(file), "--map", "oops")[0] == 2
    assert engawa(str(file), "--kind", "ships")[0] == 2
    assert engawa(str(file))[0] == 1
    assert engawa(str(file), "--map", "nowhere=name")[0] == 1
    assert engawa(str(file), "--map", "社=shoe_size")[0] == 1
    assert engawa(str(file), "--map", "社=name", "--map", "番=source_id", "--json")[1] == counts(created=1)
    assert await rows("SELECT 1 FROM import_row WHERE outcome <> 'created'") == []


async def test_contracts_move_tiers_in_the_same_transaction(engawa: Any, tmp_path: Path) -> None:
    accounts, contracts = tmp_path / "a.csv", tmp_path / "c.csv"
    accounts.write_text("顧客ID,会社名\nA1,株式会社青葉渡工業\nA2,千舟ロジ\n")
    contracts.write_text(
        "契約ID,顧客ID,プロダクト,月額,開始日,更新日,終了日,解約理由\n"
        'C1,A1,つきみ勤怠,"¥500,000",2024年4月1日,2099/4/1,,\nC2,A2,つきみ勤怠,3000,R5.4.1,,2024-03-31,使わなくなった\n'
        "C3,A9,つきみ勤怠,1,2024-01-01,,,\nC4,A1,つきみ勤怠,たくさん,2024-01-01,,,\nC5,A1,x,1,2024-05-01,,2024-01-01,\n"
    )
    engawa(str(accounts))
    assert engawa(str(contracts), "--json")[1] == counts(created=2, refused=3)
    assert engawa(str(contracts), "--json")[1] == counts(unchanged=2, refused=3)
    found = {a.name: a for a in await Account.all()}
    assert (found["株式会社青葉渡工業"].tier, str(found["株式会社青葉渡工業"].renews_on)) == ("high", "2099-04-01")
    assert (found["千舟ロジ"].tier, found["千舟ロジ"].state) == ("tech", "churned")


async def test_people_meet_by_address_and_two_ids_are_reviewed(engawa: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(
        "人ID,姓,名,メール,メルマガ同意\nP1,加瀬,もとき,motoki@chifune.example,はい\n"
        "P2,加瀬,元樹,Ｍotoki@chifune.example,\nP3,水城,えり,no-address,\n,,,,\nP4,久我,たく,,\n"
    )
    assert engawa(str(file), "--json")[1] == counts(created=2, review=1, refused=1)
    assert engawa(str(file), "--json")[1] == counts(unchanged=2, review=1, refused=1)
    found = {tuple(row) for row in await rows("SELECT topic, state FROM consent")}
    assert found == {(slug, "given") for slug in await slugs()}
    assert len(await rows("SELECT 1 FROM consent_proof")) == len(await slugs())


@pytest.mark.data
async def test_seven_thousand_real_companies_in_seconds(engawa: Any) -> None:
    import time

    file = str(shared_data("matching/edinet_2025.csv"))
    began = time.perf_counter()
    first = engawa(file, "--json")[1]
    assert time.perf_counter() - began < 30
    assert first == counts(created=7213, review=11)
    assert engawa(file, "--json")[1] == counts(unchanged=7213, review=11)
