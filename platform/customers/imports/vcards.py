"""vCards (RFC 6350 and 2426, and 2.1 of Japanese telephones) as a table of people, one row a card."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.imports.sheets import LONGEST_CELL, Row, Sheet
from customers.imports.texts import Text
from customers.names import kana

HEADINGS = ["UID", "姓", "名", "セイ", "メイ", "氏名", "会社名", "部署名", "役職", "メール", "電話番号"]
WANTED = {"UID", "N", "FN", "ORG", "TITLE", "EMAIL", "TEL", "SORT-STRING", "SOUND", "X-PHONETIC-LAST-NAME",
          "X-PHONETIC-FIRST-NAME", "VERSION", "BEGIN", "END"}  # fmt: skip
_name = re.compile(r'^(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)$', re.ASCII | re.DOTALL)
_parameter = re.compile(r';([\w-]+)(?:=((?:"[^"]*"|[^;"])*))?', re.ASCII)
_kana = re.compile(r"[\u3040-\u30ff\uff66-\uff9f・\s ,]+")


class Property(msgspec.Struct):
    """One line of a card: its name, what its parameters say (PREF, WORK …), its value."""

    name: str
    given: dict[str, str]
    value: str

    @property
    def parts(self) -> list[str]:
        """The value's fields, which ; divides, without the strokes that guard letters."""
        return [unguarded(part) for part in re.split(r"(?<!\\);", self.value)]


def is_vcard(text: Text) -> bool:
    return any(line.strip().upper() == "BEGIN:VCARD" for line in islice(text.lines(), 5))


def read_vcards(text: Text) -> Sheet:
    """Raises Refused when the file holds no card that ends."""
    first = next(_cards(text), None)
    if first is None:
        raise Refused(_("The file holds no vCard that is whole."))
    version = next((one.value.strip()[:8] for one in first[1] if one.name == "VERSION"), "")
    return Sheet(HEADINGS, f"vCard {version}".strip(), lambda: (_row(*card) for card in _cards(text)))


def _cards(text: Text) -> Iterator[tuple[int, list[Property]]]:
    """(line, properties) of every card. One that is never ended is told by its first property, `BEGIN`."""
    card: list[Property] | None = None
    began = 0
    for number, line in _unfolded(text):
        one = _property(line)
        if one is None:
            continue
        if one.name in {"BEGIN", "END"} and one.value.strip().upper() == "VCARD":
            if card is not None:
                yield began, card if one.name == "END" else [Property("BEGIN", {}, ""), *card]
            card, began = ([], number) if one.name == "BEGIN" else (None, 0)
        elif card is not None and len(card) < 500:
            card.append(one)
    if card:
        yield began, [Property("BEGIN", {}, ""), *card]


def _unfolded(text: Text) -> Iterator[tuple[int, str]]:
    """Lines with those that go on with a blank (or, in 2.1, end in =) put together; of a long one the beginning."""
    number, whole, is_soft = 0, "", False
    for at, line in enumerate(text.lines(), 1):
        goes_on = line[:1] in {" ", "\t"} or is_soft
        if not goes_on and whole:
            yield number, whole
        if goes_on:
            more = line if is_soft else line[1:]
            whole = (whole.removesuffix("=") if is_soft else whole) + (more if len(whole) <= 4 * LONGEST_CELL else "")
        else:
            number, whole = at, line
        is_soft = line.endswith("=") and "QUOTED-PRINTABLE" in whole[:200].upper()
    if whole:
        yield number, whole


def _property(line: str) -> Property | None:
    """The line in its parts, when it is one that we read."""
    found = _name.match(line[: 4 * LONGEST_CELL])
    if found is None or (name := found[1].upper()) not in WANTED:
        return None
    given: dict[str, str] = {}
    for one in _parameter.finditer(found[2]):
        key, value = one[1].upper(), (one[0].partition("=")[2]).strip('"')
        given[key] = f"{given[key]},{value}".upper() if key == "TYPE" and key in given else value
    return Property(name, given, _decoded(found[3], given))


