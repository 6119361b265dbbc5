"""Deciding about searches: whose brand, which thing is meant, what is proposed, and how it would look to a reader."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from core.context import here
from core.database import rows
from core.errors import NotFound
from core.forms import Form
from core.i18n import _
from core.refs import Ref
from helpcenter import finding
from helpcenter.tuning_forms import HideForm, PinForm, StopWordForm, SynonymForm
from search import Controls, Hide, Pin, StopWord, Synonym
from search.controls import Control
from search.text import clean

READER = frozenset({"public", "members"})  # what changes is shown as a customer who is signed in would see it


async def brands() -> list[str]:
    """Every brand that has articles or categories, the one at hand first."""
    found = await rows("SELECT brand FROM article UNION SELECT brand FROM category ORDER BY 1")
    return list(dict.fromkeys([here().principal.brand, *(row[0] for row in found if row[0])]))


async def chosen_brand(asked: str) -> str:
    """The brand asked for, when there is one; else the one at hand."""
    return asked if asked in await brands() else here().principal.brand


async def named(what: str) -> Ref:
    """`article:7`, an address on this site, or the title of something that readers find. Raises NotFound."""
    what = clean(what).strip()
    ref = finding.ref_of(what)
    path = unquote(urlsplit(what).path).removesuffix("/") if "/" in what else ""
    found = await rows(
        "SELECT kind, ref_id FROM search_document WHERE state = 'live' AND ((kind = ? AND ref_id = ?) OR url = ?"
        " OR title = ?) ORDER BY id LIMIT 1",
        ref.kind if ref else "", ref.id if ref else 0, path or "-", what,
    )  # fmt: skip
    if not found or found[0]["kind"] not in finding.kinds:
        raise NotFound(_("Nothing that readers find is called “%(what)s”. Write its title or its address.", what=what))
    return Ref(found[0]["kind"], int(found[0]["ref_id"]))


def proposed(data: Any) -> Control | None:
    """The decision that a form holds, not yet made; None while it is not complete."""
    kinds: dict[str, type[Any]] = {"synonym": SynonymForm, "stop_word": StopWordForm, "pin": PinForm, "hide": HideForm}
    form: Form[Any] | None = Form(kinds[str(data.get("kind"))], data) if str(data.get("kind")) in kinds else None
    if form is None or not form.valid:
        return None
    said = form.data
    if isinstance(said, SynonymForm):
        return Synonym(0, said.brand, said.each(), said.is_two_way) if len(set(said.each())) > 1 else None
    if isinstance(said, StopWordForm):
        return StopWord(0, said.brand, said.word)
    ref = finding.ref_of(said.what)
    if ref is None:
        return None
    if isinstance(said, PinForm):
        return Pin(0, said.brand, said.query, ref, said.position, said.is_contained)
    return Hide(0, said.brand, ref, said.query)


def control_named(controls: Controls, name: str) -> Control | None:
    """`synonym:3` among the decisions that stand."""
    kind, _colon, number = name.partition(":")
    among: dict[str, tuple[Control, ...]] = {"synonym": controls.synonyms, "stop_word": controls.stop_words,
                                             "pin": controls.pins, "hide": controls.hides}  # fmt: skip
    return next((one for one in among.get(kind, ()) if str(one.id) == number), None)
