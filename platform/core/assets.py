"""Style sheets, scripts and icons: plain files of the rooms' `static/` folders, read once, with a hash in the URL.

`static("css/index.css")` is core's; another room's file begins with the room (`static("guides/loader.js")`). One hash
names the state of all files, so relative imports between modules keep working, and an old page gets old files' names.
An `@import "part.css";` line is replaced by that file's text: many files to edit, one request to answer.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec
from litestar import Response, get

from core.errors import NotFound
from core.i18n import ROOMS, _

YEAR = 31_536_000
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_import = re.compile(rb'^@import "([^"]+)";$', re.M)


class Asset(msgspec.Struct, frozen=True):
    body: bytes
    media_type: str


class Shelf(msgspec.Struct, frozen=True):
    """Every static file, by `room/path`, and the hash of all of them."""

    files: dict[str, Asset]
    version: str


@lru_cache(maxsize=1)
def shelf() -> Shelf:
    files = {}
    for folder in sorted(ROOMS.glob("*/static")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                name = f"{folder.parent.name}/{path.relative_to(folder).as_posix()}"
                files[name] = Asset(_read(path), _type(path.name))
    state = hashlib.sha256()
    for name, asset in files.items():
        state.update(f"{name}\0{len(asset.body)}\0".encode() + asset.body)
    return Shelf(files, state.hexdigest()[:12])


def _type(name: str) -> str:
    return TYPES.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _read(path: Path) -> bytes:
    text = path.read_bytes()
    if path.suffix != ".css":
        return text
    return _import.sub(lambda found: _read(path.parent / found.group(1).decode()), text)


def static(path: str) -> str:
    """The address of a static file. Raises LookupError for a file that is not there: a mistake in a template."""
    name = path if path in shelf().files else f"core/{path}"
    if name not in shelf().files:
        raise LookupError(f"There is no static file {path!r}.")
    return f"/static/{shelf().version}/{name}"


@get("/static/{version:str}/{file:path}", may="anyone", sync_to_thread=False, include_in_schema=False)
def static_file(version: str, file: str) -> Response[bytes]:
    """Answers from memory; kept for ever by browsers when the hash is today's."""
    asset = shelf().files.get(str(file).lstrip("/"))
    if asset is None:
        raise NotFound(_("There is no such page."))
    current = version == shelf().version
    keep = f"public, max-age={YEAR}, immutable" if current else "public, max-age=60"
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": keep})
