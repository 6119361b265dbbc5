"""For the signed-in person: what they receive, and their notices."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.entrance import client_ip
from core.errors import NotFound
from core.i18n import _
from core.listing import Column, Listing
from core.pages import flash, page, safe_path
from customers import consent, notices, timeline, topics
from customers.models import ConsentProof, Notice
from customers.pages.common import CHANNELS
from customers.pages.people import matrix
from customers.telling import words_of


class OwnPages(Controller):
    path = "/"

    @get("/me/contact", may="signed_in")
    async def contact(self) -> Response[Any]:
        """受け取る連絡."""
        person = current_principal().person_id or 0
        proofs = await ConsentProof.filter(person_id=person).order_by("-at", "-id").limit(10)
        consents = await matrix(person)
        names = {one["slug"]: one["name"] for one in consents}
        return page("customers/contact.html", consents=consents, proofs=proofs, channels=CHANNELS, names=names)

    @post("/me/contact", may="signed_in")
    async def save_contact(self, request: Request[Any, Any, Any]) -> Redirect:
        data = await request.form()
        wanted = set(data.getall("wants", []))
        person = current_principal().person_id or 0
        changed = 0
        has = await topics.channels_of(person)
        for offer in await topics.choices():
            for channel in (one for one in has if one in offer.channels):
                state = "given" if f"{offer.slug}:{channel}" in wanted else "refused"
                changed += await _decide(person, offer, channel, state, request)
        if changed:
            await timeline.record(person, "customers.consented", changed=changed)
        flash(_("Saved. This is what you receive from now on."))
        return Redirect("/me/contact", status_code=303)

    @get("/notices", may="signed_in")
    async def notices(self, request: Request[Any, Any, Any]) -> Response[Any]:
        found = Listing(request, query=Notice.filter(person_id=current_principal().person_id or 0),
                        columns=[Column("created_at", _("When"), sort=True)], default_sort="-created_at",
                        counted=False, name="notices")  # fmt: skip
        await found.load()
        shown = [{"notice": one, "words": words_of(one)} for one in found.rows]
        return page("customers/notices.html", notices=found, shown=shown,
                    unread=await notices.unread_count(current_principal().person_id or 0))  # fmt: skip

    @post("/notices/read", may="signed_in")
    async def read_all(self) -> Redirect:
        await notices.mark_read(current_principal().person_id or 0)
        flash(_("Everything is read."))
        return Redirect("/notices", status_code=303)

    @get("/notices/{notice_id:int}", may="signed_in")
    async def follow(self, notice_id: int) -> Redirect:
        """The link of a notice: marks it read and leads on."""
        person = current_principal().person_id or 0
        found = await Notice.get_or_none(id=notice_id, person_id=person)
        if found is None:
            raise NotFound(_("There is no such notice."))
        await notices.mark_read(person, notice_id)
        return Redirect(safe_path(found.url, "/notices"), status_code=303)


async def _decide(person: int, offer: topics.Offer, channel: str, state: str, request: Request[Any, Any, Any]) -> int:
    """Only what changed is written: silence is not a new proof."""
    before = await consent.state_of(person, offer.slug, channel)
    if before == state or (before is None and state == ("given" if offer.is_given else "refused")):
        return 0
    await consent.decide(
        person,
        offer.slug,
        channel,
        state,
        source="form",
        evidence={"page": "/me/contact", "wording": offer.name, "ip": client_ip(request.scope)},
    )
    return 1
