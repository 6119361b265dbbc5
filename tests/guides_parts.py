"""A product that embeds us, guides written and published through their verbs, and what a browser would send."""

from __future__ import annotations

import json
from typing import Any

from core.context import Here, enter, here
from core.principal import SYSTEM, Principal
from customers import segments
from customers.models import Person
from customers.people import link
from factories import a_person, staff
from guides import identity, product, rollout, writing
from guides.models import Guide, Product

SITE = "https://app.tsukimi.example"
NOW = {"on": "load"}
TITLE = "締め日が近づいています"


async def an_author() -> Principal:
    """From now on a CSM manager does everything."""
    person = await staff("manager", "白石", "ひより")
    who = Principal(person_id=person.id, name="白石 ひより", role="manager", capabilities=SYSTEM.capabilities,
                    all_accounts=True)  # fmt: skip
    enter(Here(principal=who, language=here().language))
    return who


async def a_product(*sites: str, **more: Any) -> Product:
    made = await product.product_of("default")
    await product.change(made, **({"origins": list(sites) or [SITE], "has_launcher": True, "gap_hours": 24,
                                   "survey_gap_days": 90} | more))  # fmt: skip
    return made


async def a_user(sub: str = "u-1", **fields: Any) -> Person:
    """A person whom the product calls `sub`."""
    from core.clock import now

    person = await a_person(**fields)
    await link("user_id", sub, person.id, source="test", verified_at=now())
    return person


async def everybody() -> int:
    """A segment that holds everyone."""
    return (await segments.save("みんな", {"all": []})).id


async def written(
    kind: str = "banner", title: str = TITLE, *, steps: list[dict[str, Any]] | None = None, **audience: Any
) -> Guide:
    """A draft with its words and its audience."""
    guide = await writing.open_guide(title, kind)
    for n, step in enumerate(steps or [{}], 1):
        if n > len(guide.steps):
            await writing.add_step(guide)
        texts = {"title": title} | {k: v for k, v in step.items() if k in ("title", "text", "alt", "button")}
        where = {k: v for k, v in step.items() if k in ("selectors", "placement", "link", "event", "picture")}
        await writing.keep_step(guide, guide.steps[n - 1]["id"], "ja", texts, **({"selectors": []} | where))
    frequency = {"frequency": guide.frequency, "every_days": guide.every_days}
    await writing.change_audience(guide, writing.Audience(**({"name": title, "trigger": NOW} | frequency | audience)))
    return guide


async def live(kind: str = "banner", title: str = TITLE, **more: Any) -> Guide:
    """Written, tried on one colleague, judged, and out for everybody (or `segment_id`)."""
    more.setdefault("segment_id", await everybody())
    guide = await written(kind, title, **more)
    await rollout.start_pilot(guide, "社内", [(await a_person()).id])
    await rollout.judge(guide, True, "わかりやすい")
    await rollout.publish(guide)
    return guide


def token(made: Product, sub: str = "u-1", **more: Any) -> str:
    return identity.sign(product.secrets_of(made)[0], sub, **more)


class Page:
    """What the script in somebody's browser asks."""

    def __init__(self, web: Any, made: Product, sub: str = "u-1", *, origin: str = SITE) -> None:
        self.web, self.key, self.token, self.origin = web, made.key, token(made, sub), origin

    async def post(self, path: str, **body: Any) -> Any:
        headers = {"origin": self.origin, "content-type": "text/plain;charset=UTF-8"}
        said, author = json.dumps({"key": self.key, "token": self.token, **body}), here()
        try:
            return await self.web.post(f"/w/{path}", content=said, headers=headers)
        finally:
            enter(author)  # the application runs in this very context

    async def offered(self) -> list[str]:
        """Names of the guides that the decision holds."""
        found = await self.post("session")
        assert found.status_code == 200, found.text
        return [one[0] for one in found.json()["guides"]]

    async def claim(self, guide: Guide) -> Any:
        return await self.post("views", guide=guide.key, hash=guide.contents["ja"])

    async def shown(self, guide: Guide) -> str:
        """The view's key."""
        found = await self.claim(guide)
        assert found.status_code == 200, found.text
        return str(found.json()["view"])
