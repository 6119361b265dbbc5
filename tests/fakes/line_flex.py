"""What LINE accepts as a Flex Message: containers and components, to the depth that our messages use.

Source: LINE Developers, "Messaging API reference", section Flex Message; "Flex Message elements".
"""

import json
from collections.abc import Iterable
from typing import Any

from fakes.shapes import Rule, Shape, anything, boolean, https, list_of, one_of, pattern, tagged, text, whole
from fakes.wire import Problem

BUBBLE_BYTES, CAROUSEL_BYTES, BUBBLES = 30 * 1024, 50 * 1024, 12

colour = pattern(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?", "a colour as #RRGGBB or #RRGGBBAA")
size = pattern(
    r"none|xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|full|nano|micro|deca|hecto|kilo|mega|giga|\d+(\.\d+)?(px|%)", "a size"
)

OFFSETS = dict.fromkeys(("offsetTop", "offsetBottom", "offsetStart", "offsetEnd"), size)
PLACE = OFFSETS | {"position": one_of("relative", "absolute"), "margin": size}
ALIGNED = {"align": one_of("start", "end", "center"), "gravity": one_of("top", "bottom", "center")}
PADDING = {f"padding{side}": size for side in ("All", "Top", "Bottom", "Start", "End")}


def any_action(value: Any, where: str) -> Iterable[Problem]:
    from fakes.line_messages import action_rule

    return action_rule(label_required=False)(value, where)


def button_action(value: Any, where: str) -> Iterable[Problem]:
    from fakes.line_messages import action_rule

    return action_rule(40)(value, where)


def component(value: Any, where: str) -> Iterable[Problem]:
    return tagged(lambda: COMPONENTS)(value, where)


def check_text(value: dict, where: str) -> Iterable[Problem]:
    yield from TEXT.check(value, where)
    if not value.get("text") and not value.get("contents"):
        yield Problem(f"{where}.text", "Either text or contents must be given")


BOX = Shape(
    {"type": anything, "layout": one_of("horizontal", "vertical", "baseline"), "contents": list_of(component, 0, 200)},
    PLACE
    | PADDING
    | {"flex": whole(0, 1000), "spacing": size, "action": any_action, "background": anything}
    | {"backgroundColor": colour, "borderColor": colour, "borderWidth": anything, "cornerRadius": size}
    | {"width": size, "maxWidth": size, "height": size, "maxHeight": size}
    | {
        "justifyContent": one_of("center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"),
        "alignItems": one_of("center", "flex-start", "flex-end"),
    },
)
TEXT = Shape(
    {"type": anything},
    PLACE
    | ALIGNED
    | {"text": text(2000), "contents": list_of(component, 0, 100), "flex": whole(0, 1000), "size": size}
    | {"color": colour, "weight": one_of("regular", "bold"), "style": one_of("normal", "italic")}
    | {"decoration": one_of("none", "underline", "line-through"), "wrap": boolean, "lineSpacing": size}
    | {"maxLines": whole(0, 1000), "action": any_action, "adjustMode": one_of("shrink-to-fit"), "scaling": boolean},
)
BUTTON = Shape(
    {"type": anything, "action": button_action},
    PLACE
    | {"flex": whole(0, 1000), "color": colour, "style": one_of("primary", "secondary", "link")}
    | {
        "gravity": ALIGNED["gravity"],
        "height": one_of("sm", "md"),
        "adjustMode": one_of("shrink-to-fit"),
        "scaling": boolean,
    },
)
IMAGE = Shape(
    {"type": anything, "url": https()},
    PLACE
    | ALIGNED
    | {"flex": whole(0, 1000), "size": size, "aspectRatio": anything, "aspectMode": one_of("cover", "fit")}
    | {"backgroundColor": colour, "action": any_action, "animated": boolean},
)
ICON = Shape({"type": anything, "url": https()}, PLACE | {"size": size, "aspectRatio": anything, "scaling": boolean})
SPAN = Shape(
    {"type": anything},
    {"text": text(2000), "size": size, "color": colour, "weight": anything, "style": anything, "decoration": anything},
)
VIDEO = Shape(
    {"type": anything, "url": https(), "previewUrl": https(), "altContent": component},
    {"aspectRatio": anything, "action": any_action},
)
COMPONENTS: dict[str, Rule] = {
    "box": BOX.check,
    "text": check_text,
    "button": BUTTON.check,
    "image": IMAGE.check,
    "icon": ICON.check,
    "span": SPAN.check,
    "video": VIDEO.check,
    "separator": Shape({"type": anything}, {"margin": size, "color": colour}).check,
    "filler": Shape({"type": anything}, {"flex": whole(0, 1000)}).check,
}


def only(*kinds: str) -> Rule:
    """A block of a bubble takes some kinds of components only."""
    return tagged(lambda: {kind: COMPONENTS[kind] for kind in kinds})


BLOCK_STYLE = Shape({}, {"backgroundColor": colour, "separator": boolean, "separatorColor": colour})
STYLES = Shape({}, dict.fromkeys(("header", "hero", "body", "footer"), BLOCK_STYLE.check))
BUBBLE = Shape(
    {"type": anything},
    {
        "size": one_of("nano", "micro", "deca", "hecto", "kilo", "mega", "giga"),
        "direction": one_of("ltr", "rtl"),
        "header": only("box"),
        "hero": only("box", "image", "video"),
        "body": only("box"),
        "footer": only("box"),
        "styles": STYLES.check,
        "action": any_action,
    },
)


def check_bubble(value: dict, where: str) -> Iterable[Problem]:
    yield from BUBBLE.check(value, where)
    yield from too_big(value, where, BUBBLE_BYTES)


def check_carousel(value: dict, where: str) -> Iterable[Problem]:
    bubbles = tagged(lambda: {"bubble": check_bubble})
    yield from Shape({"type": anything, "contents": list_of(bubbles, 1, BUBBLES)}).check(value, where)
    yield from too_big(value, where, CAROUSEL_BYTES)


def too_big(value: dict, where: str, limit: int) -> list[Problem]:
    size_of_it = len(json.dumps(value, ensure_ascii=False).encode())
    return [Problem(where, f"JSON must be {limit} bytes at most")] if size_of_it > limit else []


check_flex_container = tagged(lambda: {"bubble": check_bubble, "carousel": check_carousel})
