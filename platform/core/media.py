"""Files people send: only listed image formats, drawn anew (core.images), on disk by key.

`await store_image(data, name)` returns the Media row; `/media/{key}` serves it to whom it is for: those whose tokens
hold its `audience`, or, when it stands in a text (`holder`, as `post:7`), whoever the holder's room says, now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from litestar import Response, get

from core.clock import now
from core.context import here
from core.database import after_commit, write
from core.errors import NotFound, TooLarge
from core.i18n import _
from core.images import FORMATS, MOST_BYTES, Picture, clean
from core.models import Media
from core.principal import Principal
from core.refs import Ref
from core.settings import settings
from core.tasks import in_thread, one_at_a_time
from core.web import new_key

LOOSE = "loose"  # the holder of what was sent and stands in no text yet
HELD = "held"  # the audience of what is in a text, or will be: a token that nobody has
FOR_EVER = "public, max-age=31536000, immutable"
# A text can be hidden: browsers that have its picture keep it, what stands between asks again.
IN_PUBLIC_TEXTS = "public, max-age=31536000, s-maxage=300, immutable"
ASKED_AGAIN = "private, no-cache"
# Browsers centre a picture that is opened by itself with a style of their own; nothing runs.
ALONE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

Sight = Literal["public", "private", ""]
MaySee = Callable[[Principal, int, str], Awaitable[Sight]]


class Holder(msgspec.Struct, frozen=True):
    """A kind of text that holds pictures. `may` is the capability that writes such texts."""

    may_see: MaySee
    may: str


_holders: dict[str, Holder] = {}


def holder(kind: str, *, may: str) -> Callable[[MaySee], MaySee]:
    """Over a function (who, id of the text, key): is the picture for all, for this reader, or not for them. It looks at
    the text as it is now: whether it still has the key, who may read it."""

    def put(may_see: MaySee) -> MaySee:
        _holders[kind] = Holder(may_see, may)
        return may_see

    return put


def may_send(who: Principal) -> bool:
    """Whoever may write one of the texts."""
    return who.is_signed_in and any(who.may_somewhere(one.may) for one in _holders.values())


# Keeping -----------------------------------------------------------------------------------------------------


async def drawn(data: bytes) -> Picture:
    """Raises TooLarge and Refused."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("A picture may have at most %(n)s MB.", n=MOST_BYTES // 1_000_000))
    return await one_at_a_time(clean, data)  # type: ignore[no-any-return]


async def store_image(data: bytes, name: str = "", *, audience: str = "public", owner_id: int | None = None) -> Media:
    """Keep a picture. `audience` is a token of customers.audience (`public`, `members`, `staff`, `account:7`)."""
    picture = await drawn(data)
    return await new_row(await keep_files(picture), picture, name, audience=audience, owner_id=owner_id)


async def keep_files(picture: Picture) -> str:
    """The key by which its files are on disk now. Its row is made afterwards, by new_row."""
    key = f"{new_key()}.{FORMATS[picture.kind][0]}"
    await in_thread(_keep, _path(key), picture.data)
    if picture.small:
        await in_thread(_keep, small_path(key), picture.small)
    return key


async def new_row(key: str, picture: Picture, name: str, **more: Any) -> Media:
    return await Media.create(
        key=key, kind=FORMATS[picture.kind][1], name=Path(name).name[:200], size=len(picture.data),
        width=picture.width, height=picture.height, small_width=picture.small_width or None,
        sha256=hashlib.sha256(picture.data).hexdigest(), created_at=now(), **more,
    )  # fmt: skip


async def forget_media(keys: Sequence[str], holder: str | None = None) -> int:
    """Drop rows in the open transaction, and their files once it is committed; only those of `holder`, where given.
    Returns how many."""
    gone = 0
    only, more = ("", ()) if holder is None else (" AND holder = ?", (holder,))
    for key in keys:
        if await write(f"DELETE FROM media WHERE key = ?{only} RETURNING id", key, *more):
            after_commit(partial(drop_files, key))
            gone += 1
    return gone


def drop_files(key: str) -> None:
    _path(key).unlink(missing_ok=True)
    small_path(key).unlink(missing_ok=True)


def read_files(key: str) -> tuple[bytes, bytes]:
    """The picture, and its small one or nothing."""
    small = small_path(key)
    return _path(key).read_bytes(), small.read_bytes() if small.exists() else b""


def _path(key: str) -> Path:
    return settings().media / key[:2] / key


def small_path(key: str) -> Path:
    name = Path(key)
    return settings().media / key[:2] / f"{name.stem}-small{name.suffix}"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(path.suffix + ".part")
    whole.write_bytes(data)
    whole.replace(path)


# Serving -----------------------------------------------------------------------------------------------------

_tokens: Callable[[Principal], Any] = lambda who: {"public"} | ({"members"} if who.is_signed_in else set())  # noqa: E731


def use_tokens(tokens_of: Callable[[Principal], Any]) -> None:
    """How a reader's audience tokens are found; `customers` sets it."""
    global _tokens
    _tokens = tokens_of


@get("/media/{key:str}", may="anyone", include_in_schema=False)
async def media_file(key: str) -> Response[bytes]:
    """The file, to readers whom it is for; a random key is not yet a right."""
    found, keep = await _seen(key)
    return await _file(found, _path(found.key), keep)


@get("/media/small/{key:str}", may="anyone", include_in_schema=False)
async def small_file(key: str) -> Response[bytes]:
    """The same for phones."""
    found, keep = await _seen(key)
    return await _file(found, small_path(found.key) if found.small_width else _path(found.key), keep)


async def picture_file(key: str) -> Response[bytes]:
    """The file, to somebody whose right to it the caller has asked."""
    found = await Media.get_or_none(key=key)
    if found is None:
        raise NotFound(_("There is no such page."))
    return await _file(found, _path(found.key), _kept_by(found))


def _kept_by(found: Media) -> str:
    return FOR_EVER if found.audience == "public" else "private, max-age=3600"


async def _seen(key: str) -> tuple[Media, str]:
    """The picture, and how long it may be kept. Raises NotFound for whom it is not."""
    found, who = await Media.get_or_none(key=key), here().principal
    if found is not None and found.holder:
        sight = await _sight(who, found)
        if sight:
            return found, IN_PUBLIC_TEXTS if sight == "public" else ASKED_AGAIN
    elif found is not None and found.audience in _tokens(who):
        return found, _kept_by(found)
    raise NotFound(_("There is no such page."))


async def _sight(who: Principal, found: Media) -> Sight:
    if found.holder == LOOSE:
        return "private" if who.is_signed_in and who.person_id == found.owner_id else ""
    ref = Ref.parse(found.holder)
    known = _holders.get(ref.kind)
    return await known.may_see(who, ref.id, found.key) if known else ""


async def _file(found: Media, path: Path, keep: str) -> Response[bytes]:
    tag = f'"{found.sha256[:32]}-{path.stem[-5:]}"'
    headers = {"Cache-Control": keep, "ETag": tag}
    if keep == IN_PUBLIC_TEXTS:  # guides stand in other sites' pages, newsletters in web mail
        headers |= {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
    request = here().request
    if request is not None and request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=found.kind)
    try:
        data = await in_thread(path.read_bytes)
    except FileNotFoundError as gone:
        raise NotFound(_("There is no such page.")) from gone
    headers |= {"Content-Disposition": "inline", "Content-Security-Policy": ALONE}
    return Response(data, media_type=found.kind, headers=headers)


controllers = [media_file, small_file]
