"""The list, a new guide, its steps in either language, and how it looks."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import LANGUAGES, _, moment
from core.listing import Choice, Column, Listing
from core.pages import flash, page, render
from core.pictures import send
from customers.models import Person
from customers.policy import visible_people
from guides import contents, policy, script, writing
from guides.models import Guide
from guides.pages.around import guide_page, stage
from guides.pages.forms import NewGuide, StepForm
from guides.words import KIND_HINTS, KINDS, PLACEMENTS, STATES, TONES

SHOWN = 20
NOTHING: dict[str, Any] = {}


class GuidePages(Controller):
    path = "/staff/guides"

    @get("/", may="guides.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        listing = Listing(
            request, query=policy.visible_guides(here().principal),
            columns=[Column("name", _("Guide"), sort=True, head=True, href=lambda g: f"/staff/guides/{g.id}"),
                     Column("kind", _("Kind"), value=lambda g: str(KINDS[g.kind]), wide=True),
                     Column("state", _("State"), export=lambda g: str(STATES[g.state])),
                     Column("updated_at", _("Changed"), sort=True, format=moment, wide=True)],
            filters=[Choice("state", _("State"), STATES, many=True), Choice("kind", _("Kind"), KINDS)],
            search=["name"], default_sort="-updated_at",
        )  # fmt: skip
        await listing.load()
        return page("guides/index.html", guides=listing, states=STATES, tones=TONES)

    @get("/new", may="guides.write")
    async def new(self) -> Response[Any]:
        return _new_page(Form(NewGuide))

    @post("/new", may="guides.write", status_code=200)
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewGuide, await request.form())
        if not form.valid:
            return _new_page(form, 422)
        guide = await writing.open_guide(form.data.name, form.data.kind, locale=form.data.locale,
                                         brand=here().principal.brand)  # fmt: skip
        return Redirect(f"/staff/guides/{guide.id}/content", status_code=303)

    @get("/{guide_id:int}", may="guides.write")
    async def show(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        return Redirect(f"/staff/guides/{guide.id}/{stage(guide)}", status_code=303)

    @get("/{guide_id:int}/content", may="guides.write")
    async def content(self, guide_id: int, step: int = 0, lang: str = "", person: int | None = None,
                      width: int = 390) -> Response[Any]:  # fmt: skip
        guide = await writing.find(guide_id)
        return await _content_page(guide, _step_of(guide, step), _language(guide, lang), person=person, width=width)

    @post("/{guide_id:int}/content", may="guides.write", status_code=200)
    async def keep(self, guide_id: int, request: Request[Any, Any, Any], step: int = 0,
                   lang: str = "") -> Response[Any]:  # fmt: skip
        guide = await writing.find(guide_id)
        chosen, locale = _step_of(guide, step), _language(guide, lang)
        form = Form(StepForm, await request.form())
        if not form.valid:
            return await _content_page(guide, chosen, locale, form=form, status=422)
        data = form.data
        texts = {name: getattr(data, name) for name in contents.TEXTS}
        guide.version = data.version or guide.version
        try:
            await writing.keep_step(guide, chosen["id"], locale, texts, selectors=data.selectors.splitlines(),
                                    placement=data.placement, link=data.link, event=data.event,
                                    picture=await _picture_of(data))  # fmt: skip
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _content_page(guide, chosen, locale, form=form, status=refusal.status)
        flash(_("The step is saved."))
        return Redirect(_at(guide, chosen["id"], locale), status_code=303)


async def _picture_of(data: StepForm) -> str | None:
    """The key of the one that was sent now; empty to take the old one away; None to leave it."""
    if data.picture is not None:
        return (await send(await data.picture.read(), data.picture.filename)).key
    return "" if data.without_picture else None


def _at(guide: Guide, step: int, locale: str) -> str:
    return f"/staff/guides/{guide.id}/content?step={step}&lang={locale}"


class StepPages(Controller):
    path = "/staff/guides/{guide_id:int}/steps"

    @post("/", may="guides.write", status_code=200)
    async def add(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        new = await writing.add_step(guide)
        return Redirect(_at(guide, new, guide.locale), status_code=303)

    @delete("/{step_id:int}", may="guides.write", status_code=200)
    async def drop(self, guide_id: int, step_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        await writing.drop_step(guide, step_id)
        flash(_("The step is gone."))
        return Redirect(f"/staff/guides/{guide.id}/content", status_code=303)


class PreviewPages(Controller):
    """A page that stands for the product, with the real script on it; only our own pages may frame it."""

    path = "/staff/guides/{guide_id:int}/preview"

    @get("/", may="guides.write")
    async def show(self, guide_id: int, lang: str = "", step: int = 0) -> Response[Any]:
        guide = await writing.find(guide_id)
        body = render("guides/product.html", guide=guide, lang=_language(guide, lang), step=step,
                      hash=script.current().hash).encode()  # fmt: skip
        nonce = here().nonce
        policy_line = (f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; connect-src 'self';"
                       " base-uri 'none'; form-action 'none'; frame-ancestors 'self';"
                       " require-trusted-types-for 'script'; trusted-types 'none'")  # fmt: skip
        headers = {"Content-Security-Policy": policy_line, "X-Frame-Options": "SAMEORIGIN",
                   "Cache-Control": "private, no-store"}  # fmt: skip
        return Response(body, media_type="text/html; charset=utf-8", headers=headers)

    @get("/content", may="guides.write")
    async def content(self, guide_id: int, lang: str = "", step: int = 0) -> Response[Any]:
        """What a browser would get of what is written now; tips point at the sample page's own places."""
        guide = await writing.find(guide_id)
        body = contents.body_of(guide, _language(guide, lang))
        for n, one in enumerate(body["steps"]):
            one["selectors"] = [f"[data-sample='{n % 3}']"]
        if guide.kind == "tooltip" and step:
            at = next((n for n, one in enumerate(guide.steps) if one["id"] == step), 0)
            body["steps"] = body["steps"][at:]
        return Response(contents.encoded(body).encode(), media_type="application/json",
                        headers={"Cache-Control": "private, no-store"})  # fmt: skip


