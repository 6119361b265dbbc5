"""Messages that LINE takes and messages that it refuses, each with the place of its fault."""

import pytest
from linebot.v3.messaging import (
    ApiException,
    PushMessageRequest,
    TextMessage,
)

from fakes.line_events import line_id

MIKA = line_id("Mika")


def hello(to: str = MIKA) -> PushMessageRequest:
    return PushMessageRequest(to=to, messages=[TextMessage(text="こんにちは")])


async def refusal(awaitable) -> ApiException:
    with pytest.raises(ApiException) as refused:
        await awaitable
    return refused.value


def text(value: str, **more) -> dict:
    return {"type": "text", "text": value} | more


def push_of(*messages, to: str = MIKA, **more) -> dict:
    return {"to": to, "messages": list(messages)} | more


def quick(count: int) -> dict:
    action = {"type": "message", "label": "はい", "text": "はい"}
    return {"quickReply": {"items": [{"type": "action", "action": action}] * count}}


def template(kind: str, **fields) -> dict:
    return {"type": "template", "altText": "alt", "template": {"type": kind, **fields}}


def buttons(count: int = 1, **fields) -> dict:
    actions = [{"type": "postback", "label": "見る", "data": "a=1"}] * count
    return template("buttons", **({"text": "どれですか", "actions": actions} | fields))


def flex(body: dict, **more) -> dict:
    return {"type": "flex", "altText": "alt", "contents": {"type": "bubble", "body": body}} | more


def box(*contents: dict, **more) -> dict:
    return {"type": "box", "layout": "vertical", "contents": list(contents)} | more


IMAGE = {"type": "image", "originalContentUrl": "https://a.example/a.png", "previewImageUrl": "https://a.example/b.png"}
ACCEPTED = {
    "a text of 5,000 code units": text("x" * 5000),
    "2,500 emoji": text("😀" * 2500),
    "13 quick replies": text("?", **quick(13)),
    "a sender": text("?", sender={"name": "縁側サポート", "iconUrl": "https://a.example/i.png"}),
    "a sender whose name holds the letters": text("?", sender={"name": "Online support"}),
    "an image": IMAGE,
    "a sticker": {"type": "sticker", "packageId": "446", "stickerId": "1988"},
    "four buttons": buttons(4),
    "a confirm": template("confirm", text="よいですか", actions=[{"type": "message", "label": "a", "text": "a"}] * 2),
    "a flex": flex(box({"type": "text", "text": "回答"}, {"type": "separator"})),
    "a flex button": flex(
        box({"type": "button", "action": {"type": "uri", "label": "開く", "uri": "https://a.example"}})
    ),
    "a location": {"type": "location", "title": "a", "address": "b", "latitude": 35.6, "longitude": 139.7},
    "textV2": {
        "type": "textV2",
        "text": "{a}",
        "substitution": {"a": {"type": "emoji", "productId": "1", "emojiId": "2"}},
    },
}
REFUSED = {
    "no type": ({"text": "hi"}, "messages[0].type"),
    "an unknown type": ({"type": "hologram"}, "messages[0].type"),
    "an empty text": (text(""), "messages[0].text"),
    "a missing text": ({"type": "text"}, "messages[0].text"),
    "a text that is no string": (text(5), "messages[0].text"),
    "a text of 5,001": (text("x" * 5001), "messages[0].text"),
    "2,501 emoji, which are two code units each": (text("😀" * 2501), "messages[0].text"),
    "an unknown field": (text("hi", colour="red"), "messages[0].colour"),
    "a snake_case field": (text("hi", quick_reply={}), "messages[0].quick_reply"),
    "14 quick replies": (text("?", **quick(14)), "messages[0].quickReply.items"),
    "no quick reply": (text("?", **quick(0)), "messages[0].quickReply.items"),
    "a sender of 21 characters": (text("?", sender={"name": "x" * 21}), "messages[0].sender.name"),
    "a sender called LINE": (text("?", sender={"name": "LINE公式"}), "messages[0].sender.name"),
    "an icon without https": (text("?", sender={"iconUrl": "http://a.example"}), "messages[0].sender.iconUrl"),
    "an image without https": (IMAGE | {"originalContentUrl": "http://a/b.png"}, "messages[0].originalContentUrl"),
    "an image without preview": ({"type": "image", "originalContentUrl": "https://a.example"}, "previewImageUrl"),
    "five buttons": (buttons(5), "messages[0].template.actions"),
    "no alternative text": (template("buttons") | {"altText": ""}, "messages[0].altText"),
    "a button text of 161": (buttons(text="x" * 161), "messages[0].template.text"),
    "61 under a title": (buttons(title="t", text="x" * 61), "messages[0].template.text"),
    "a label of 21": (
        buttons(actions=[{"type": "postback", "label": "x" * 21, "data": "a"}]),
        "messages[0].template.actions[0].label",
    ),
    "postback data of 301": (
        buttons(actions=[{"type": "postback", "label": "x", "data": "a" * 301}]),
        "messages[0].template.actions[0].data",
    ),
    "a camera button": (buttons(actions=[{"type": "camera", "label": "x"}]), "messages[0].template.actions[0].type"),
    "a javascript link": (
        buttons(actions=[{"type": "uri", "label": "x", "uri": "javascript:alert(1)"}]),
        "messages[0].template.actions[0].uri",
    ),
    "a confirm with one action": (template("confirm", text="?", actions=[]), "messages[0].template.actions"),
    "a carousel of unequal columns": (
        template(
            "carousel",
            columns=[
                {"text": "a", "actions": [{"type": "message", "label": "a", "text": "a"}] * count} for count in (1, 2)
            ],
        ),
        "messages[0].template.columns",
    ),
    "an unknown flex component": (flex(box({"type": "marquee"})), "messages[0].contents.body.contents[0].type"),
    "an unknown flex field": (
        flex(box({"type": "text", "text": "a", "colour": "#000000"})),
        "messages[0].contents.body.contents[0].colour",
    ),
    "a flex text without text": (flex(box({"type": "text"})), "messages[0].contents.body.contents[0].text"),
    "a flex colour by name": (
        flex(box({"type": "text", "text": "a", "color": "red"})),
        "messages[0].contents.body.contents[0].color",
    ),
    "a flex body that is no box": (flex({"type": "text", "text": "a"}), "messages[0].contents.body.type"),
    "a bubble above 30 KB": (flex(box(*[{"type": "text", "text": "x" * 1900}] * 17)), "messages[0].contents"),
    "a sticker number": ({"type": "sticker", "packageId": 446, "stickerId": 1988}, "messages[0].packageId"),
    "a latitude of 91": (ACCEPTED["a location"] | {"latitude": 91}, "messages[0].latitude"),
}
