"""What the chat of the embedded script says, in the language of the moment."""

from __future__ import annotations

from typing import Any

from core.i18n import _
from inbox.words import SCORES


def words_of() -> dict[str, Any]:
    return {
        "title": _("Chat"), "close": _("Close"), "talk": _("Talk"), "body": _("Your message"), "send": _("Send"),
        "picture": _("Picture"), "sending": _("Sending"), "again": _("Send again"), "failed": _("Not sent"),
        "offline": _("You are offline. It is sent when you are back."), "unread": _("%n unread"),
        "hello": _("Write your question. The automatic assistant answers at once where it can; otherwise a person"
                   " does."),
        "expired": _("Reload the page to write on."), "rate": _("How was our help?"),
        "comment": _("Anything to add?"), "thanks": _("Thank you for telling us."),
        "scores": [[int(value), str(name)] for value, name in SCORES.items()],
        "mail": _("Get the answer by mail, too"), "digits": _("Send me six digits"), "confirm": _("Confirm"),
        "code": _("The six digits of the mail to %(mail)s", mail="%s"), "other": _("Another address"),
        "mailed": _("Replies that you do not read here go to %(mail)s.", mail="%s"),
        "earlier": _("Show the conversation before"), "forget": _("Forget this conversation on this device"),
    }  # fmt: skip
