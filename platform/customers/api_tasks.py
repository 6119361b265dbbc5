"""/api/v1/tasks: what is to be done about companies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, patch, post

from core.api import (
    BASE,
    READ,
    WRITE,
    After,
    InState,
    Limit,
    Page,
    Since,
    body_of,
    changes_of,
    narrowed,
    once,
    page_of,
    possible,
    the_one,
)
from core.context import current_principal
from core.database import transaction
from core.errors import Conflict, Invalid, Wrong
from core.forms import Line, Meta
from core.i18n import _, lazy
from customers import policy, seeing, tasks
from customers.models import Task
from customers.seeing import Sight
from customers.task_words import title_of


class TaskOut(msgspec.Struct):
    """Something to be done about a company. `kind`: by_hand, goal, detractor, health, question or renewal; `about` is
    what opened it (`contract:7`). `title` is in the language that is asked for, where nobody wrote one. `state`: open,
    done or dropped; `note` says what came of it, null where the key's role may not read notes.
    """

    id: int
    account_id: int
    person_id: int | None
    title: str
    due_on: date
    owner_id: int | None
    kind: str
    about: str | None
    state: str
    note: str | None
    closed_by_id: int | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Task, sight: Sight) -> TaskOut:
        said: dict[str, Any] = {name: getattr(one, name, None) for name in cls.__struct_fields__}
        about = f"{one.about_kind}:{one.about_id}" if one.about_id else None
        note = one.note if sight.sees("notes") else None
        return cls(**said | {"title": title_of(one), "about": about, "note": note})


class TaskIn(msgspec.Struct):
    """Without `owner_id` it is the CSM's, else the deputy's, else nobody's. `person_id`: somebody of the company."""

    account_id: int
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    due_on: date
    owner_id: int | None = None
    person_id: int | None = None


class TaskChange(msgspec.Struct):
    """Of an open one. `state` ends it, with a `note` about what came of it; `owner_id` null leaves it nobody's."""

    title: Annotated[Line, Meta(max_length=200)] | None = None
    due_on: date | None = None
    owner_id: int | None = None
    state: Literal["done", "dropped"] | None = None
    note: Annotated[Line, Meta(max_length=500)] | None = None


async def shown(found: Sequence[Task]) -> list[TaskOut]:
    sight = await seeing.sight()
    return [TaskOut.of(one, sight) for one in found]


class TaskApi(Controller):
    path = f"{BASE}/tasks"

    @get("/", may="customers.read", says=lazy("List tasks"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        account_id: int = 0, owner_id: int = 0, in_state: InState = "",
    ) -> Page[TaskOut]:  # fmt: skip
        query = narrowed(policy.visible_tasks(current_principal()), updated_at__gte=updated_since,
                         account_id=account_id, owner_id=owner_id, state=in_state)  # fmt: skip
        return await page_of(request, query, shown, after=after, limit=limit)

    @get("/{task_id:int}", may="customers.read", says=lazy("Read a task"), **READ)
    async def one(self, task_id: int) -> TaskOut:
        return (await shown([await tasks.find(possible(task_id))]))[0]

    @post("/", may="customers.write", body=TaskIn, is_once=True, says=lazy("Add a task"), **WRITE)
    async def add(self, request: Request[Any, Any, Any]) -> Response[TaskOut]:
        given = await body_of(request, TaskIn)
        visible = policy.visible_accounts(current_principal())
        account = (await the_one(visible, given.account_id, _("There is no such company."))).id

        async def work() -> TaskOut:
            wanted = tasks.Wanted(given.title, given.due_on, given.owner_id, given.person_id)
            return (await shown([await tasks.add(account, wanted)]))[0]

        return await once(request, work)

    @patch("/{task_id:int}", may="customers.write", body=TaskChange, is_once=True,
           says=lazy("Change or end a task: only what is sent"), **WRITE)  # fmt: skip
    async def change(self, request: Request[Any, Any, Any], task_id: int) -> Response[TaskOut]:
        await tasks.find(possible(task_id))
        given = await changes_of(request, TaskChange)
        empty = [Wrong(f"#/{name}", _("Fill this in.")) for name in ("title", "due_on", "state")
                 if name in given and not given[name]]  # fmt: skip
        if "note" in given and not given.get("state"):
            empty.append(Wrong("#/note", _("A note is for the end: send the state with it.")))
        if empty:
            raise Invalid(empty)

        async def work() -> TaskOut:
            await _carry_out(await tasks.find(task_id), given)
            return (await shown([await tasks.find(task_id)]))[0]

        return await once(request, work, status=200)


async def _carry_out(task: Task, given: dict[str, Any]) -> None:
    """All of it or nothing."""
    async with transaction():
        if given.keys() & {"title", "due_on", "owner_id"}:
            await tasks.change(task, title=given.get("title", title_of(task)), due_on=given.get("due_on", task.due_on),
                               owner_id=given.get("owner_id", task.owner_id) or 0)  # fmt: skip
        if "state" in given and not await tasks.close([task], given["state"], given.get("note") or ""):
            raise Conflict(_("This task is closed already."))
