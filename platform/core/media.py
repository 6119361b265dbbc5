"""Files people send: only listed image formats, re-encoded (so metadata and hidden scripts are gone), on disk by key.

`await store_image(data, name)` returns the Media row; `/media/{key}` serves it to whom its audience says.
SVG is refused. OWASP ASVS 5.0 V5.2 and V5.3.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from PIL import Image, ImageOps, UnidentifiedImageError

from core.clock import now
from core.context import here
from core.database import after_commit, write
from core.errors import NotFound, Refused, TooLarge
from core.i18n import _
from core.models import Media
from core.principal import Principal
from core.settings import settings
from core.tasks import in_thread
from core.web import new_key

FORMATS = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "GIF": ("gif", "image/gif"),
           "WEBP": ("webp", "image/webp")}  # fmt: skip
MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
MOST_SIDE = 2400
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Picture(msgspec.Struct):
    data: bytes
    kind: str
    width: int
    height: int


def clean(data: bytes) -> Picture:
    """Decode and encode again, at most 2,400 px a side. Raises Refused when it is no listed image."""
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as opened:
            kind = opened.format or ""
            opened.load()
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((MOST_SIDE, MOST_SIDE))
            if kind == "JPEG" and picture.mode != "RGB":
                picture = picture.convert("RGB")
            if kind == "GIF":
                kind, picture = "PNG", picture.convert("RGBA")
            buffer = io.BytesIO()
            picture.save(buffer, kind, **({"quality": 88} if kind == "JPEG" else {}))
            return Picture(buffer.getvalue(), kind, picture.width, picture.height)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:  # fmt: skip
        raise Refused(_("Send a picture as PNG, JPEG, GIF or WebP.")) from error


async def store_image(data: bytes, name: str = "", *, audience: str = "public", owner_id: int | None = None) -> Media:
    """Keep a picture. `audience` is a token of customers.audience (`public`, `members`, `staff`, `account:7`)."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("A picture may have at most %(n)s MB.", n=MOST_BYTES // 1_000_000))
    picture: Picture = await in_thread(clean, data)
    key = f"{new_key()}.{FORMATS[picture.kind][0]}"
    await in_thread(_keep, _path(key), picture.data)
    return await Media.create(
        key=key, kind=FORMATS[picture.kind][1], name=Path(name).name[:200], size=len(picture.data),
        width=picture.width, height=picture.height, sha256=hashlib.sha256(picture.data).hexdigest(),
        audience=audience, owner_id=owner_id, created_at=now(),
    )  # fmt: skip


async def forget_media(keys: Sequence[str]) -> None:
    """Drop rows in the open transaction, and their files once it is committed."""
    for key in keys:
        if await write("DELETE FROM media WHERE key = ? RETURNING id", key):
            after_commit(partial(_path(key).unlink, missing_ok=True))


def _path(key: str) -> Path:
    return settings().media / key[:2] / key


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(path.suffix + ".part")
    whole.write_bytes(data)
    whole.replace(path)


_tokens: Callable[[Principal], Any] = lambda who: {"public"} | ({"members"} if who.is_signed_in else set())  # noqa: E731


def use_tokens(tokens_of: Callable[[Principal], Any]) -> None:
    """How a reader's audience tokens are found; `customers` sets it."""
    global _tokens
    _tokens = tokens_of


@get("/media/{key:str}", may="anyone", include_in_schema=False)
async def media_file(key: str) -> Response[bytes]:
    """The file, to readers whose tokens hold its audience; a random key is not yet a right."""
    found = await Media.get_or_none(key=key)
    if found is None or found.audience not in _tokens(here().principal):
        raise NotFound(_("There is no such page."))
    return await _file(found)


async def picture_file(key: str) -> Response[bytes]:
    """The file, to somebody whose right to it the caller has asked."""
    found = await Media.get_or_none(key=key)
    if found is None:
        raise NotFound(_("There is no such page."))
    return await _file(found)


async def _file(found: Media) -> Response[bytes]:
    try:
        data = await in_thread(_path(found.key).read_bytes)
    except FileNotFoundError as gone:
        raise NotFound(_("There is no such page.")) from gone
    keep = "public, max-age=31536000, immutable" if found.audience == "public" else "private, max-age=3600"
    return Response(data, media_type=found.kind, headers={
        "Cache-Control": keep, "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    })  # fmt: skip


controllers = [media_file]
