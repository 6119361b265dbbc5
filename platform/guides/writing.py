"""Writing: open a guide, keep its steps and words in either language, choose for whom and when."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import msgspec

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import LANGUAGES, _
from core.markdown import NONE, Pictures
from core.pictures import attach, ready
from core.policy import ensure
from core.refs import Ref
from guides import policy
from guides.contents import MOST_SELECTORS, MOST_STEPS, ONE_STEP, TEXTS, WITH_PICTURE, source_digest
from guides.models import FREQUENCIES, KINDS, Guide
from guides.published import forget_after_commit

LONGEST_TEXT = 1_000
MOST_URLS = 20
MOST_HELD_OUT = 50  # per cent


class Audience(msgspec.Struct):
    """For whom, where, when and how often."""

    name: str
    segment_id: int | None = None
    urls: list[str] = []
    trigger: dict[str, Any] = {}
    frequency: str = "once"
    every_days: int = 30
    most_views: int = 3
    priority: int = 50
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    goal: str = ""
    goal_days: int = 14
    holdout: int = 0


async def find(guide_id: int) -> Guide:
    """A guide that the one who asks may see. Raises NotFound."""
    found = await policy.visible_guides(current_principal()).get_or_none(id=guide_id)
    if found is None:
        raise NotFound(_("There is no such guide."))
    return found


async def open_guide(name: str, kind: str, *, locale: str = "ja", brand: str = "default") -> Guide:
    who = current_principal()
    ensure(policy.can_write(who))
    if kind not in KINDS or locale not in LANGUAGES or not name.strip():
        raise Refused(_("Give the guide a name and a kind."))
    count = 2 if kind == "checklist" else 1
    frequency = {"checklist": "until_closed", "banner": "until_closed", "survey": "repeat"}.get(kind, "once")
    async with transaction():
        guide = await Guide.create(
            key=secrets.token_urlsafe(18), brand=brand, name=name.strip()[:120], kind=kind, locale=locale,
            steps=[{"id": n} for n in range(1, count + 1)], trigger={"on": "load"}, frequency=frequency,
            every_days=180 if kind == "survey" else 30, created_by_id=who.person_id, created_at=now(),
            updated_at=now(),
        )  # fmt: skip
        await audit("guide.open", Ref("guide", guide.id), after={"name": guide.name, "kind": kind})
    return guide


async def keep_step(
    guide: Guide, step_id: int, locale: str, texts: dict[str, str], *, selectors: list[str], placement: str = "",
    link: str = "", event: str = "", picture: str | None = None,
) -> None:  # fmt: skip
    """The words of one step in one language. Where it points, and its picture, are the same in every language.
    `picture`: the key of one that was sent (core.pictures), empty for none; without it the one that is there stays."""
    ensure(policy.can_write(current_principal()))
    if locale not in LANGUAGES:
        raise Refused(_("Choose a language of the list."))
    before = next((one for one in guide.steps if one["id"] == step_id), None)
    if before is None:
        raise NotFound(_("There is no such step."))
    step = {"id": step_id, "selectors": _selectors(selectors), "placement": placement, "link": checked_link(link),
            "event": event.strip()[:120]}  # fmt: skip
    pictures = Pictures()
    if picture:
        pictures = await pictures_to_stand_in(guide, picture)
    if kept := _as_kept(pictures) if picture is not None else before.get("picture"):
        step["picture"] = kept
    said = {name: texts.get(name, "").strip()[:LONGEST_TEXT] for name in TEXTS}
    steps = [step if one["id"] == step_id else one for one in guide.steps]
    words = dict(guide.texts.get(locale, {})) | {str(step_id): {name: text for name, text in said.items() if text}}
    if not words[str(step_id)]:
        del words[str(step_id)]
    kept = {one: held for one, held in (guide.texts | {locale: words}).items() if held}
    await _save(guide, steps=steps, texts=kept, translated_from=_translated(guide, locale), pictures=pictures)


def _translated(guide: Guide, locale: str) -> dict[str, str]:
    """Saving a translation says that it fits today's wording of the source."""
    return guide.translated_from if locale == guide.locale else guide.translated_from | {locale: source_digest(guide)}


async def add_step(guide: Guide) -> int:
    ensure(policy.can_write(current_principal()))
    if guide.kind in ONE_STEP:
        raise Refused(_("This kind has one step."))
    if len(guide.steps) >= MOST_STEPS:
        raise Refused(_("At most %(n)s steps.", n=MOST_STEPS))
    new = max(one["id"] for one in guide.steps) + 1
    await _save(guide, steps=[*guide.steps, {"id": new}], texts=guide.texts, translated_from=guide.translated_from)
    return int(new)


