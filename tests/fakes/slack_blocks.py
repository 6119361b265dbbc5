"""What Slack accepts as blocks and views: types, fields, lengths, counts.

Source: Slack developer documentation, "Block Kit reference" (blocks, block elements, composition objects) and
"Views reference".
"""

from collections.abc import Iterable
from typing import Any

from fakes.shapes import Rule, Shape, anything, boolean, list_of, one_of, pattern, tagged, whole
from fakes.wire import Problem

BLOCKS_IN_MESSAGE, BLOCKS_IN_VIEW = 50, 100


def text(limit: int, at_least: int = 1) -> Rule:
    """Slack counts characters, and words its refusals in its own way."""

    def rule(value: Any, where: str) -> list[Problem]:
        if not isinstance(value, str):
            return [Problem(where, "must be a string")]
        if len(value) > limit:
            return [Problem(where, f"must be less than {limit + 1} characters")]
        return [Problem(where, f"must be more than {at_least - 1} characters")] if len(value) < at_least else []

    return rule


def plain_text(limit: int) -> Rule:
    return Shape({"type": one_of("plain_text"), "text": text(limit)}, {"emoji": boolean}).check


def any_text(limit: int) -> Rule:
    mrkdwn = Shape({"type": anything, "text": text(limit)}, {"verbatim": boolean}).check
    return tagged(lambda: {"plain_text": plain_text(limit), "mrkdwn": mrkdwn})


ACTION_ID = {"action_id": text(255)}
url = pattern(r"(https?|mailto|slack):\S{1,2995}", "a URL")
CONFIRM = Shape(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
).check
OPTION = Shape({"text": any_text(75), "value": text(150)}, {"description": any_text(75), "url": url}).check
OPTION_GROUP = Shape({"label": plain_text(75), "options": list_of(OPTION, 1, 100)}).check
SLACK_FILE = Shape({}, {"id": text(100), "url": url}).check
PLACEHOLDER = {"placeholder": plain_text(150)}
CHOICE = {"confirm": CONFIRM, "focus_on_load": boolean}
TYPED = PLACEHOLDER | {"focus_on_load": boolean, "dispatch_action_config": anything}


def check_button(value: dict, where: str) -> Iterable[Problem]:
    optional = {"value": text(2000), "url": url, "style": one_of("primary", "danger"), "confirm": CONFIRM}
    shape = Shape({"type": anything, "text": plain_text(75)}, ACTION_ID | optional | {"accessibility_label": text(75)})
    yield from shape.check(value, where)
    if "action_id" not in value and "url" not in value:
        yield Problem(where, "missing required field: action_id")


def choice_of(name: str, optional: dict[str, Rule]) -> Rule:
    """Options or option groups, exactly one of both."""

    def rule(value: dict, where: str) -> Iterable[Problem]:
        lists = {"options": list_of(OPTION, 1, 100), "option_groups": list_of(OPTION_GROUP, 1, 100)}
        initial = {"initial_option": OPTION, "initial_options": list_of(OPTION, 1, 100)}
        shape = Shape({"type": anything} | ACTION_ID, CHOICE | PLACEHOLDER | lists | initial | optional)
        yield from shape.check(value, where)
        if ("options" in value) == ("option_groups" in value):
            yield Problem(where, f"{name} takes options or option_groups")

    return rule


def check_image(value: dict, where: str) -> Iterable[Problem]:
    shape = Shape({"type": anything, "alt_text": text(2000)}, {"image_url": url, "slack_file": SLACK_FILE})
    yield from shape.check(value, where)
    if ("image_url" in value) == ("slack_file" in value):
        yield Problem(where, "takes image_url or slack_file")


def simple(required: dict[str, Rule] | None = None, **optional: Rule) -> Rule:
    return Shape({"type": anything} | ACTION_ID | (required or {}), optional).check


SELECT_FROM_SLACK = {"initial": anything, "filter": anything, "response_url_enabled": boolean}
INITIAL = ("user", "users", "conversation", "conversations", "channel", "channels")
FROM_SLACK = CHOICE | PLACEHOLDER | SELECT_FROM_SLACK | {f"initial_{name}": anything for name in INITIAL}
MAX_ITEMS = {"max_selected_items": whole(1, 1000), "default_to_current_conversation": boolean}
FROM_SLACK_KINDS = [many + kind for many in ("", "multi_") for kind in ("users", "channels", "conversations")]
INPUT_TEXT = TYPED | {"initial_value": text(3000, 0)}

ELEMENTS: dict[str, Rule] = {
    "button": check_button,
    "image": check_image,
    "static_select": choice_of("static_select", {}),
    "multi_static_select": choice_of("multi_static_select", MAX_ITEMS),
    "external_select": simple(**FROM_SLACK, min_query_length=whole(0, 100), initial_option=OPTION),
    "overflow": simple({"options": list_of(OPTION, 1, 5)}, confirm=CONFIRM),
    "radio_buttons": simple({"options": list_of(OPTION, 1, 10)}, **CHOICE, initial_option=OPTION),
    "checkboxes": simple({"options": list_of(OPTION, 1, 10)}, **CHOICE, initial_options=list_of(OPTION, 1, 10)),
    "datepicker": simple(**CHOICE, **PLACEHOLDER, initial_date=pattern(r"\d{4}-\d\d-\d\d", "a date")),
    "timepicker": simple(**CHOICE, **PLACEHOLDER, initial_time=pattern(r"\d\d:\d\d", "a time"), timezone=text(100)),
    "datetimepicker": simple(**CHOICE, initial_date_time=whole(0, 10**10)),
    "plain_text_input": simple(**INPUT_TEXT, multiline=boolean, min_length=whole(0, 3000), max_length=whole(1, 3000)),
    "email_text_input": simple(**INPUT_TEXT),
    "url_text_input": simple(**INPUT_TEXT),
    "number_input": simple({"is_decimal_allowed": boolean}, **INPUT_TEXT, min_value=text(30), max_value=text(30)),
    "rich_text_input": simple(**TYPED, initial_value=anything),
    "file_input": simple(filetypes=list_of(text(20), 1, 100), max_files=whole(1, 10)),
    "feedback_buttons": simple({"positive_button": anything, "negative_button": anything}),
    "icon_button": simple({"icon": one_of("trash"), "text": plain_text(75)}, value=text(2000), confirm=CONFIRM),
    **{f"{name}_select": simple(**FROM_SLACK, **MAX_ITEMS) for name in FROM_SLACK_KINDS},
}
NEVER_IN_INPUT = {"button", "image", "overflow", "feedback_buttons", "icon_button"}
INPUTS = ELEMENTS.keys() - NEVER_IN_INPUT
TYPED_INPUTS = {f"{kind}_input" for kind in ("plain_text", "email_text", "url_text", "number", "rich_text", "file")}


