"""The staff's page: numbers, boards, reports, ambassadors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access.actions.grants import grant, revoke
from community import actions, caches, policy, records, rules
from community.actions.boards import BoardPlan
from community.forms import BoardForm, GrantForm
from community.pages.desk import filled
from community.pages.duty import action_words
from community.reading import duty, numbers, team
from community.records import BoardRow
from community.routing import reading as calls
from community.words import page
from core.clock import now
from core.context import here
from core.errors import Refused
from core.form_fields import ids_among
from core.forms import Form
from core.i18n import _
from core.pages import flash
from core.policy import ensure
from customers.people import normal_email, person_by_identity


def plan_of(form: BoardForm, board: BoardRow | None = None) -> BoardPlan:
    """The audience of a group is the board's own token: grants on it let people in."""
    accounts = [f"account:{one.strip()}" for one in form.accounts.replace("、", ",").split(",") if one.strip()]
    audience = {"public": ["public"], "members": ["members"], "staff": ["staff"], "accounts": accounts,
                "group": [board.scope] if board else ["staff"]}[form.audience]  # fmt: skip
    return BoardPlan(
        slug=form.slug.lower(), name={"ja": form.name_ja, "en": form.name_en}, kind=form.kind, audience=audience,
        description={"ja": form.description_ja, "en": form.description_en}, posting=form.posting, holds=form.holds,
        parent_id=next(iter(ids_among([form.parent])), None), position=form.position, state=form.state,
        calls_after=form.calls_after, brand=board.brand if board else here().brand, icon=board.icon if board else "",
    )  # fmt: skip


def written_as(board: BoardRow) -> dict[str, Any]:
    accounts = [token.split(":")[1] for token in sorted(board.audience) if token.startswith("account:")]
    known = next((token for token in ("public", "members") if token in board.audience), "")
    audience = known or ("accounts" if accounts else "group" if board.scope in board.audience else "staff")
    return {
        "slug": board.slug, "name_ja": board.names.get("ja", ""), "name_en": board.names.get("en", ""),
        "description_ja": board.descriptions.get("ja", ""), "description_en": board.descriptions.get("en", ""),
        "kind": board.kind, "audience": audience, "accounts": ", ".join(accounts), "posting": board.posting,
        "holds": board.holds, "parent": str(board.parent_id or ""), "position": board.position, "state": board.state,
        "calls_after": board.calls_after,
    }  # fmt: skip


class StaffPages(Controller):
    path = "/staff/community"

    @get("/", may="community.moderate")
    async def home(self) -> Response[bytes]:
        who, boards = here().principal, await records.boards()
        ensure(policy.allow() if policy.is_staff(who) else policy.deny())
        return page(
            "community/staff.html", boards=boards, cases=await duty.flagged(who, boards), numbers=await numbers.count(),
            weeks=await numbers.weekly(), done=await duty.actions(who, boards, mine=False, limit=10),
            team=await team.ambassadors(boards), may_manage=bool(policy.can_manage(who)), reasons=rules.REASONS,
            action_words=action_words(), grant_form=Form(GrantForm),
            counts=await duty.counts(who, boards), waits=await calls.waiting(who, boards), share=await calls.share(),
        )  # fmt: skip

    @get("/boards/new", may="community.manage")
    async def new_board(self) -> Response[bytes]:
        return await _board_page(None, Form(BoardForm))

    @post("/boards", may="community.manage")
    async def add_board(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _save(None, await request.form())

    @get("/boards/{board_id:int}", may="community.manage")
    async def edit_board(self, board_id: int) -> Response[bytes]:
        board = await records.board(board_id)
        return await _board_page(board, Form(BoardForm, initial=written_as(board)))

    @post("/boards/{board_id:int}", may="community.manage")
    async def change_board(self, request: Request[Any, Any, Any], board_id: int) -> Response[Any]:
        return await _save(await records.board(board_id), await request.form())

    @post("/grants", may="community.manage")
    async def give(self, request: Request[Any, Any, Any]) -> Response[Any]:
        data = await filled(request, GrantForm)
        person = await person_by_identity("email", normal_email(data.email), verified_only=False)
        if person is None:
            raise Refused(_("Nobody has this address."))
        board = await records.board(data.board)
        await grant(person.id, board.scope, [policy.MODERATE], reason=data.reason, by=here().principal,
                    expires_at=now() + timedelta(days=30 * data.months))  # fmt: skip
        caches.forget_all()
        flash(_("The ambassador can moderate this board now."))
        return Redirect("/staff/community#team", status_code=303)

    @delete("/grants/{grant_id:int}", may="community.manage", status_code=303)
    async def take(self, grant_id: int) -> Response[Any]:
        await revoke(grant_id, by=here().principal)
        caches.forget_all()
        flash(_("The grant has ended."))
        return Redirect("/staff/community#team", status_code=303)


async def _save(board: BoardRow | None, data: Any) -> Response[Any]:
    form, who = Form(BoardForm, data), here().principal
    if form.valid:
        try:
            if board:
                await actions.change_board(who, board.id, plan_of(form.data, board))
            else:
                made = await actions.add_board(who, plan_of(form.data))
                if form.data.audience == "group":
                    await actions.change_board(who, made.id, plan_of(form.data, made))
        except Refused as refused:
            if refused.status not in (409, 422):
                raise
            form.fail(refused.sentence)
        else:
            flash(_("The board is saved."))
            return Redirect("/staff/community", status_code=303)
    return await _board_page(board, form, status=422)


async def _board_page(board: BoardRow | None, form: Form[BoardForm], *, status: int = 200) -> Response[bytes]:
    others = [one for one in await records.boards() if board is None or one.id != board.id]
    return page("community/staff_board.html", status=status, board=board, form=form, others=others)
