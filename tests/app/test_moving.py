"""An installation is carried to the other engine and back, kept in a file, and restored: row for row."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.moving.archive import back_up, restore
from app.moving.carrying import carry, sums_of
from core import settings as core_settings
from core.database import close_database, write
from core.errors import Refused
from core.media import store_image
from core.settings import read_settings
from customers.models import Account, Contract, Person
from factories import a_person
from servers import POSTGRES, make_database

ODD = {"数": 1e16, "half": 0.5, "改行": 'a\nb\t\\ "', "list": [1, None, True], "絵": "👩‍👩‍👧"}


@pytest.fixture
async def other(house, tmp_path) -> str:
    """A place on the other engine, or on the same where there is only one."""
    if house.engine == "postgresql" or not POSTGRES:
        return f"sqlite://{tmp_path}/other/engawa.sqlite3"
    await make_database(f"{POSTGRES}_moved")
    return f"{POSTGRES}_moved"


async def lived_in() -> Person:
    """Rows in a circle (company → its CSM → …), odd values, and a picture."""
    csm = await a_person(email="csm@tsukimi.example", kind="staff")
    parent = await Account.create(name="髙橋﨑商店", created_at=datetime(2026, 1, 1, tzinfo=UTC), traits=ODD, csm=csm,
                                  updated_at=datetime(2026, 1, 1, 1, 2, 3, 456789, tzinfo=UTC))  # fmt: skip
    child = await Account.create(name="子", parent=parent, created_at=parent.created_at, updated_at=parent.updated_at)
    await Contract.create(account=child, product="帳票", plan="標準", amount=120_000, starts_on="2026-04-01",
                          created_at=parent.created_at, updated_at=parent.updated_at)  # fmt: skip
    picture = BytesIO()
    from PIL import Image

    Image.new("RGB", (1600, 3), "red").save(picture, "PNG")  # wide: there is a second file, for phones
    await store_image(picture.getvalue(), "a.png", audience="public")
    return csm


async def test_every_row_goes_to_the_other_engine_and_back(house, other, tmp_path):
    await lived_in()
    await close_database()
    before = await sums_of(house.settings.database)
    assert before["account"].count == 2
    assert await carry(house.settings.database, other) == before
    again = f"sqlite://{tmp_path}/again.sqlite3"
    assert await carry(other, again) == before == await sums_of(again)
    with pytest.raises(Refused, match="空ではありません|not empty"):
        await carry(house.settings.database, other)


async def test_what_was_carried_lives_on(house, other):
    """Ids go on behind the highest, constraints hold again, and Tortoise reads what it finds."""
    from core.database import open_database
    from servers import rooms_with_models

    csm = await lived_in()
    await close_database()
    await carry(house.settings.database, other)
    await open_database(other, rooms_with_models())
    found = await Account.get(name="髙橋﨑商店")
    assert found.traits["絵"] == ODD["絵"] and found.updated_at.microsecond == 456789
    newest = await a_person(email="new@example.jp")
    assert newest.id > csm.id
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await write("UPDATE account SET csm_id = 999999 WHERE id = ?", found.id)


async def test_a_back_up_comes_back_whole_and_a_damaged_one_does_not(house, tmp_path):
    await lived_in()
    file = tmp_path / "b.tar.gz"
    made = await back_up(house.settings, file)
    assert made.media == 2 and file.stat().st_mode & 0o077 == 0
    await close_database()
    before = await sums_of(house.settings.database)
    place = read_settings({}, secret_key="x" * 40, data_dir=str(tmp_path / "restored"))
    await restore(place, file)
    assert await sums_of(place.database) == before
    assert {path.name: path.read_bytes() for path in place.media.glob("*/*")} == {
        path.name: path.read_bytes() for path in house.settings.media.glob("*/*")
    }
    with pytest.raises(Refused):
        await restore(place, file)
    for damage in (file.read_bytes()[:-400], b"", b"PK not a tar"):
        file.write_bytes(damage)
        with pytest.raises(Refused):
            await restore(replace(place, data_dir=str(tmp_path / "never")), file)
    assert not (tmp_path / "never" / "engawa.sqlite3").exists()


async def test_a_back_up_in_which_a_row_was_changed_is_damaged(house, tmp_path):
    await lived_in()
    file, changed, folder = tmp_path / "b.tar.gz", tmp_path / "changed.tar.gz", tmp_path / "unpacked"
    await back_up(house.settings, file)
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    with sqlite3.connect(folder / "engawa.sqlite3") as link:
        link.execute("UPDATE contract SET amount = 1")
    link.close()
    with tarfile.open(changed, "w:gz") as archive:
        for name in ("manifest.json", "engawa.sqlite3"):
            archive.add(folder / name, name)
    await close_database()
    with pytest.raises(Refused, match="contract"):
        await restore(read_settings({}, secret_key="x" * 40, data_dir=str(tmp_path / "restored")), changed)


async def test_nothing_but_the_houses_own_files_is_unpacked(house, tmp_path):
    await lived_in()
    file, evil = tmp_path / "b.tar.gz", tmp_path / "evil.tar.gz"
    await back_up(house.settings, file)
    with tarfile.open(file) as good, tarfile.open(evil, "w:gz") as bad:
        for member in good:
            bad.addfile(member, good.extractfile(member))
        for name in ("../outside", "/etc/outside", "media/../../outside", "media/ab/xx.py"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            bad.addfile(entry, BytesIO(b"evil"))
    await close_database()
    place = read_settings({}, secret_key="x" * 40, data_dir=str(tmp_path / "restored"))
    await restore(place, evil)
    assert not list(tmp_path.rglob("*outside*")) and not list(tmp_path.rglob("*.py"))


async def test_killed_half_way_the_new_place_holds_nobody_and_is_tried_again(house, other):
    await lived_in()
    for number in range(300):
        await write("INSERT INTO note (name, value, changed_at) VALUES (?, '1', CURRENT_TIMESTAMP)", f"n{number}")
    await close_database()
    script = "import os, signal, sys; from app.moving import stores\n" \
             "write = stores.{0}.write\n" \
             "async def once(self, table, found):\n" \
             "    await write(self, table, found)\n" \
             "    if table.name == 'person': os.kill(os.getpid(), signal.SIGKILL)\n" \
             "stores.{0}.write = once\n" \
             "from app.cli import main; sys.exit(main(['move', '--to', sys.argv[1]]))"  # fmt: skip
    kind = "SqliteStore" if other.startswith("sqlite") else "PostgresStore"
    found = core_settings.settings()
    environment = os.environ | {"ENGAWA_SECRET_KEY": found.secret_key, "ENGAWA_DATA_DIR": found.data_dir,
                                "ENGAWA_DATABASE_URL": found.database_url,
                                "PYTHONPATH": str(Path(__file__).parents[2] / "platform")}  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", script.format(kind), other], env=environment, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert (await sums_of(other))["person"].count == 0
    sums = await carry(found.database, other)
    assert sums["person"].count and await sums_of(other) == sums
