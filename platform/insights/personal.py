"""What business reviews keep about people and companies. Their figures name nobody, so that they can stay."""

from __future__ import annotations

from customers.registry import refers

refers("business_review", "account_id", about="account")
refers("business_review_line", "person_id", erase="delete")
refers("business_review_action", "owner_id")
for _place in ("business_review.made_by_id", "business_review_version.made_by_id", "business_review_line.owner_id"):
    refers(*_place.split("."))