def elements(names: Iterable[str]) -> Rule:
    """Late binding, and only some kinds of elements."""
    chosen = {name: ELEMENTS[name] for name in names}
    return tagged(lambda: chosen)


ACCESSORY = elements(sorted(ELEMENTS.keys() - TYPED_INPUTS))
IN_ACTIONS = elements(sorted(ELEMENTS.keys() - (TYPED_INPUTS - {"plain_text_input"}) - {"image"}))
CONTEXT = tagged(lambda: {"image": check_image, "mrkdwn": any_text(3000), "plain_text": plain_text(3000)})


def block(required: dict[str, Rule] | None = None, **optional: Rule) -> Rule:
    return Shape({"type": anything} | (required or {}), {"block_id": text(255)} | optional).check


def check_section(value: dict, where: str) -> Iterable[Problem]:
    fields = list_of(any_text(2000), 1, 10)
    yield from block(text=any_text(3000), fields=fields, accessory=ACCESSORY, expand=boolean)(value, where)
    if "text" not in value and "fields" not in value:
        yield Problem(where, "missing required field: text")


def check_image_block(value: dict, where: str) -> Iterable[Problem]:
    only_element = {key: item for key, item in value.items() if key not in ("title", "block_id")}
    yield from check_image(only_element, where)
    yield from Shape({}, {"title": plain_text(2000), "block_id": text(255)}).check(
        {key: item for key, item in value.items() if key in ("title", "block_id")}, where
    )


BLOCKS: dict[str, Rule] = {
    "section": check_section,
    "divider": block(),
    "header": block({"text": plain_text(150)}),
    "context": block({"elements": list_of(CONTEXT, 1, 10)}),
    "actions": block({"elements": list_of(IN_ACTIONS, 1, 25)}),
    "image": check_image_block,
    "input": block(
        {"label": plain_text(2000), "element": elements(sorted(INPUTS))},
        hint=plain_text(2000),
        optional=boolean,
        dispatch_action=boolean,
    ),
    "rich_text": block({"elements": list_of(anything, 1, 1000)}),
    "markdown": block({"text": text(12_000)}),
    "table": block({"rows": list_of(list_of(anything, 1, 20), 1, 100)}, column_settings=list_of(anything, 0, 20)),
    "context_actions": block({"elements": list_of(elements(["feedback_buttons", "icon_button"]), 1, 5)}),
    "video": block(
        {"video_url": url, "thumbnail_url": url, "alt_text": text(2000), "title": plain_text(200)},
        author_name=text(50),
        description=plain_text(200),
        provider_icon_url=url,
        provider_name=text(100),
        title_url=url,
    ),
    "file": block({"external_id": text(255), "source": one_of("remote")}),
}


def problems_of_blocks(blocks: Any, where: str = "blocks", most: int = BLOCKS_IN_MESSAGE) -> list[Problem]:
    problems = list_of(tagged(lambda: BLOCKS), 0, most)(blocks, where)
    return problems or doubled_ids(blocks, where)


def doubled_ids(blocks: list[dict], where: str) -> list[Problem]:
    """A block_id is unique in its message, an action_id in its block."""
    problems = doubled([item["block_id"] for item in blocks if "block_id" in item], "block_id", where)
    for item in blocks:
        inside = [*item.get("elements", []), item.get("accessory"), item.get("element")]
        names = [part["action_id"] for part in inside if isinstance(part, dict) and "action_id" in part]
        problems += doubled(names, "action_id", where)
    return problems


def doubled(names: list[str], kind: str, where: str) -> list[Problem]:
    return [Problem(where, f"{kind} {name} is used twice") for name in sorted(set(names)) if names.count(name) > 1]


COMMON_VIEW = {"callback_id": text(255, 0), "private_metadata": text(3000, 0), "external_id": text(255, 0)}
MODAL = {"submit": plain_text(24), "close": plain_text(24), "clear_on_close": boolean, "notify_on_close": boolean}


def problems_of_view(view: Any, kind: str) -> list[Problem]:
    """`kind` is modal (views.open) or home (views.publish)."""
    required = {"type": one_of(kind), "blocks": lambda value, where: problems_of_blocks(value, where, BLOCKS_IN_VIEW)}
    required |= {"title": plain_text(24)} if kind == "modal" else {}
    optional = COMMON_VIEW | (MODAL | {"submit_disabled": boolean} if kind == "modal" else {})
    problems = Shape(required, optional).check(view, "view")
    has_input = not problems and any(item["type"] == "input" for item in view["blocks"])
    if has_input and kind == "modal" and "submit" not in view:
        problems = [Problem("view.submit", "is required when a modal holds an input block")]
    return problems
