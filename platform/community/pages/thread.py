"""A thread: reading, replying, voting, following."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from community import actions, fragments, records
from community.forms import Level, Reply
from community.reading import related
from community.reading import thread as reading_thread
from community.reading.thread import Reading
from community.reading.views import count_view
from community.records import post_path
from community.routing import calling
from community.routing import reading as calls
from community.structured import qa_page
from community.words import kept_page, page
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from core.pictures import with_pictures


async def show_thread(thread_id: int, first: int = 1, *, form: Form[Reply] | None = None, status: int = 200,
                      quote: int = 0) -> Response[bytes]:  # fmt: skip
    who = here().principal
    reading = await reading_thread.read(who, thread_id, first)
    await _was_read(reading)
    threads, articles = await related.near_thread(who, reading.thread)
    made = await related.article_of(who, reading.thread)
    articles = [one for one in articles if not made or one.url != made.url]
    asked = await calls.of_thread(who, reading.board, reading.thread)
    seen = (reading, threads, articles, made, asked)

    def shown(form: Form[Reply] | None) -> dict[str, Any]:
        return {
            "r": reading, "posts": fragments.posts(reading), "head": fragments.head(reading), "form": form,
            "near": threads, "articles": articles, "made": made, "asked": asked,
            "data": qa_page(reading) if first == 1 else "", "minutes": reading_thread.minutes_between,
        }  # fmt: skip

    if not reading.can_reply and status == 200:
        return kept_page("community/thread.html", depends_on=seen, context=lambda: shown(None))
    quoted = await reading_thread.quoted(who, reading.board, quote, thread_id) if quote and reading.can_reply else ""
    form = form or Form(Reply, initial={"body": quoted + reading.draft, "key": secrets.token_urlsafe(12)})
    return page("community/thread.html", status=status, **shown(form))


async def _was_read(reading: Reading) -> None:
    who = here().principal
    count_view(reading.thread.id)
    last = reading.posts[-1].post.number if reading.posts else 0
    if who.is_signed_in and last > reading.read_to:
        await actions.read_to(who, reading.thread.id, last)


def number_in(request: Request[Any, Any, Any], name: str, otherwise: int = 0) -> int:
    found = request.query_params.get(name, "")
    return int(found) if found.isdecimal() and len(found) < 10 else otherwise


class ThreadPages(Controller):
    path = "/community/{thread_id:int}"

    @get("/", may="community.read")
    async def show(self, request: Request[Any, Any, Any], thread_id: int) -> Response[bytes]:
        return await show_thread(thread_id, number_in(request, "from", 1), quote=number_in(request, "quote"))

    @get("/unread", may="signed_in")
    async def unread(self, thread_id: int) -> Response[Any]:
        """The first post this person has not read."""
        reading = await reading_thread.read(here().principal, thread_id)
        return Redirect(post_path(thread_id, min(reading.read_to + 1, reading.thread.last_number)), status_code=303)

    @post("/replies", may="community.post")
    async def reply(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        data, mistake = await with_pictures(await request.form())
        form = Form(Reply, data)
        if mistake:
            form.add_error("body", mistake)
        thread = await records.thread(thread_id)
        if form.valid:
            try:
                made = await actions.reply(here().principal, thread_id, form.data.body, key=form.data.key)
            except Refused as refused:
                if refused.status != 422:
                    raise
                form.add_error("body", refused.sentence)
            else:
                flash(_("Your reply is posted.") if made.state == "visible" else _("Your reply waits for approval."))
                return Redirect(made.path, status_code=303)
        return await show_thread(thread_id, thread.last_number, form=form, status=422)

    @post("/vote", may="community.post")
    async def vote(self, thread_id: int) -> Response[Any]:
        thread = await actions.vote(here().principal, thread_id)
        return Redirect(thread.path, status_code=303)

    @delete("/vote", may="community.post", status_code=303)
    async def unvote(self, thread_id: int) -> Response[Any]:
        thread = await actions.unvote(here().principal, thread_id)
        return Redirect(thread.path, status_code=303)

    @delete("/invitation", may="signed_in", status_code=303)
    async def decline(self, thread_id: int) -> Response[Any]:
        await calling.decline(here().principal, thread_id)
        flash(_("Thank you for saying so. Somebody else is asked."))
        return Redirect("/community/asked", status_code=303)

    @post("/follow", may="signed_in")
    async def follow(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        form = Form(Level, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await actions.follow(here().principal, "thread", thread_id, form.data.level)
        flash(_("You follow this thread.") if form.data.level in ("watching", "tracking")
              else _("You no longer follow this thread."))  # fmt: skip
        return Redirect(f"/community/{thread_id}", status_code=303)
