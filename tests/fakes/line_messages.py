"""What LINE accepts as a message object: fields, lengths, counts.

Source: LINE Developers, "Messaging API reference", sections Message objects, Action objects, Quick reply,
Change icon and display name. Field names are compared with line-bot-sdk's models by a test.
"""

import re
from collections.abc import Iterable
from typing import Any

from fakes.line_flex import check_flex_container
from fakes.shapes import (
    Rule,
    Shape,
    anything,
    boolean,
    https,
    list_of,
    number,
    one_of,
    pattern,
    tagged,
    text,
    whole,
)
from fakes.wire import Problem

MESSAGES_PER_REQUEST = 5
QUICK_REPLIES = 13
MULTICAST_RECIPIENTS = 500

user_id = pattern(r"U[0-9a-f]{32}", "a user ID")
chat_id = pattern(r"[UCR][0-9a-f]{32}", "a user, group chat or multi-person chat ID")
uri = pattern(
    r"(https?|line|tel|mailto):\S{1,995}", "a URI of scheme http, https, line or tel, of 1000 characters at most"
)

tracking_id = pattern(r"[A-Za-z0-9+/=:._-]{1,100}", "a tracking ID")

ACTION_FIELDS: dict[str, tuple[dict[str, Rule], dict[str, Rule]]] = {
    "postback": (
        {"data": text(300)},
        {
            "displayText": text(300),
            "text": text(300),
            "inputOption": one_of("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"),
            "fillInText": text(300),
        },
    ),
    "message": ({"text": text(300)}, {}),
    "uri": ({"uri": uri}, {"altUri": anything}),
    "datetimepicker": (
        {"data": text(300), "mode": one_of("date", "time", "datetime")},
        {"initial": text(20), "max": text(20), "min": text(20)},
    ),
    "camera": ({}, {}),
    "cameraRoll": ({}, {}),
    "location": ({}, {}),
    "clipboard": ({"clipboardText": text(1000)}, {}),
    "richmenuswitch": ({"richMenuAliasId": text(32), "data": text(300)}, {}),
}
ONLY_IN_QUICK_REPLIES = {"camera", "cameraRoll", "location"}


def action_rule(label_limit: int = 20, *, label_required: bool = True, in_quick_reply: bool = False) -> Rule:
    """An action; where a label is shown it is required and short."""
    label = {"label": text(label_limit)}
    kinds = {kind for kind in ACTION_FIELDS if in_quick_reply or kind not in ONLY_IN_QUICK_REPLIES}
    shapes = {
        kind: Shape(
            {"type": anything} | required | (label if label_required else {}),
            optional | ({} if label_required else label),
        ).check
        for kind, (required, optional) in ACTION_FIELDS.items()
        if kind in kinds
    }
    return tagged(lambda: shapes)


QUICK_REPLY_ITEM = Shape({"type": one_of("action"), "action": action_rule(in_quick_reply=True)}, {"imageUrl": https()})
QUICK_REPLY = Shape({"items": list_of(QUICK_REPLY_ITEM.check, 1, QUICK_REPLIES)})
SENDER = Shape({}, {"name": text(20), "iconUrl": https()})
EMOJI = Shape({"index": whole(0, 4999), "productId": text(100), "emojiId": text(100)})


def check_sender(value: Any, where: str) -> Iterable[Problem]:
    yield from SENDER.check(value, where)
    if isinstance(value, dict) and re.search(r"(?<![a-z])line(?![a-z])", str(value.get("name", "")).lower()):
        yield Problem(f"{where}.name", "May not contain the word LINE")


def check_substitution(value: Any, where: str) -> Iterable[Problem]:
    """The `{name}` places of a textV2 message: emoji and mentions."""
    if not isinstance(value, dict) or len(value) > 100:
        return [Problem(where, "Must be an object of 100 keys at most")]
    shapes = {
        "emoji": Shape({"type": anything, "productId": text(100), "emojiId": text(100)}).check,
        "mention": Shape({"type": anything, "mentionee": anything}).check,
    }
    return [problem for key, item in value.items() for problem in tagged(lambda: shapes)(item, f"{where}.{key}")]


def column_rule(fields: dict[str, Rule], actions: Rule) -> Rule:
    """A text of buttons template or carousel column: short when an image or a title stands above it."""

    def rule(value: Any, where: str) -> Iterable[Problem]:
        adorned = isinstance(value, dict) and (value.get("title") or value.get("thumbnailImageUrl"))
        limits = fields["adorned" if adorned else "bare"]
        optional = {
            "thumbnailImageUrl": https(),
            "imageBackgroundColor": anything,
            "title": text(40),
            "defaultAction": action_rule(label_required=False),
        }
        return Shape({"text": limits, "actions": actions}, optional).check(value, where)

    return rule