def _new_page(form: Any, status: int = 200) -> Response[Any]:
    kinds = {kind: f"{label!s} – {KIND_HINTS[kind]!s}" for kind, label in KINDS.items()}
    return page("guides/new.html", status=status, form=form, kinds=kinds, languages=LANGUAGES)


def _step_of(guide: Guide, step: int) -> dict[str, Any]:
    return next((one for one in guide.steps if one["id"] == step), guide.steps[0])


def _language(guide: Guide, lang: str) -> str:
    return lang if lang in LANGUAGES else guide.locale


async def _content_page(guide: Guide, step: dict[str, Any], locale: str, *, form: Any = None, status: int = 200,
                        person: int | None = None, width: int = 390) -> Response[Any]:  # fmt: skip
    people = await _some_people()
    chosen = await visible_people(here().principal).get_or_none(id=person) if person else None
    said = guide.texts.get(locale, {}).get(str(step["id"]), NOTHING)
    initial = said | {"selectors": "\n".join(step.get("selectors") or [])}
    initial |= {name: step.get(name, "") for name in ("placement", "link", "event")}
    source = guide.texts.get(guide.locale, {}).get(str(step["id"]), NOTHING)
    seen_as = chosen.locale if chosen and chosen.locale in LANGUAGES else locale
    return await guide_page(
        "content", guide, "content", status=status, form=form or Form(StepForm, initial=initial), step=step,
        n=guide.steps.index(step) + 1, locale=locale, languages=LANGUAGES, source=source,
        stale={one: contents.is_stale(guide, one) for one in LANGUAGES}, placements=PLACEMENTS, people=people,
        person=chosen, width=1280 if width == 1280 else 390, seen_as=seen_as,
    )  # fmt: skip


async def _some_people() -> list[Person]:
    return await visible_people(here().principal).filter(kind="customer", state="active").order_by("id").limit(SHOWN)
