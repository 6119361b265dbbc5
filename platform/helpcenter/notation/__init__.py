"""Other ways to ask, written compactly: one line stands for several wordings.

    {有給/有休}を{翌年に}繰り越す ~{方法/やり方}

| written | means |
| --- | --- |
| `{a/b}` | one of them; `{a/b/}` one of them or nothing |
| `{a}` | may be left out |
| `~{a/b}` | words of little weight: found when somebody types them, never decisive |
| `\\{` `\\}` `\\/` `\\~` `\\\\` | the character itself |

Groups may stand in groups. Full-width ｛ ／ ｝ mean the same as { / }. `/` outside of a group and `~` before anything
but a group are plain text, so that `24/7` and `9:00~18:00` need no care. What cannot be read raises `Unreadable`,
which says where and why.

    line = parse("{有給/有休}を繰り越す")
    line.count                # 2, known before anything is expanded
    forms(line, most=64)      # the wordings, without those of little weight, in the order of writing
    cover(line)               # the fewest wordings in which every alternative stands once: what is indexed
    asides(line)              # the words of little weight
    written(line)             # the line again, in half-width; parse(written(line)) == line
"""

from helpcenter.notation.expanding import asides, cover, forms
from helpcenter.notation.lint import MOST_FORMS, Remark, blocking, lint
from helpcenter.notation.parsing import Group, Line, Unreadable, literal, parse, understood, written

__all__ = ["MOST_FORMS", "Group", "Line", "Remark", "Unreadable", "asides", "blocking", "cover", "forms", "lint",
           "literal", "parse", "understood", "written"]  # fmt: skip
