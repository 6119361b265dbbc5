"""What a person's page calls things that are kept under short names: proofs of consent, addresses, counts."""

from __future__ import annotations

from core.i18n import lazy
from customers.tracking.counting import ANY, CORE, DAYS, LOGINS, REVENUE, SEATS

WAYS = {
    "form": lazy("in a form"), "one_click": lazy("by the button of the mail program"),
    "complaint": lazy("by reporting the mail"), "import": lazy("by an import"), "staff": lazy("told to staff"),
    "word": lazy("in a message to us"),
}  # fmt: skip
EVIDENCE = {
    "form": lazy("Form"), "wording": lazy("Wording"), "page": lazy("Page"), "ip": lazy("IP address"),
    "by": lazy("Written down by"), "reason": lazy("How it was said"), "source": lazy("Where it is from"),
    "row": lazy("Row"), "words": lazy("What was written"),
    "name": lazy("Mail"), "campaign": lazy("Number of the campaign"), "delivery": lazy("Number of the delivery"),
}  # fmt: skip
IDENTITIES = {
    "email": lazy("E-mail"), "line": "LINE", "slack": "Slack", "user_id": lazy("ID in the product"),
    "anonymous_id": lazy("ID of a visitor"),
}  # fmt: skip
COUNTS = {
    ANY: lazy("Anything"), DAYS: lazy("Days in use"), LOGINS: lazy("Days with a sign-in"),
    CORE: lazy("Core features"), SEATS: lazy("Active seats"), REVENUE: lazy("Revenue"),
}  # fmt: skip
