"""The fake LINE refuses what the Messaging API reference forbids."""

import json

import pytest
from linebot.v3 import messaging
from linebot.v3.messaging import (
    FlexMessage,
    PushMessageRequest,
)

from fakes.line_events import line_id
from fakes.line_examples import (
    ACCEPTED,
    MIKA,
    REFUSED,
    box,
    flex,
    push_of,
    text,
)
from fakes.line_flex import COMPONENTS
from fakes.line_messages import FIELDS


@pytest.mark.parametrize("name", ACCEPTED)
async def test_messages_that_line_takes(line, raw_line, name):
    answer = await raw_line.post("/v2/bot/message/push", json=push_of(ACCEPTED[name]))
    assert answer.status_code == 200, answer.text
    assert line.refused == []


@pytest.mark.parametrize("name", REFUSED)
async def test_messages_that_line_refuses(line, raw_line, name):
    message, where = REFUSED[name]
    answer = await raw_line.post("/v2/bot/message/push", json=push_of(message))
    assert answer.status_code == 400
    assert where in str(answer.json()["details"]), answer.text
    assert line.sent == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("push", push_of(*[text("a")] * 6)),
        ("push", push_of()),
        ("push", push_of(text("a"), to="mika")),
        ("push", push_of(text("a"), to="U" + "G" * 32)),
        ("push", push_of(text("a"), retryKey="a")),
        ("push", push_of(text("a"), notificationDisabled="yes")),
        ("push", push_of(text("a"), customAggregationUnits=["a", "b"])),
        ("push", {"messages": [text("a")]}),
        ("push", []),
        ("multicast", {"to": [MIKA] * 501, "messages": [text("a")]}),
        ("multicast", {"to": [], "messages": [text("a")]}),
        ("multicast", {"to": [line_id("g", "C")], "messages": [text("a")]}),
        ("reply", {"replyToken": "unknown", "messages": [text("a")]}),
        ("reply", {"messages": [text("a")]}),
        ("validate/push", {"messages": [text("")]}),
    ],
)
async def test_requests_that_line_refuses(line, raw_line, path, body):
    assert (await raw_line.post(f"/v2/bot/message/{path}", json=body)).status_code == 400
    assert (len(line.refused), line.sent) == (1, [])


async def test_token_content_type_json_path_and_method(line, raw_line):
    body = json.dumps(push_of(text("a")))
    path, json_type = "/v2/bot/message/push", {"Content-Type": "application/json"}
    statuses = [
        (await raw_line.post(path, content=body, headers=json_type | {"Authorization": ""})).status_code,
        (await raw_line.post(path, content=body, headers=json_type | {"Authorization": "Bearer wrong"})).status_code,
        (
            await raw_line.post(path, content=body, headers=json_type | {"Authorization": f"Basic {line.token}"})
        ).status_code,
        (await raw_line.post(path, content=body, headers={"Content-Type": "text/plain"})).status_code,
        (await raw_line.post(path, content=body[:-1], headers=json_type)).status_code,
        (await raw_line.post(path, content=b"\xff", headers=json_type)).status_code,
        (await raw_line.post("/v2/bot/message/shout", content=body, headers=json_type)).status_code,
        (await raw_line.get(path)).status_code,
    ]
    assert statuses == [401, 401, 401, 415, 400, 400, 404, 405]
    assert len(line.refused) == 8


def test_the_tables_name_the_fields_of_lines_own_sdk():
    for kind, (required, optional) in FIELDS.items():
        model = getattr(messaging, model_name(kind))
        aliases = {field.alias for field in model.__fields__.values()}
        assert {"type", "quickReply", "sender", *required, *optional} == aliases, kind
    for kind in COMPONENTS:
        assert hasattr(messaging, f"Flex{kind.capitalize()}")


def model_name(kind: str) -> str:
    return {"textV2": "TextMessageV2"}.get(kind, kind[0].upper() + kind[1:] + "Message")


async def test_a_flex_message_built_by_the_sdk_passes(line, api):
    contents = messaging.FlexContainer.from_dict(flex(box({"type": "text", "text": "回答", "wrap": True}))["contents"])
    message = FlexMessage(altText="回答", contents=contents)
    await api.push_message(PushMessageRequest(to=MIKA, messages=[message]))
    assert line.refused == []