carousel_column = column_rule({"bare": text(120), "adorned": text(60)}, list_of(action_rule(), 1, 3))
IMAGE_OPTIONS = {"imageAspectRatio": one_of("rectangle", "square"), "imageSize": one_of("cover", "contain")}


def check_buttons(value: dict, where: str) -> Iterable[Problem]:
    column = {key: item for key, item in value.items() if key not in {"type", *IMAGE_OPTIONS}}
    options = {key: item for key, item in value.items() if key in IMAGE_OPTIONS}
    yield from column_rule({"bare": text(160), "adorned": text(60)}, list_of(action_rule(), 1, 4))(column, where)
    yield from Shape({}, IMAGE_OPTIONS).check(options, where)


def check_carousel(value: dict, where: str) -> Iterable[Problem]:
    shape = Shape({"type": anything, "columns": list_of(carousel_column, 1, 10)}, IMAGE_OPTIONS)
    problems = shape.check(value, where)
    if not problems and len({len(column["actions"]) for column in value["columns"]}) > 1:
        problems = [Problem(f"{where}.columns", "Every column must have the same number of actions")]
    return problems


IMAGE_COLUMN = Shape({"imageUrl": https(), "action": action_rule(12, label_required=False)})
TEMPLATES: dict[str, Rule] = {
    "buttons": check_buttons,
    "confirm": Shape({"type": anything, "text": text(240), "actions": list_of(action_rule(), 2, 2)}).check,
    "carousel": check_carousel,
    "image_carousel": Shape({"type": anything, "columns": list_of(IMAGE_COLUMN.check, 1, 10)}).check,
}

COMMON = {"quickReply": QUICK_REPLY.check, "sender": check_sender}
MEDIA = {"originalContentUrl": https()}
# Older documentation says 400, newer 1500: what passes here passes under both.
ALT_TEXT = text(400)
AREA = Shape({name: whole(0, 10_000) for name in ("x", "y", "width", "height")})
FIELDS: dict[str, tuple[dict[str, Rule], dict[str, Rule]]] = {
    "text": ({"text": text(5000)}, {"emojis": list_of(EMOJI.check, 0, 20), "quoteToken": text(500)}),
    "textV2": ({"text": text(5000)}, {"substitution": check_substitution, "quoteToken": text(500)}),
    "sticker": (
        {"packageId": pattern(r"\d{1,20}", "a package ID"), "stickerId": pattern(r"\d{1,20}", "a sticker ID")},
        {"quoteToken": text(500)},
    ),
    "image": (MEDIA | {"previewImageUrl": https()}, {}),
    "video": (
        MEDIA | {"previewImageUrl": https()},
        {"trackingId": tracking_id},
    ),
    "audio": (MEDIA | {"duration": whole(1, 2**53)}, {}),
    "location": (
        {"title": text(100), "address": text(100), "latitude": number(-90, 90), "longitude": number(-180, 180)},
        {},
    ),
    "imagemap": (
        {
            "baseUrl": https(),
            "altText": ALT_TEXT,
            "baseSize": Shape({"width": one_of(1040), "height": whole(1, 100_000)}).check,
            "actions": list_of(anything, 0, 50),
        },
        {"video": anything},
    ),
    "template": ({"altText": ALT_TEXT, "template": tagged(lambda: TEMPLATES)}, {}),
    "flex": ({"altText": ALT_TEXT, "contents": check_flex_container}, {}),
    "coupon": ({"couponId": text(100)}, {"deliveryTag": text(30)}),
}
MESSAGES: dict[str, Rule] = {
    kind: Shape({"type": anything} | required, optional | COMMON).check for kind, (required, optional) in FIELDS.items()
}

check_message = tagged(lambda: MESSAGES)
messages = list_of(check_message, 1, MESSAGES_PER_REQUEST)
UNITS = {"customAggregationUnits": list_of(pattern(r"[A-Za-z0-9_]{1,30}", "a unit name"), 0, 1)}
QUIET = {"notificationDisabled": boolean}


REQUESTS: dict[str, Shape] = {
    "reply": Shape({"replyToken": text(200), "messages": messages}, QUIET),
    "push": Shape({"to": chat_id, "messages": messages}, QUIET | UNITS),
    "multicast": Shape({"to": list_of(user_id, 1, MULTICAST_RECIPIENTS), "messages": messages}, QUIET | UNITS),
    "broadcast": Shape({"messages": messages}, QUIET),
    "narrowcast": Shape({"messages": messages}, QUIET | {"recipient": anything, "filter": anything, "limit": anything}),
    "validate": Shape({"messages": messages}),
    "loading": Shape({"chatId": user_id}, {"loadingSeconds": whole(5, 60, 5)}),
    "set_endpoint": Shape({"endpoint": text(500)}),
    "test_endpoint": Shape({}, {"endpoint": text(500)}),
}
