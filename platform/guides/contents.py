"""What browsers get: one JSON document per language, named by its hash, and the revision that all of them make."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.clock import now
from core.database import write
from core.i18n import LANGUAGES, _, speaking
from guides.models import Guide

TEXTS = ("title", "text", "alt", "button", "low", "high", "follow_up", "thanks")
ONE_STEP = ("banner", "modal", "survey")
WITH_PICTURE = ("banner", "modal", "tooltip")
WIDEST, HIGHEST = 420, 280  # CSS pixels of a picture, within a box of 30 rem
MOST_STEPS = 12
MOST_SELECTORS = 6


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def words_of(guide: Guide, locale: str) -> dict[str, dict[str, str]]:
    """The texts of one language by step; a step without any falls back to the language it was written in."""
    source, own = guide.texts.get(guide.locale, {}), guide.texts.get(locale, {})
    return {str(step["id"]): own.get(str(step["id"])) or source.get(str(step["id"]), {}) for step in guide.steps}


def source_digest(guide: Guide) -> str:
    return digest(guide.texts.get(guide.locale, {}))


def is_stale(guide: Guide, locale: str) -> bool:
    """Whether a translation was made from another wording than today's."""
    if locale == guide.locale or not guide.texts.get(locale):
        return False
    return bool(guide.translated_from.get(locale) != source_digest(guide))


def languages_of(guide: Guide) -> list[str]:
    """Its own language first, then those it was translated into."""
    return [guide.locale, *(one for one in LANGUAGES if one != guide.locale and guide.texts.get(one))]


def body_of(guide: Guide, locale: str) -> dict[str, Any]:
    """What a browser needs to show the guide in `locale`, its buttons' words included."""
    words = words_of(guide, locale)
    with speaking(locale):
        return {"kind": guide.kind, "lang": locale, "steps": [_step(step, words) for step in guide.steps],
                "words": script_words(guide.kind)}  # fmt: skip


def _step(step: dict[str, Any], words: dict[str, dict[str, str]]) -> dict[str, Any]:
    said = words[str(step["id"])]
    kept = {name: step[name] for name in ("id", "selectors", "placement", "link", "event") if step.get(name)}
    if step.get("picture"):
        kept["picture"] = _picture(step["picture"])
    return kept | {name: said[name] for name in TEXTS if said.get(name)}


def _picture(kept: dict[str, Any]) -> dict[str, Any]:
    """Where it is, and its size in CSS pixels, so that nothing moves when it comes."""
    scale = min(1.0, WIDEST / kept["width"], HIGHEST / kept["height"])
    path = f"/media/small/{kept['key']}" if kept.get("small") else f"/media/{kept['key']}"
    return {"src": path, "width": max(1, round(kept["width"] * scale)), "height": max(1, round(kept["height"] * scale))}


def script_words(kind: str) -> dict[str, str]:
    """The words of the script's own buttons. Another language's are asked for inside `speaking`."""
    found = {"close": _("Close")}
    if kind == "tooltip":
        found |= {"next": _("Next step"), "done": _("Done with it"), "of": _("%n of %m")}
    if kind == "checklist":
        found["of"] = _("%n of %m done")
    if kind == "survey":
        found |= {"send": _("Send the answer"), "low": _("Not at all likely"), "high": _("Very likely"),
                  "follow_up": _("What is the main reason?"), "thanks": _("Thank you for telling us.")}  # fmt: skip
    return found


def launcher_words() -> dict[str, str]:
    return {"label": _("Help"), "search": _("Search for help"), "close": _("Close"),
            "none": _("Nothing found. Try other words."), "some": _("%n found"), "all": _("Open the help centre"),
            "ask": _("Ask in the chat")}  # fmt: skip


def encoded(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def frozen_of(guide: Guide) -> dict[str, str]:
    """The document of each language, as text."""
    return {locale: encoded(body_of(guide, locale)) for locale in languages_of(guide)}


def name_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def revision_of(guide: Guide) -> str:
    """A digest of everything a person meets: the words in every language, where they point, and when they come.

    Whom it is for, its dates and its priority are not part: they may change without a new pilot.
    """
    return digest([guide.kind, guide.steps, {one: words_of(guide, one) for one in languages_of(guide)}, guide.urls,
                   guide.trigger])  # fmt: skip


async def freeze(guide: Guide) -> None:
    """Keep today's documents under their hashes and make them the guide's own. In the caller's transaction."""
    bodies = frozen_of(guide)
    for locale, body in bodies.items():
        await write("INSERT INTO guide_content (hash, guide_id, locale, body, created_at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (hash) DO NOTHING", name_of(body), guide.id, locale, body, now())  # fmt: skip
    contents = {locale: name_of(body) for locale, body in bodies.items()}
    await write("UPDATE guide SET revision = ?, contents = ? WHERE id = ?", revision_of(guide), contents, guide.id)
