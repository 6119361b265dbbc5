"""Settings: whether each bot suggests to staff, or answers alone; its numbers, and the verdict."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from core.policy import ensure
from core.refs import Ref
from customers.rules import BotPilotRule, rule, set_rule
from inbox import policy, trial, words
from inbox.actions import suggestions
from inbox.forms import Trials, Verdict

TRIALS = "/staff/settings/bots"
KINDS = {"connection": "bot", "web": "bot_web"}


async def _the_bot(kind: str, id: int) -> Ref:
    asked = Ref(KINDS.get(kind, ""), id)
    if asked not in {one.ref for one in await trial.bots()}:
        raise NotFound(_("There is no such bot."))
    return asked


class TrialPages(Controller):
    path = TRIALS
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await _page()

    @post("/", may="settings.manage", status_code=200)
    async def change(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """How many conversations a pilot takes."""
        ensure(policy.can_judge_bots(current_principal()))
        form = Form(Trials, await request.form())
        if not form.valid:
            return await _page(form, 422)
        await set_rule("bot_pilot", BotPilotRule(form.data.conversations))
        flash(_("Saved."))
        return Redirect(TRIALS, status_code=303)

    @post("/{kind:str}/{bot_id:int}/verdict", may="settings.manage")
    async def judge(self, request: Request[Any, Any, Any], kind: str, bot_id: int) -> Response[Any]:
        bot = await _the_bot(kind, bot_id)
        form = Form(Verdict, await request.form())
        if not form.valid:
            raise Refused(_("Write what the pilot showed."))
        await suggestions.judge(bot, form.data.passed == "yes", form.data.note)
        flash(_("The bot answers alone from now on.") if form.data.passed == "yes" else
              _("The verdict is kept. The bot goes on suggesting."))  # fmt: skip
        return Redirect(TRIALS, status_code=303)

    @delete("/{kind:str}/{bot_id:int}/verdict", may="settings.manage", status_code=303)
    async def withdraw(self, kind: str, bot_id: int) -> Response[Any]:
        """Back to the pilot."""
        await suggestions.back_to_pilot(await _the_bot(kind, bot_id))
        flash(_("The bot only suggests from now on."))
        return Redirect(TRIALS, status_code=303)


async def _page(form: Form[Trials] | None = None, status: int = 200) -> Response[Any]:
    most: BotPilotRule = await rule("bot_pilot")
    return page("inbox/trials.html", status=status, bots=await trial.bots(), most=most.conversations,
                form=form or Form(Trials, initial=most), platforms=words.CHANNELS,
                kinds={kind: name for name, kind in KINDS.items()})  # fmt: skip