def _decoded(value: str, given: dict[str, str]) -> str:
    if given.get("ENCODING", "").upper() != "QUOTED-PRINTABLE" and "QUOTED-PRINTABLE" not in given:
        return value
    try:
        return quopri.decodestring(value.encode("latin-1", "replace")).decode(given.get("CHARSET", "utf-8"), "replace")
    except LookupError:
        return value


def unguarded(value: str) -> str:
    return re.sub(r"\\(.)", lambda one: "\n" if one[1] in "nN" else one[1], value).strip()


def _row(number: int, card: list[Property]) -> Row:
    if card and card[0].name == "BEGIN":
        return Row(number, [""] * len(HEADINGS), _("This card is begun and never ended."))
    family, given = _names(card)
    family_kana, given_kana = _readings(card)
    company = next((one.parts for one in card if one.name == "ORG"), [""])
    cells = [
        _first(card, "UID"), family, given, family_kana, given_kana, "" if family else _first(card, "FN"),
        company[0], " ".join(part for part in company[1:] if part), _first(card, "TITLE"),
        _best(card, "EMAIL", ()), re.sub(r"(?i)^tel:", "", _best(card, "TEL", ("WORK", "VOICE", "CELL"))),
    ]  # fmt: skip
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return Row(number, [cell[:50] for cell in cells], _("A cell has more than %(n)s characters.", n=LONGEST_CELL))
    if any("\ufffd" in cell or "\0" in cell for cell in cells):
        return Row(number, cells, _("This row holds characters that cannot be read."))
    return Row(number, cells)


def _first(card: list[Property], name: str) -> str:
    return next((unguarded(one.value) for one in card if one.name == name and one.value.strip()), "")


def _names(card: list[Property]) -> tuple[str, str]:
    """Family and given name; of names in several writings (ALTID) the first that is no reading."""
    found = next((one.parts for one in card if one.name == "N" and "PHONETIC" not in one.given), ["", ""])
    return found[0], found[1] if len(found) > 1 else ""


def _readings(card: list[Property]) -> tuple[str, str]:
    """How the name is read: Apple's and Google's fields, a sort key in kana, the telephones' SOUND."""
    spoken = _first(card, "X-PHONETIC-LAST-NAME"), _first(card, "X-PHONETIC-FIRST-NAME")
    if any(spoken):
        return spoken
    for one in card:
        if one.name == "N" and "PHONETIC" in one.given and _is_kana("".join(one.parts[:2])):
            return one.parts[0], one.parts[1] if len(one.parts) > 1 else ""
        if one.name == "SOUND" and "X-IRMC-N" in one.given and _is_kana("".join(one.parts[:2])):
            return kana(one.parts[0]), kana(one.parts[1]) if len(one.parts) > 1 else ""
        said = one.given.get("SORT-AS", "") if one.name == "N" else one.value if one.name == "SORT-STRING" else ""
        if said and _is_kana(said):
            family, _blank, given = re.sub(r"[,;\s]+", " ", unguarded(said)).strip().partition(" ")
            return family, given
    return "", ""


def _is_kana(words: str) -> bool:
    return bool(words.strip()) and _kana.fullmatch(words) is not None


def _best(card: list[Property], name: str, types: tuple[str, ...]) -> str:
    """The preferred one; else of the first type that there is; a fax and a pager are no telephone."""

    def standing(one: Property) -> tuple[int, int]:
        kinds = {word.upper() for word in one.given.get("TYPE", "").split(",")} | set(one.given)
        if kinds & {"FAX", "PAGER"}:
            return 9, 0
        pref = 0 if "PREF" in kinds or one.given.get("PREF") == "1" else 1
        return pref, next((at for at, kind in enumerate(types) if kind in kinds), len(types))

    found = sorted((one for one in card if one.name == name and one.value.strip()), key=standing)
    return unguarded(found[0].value) if found and standing(found[0])[0] < 9 else ""
