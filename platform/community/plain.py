"""Stored HTML as plain words."""

from __future__ import annotations

import html
import re

from core.markdown import described

_inline = re.compile(r"</?(?:a|b|strong|em|i|code|del|s)\b[^>]*>")
_tags = re.compile(r"<[^>]*>")
_spaces = re.compile(r"\s+")


def plain(markup: str, most: int = 160) -> str:
    """Without tags, on one line, cut to `most` characters."""
    words = _spaces.sub(" ", html.unescape(_tags.sub(" ", _inline.sub("", described(markup[: most * 20]))))).strip()
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
