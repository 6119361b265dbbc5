"""名寄せ: rows and records that may be one. Both sides beside each other; a person decides."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.errors import NotFound
from core.i18n import _, ago
from core.listing import Choice, Column, Listing
from core.pages import flash, page
from customers import policy, reviews, seeing
from customers.imports.headings import FIELD_LABELS
from customers.matching.evidence import Evidence
from customers.matching.words import WORDS, said
from customers.models import Account, Person, Review
from customers.pages.common import tabs

FIELDS = ("name", "name_kana", "corporate_number", "address", "phone", "industry", "employees", "prefecture", "website",
          "family_name", "given_name", "family_kana", "given_kana", "email", "title", "department")  # fmt: skip
PEOPLE = {"same_email", "same_person", "duplicate_person"}


class ReviewPages(Controller):
    path = "/staff/customers/reviews"

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        kinds = {kind: str(label) for kind, label in reviews.KINDS.items()}
        query, sight = Review.all().select_related("account", "other", "person"), await seeing.sight()
        if not current_principal().all_accounts:
            query = query.filter(account_id__in=sorted(current_principal().own_accounts))
        found = Listing(
            request, query=query if request.query_params.get("state") else query.filter(state="open"),
            columns=[
                Column("name", _("In the file"), head=True, value=lambda r: title_of(r, sight),
                       href=lambda r: f"/staff/customers/reviews/{r.id}"),
                Column("other", _("In the book"), value=lambda r: str(r.account or r.person or "")),
                Column("kind", _("Why"), wide=True, format=lambda value: kinds.get(value, value)),
                Column("created_at", _("Since"), sort=True, wide=True, num=True, format=ago),
            ],
            filters=[Choice("kind", _("Why"), kinds),
                     Choice("state", _("State"), {"open": _("Undecided"), "accepted": _("One and the same"),
                                                  "rejected": _("Kept apart")})],
            default_sort="-created_at", name="reviews",
        )  # fmt: skip
        await found.load()
        sees_merges = bool(policy.can_change_everything(current_principal()))
        return page("customers/reviews.html", reviews=found, sees_merges=sees_merges, tabs=await tabs())

    @get("/{review_id:int}", may="customers.read")
    async def show(self, review_id: int) -> Response[Any]:
        review = await the_review(review_id)
        account = await Account.get_or_none(id=review.account_id) if review.account_id else None
        person = await Person.get_or_none(id=review.person_id) if review.person_id else None
        other = await the_other(review)
        sight, about = await seeing.sight(), about_of(review)
        values = sight.of_row(about, as_values(other) if other else review.data["values"])
        ours = sight.of_row(about, as_values(record)) if (record := account or person) else {}
        return page(
            "customers/review.html",
            review=review,
            source_id=sight.cell(review.data.get("source_id", "")),
            reason=sight.told(about, review.reason, review.data["values"] or {}),
            other=other,
            reasons=[said(Evidence(*one)) for one in review.data.get("evidence", []) if one[0] in WORDS],
            account=account,
            person=person,
            kind=str(reviews.KINDS.get(review.kind, review.kind)),
            sides=beside(values, ours),
            name=name_of(values),
            may_decide=bool(policy.can_change_everything(current_principal())),
        )

    @post("/{review_id:int}/verdict", may="customers.write")
    async def verdict(self, review_id: int, request: Request[Any, Any, Any]) -> Redirect:
        await the_review(review_id)
        verdict = (await request.form()).get("verdict")
        if verdict not in {"accept", "reject"}:
            flash(_("Choose one of the two."), "bad")
            return Redirect(f"/staff/customers/reviews/{review_id}", status_code=303)
        await reviews.decide(review_id, verdict == "accept")
        flash(_("They are one and the same.") if verdict == "accept" else _("They are kept apart."))
        following = await Review.filter(state="open", id__gt=review_id).order_by("id").first()
        return Redirect(
            f"/staff/customers/reviews/{following.id}" if following else "/staff/customers/reviews", status_code=303
        )


async def the_review(review_id: int) -> Review:
    """A review about an account this person may see."""
    found = await Review.get_or_none(id=review_id).select_related("decided_by")
    if found is None or not (current_principal().all_accounts or found.account_id in current_principal().own_accounts):
        raise NotFound(_("There is no such review."))
    return found


def title_of(review: Review, sight: seeing.Sight) -> str:
    said = review.data["values"]
    return name_of(sight.of_row(about_of(review), said)) if said else str(review.other or _("Two records"))


def about_of(review: Review) -> str:
    return "people" if review.kind in PEOPLE else "accounts"


async def the_other(review: Review) -> Account | Person | None:
    """The second record, where the question is about two of the book."""
    if review.kind == "duplicate_company":
        return await Account.get_or_none(id=review.other_id)
    return await Person.get_or_none(id=review.other_person_id) if review.kind == "duplicate_person" else None


def as_values(record: Account | Person) -> dict[str, Any]:
    return {field: getattr(record, field) for field in FIELDS if getattr(record, field, "")}


def name_of(values: dict[str, Any]) -> str:
    person = " ".join(str(values[key]) for key in ("family_name", "given_name") if key in values)
    return str(values.get("name") or person or values.get("full_name") or values.get("email") or "–")


def beside(theirs: dict[str, Any], ours: dict[str, Any]) -> list[dict[str, Any]]:
    """Field by field: the row, the record, and whether they say the same. Of what is hidden nothing is said."""
    found = []
    for field in FIELDS:
        one, other = theirs.get(field, ""), ours.get(field, "")
        if one or other:
            label, is_hidden = str(FIELD_LABELS.get(field, field)), seeing.HIDDEN in (one, other)
            found.append({"label": label, "theirs": one, "ours": other,
                          "same": not is_hidden and str(one) == str(other)})  # fmt: skip
    return found