async def drop_step(guide: Guide, step_id: int) -> None:
    ensure(policy.can_write(current_principal()))
    if len(guide.steps) <= (2 if guide.kind == "checklist" else 1):
        raise Refused(_("A guide needs something to say."))
    if guide.kind == "checklist" and step_id == guide.steps[0]["id"]:
        raise Refused(_("The first part is the list's title."))
    texts = {locale: {key: said for key, said in words.items() if key != str(step_id)}
             for locale, words in guide.texts.items()}  # fmt: skip
    steps = [one for one in guide.steps if one["id"] != step_id]
    await _save(guide, steps=steps, texts=texts, translated_from=guide.translated_from)


async def pictures_to_stand_in(guide: Guide, key: str) -> Pictures:
    if guide.kind not in WITH_PICTURE:
        raise Refused(_("This kind has no picture."))
    found = await ready(f"/media/{key}", current_principal().person_id, Ref("guide", guide.id))
    if not found:
        raise Refused(_("Choose a file."))
    return found


def _as_kept(pictures: Pictures) -> dict[str, Any]:
    return {name: getattr(one, name) for one in pictures.sized for name in ("key", "width", "height", "small")}


async def _save(guide: Guide, *, steps: Any, texts: Any, translated_from: Any, pictures: Pictures = NONE) -> None:
    async with transaction():
        won = await write(
            "UPDATE guide SET steps = ?, texts = ?, translated_from = ?, updated_at = ?, version = version + 1"
            " WHERE id = ? AND version = ? AND state IN ('draft', 'paused') RETURNING id",
            steps, texts, translated_from, now(), guide.id, guide.version,
        )  # fmt: skip
        _won(won)
        await attach(Ref("guide", guide.id), pictures, current_principal().person_id)
        await audit("guide.write", Ref("guide", guide.id))
    await guide.refresh_from_db()


def _won(found: list[Any]) -> None:
    if not found:
        raise Conflict(_("Somebody else has changed this guide meanwhile, or it is live. Reload the page."))


async def change_audience(guide: Guide, chosen: Audience) -> None:
    ensure(policy.can_write(current_principal()))
    if chosen.frequency not in FREQUENCIES or chosen.trigger.get("on") not in ("load", "event"):
        raise Refused(_("Choose one of the list."))
    if chosen.starts_at and chosen.ends_at and chosen.ends_at <= chosen.starts_at:
        raise Refused(_("It must end after it has begun."))
    if chosen.holdout and (guide.kind == "survey" or not chosen.goal.strip()):
        raise Refused(_("Only a guide with a goal can be compared with people who do not see it; a survey asks all."))
    if not 0 <= chosen.holdout <= MOST_HELD_OUT:
        raise Refused(_("At most %(n)s %% may be held out.", n=MOST_HELD_OUT))
    urls = [checked_url(one) for one in chosen.urls if one.strip()]
    if len(urls) > MOST_URLS:
        raise Refused(_("At most %(n)s addresses.", n=MOST_URLS))
    async with transaction():
        won = await write(
            "UPDATE guide SET name = ?, segment_id = ?, urls = ?, trigger = ?, frequency = ?, every_days = ?,"
            " most_views = ?, priority = ?, starts_at = ?, ends_at = ?, goal = ?, goal_days = ?,"
            " held_since = CASE WHEN holdout = ? THEN held_since ELSE ? END, holdout = ?,"
            " updated_at = ?, version = version + 1"
            " WHERE id = ? AND version = ? AND state IN ('draft', 'paused') RETURNING id",
            chosen.name.strip()[:120] or guide.name, chosen.segment_id, urls, chosen.trigger, chosen.frequency,
            chosen.every_days, chosen.most_views, chosen.priority, chosen.starts_at, chosen.ends_at,
            chosen.goal.strip()[:120], chosen.goal_days, chosen.holdout, now(), chosen.holdout, now(), guide.id,
            guide.version,
        )  # fmt: skip
        _won(won)
        await audit("guide.audience", Ref("guide", guide.id), after=msgspec.to_builtins(chosen))
        forget_after_commit()
    await guide.refresh_from_db()


def _selectors(found: list[str]) -> list[str]:
    kept = [one.strip()[:300] for one in found if one.strip()]
    if len(kept) > MOST_SELECTORS:
        raise Refused(_("At most %(n)s places to look for.", n=MOST_SELECTORS))
    return kept


def checked_link(link: str) -> str:
    """An address that a browser may follow from somebody's product: https, or a path of the product itself."""
    text = link.strip()
    if text and not (text.startswith("https://") or (text.startswith("/") and not text.startswith(("//", "/\\")))):
        raise Refused(_("A link begins with https:// or, within the product, with /."))
    return text[:1000]


def checked_url(pattern: str) -> str:
    """/path*, https://…* or !/not-here*."""
    text = pattern.strip()
    if not text.removeprefix("!").startswith(("/", "https://", "http://", "*")) or len(text) > 300:
        raise Refused(_("An address begins with / or https://: %(text)s", text=text[:100]))
    return text
