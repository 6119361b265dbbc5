"""取り込み: a file, its columns, a preview with a reason for each row, then the import itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from core.audit import audit
from core.context import current_principal
from core.database import transaction
from core.errors import Conflict, Refused
from core.forms import Form, Line, Meta
from core.i18n import _, ago
from core.listing import Choice, Column, Listing
from core.pages import flash, fragment, page
from core.policy import ensure
from core.refs import Ref
from customers import jobs, policy, seeing
from customers.imports import run, trailing
from customers.imports.headings import FIELD_LABELS, FIELDS, KINDS
from customers.imports.rows import OUTCOMES
from customers.models import ImportBatch, ImportRow
from customers.pages.common import tabs, words

SMALL = 2000
BUSY = {"previewing", "queued", "applying", "undoing"}


class NewFile(msgspec.Struct):
    file: UploadFile
    source: Annotated[Line, Meta(max_length=60)] = "csv"
    kind: Literal["", "accounts", "people", "contracts", "purchases"] = ""


def outcomes() -> dict[str, str]:
    return {"created": _("Created"), "updated": _("Changed"), "unchanged": _("Unchanged"), "review": _("To review"),
            "refused": _("Refused")}  # fmt: skip


class ImportPages(Controller):
    path = "/staff/customers/import"

    @get("/", may="customers.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await self._index(request, Form(NewFile))

    async def _index(self, request: Request[Any, Any, Any], form: Form[NewFile], status: int = 200) -> Response[Any]:
        may_open = policy.can_change_everything(current_principal())
        found = Listing(
            request, query=ImportBatch.all().select_related("created_by"),
            columns=[
                Column("file_name", _("File"), head=True, value=lambda b: b.file_name or b.source,
                       href=(lambda b: f"/staff/customers/import/{b.id}") if may_open else None),
                Column("kind", _("Kind of entry"), wide=True, format=lambda value: str(KINDS.get(value, value))),
                Column("total", _("Rows"), num=True), Column("state", _("State")),
                Column("created_at", _("When"), sort=True, wide=True, num=True, format=ago),
            ],
            default_sort="-created_at", counted=False, name="imports",
        )  # fmt: skip
        await found.load()
        return page(
            "customers/imports.html",
            status=status,
            imports=found,
            form=form,
            kinds=words(KINDS),
            tabs=await tabs(),
            states=states(),
        )

    @post("/", may="customers.write", status_code=200)
    async def upload(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        form = Form(NewFile, await request.form())
        if form.valid:
            try:
                content = await form.data.file.read()
                batch = await run.take(
                    content, file_name=form.data.file.filename, source=form.data.source, kind=form.data.kind
                )
                return Redirect(f"/staff/customers/import/{batch.id}", status_code=303)
            except Refused as refused:
                form.add_error("file", refused.sentence)
        return await self._index(request, form, 422)

    @get("/{batch_id:int}", may="customers.write")
    async def show(self, batch_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        batch = await run.batch_of(batch_id)
        ensure(policy.can_change_everything(current_principal()))
        if batch.state == "mapping":
            return await self._mapping(batch)
        if batch.state in BUSY:
            return page("customers/import_progress.html", batch=batch, states=states())
        return await self._rows(batch, request)

    async def _mapping(self, batch: ImportBatch, mistake: str = "", status: int = 200) -> Response[Any]:
        fields, sight = {field: str(FIELD_LABELS[field]) for field in FIELDS[batch.kind]}, await seeing.sight()
        samples = {heading: [sight.of_row(batch.kind, {batch.mapping.get(heading, ""): one}).popitem()[1]
                             for one in cells] for heading, cells in (await run.samples(batch)).items()}  # fmt: skip
        return page("customers/import_mapping.html", status=status, batch=batch, samples=samples,
                    fields=fields, kinds=words(KINDS), mistake=mistake)  # fmt: skip

    async def _rows(self, batch: ImportBatch, request: Request[Any, Any, Any]) -> Response[Any]:
        counts = {name: batch.counts.get(name, 0) for name in OUTCOMES}
        asked = request.query_params.get("outcome", "")
        first = next(
            (name for name in ("refused", "review", "created", "updated", "unchanged") if counts[name]), "created"
        )
        chosen = asked if asked in OUTCOMES else first
        found = Listing(
            request, query=ImportRow.filter(batch_id=batch.id, outcome=chosen),
            columns=[Column("number", _("Row"), sort=True, num=True), Column("reason", _("Reason"), head=True),
                     Column("data", _("What it says"), wide=True)],
            filters=[Choice("outcome", _("Outcome"), outcomes(), field="outcome")], default_sort="number", name="rows",
            counted=False,
        )  # fmt: skip
        await found.load()
        sight = await seeing.sight()
        for row in found.rows:  # as they are shown; nothing of it is saved
            row.reason = sight.told(batch.kind, row.reason, row.data)
            row.data = sight.of_row(batch.kind, row.data)
            row.before = row.before and sight.of_row(batch.kind, row.before)
        return page("customers/import_rows.html", batch=batch, rows=found, counts=counts, chosen=chosen,
                    outcomes=outcomes(), labels={name: str(label) for name, label in FIELD_LABELS.items()},
                    kinds=words(KINDS), may_undo=await trailing.can_be_undone(batch.id))  # fmt: skip

    @get("/{batch_id:int}/progress", may="customers.write")
    async def progress(self, batch_id: int) -> Response[Any]:
        """The bar, for a script to put in place; when it is done the script reloads the page."""
        batch = await run.batch_of(batch_id)
        is_done = batch.state not in BUSY
        return fragment("customers/import_bar.html", headers={"X-Done": "1"} if is_done else {}, batch=batch)

    @post("/{batch_id:int}/mapping", may="customers.write", status_code=200)
    async def mapping(self, batch_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        data = await request.form()
        batch = await run.batch_of(batch_id)
        kind = data.get("kind") if data.get("kind") in KINDS else batch.kind
        if kind != batch.kind:
            await run.change_kind(batch, str(kind))
            return Redirect(f"/staff/customers/import/{batch_id}", status_code=303)
        headings = (await run.sheet_of(batch)).headings
        chosen = {heading: str(data.get(f"column-{at}", "-")) for at, heading in enumerate(headings)}
        try:
            batch = await run.remap(
                batch_id,
                kind,
                str(data.get("source") or batch.source),
                {heading: field for heading, field in chosen.items() if field not in {"-", ""}},
            )
        except Conflict:
            raise
        except Refused as refused:
            return await self._mapping(batch, refused.sentence, 422)
        await self._begin(batch, "preview")
        return Redirect(f"/staff/customers/import/{batch_id}", status_code=303)

    async def _begin(self, batch: ImportBatch, what: str) -> None:
        """Small files at once, big ones as a job with a progress bar."""
        if batch.total <= SMALL:
            await (run.preview(batch) if what == "preview" else run.apply(batch))
            return
        async with transaction():
            if what == "preview":
                await ImportBatch.filter(id=batch.id).update(state="previewing", done=0)
                await jobs.preview_import.later(batch_id=batch.id, key=f"preview:{batch.id}")
            else:
                await ImportBatch.filter(id=batch.id).update(state="queued", done=0)
                await jobs.apply_import.later(batch_id=batch.id, key=f"apply:{batch.id}")

    @post("/{batch_id:int}/application", may="customers.write")
    async def apply(self, batch_id: int) -> Redirect:
        ensure(policy.can_change_everything(current_principal()))
        batch = await run.batch_of(batch_id)
        if batch.state != "preview":
            raise Conflict(_("Look at the preview first."))
        await audit("import.apply", Ref("import", batch_id), after={"source": batch.source, "rows": batch.total})
        await self._begin(batch, "apply")
        return Redirect(f"/staff/customers/import/{batch_id}", status_code=303)

    @post("/{batch_id:int}/undoing", may="customers.write")
    async def undo(self, batch_id: int) -> Redirect:
        """The whole import back, as if it had not been."""
        batch = await run.batch_of(batch_id)
        await trailing.begin_undo(batch_id)
        if batch.total <= SMALL:
            await trailing.undo(batch_id)
            flash(_("The import is undone."))
        else:
            await jobs.undo_import.later(batch_id=batch_id, key=f"undo:{batch_id}")
        return Redirect(f"/staff/customers/import/{batch_id}", status_code=303)

    @post("/{batch_id:int}/mapping/again", may="customers.write")
    async def again(self, batch_id: int) -> Redirect:
        """Back from the preview to the columns."""
        ensure(policy.can_change_everything(current_principal()))
        await run.back_to_mapping(batch_id)
        return Redirect(f"/staff/customers/import/{batch_id}", status_code=303)


def states() -> dict[str, str]:
    return {"mapping": _("Columns to choose"), "previewing": _("Being looked at"), "preview": _("Waits for your yes"),
            "queued": _("Being imported"), "applying": _("Being imported"), "applied": _("Imported"),
            "undoing": _("Being undone"), "undone": _("Undone"), "failed": _("Broken off")}  # fmt: skip
