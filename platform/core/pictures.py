"""Pictures in what people write: sent first, then claimed by the text that is saved.

What was sent belongs to nobody's text (`loose`): its sender alone sees it, and it goes after a day. `ready` says which
pictures of a text may stand in it, `attach` claims them in the saving transaction: the writer's own loose ones, and
those that the text holds already. A key of somebody else's in a text is a link, and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from litestar import Request, Response, post

from core.clock import now
from core.context import here
from core.database import lock, rows, transaction, write
from core.errors import Forbidden, Refused, TooMany
from core.i18n import _
from core.images import FORMATS, Picture
from core.jobs import every
from core.markdown import MEDIA, Pictures, Sized
from core.media import HELD, LOOSE, drawn, drop_files, forget_media, keep_files, may_send, new_row, read_files
from core.models import Media
from core.principal import Principal
from core.refs import Ref
from core.tasks import in_thread

MOST_IN_A_TEXT = 20
MOST_AN_HOUR = 60  # of one person
LOOSE_KEPT = timedelta(hours=24)
FIELD = "pictures"  # of a form, for browsers without scripts

StillWanted = Callable[[list[int]], Awaitable[set[str]]]
_still_wanted: list[StillWanted] = []


def keys_in(text: str) -> list[str]:
    """The keys of our pictures that a text speaks of, each once, in their order."""
    return list(dict.fromkeys(MEDIA.findall(text)))


def still_wanted(function: StillWanted) -> StillWanted:
    """Over a function (ids of owners): keys in what they are still writing. Those stay loose for longer."""
    if function not in _still_wanted:
        _still_wanted.append(function)
    return function


# Saving a text -----------------------------------------------------------------------------------------------


async def ready(text: str, by: int | None, ref: Ref | None = None, *, most: int = MOST_IN_A_TEXT) -> Pictures:
    """The pictures of `text` that may stand in it: the loose ones of `by`, and those that `ref` holds. Raises Refused
    for more than `most`."""
    keys = keys_in(text)
    if not keys:
        return Pictures()
    if len(keys) > most:
        raise Refused(_("A text may hold at most %(n)s pictures.", n=most))
    found = await rows(
        f"SELECT key, width, height, small_width FROM media WHERE key IN ({_marks(keys)})"
        " AND (holder = ? OR (holder = ? AND owner_id = ?))",
        *keys, str(ref or ""), LOOSE, by or 0,
    )  # fmt: skip
    known = {row["key"]: Sized(row["key"], row["width"], row["height"], row["small_width"] or 0) for row in found}
    return Pictures(tuple(known[key] for key in keys if key in known), _("Picture"))


async def attach(ref: Ref, pictures: Pictures, by: int | None) -> None:
    """Claim what `ready` found, in the transaction that saves the text. Raises Refused when another text was faster."""
    keys = [one.key for one in pictures.sized]
    if not keys:
        return
    await write(f"UPDATE media SET holder = ? WHERE key IN ({_marks(keys)}) AND holder = ? AND owner_id = ?",
                str(ref), *keys, LOOSE, by or 0)  # fmt: skip
    held = await rows(f"SELECT COUNT(*) FROM media WHERE holder = ? AND key IN ({_marks(keys)})", str(ref), *keys)
    if held[0][0] < len(keys):
        raise Refused(_("One of the pictures stands in another text already. Take it out and put it in again."))


async def taken_along(text: str, sources: Iterable[Ref], by: int | None) -> str:
    """`text` with copies of the pictures that the sources hold: each text has its own, with its own readers. The caller
    has asked whether `by` may read the sources."""
    keys, holders = keys_in(text), [str(ref) for ref in sources]
    if not keys or not holders:
        return text
    found = await rows(f"SELECT * FROM media WHERE key IN ({_marks(keys)}) AND holder IN ({_marks(holders)})",
                       *keys, *holders)  # fmt: skip
    for row in found:
        data, small = await in_thread(read_files, row["key"])
        kind = next(name for name, (_ending, said) in FORMATS.items() if said == row["kind"])
        picture = Picture(data, kind, row["width"], row["height"], small, row["small_width"] or 0)
        copied = await new_row(await keep_files(picture), picture, row["name"], audience=HELD, owner_id=by,
                               holder=LOOSE, copy_of=row["id"])  # fmt: skip
        text = text.replace(f"/media/{row['key']}", f"/media/{copied.key}")
    return text


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))


# Sending -----------------------------------------------------------------------------------------------------


async def send(data: bytes, name: str) -> Media:
    """Keep a picture of whoever asks, in no text yet. Raises Forbidden, TooLarge, TooMany, Refused."""
    who = here().principal
    if not may_send(who):
        raise Forbidden(_("You may not do this."))
    await _refuse_excess(who)
    picture = await drawn(data)
    key = await keep_files(picture)
    try:
        async with transaction():
            await lock(f"media.sender:{who.person_id}")
            await _refuse_excess(who)
            return await new_row(key, picture, name, audience=HELD, owner_id=who.person_id, holder=LOOSE)
    except Refused:
        await in_thread(drop_files, key)
        raise


async def _refuse_excess(who: Principal) -> None:
    found = await rows("SELECT COUNT(*) FROM media WHERE owner_id = ? AND created_at > ? AND holder <> ''",
                       who.person_id, now() - timedelta(hours=1))  # fmt: skip
    if found[0][0] >= MOST_AN_HOUR:
        raise TooMany(_("You have sent %(n)s pictures within an hour. Send more later.", n=MOST_AN_HOUR), 600)


async def with_pictures(sent: Any, field: str = "body") -> tuple[Mapping[str, Any], str]:
    """A form's data with the pictures of its file field put at the end of the text; and what was wrong with one, as a
    sentence for beside the field. What scripts sent stands in the text already."""
    files = [one for one in sent.getall(FIELD, []) if getattr(one, "filename", "")]
    data = {name: sent.getall(name) for name in sent if name != FIELD}
    mistake = ""
    for file in files:
        try:
            kept = await send(await file.read(), file.filename)
        except Refused as refused:
            mistake = refused.sentence
            break
        words = re.sub(r"[\[\]\\\n]", "", file.filename.rpartition(".")[0])[:80]
        before = str((data.get(field) or [""])[-1]).rstrip()
        data[field] = [f"{before}\n\n![{words}](/media/{kept.key})".lstrip()]
    return data, mistake


@post("/media", may="signed_in", include_in_schema=False, status_code=201)
async def send_picture(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """For the editor's script: `{"path": "/media/…", "width": …, "height": …}`."""
    file = (await request.form()).get("file")
    if not getattr(file, "filename", ""):
        raise Refused(_("Choose a file."))
    kept = await send(await file.read(), file.filename)  # type: ignore[union-attr]
    return Response({"path": f"/media/{kept.key}", "width": kept.width, "height": kept.height}, status_code=201)


