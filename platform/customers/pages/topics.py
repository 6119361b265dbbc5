"""The topics that people may hear about, as an administrator changes them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.audit import audit
from core.database import IntegrityError, rows, savepoint, transaction
from core.errors import Conflict, NotFound
from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from core.refs import Ref
from customers.models import Consent, Topic
from customers.topics import CHAT_REPLIES, TRACKING

PATH = "/staff/settings/topics"
Named = Annotated[Line, Meta(min_length=1, max_length=120)]
Slug = Annotated[
    str, Meta(min_length=2, max_length=40, pattern="^[a-z][a-z0-9-]*$", description="Use small letters and hyphens.")
]


class Names(msgspec.Struct):
    name_ja: Named
    name_en: Named
    position: Annotated[int, Meta(ge=0, le=1000)] = 0


class NewTopic(Names):
    slug: Slug = ""


class TopicPages(Controller):
    path = PATH
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await _listed(Form(NewTopic))

    @post("/", may="settings.manage", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewTopic, await request.form())
        if form.valid and (not form.data.slug or form.data.slug in (TRACKING.slug, CHAT_REPLIES.slug)):
            form.add_error("slug", _("Write another word."))
        if form.valid and not await _added(form.data):
            form.add_error("slug", _("This word is taken by another topic."))
        if not form.valid:
            return await _listed(form, 422)
        flash(_("Added. People can choose it from now on."))
        return Redirect(PATH, status_code=303)

    @get("/{topic_id:int}", may="settings.manage")
    async def show(self, topic_id: int) -> Response[Any]:
        topic = await _topic(topic_id)
        return page("customers/topic.html", topic=topic, form=Form(Names, initial=topic))

    @post("/{topic_id:int}", may="settings.manage", status_code=200)
    async def change(self, request: Request[Any, Any, Any], topic_id: int) -> Response[Any]:
        topic, form = await _topic(topic_id), Form(Names, await request.form())
        if not form.valid:
            return page("customers/topic.html", status=422, topic=topic, form=form)
        before, after = _said(topic), msgspec.to_builtins(form.data)
        async with transaction():
            await topic.update_from_dict(after).save()
            await audit("change", Ref("topic", topic.id), before=before, after=_said(topic))
        flash(_("Saved."))
        return Redirect(PATH, status_code=303)

    @delete("/{topic_id:int}", may="settings.manage", status_code=303)
    async def drop(self, topic_id: int) -> Redirect:
        """Only one that nobody decided about: what people said yes to is not taken from under it."""
        async with transaction():
            topic = await _topic(topic_id)
            if await Consent.filter(topic=topic.slug).exists():
                raise Conflict(_("People have decided about this topic. Give it another name instead."))
            await audit("delete", Ref("topic", topic.id), before=_said(topic))
            await topic.delete()
        flash(_("Deleted."))
        return Redirect(PATH, status_code=303)


async def _topic(topic_id: int) -> Topic:
    found = await Topic.get_or_none(id=topic_id, is_transactional=False)
    if found is None:
        raise NotFound(_("There is no such topic."))
    return found


def _said(topic: Topic) -> dict[str, Any]:
    return {"slug": topic.slug, "name_ja": topic.name_ja, "name_en": topic.name_en, "position": topic.position}


async def _added(typed: NewTopic) -> bool:
    async with transaction():
        try:
            async with savepoint():
                made = await Topic.create(**msgspec.to_builtins(typed))
        except IntegrityError:
            return False
        await audit("add", Ref("topic", made.id), after=_said(made))
    return True


async def _listed(form: Form[NewTopic], status: int = 200) -> Response[Any]:
    given = await rows("SELECT topic, COUNT(DISTINCT person_id) FROM consent WHERE state = 'given' GROUP BY topic")
    return page("customers/topics.html", status=status, form=form, agreed={row[0]: row[1] for row in given},
                topics=await Topic.filter(is_transactional=False).order_by("position", "id"))  # fmt: skip


navigation.add("settings", lazy("Topics"), PATH, may="settings.manage", icon="list", order=45, group=4)
controllers = [TopicPages]
