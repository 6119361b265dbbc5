"""Blocks and views, and blocks that Slack refuses."""

import pytest
from slack_sdk.errors import SlackApiError


async def error_of(awaitable) -> str:
    with pytest.raises(SlackApiError) as refused:
        await awaitable
    return refused.value.response["error"]


def button(**more) -> dict:
    return {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "はい"}} | more


def actions(*elements: dict) -> dict:
    return {"type": "actions", "elements": list(elements)}


def section(text: str = "*a*", **more) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "返信"}, "blocks": [section()]}
INPUT = {"type": "input", "label": {"type": "plain_text", "text": "本文"}} | {
    "element": {"type": "plain_text_input", "action_id": "body", "multiline": True}
}


BAD_BLOCKS = {
    "an unknown block": [{"type": "marquee"}],
    "a block without type": [{"text": "a"}],
    "an unknown field": [section(colour="red")],
    "a section of nothing": [{"type": "section"}],
    "an empty section": [section("")],
    "a section of 3,001": [section("x" * 3001)],
    "11 fields": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}] * 11}],
    "a field of 2,001": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "a" * 2001}]}],
    "a header of 151": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "a header in mrkdwn": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "51 blocks": [{"type": "divider"}] * 51,
    "26 buttons": [actions(*[button(action_id=f"a{number}") for number in range(26)])],
    "no buttons": [actions()],
    "a button text of 76": [actions(button(text={"type": "plain_text", "text": "x" * 76}))],
    "a button in mrkdwn": [actions(button(text={"type": "mrkdwn", "text": "x"}))],
    "a button value of 2,001": [actions(button(value="x" * 2001))],
    "a button value that is a number": [actions(button(value=7))],
    "a button style": [actions(button(style="loud"))],
    "a button without action_id": [actions({"type": "button", "text": {"type": "plain_text", "text": "a"}})],
    "a button link": [actions(button(url="javascript:alert(1)"))],
    "an action_id twice": [actions(button(), button())],
    "a block_id twice": [section(block_id="a"), section(block_id="a")],
    "an image without alt_text": [{"type": "image", "image_url": "https://a.example/a.png"}],
    "11 context elements": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}] * 11}],
    "a select without options": [actions({"type": "static_select", "action_id": "a"})],
    "an input without label": [{"type": "input", "element": INPUT["element"]}],
    "a markdown of 12,001": [{"type": "markdown", "text": "x" * 12_001}],
}