# Forgetting --------------------------------------------------------------------------------------------------


@every(hours=1, lane="bulk")
async def forget_loose() -> int:
    """What was sent a day ago and stands in no text, nor in anything that is being written."""
    gone, beyond = 0, 0
    while True:
        found = await rows("SELECT id, key, owner_id FROM media WHERE holder = ? AND created_at < ? AND id > ?"
                           " ORDER BY id LIMIT 200", LOOSE, now() - LOOSE_KEPT, beyond)  # fmt: skip
        if not found:
            return gone
        owners = sorted({row["owner_id"] for row in found if row["owner_id"] is not None})
        wanted = {key for one in _still_wanted for key in await one(owners)} if owners else set()
        async with transaction():
            gone += await forget_media([row["key"] for row in found if row["key"] not in wanted], LOOSE)
        beyond = found[-1]["id"]


async def forget_pictures_of(people: list[int]) -> int:
    """Of erased people, in the open transaction: all that they put into texts or were about to, and copies of it."""
    if not people:
        return 0
    found = await rows(
        f"SELECT key FROM media WHERE holder <> '' AND (owner_id IN ({_marks(people)}) OR copy_of IN"
        f" (SELECT id FROM media WHERE holder <> '' AND owner_id IN ({_marks(people)})))",
        *people, *people,
    )  # fmt: skip
    return await forget_media([row["key"] for row in found])


controllers = [send_picture]
