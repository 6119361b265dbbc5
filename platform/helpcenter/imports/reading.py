"""Reading JSONL, CSV (UTF-8 and CP932) and folders of Markdown. Nothing here touches the database."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from core.errors import Refused
from core.i18n import LANGUAGES, _
from helpcenter.imports.rows import KNOWN, Row, broken, refused, row_of

FORMATS = ("jsonl", "csv", "markdown")
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".md": "markdown", ".markdown": "markdown"}
MOST_ROWS = 20_000
MOST_BYTES = 50_000_000
_numbered = re.compile(r"^(?:\d+[-_ ]+)?(.*)$")
_ascii_slug = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")

Files = Sequence[tuple[str, bytes]]  # name (with its folders) and content


def read_path(path: Path, format: str | None = None) -> tuple[str, Files]:
    """A file, or the Markdown files of a folder. Raises Refused when there is nothing to read."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".md", ".markdown") and p.is_file())
        if not found:
            raise Refused(_("There is no Markdown file in %(path)s.", path=path))
        return "markdown", [(str(p.relative_to(path)), _content(p)) for p in found[:MOST_ROWS]]
    if not path.is_file():
        raise Refused(_("There is no file %(path)s.", path=path))
    return format_of(path.name, format), [(path.name, _content(path))]


def _content(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise Refused(_("%(path)s is larger than %(n)s MB.", path=path.name, n=MOST_BYTES // 1_000_000))
    return path.read_bytes()


def format_of(name: str, format: str | None = None) -> str:
    found = format or SUFFIXES.get(Path(name).suffix.lower())
    if found not in FORMATS:
        raise Refused(_("Say what kind of file it is: jsonl, csv or markdown."))
    return found


def read_files(files: Files, format: str, lang: str = "ja") -> list[Row]:
    """Every row of the files, refused ones with their reason; an id and language that came before is refused.

    Raises Refused when the whole cannot be read: a CSV without the headings, bytes that are no text.
    """
    readers = {"jsonl": _jsonl, "csv": _csv, "markdown": _markdown}
    rows: list[Row] = []
    for name, content in files:
        for row in readers[format](name, content, lang):
            if len(rows) >= MOST_ROWS:
                raise Refused(_("The file has more than %(n)s rows. Split it.", n=f"{MOST_ROWS:,}"))
            rows.append(row)
    if not rows:
        raise Refused(_("There is nothing in the file."))
    return _without_doubles(rows)


def _without_doubles(rows: list[Row]) -> list[Row]:
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = first.setdefault((row.id, row.locale), row) if row.outcome != "refused" else row
        if before is not row:
            refused(row, _("Has the same id as %(where)s.", where=before.where))
    return rows


def _utf8(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_("%(name)s is not UTF-8 (at byte %(n)s).", name=name, n=error.start)) from None


def _jsonl(name: str, content: bytes, lang: str) -> Iterator[Row]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        where = _("line %(n)s", n=number)
        try:
            found = json.loads(line.decode())
        except (ValueError, RecursionError):
            yield broken(where, _("Is not JSON in UTF-8."))
            continue
        yield row_of(found, where, lang) if isinstance(found, dict) else broken(where, _("Is not an object: {…}."))


def _csv(name: str, content: bytes, lang: str) -> Iterator[Row]:
    text = _spreadsheet_text(content, name)
    table = csv.reader(io.StringIO(text, newline=""), _dialect(text), strict=True)
    try:
        heads = [head.strip() for head in next(table, [])]
        known = {KNOWN.get(head.lower()) for head in heads}
        if not {"title", "body"} <= known:
            raise Refused(
                _("The first line needs headings for the question and the answer, such as 質問,回答 or title,body.")
            )
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            where = _("line %(n)s", n=table.line_num)
            if len(cells) > len(heads) and any(cell.strip() for cell in cells[len(heads) :]):
                yield broken(where, _("Has more cells than headings."))
            else:
                yield row_of(dict(zip(heads, cells, strict=False)), where, lang)
    except csv.Error:
        yield broken(_("line %(n)s", n=table.line_num), _("A quotation mark is missing, or a cell is too long."))


def _spreadsheet_text(content: bytes, name: str) -> str:
    """UTF-8, else CP932 (what Excel in Japan writes). Raises Refused for neither."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise Refused(_("%(name)s is neither UTF-8 nor Shift_JIS.", name=name))


def _dialect(text: str) -> Any:
    head = text.split("\n", 1)[0]
    return csv.excel_tab if head.count("\t") > head.count(",") else csv.excel


def _markdown(name: str, content: bytes, lang: str) -> Iterator[Row]:
    try:
        front, body = _front_matter(_utf8(content, name), name)
    except Refused as refusal:
        yield broken(name, refusal.sentence)
        return
    stem = _numbered.sub(r"\1", Path(name).stem) or Path(name).stem
    if not any(KNOWN.get(str(key).lower()) == "title" for key in front):
        front["title"], body = _title_from(body, stem)
    front.setdefault("id", Path(name).stem)
    if _ascii_slug.fullmatch(stem):
        front.setdefault("slug", stem)
    yield row_of({**front, "body": body}, name, _folder_language(name) or lang)


def _front_matter(text: str, name: str) -> tuple[dict[str, Any], str]:
    """(front matter, body). Every value is a string or a list of strings: `id: 001` stays 001."""
    if not re.match(r"---\s*\n", text):
        return {}, text
    parts = re.split(r"^---\s*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) < 3:
        raise Refused(_("The head between --- and --- does not end."))
    try:
        found = yaml.load(parts[1], Loader=yaml.BaseLoader)  # noqa: S506  strings only, no objects
    except (yaml.YAMLError, RecursionError):
        raise Refused(_("The head between --- and --- cannot be read.")) from None
    if found in (None, ""):
        return {}, parts[2].lstrip("\n")
    if not isinstance(found, dict):
        raise Refused(_("The head between --- and --- cannot be read."))
    return found, parts[2].lstrip("\n")


def _title_from(body: str, stem: str) -> tuple[str, str]:
    found = re.match(r"\s*# (.+)\n?", body)
    return (found.group(1).strip(), body[found.end() :].lstrip("\n")) if found else (stem, body)


def _folder_language(name: str) -> str:
    """`en/001-closing-day.md` is English, and so is `closing-day.en.md`."""
    parts = [*Path(name).parts[:-1], *Path(name).stem.split(".")[1:]]
    return next((part.lower() for part in parts if part.lower() in LANGUAGES), "")
