"""One file that holds an installation: its database as SQLite, whatever it lives in, and its media."""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from app import rooms
from app.moving.carrying import Said, carry, sums_of
from app.moving.stores import store_of
from app.moving.tables import Sum
from core.clock import now
from core.database import close_database, open_database
from core.errors import Refused
from core.i18n import _
from core.migrating import back_up_sqlite, migrate
from core.settings import Settings

FORMAT = 1
DATABASE, MANIFEST = "engawa.sqlite3", "manifest.json"
# What `core.media` names its files; nothing else is ever unpacked.
MEDIA = re.compile(r"media/([\w-]{2})/(\1[\w-]*\.[a-z]{2,5})")


class Manifest(msgspec.Struct):
    """`tables`: rows and digest of each; `media`: how many files."""

    format: int
    made_at: str
    version: str
    tables: dict[str, tuple[int, str]]
    media: int


async def back_up(settings: Settings, target: Path, said: Said = lambda table, rows: None) -> Manifest:
    """Write `target` (a .tar.gz that nobody else may read). Engawa may run meanwhile; the secret key is not in it."""
    rooms.load()
    with tempfile.TemporaryDirectory(prefix="engawa-backup-") as folder:
        copy = Path(folder) / DATABASE
        if settings.database.startswith("sqlite://"):
            back_up_sqlite(Path(settings.database.removeprefix("sqlite://")), copy)
        else:
            await carry(settings.database, f"sqlite://{copy}", said)
        files = sorted(path for path in settings.media.glob("*/*") if path.is_file() and _named(settings, path))
        manifest = Manifest(FORMAT, now().isoformat(), version("engawa"),
                            _listed(await sums_of(f"sqlite://{copy}")), len(files))  # fmt: skip
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with tarfile.open(part, "w:gz", compresslevel=6) as archive:
            _add(archive, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            archive.add(copy, DATABASE)
            for path in files:
                archive.add(path, _named(settings, path))
        part.replace(target)
    return manifest


async def restore(settings: Settings, source: Path, said: Said = lambda table, rows: None) -> Manifest:
    """Put a back-up into the empty place that `settings` name, upgrade it, and compare every row with the manifest."""
    rooms.load()
    with unpacked(source) as (folder, manifest):
        copy = f"sqlite://{folder / DATABASE}"
        await _as_written(copy, manifest)
        if not await _upgraded(copy):
            _same(manifest, _listed(await sums_of(copy)))
        await _put(copy, settings, said)
        for path in (folder / "media").glob("*/*"):
            place = settings.media / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return manifest


async def _put(copy: str, settings: Settings, said: Said) -> None:
    if any(settings.media.glob("*/*")):
        raise Refused(_("The folder %(path)s is not empty.", path=str(settings.media)))
    await carry(copy, settings.database, said)


async def _upgraded(url: str) -> list[str]:
    """The migrations that this version added since the back-up was made; its digests say nothing after them."""
    await open_database(url, rooms.with_models())
    try:
        return await migrate(url, rooms.with_models())
    finally:
        await close_database()


def _same(manifest: Manifest, found: dict[str, tuple[int, str]]) -> None:
    for name, written in manifest.tables.items():
        if found.get(name) != tuple(written):
            raise Refused(_("The back-up is damaged: %(table)s is not whole.", table=name))


async def _as_written(url: str, manifest: Manifest) -> None:
    """Every row that the manifest counts is in the file."""
    async with store_of(url).open(for_writing=False) as here:
        names = await here.names()
        for name, (count, _digest) in manifest.tables.items():
            if name not in names or await here.count(name) != count:
                raise Refused(_("The back-up is damaged: %(table)s is not whole.", table=name))


@contextmanager
def unpacked(source: Path) -> Iterator[tuple[Path, Manifest]]:
    """A back-up in a folder of its own. Raises Refused for anything that is none."""
    try:
        with tempfile.TemporaryDirectory(prefix="engawa-restore-") as name, tarfile.open(source, "r:gz") as archive:
            folder = Path(name)
            for member in archive:
                if member.isfile() and (member.name in (DATABASE, MANIFEST) or MEDIA.fullmatch(member.name)):
                    archive.extract(member, folder, filter="data")
            yield folder, msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (tarfile.TarError, EOFError, OSError, msgspec.MsgspecError) as error:
        raise Refused(_("%(path)s is no back-up of Engawa: %(error)s", path=str(source), error=str(error))) from error


def _named(settings: Settings, path: Path) -> str:
    name = f"media/{path.relative_to(settings.media).as_posix()}"
    return name if MEDIA.fullmatch(name) else ""


def _listed(sums: dict[str, Sum]) -> dict[str, tuple[int, str]]:
    return {name: (found.count, found.digest) for name, found in sums.items()}


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, BytesIO(content))


def as_json(manifest: Manifest) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(manifest))  # type: ignore[no-any-return]
