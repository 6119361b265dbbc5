"""Message catalogues of all rooms: `--collect` extracts sentences into `messages.po`; without it, compile to `.mo`."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from core.i18n import LANGUAGES, ROOMS, catalogues

METHODS = [("**/migrations/**", "ignore"), ("**.py", "python"), ("**.html", "jinja2"), ("**.mjml", "ignore")]
OPTIONS = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy": None, "N_": None}


def rooms() -> Iterator[Path]:
    for folder in sorted(ROOMS.iterdir()):
        if (folder / "__init__.py").exists():
            yield folder


def extracted(room: Path) -> Catalog:
    """Every sentence of one room, with the files it stands in."""
    found = Catalog(project="Engawa", charset="utf-8")
    for file, _line, message, comments, context in extract_from_dir(room, METHODS, OPTIONS, keywords=KEYWORDS):
        found.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return found


def collect(room: Path, language: str) -> None:
    target = room / "locale" / language / "LC_MESSAGES" / "messages.po"
    fresh = extracted(room)
    if not len(fresh):
        return
    catalogue = Catalog(locale=language, project="Engawa", charset="utf-8")
    if target.exists():
        catalogue = read_po(io.BytesIO(target.read_bytes()), locale=language)
    catalogue.update(fresh, no_fuzzy_matching=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        write_po(file, catalogue, omit_header=False, sort_output=True, ignore_obsolete=True, include_lineno=False)


def untranslated(room: Path, language: str = "ja") -> list[str]:
    """Sentences of a room that have no translation, or a doubtful one."""
    source = room / "locale" / language / "LC_MESSAGES" / "messages.po"
    known = read_po(io.BytesIO(source.read_bytes()), locale=language) if source.exists() else Catalog(locale=language)
    missing = []
    for message in extracted(room):
        if not message.id:
            continue
        found = known.get(message.id if isinstance(message.id, str) else message.id[0])
        said = found.string if found is not None and not found.fuzzy else ""
        if not (all(said) if isinstance(said, tuple) else said):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def compile_all() -> None:
    for language in LANGUAGES:
        for source in catalogues(language):
            with source.open("rb") as file, source.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(file))


if __name__ == "__main__":
    if "--collect" in sys.argv:
        for room in rooms():
            for language in LANGUAGES:
                if language != "en":
                    collect(room, language)
    compile_all()
