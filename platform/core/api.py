"""The kit of /api/v1: bodies read with every mistake named, cursor pages, and writes that happen once.

    @get("/", may="customers.read", says=lazy("…"), **READ)
    async def list(self, request: Request, after: str = "", limit: Limit = 50) -> Page[AccountOut]:
        return await page_of(request, visible_accounts(who), AccountOut.of, after=after, limit=limit)

    @post("/", may="customers.write", body=NewAccount, is_once=True, says=lazy("…"), **WRITE)
    async def open(self, request: Request) -> Response[AccountOut]:
        given = await body_of(request, NewAccount)
        return await once(request, lambda: …)          # answers what the function gives

Handlers stand in the rooms' `api.py`; the document of all of them is made in core/api_document.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from litestar import Request, Response
from litestar.params import Parameter
from tortoise.models import Model
from tortoise.queryset import QuerySet

from core.clock import now
from core.context import here
from core.database import rows, transaction, write
from core.errors import Invalid, NotFound, Refused, Unreadable, Wrong
from core.form_fields import Field, fields_of
from core.forms import Form
from core.i18n import _
from core.listing_sources import Edge, QuerySource
from core.settings import settings

BASE = "/api/v1"
READ: dict[str, Any] = {"exclude_from_csrf": True}
WRITE: dict[str, Any] = {"exclude_from_csrf": True}
Limit = Annotated[int, Parameter(ge=1, le=200, description="How many at most.")]
After = Annotated[str, Parameter(max_length=500, description="The `next` of the page before.")]
Since = Annotated[datetime | None, Parameter(description="Only what changed at or after this moment.")]
InState = Annotated[str, Parameter(query="state", max_length=20, description="Only those in this state.")]
T = TypeVar("T")
M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=msgspec.Struct)
TEXTS = {"text", "line", "email", "url", "secret", "choice", "date", "datetime", "time"}


class Page(msgspec.Struct, Generic[T]):
    """A part of a list. `next` goes into `after` for the following part; null at the end."""

    data: list[T]
    next: str | None = None


# Reading a body ----------------------------------------------------------------------------------------------


async def body_of(request: Request[Any, Any, Any], kind: type[S]) -> S:
    """The JSON object of the request as `kind`. Raises Unreadable, or Invalid with every mistake and where it is."""
    return (await _form(request, kind)).data


async def changes_of(request: Request[Any, Any, Any], kind: type[S]) -> dict[str, Any]:
    """For PATCH: only the fields that were sent; null empties one."""
    sent = await _object(request)
    form = await _form(request, kind, sent)
    return {name: getattr(form.data, name) for name in sent}


async def _object(request: Request[Any, Any, Any]) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/merge-patch+json"):
        raise Unreadable(_("Send JSON, with Content-Type: application/json."))
    try:
        found = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable(_("The body is not JSON.")) from None
    if not isinstance(found, dict):
        raise Unreadable(_("Send one JSON object."))
    return found


async def _form(request: Request[Any, Any, Any], kind: type[S], sent: dict[str, Any] | None = None) -> Form[S]:
    sent = await _object(request) if sent is None else sent
    known = fields_of(kind)
    wrong = [Wrong(_pointer(name), _("There is no such field.")) for name in sent if name not in known]
    words: dict[str, list[str]] = {}
    for name, field in known.items():
        if sent.get(name) is None:
            continue
        if sentence := _wrong_kind(field, sent[name]):
            wrong.append(Wrong(_pointer(name), sentence))
        else:
            words[name] = _words(sent[name])
    form = Form(kind, words)
    refused = {one.pointer for one in wrong}
    wrong += [Wrong(_pointer(name), said) for name, said in form.errors.items() if _pointer(name) not in refused]
    if form.failure:
        wrong.append(Wrong("", form.failure))
    if wrong:
        raise Invalid(wrong)
    return form


def _pointer(name: str) -> str:
    """RFC 6901, as a fragment."""
    return "#/" + name.replace("~", "~0").replace("/", "~1")[:100]


def _wrong_kind(field: Field, value: Any) -> str:
    if field.many:
        return "" if isinstance(value, list) and all(isinstance(one, str | int) for one in value) else _("Send a list.")
    if field.kind == "bool":
        return "" if isinstance(value, bool) else _("Send true or false.")
    if field.kind in TEXTS:
        return "" if isinstance(value, str) else _("Send text, in quotation marks.")
    return "" if isinstance(value, int | float | str) and not isinstance(value, bool) else _("Write a number.")


def _words(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return ["1" if value is True else "" if value is False else str(value)]


# Pages -------------------------------------------------------------------------------------------------------


async def page_of(
    request: Request[Any, Any, Any], query: QuerySet[Any], show: Callable[[Sequence[Any]], Awaitable[list[T]]], *,
    after: str, limit: int, field: str = "id", descending: bool = False,
) -> Page[T]:  # fmt: skip
    """The rows of a `visible_…` query after a cursor, by a field and the id; `show` makes a page's rows at once."""
    edge = Edge(field, descending)
    seal = _sealer(request.scope["path"], field)
    found = await QuerySource(query).page(edge, opened(seal, after), limit + 1, False)
    kept = found[:limit]
    next = str(seal.dumps(kept[-1].packed())) if len(found) > limit else None
    return Page(await show([one.row for one in kept]), next)


