"""A file as rows, whatever it is: CSV, TSV, a workbook of Excel, vCards. Found out from its content, not its name."""

from __future__ import annotations

from pathlib import Path

from core.errors import Refused
from core.i18n import _
from customers.imports.sheets import Row, Sheet
from customers.imports.spool import Spool, spooled
from customers.imports.texts import read_text, text_in
from customers.imports.vcards import is_vcard, read_vcards
from customers.imports.workbooks import read_workbook

__all__ = ["Row", "Sheet", "read_sheet"]


def read_sheet(content: bytes | Path | Spool) -> Sheet:
    """Raises Refused with a sentence when this is no table."""
    file = content if isinstance(content, Spool) else spooled(content)
    first = file.beginning()
    if not first.strip():
        raise Refused(_("The file is empty."))
    if first.startswith(b"PK"):
        return read_workbook(file)
    if first.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(_("This is an old Excel file (.xls), or one with a password. Save it as .xlsx or CSV UTF-8."))
    if first.startswith((b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")):
        raise Refused(_("This is no table. CSV, TSV, Excel (.xlsx) and vCard can be read."))
    text = text_in(file)
    return read_vcards(text) if is_vcard(text) else read_text(text)
