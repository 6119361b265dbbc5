"""Evidence in the reader's language."""

from __future__ import annotations

from core.i18n import lazy as _
from customers.matching.evidence import Evidence

WORDS = {
    "same_number": _("the same corporate number"), "other_number": _("another corporate number"),
    "same_name": _("the same name"), "same_short_name": _("the same short name"),
    "same_core": _("the same name but for words such as Holdings"), "similar_name": _("a similar name"),
    "same_alias": _("a name that the other also has"), "also_alias": _("a second name in common"),
    "same_reading": _("the same reading"), "similar_reading": _("a similar reading"),
    "common_name": _("a name that several have"), "other_form": _("another legal form"),
    "same_address": _("the same address"), "only_one_there": _("nobody else at this address"),
    "same_town": _("the same part of town"), "same_city": _("the same city"), "other_city": _("another city"),
    "same_phone": _("the same telephone number"), "other_phone": _("another telephone number"),
    "same_domain": _("the same domain of website or mail"),
    "same_email": _("the same e-mail address"), "same_line": _("the same LINE account"),
    "shared_mailbox": _("the same mailbox, which several people read"), "same_mailbox": _("the same name before the @"),
    "similar_email": _("a similar e-mail address"), "other_email": _("another e-mail address"),
    "same_company_mail": _("mail at the same company"), "same_birthday": _("the same birthday"),
    "birthday_typo": _("birthdays one digit apart"), "similar_birthday": _("a similar birthday"),
    "same_birth_year": _("the same year of birth"), "other_birthday": _("another birthday"),
    "same_family_name": _("the same family name"), "similar_family_name": _("a similar family name"),
    "other_family_name": _("another family name"), "same_given_name": _("the same given name"),
    "similar_given_name": _("a similar given name"), "other_given_name": _("another given name"),
    "names_swapped": _("family and given name changed places"), "same_name_reading": _("the same reading of the name"),
    "same_company": _("the same company"), "same_place": _("the same place"),
    "similar_place": _("a similar name of the place"), "other_place": _("another place"),
}  # fmt: skip


def said(evidence: Evidence) -> str:
    """`the same address +4`."""
    return f"{WORDS[evidence.kind]} {evidence.points:+d}"


def reasons(evidence: tuple[Evidence, ...]) -> str:
    """All of it, strongest first."""
    return ", ".join(said(one) for one in sorted(evidence, key=lambda one: -abs(one.points)))