def _sealer(path: str, field: str) -> URLSafeSerializer:
    """Signed, so that nobody builds one; bound to the address and the order that it belongs to."""
    return URLSafeSerializer(settings().secret_keys[0], salt=f"api:{path}:{field}")


def opened(seal: URLSafeSerializer, text: str) -> list[Any] | None:
    try:
        found = seal.loads(text) if text else None
    except BadData:
        raise Unreadable(_("This cursor is not from a page of this list. Begin without one.")) from None
    return found if isinstance(found, list) and len(found) == 3 else None


async def the_one(query: QuerySet[M], id: int, otherwise: str) -> M:
    """The row of a `visible_…` query with this id. Raises NotFound with the sentence `otherwise`."""
    found = await query.get_or_none(id=possible(id))
    if found is None:
        raise NotFound(otherwise)
    return found


def narrowed(query: QuerySet[M], **asked: Any) -> QuerySet[M]:
    """`query` by what was asked for; what is empty narrows nothing."""
    return query.filter(
        **{field: possible(one) if isinstance(one, int) else one for field, one in asked.items() if one}
    )


def possible(id: int) -> int:
    """An id that a database may be asked for; numbers beyond are of nothing."""
    return id if 0 < id < 2**63 else 0


# Once --------------------------------------------------------------------------------------------------------

KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def once(
    request: Request[Any, Any, Any], work: Callable[[], Awaitable[Any]], *, status: int = 201
) -> Response[Any]:
    """Do `work` and answer what it gives. With `Idempotency-Key` the answer is kept, in the transaction of the work.

    The same key again, even at the same moment, gets that answer and nothing is done; with another body it is refused.
    A refusal is not kept: what was wrong may be right the next time. Answers are kept for two days.
    """
    key = request.headers.get("idempotency-key", "")
    if not key:
        return answer(await work(), status)
    if not KEY.fullmatch(key):
        raise Unreadable(_("An idempotency key has 1 to 255 letters, digits or signs, and no blanks."))
    owner, mark = f"key:{here().principal.api_key_id}", await _mark(request)
    async with transaction():
        mine = await write(
            "INSERT INTO api_outcome (owner, key, mark, status, body, created_at) VALUES (?, ?, ?, 0, '', ?)"
            " ON CONFLICT (owner, key) DO NOTHING RETURNING id", owner, key, mark, now(),
        )  # fmt: skip
        if not mine:
            return await _as_before(owner, key, mark)
        made = answer(await work(), status)
        await write("UPDATE api_outcome SET status = ?, body = ? WHERE id = ?", made.status_code,
                    made.content.decode(), mine[0][0])  # fmt: skip
    return made


async def _mark(request: Request[Any, Any, Any]) -> str:
    said = f"{request.method} {request.scope['path']}\n".encode() + await request.body()
    return hashlib.sha256(said).hexdigest()


async def _as_before(owner: str, key: str, mark: str) -> Response[Any]:
    kept = (await rows("SELECT mark, status, body FROM api_outcome WHERE owner = ? AND key = ?", owner, key))[0]
    if kept["mark"] != mark:
        raise Refused(_("This idempotency key was used for another request. Take a new one."))
    return Response(kept["body"].encode(), status_code=kept["status"], media_type="application/json",
                    headers={"Idempotency-Replayed": "true"})  # fmt: skip


def answer(found: Any, status: int = 200) -> Response[Any]:
    return Response(msgspec.json.encode(found), status_code=status, media_type="application/json")


def plain(value: Any) -> Any:
    """JSON that a raw read gives as text on one engine and as itself on the other."""
    return json.loads(value) if isinstance(value, str | bytes) else value
