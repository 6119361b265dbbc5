"""The arguments of each Web API method, and what a message must hold.

Source: Slack developer documentation, the page of each method ("Web API methods").
"""

import json
from dataclasses import dataclass
from typing import Any

from fakes.slack_blocks import problems_of_blocks
from fakes.slack_state import SlackError
from fakes.wire import Problem

POST_OPTIONS = {
    *("text", "blocks", "attachments", "markdown_text", "thread_ts", "reply_broadcast", "metadata"),
    *("unfurl_links", "unfurl_media", "mrkdwn", "link_names", "parse"),
    *("container_id", "icon_emoji", "icon_url", "username", "as_user"),
}
AS_ANOTHER = {"icon_emoji", "icon_url", "username"}
UNFURL = {"unfurl_links", "unfurl_media"}
JSON_ARGUMENTS = {"blocks", "attachments", "view", "files", "metadata", "loading_messages", "prompts"}
MAX_TEXT = 40_000
NOT_JSON = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
}


@dataclass(frozen=True)
class Method:
    """`takes_json=False`: a method whose page lists form encoding only, so a JSON body is not read."""

    required: set[str]
    optional: set[str]
    takes_json: bool = True
    needs_token: bool = True


METHODS: dict[str, Method] = {
    "auth.test": Method(set(), set()),
    "chat.postMessage": Method({"channel"}, POST_OPTIONS),
    "chat.update": Method({"channel", "ts"}, POST_OPTIONS - {"thread_ts"} - AS_ANOTHER | {"file_ids"}),
    "chat.postEphemeral": Method({"channel", "user"}, POST_OPTIONS - {"reply_broadcast"} - UNFURL),
    "chat.getPermalink": Method({"channel", "message_ts"}, set(), takes_json=False),
    "users.info": Method({"user"}, {"include_locale"}, takes_json=False),
    "conversations.open": Method(set(), {"channel", "users", "return_im", "prevent_creation"}),
    "conversations.info": Method({"channel"}, {"include_locale", "include_num_members"}, takes_json=False),
    "conversations.replies": Method(
        {"channel", "ts"},
        {"cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata"},
        takes_json=False,
    ),
    "views.open": Method({"view"}, {"trigger_id", "interactivity_pointer"}),
    "views.publish": Method({"user_id", "view"}, {"hash"}),
    "files.getUploadURLExternal": Method({"filename", "length"}, {"alt_txt", "snippet_type"}, takes_json=False),
    "files.completeUploadExternal": Method(
        {"files"}, {"channel_id", "channels", "thread_ts", "initial_comment", "blocks"}
    ),
    "assistant.threads.setStatus": Method(
        {"channel_id", "thread_ts", "status"}, {"loading_messages", "icon_emoji", "icon_url", "username"}
    ),
    "assistant.threads.setSuggestedPrompts": Method({"channel_id", "prompts"}, {"title", "thread_ts"}),
    "assistant.threads.setTitle": Method({"channel_id", "thread_ts", "title"}, set()),
    "reactions.add": Method({"channel", "name", "timestamp"}, set()),
    "oauth.v2.access": Method(
        set(),
        {"client_id", "client_secret", "code", "redirect_uri", "grant_type", "refresh_token"},
        takes_json=False,
        needs_token=False,
    ),
}


def check_arguments(method: Method, arguments: dict) -> None:
    missing = [Problem(name, f"missing required field: {name}") for name in sorted(method.required - arguments.keys())]
    unknown = [
        Problem(name, f"unknown argument: {name}")
        for name in sorted(arguments.keys() - method.required - method.optional)
    ]
    if missing or unknown:
        raise SlackError("invalid_arguments", problems=missing + unknown)


def decoded(arguments: dict) -> dict:
    """A form carries structures as JSON texts; a JSON body may do so too."""
    return {name: unpacked(name, value) for name, value in arguments.items() if value is not None}


def unpacked(name: str, value: Any) -> Any:
    if name not in JSON_ARGUMENTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(NOT_JSON.get(name, "invalid_arguments"), problems=[Problem(name, "is not JSON")]) from None


def check_message(arguments: dict) -> None:
    """`no_text` when nothing would be seen; `msg_too_long`; `invalid_blocks`."""
    if len(arguments.get("text") or "") > MAX_TEXT:
        raise SlackError("msg_too_long")
    if arguments.get("markdown_text") and (arguments.get("text") or arguments.get("blocks")):
        raise SlackError("markdown_text_conflict")
    if not any(arguments.get(name) for name in ("text", "blocks", "attachments", "markdown_text")):
        raise SlackError("no_text")
    check_blocks(arguments.get("blocks") or [])
    for number, attachment in enumerate(arguments.get("attachments") or []):
        check_blocks(attachment.get("blocks") or [], f"attachments[{number}].blocks")


def check_blocks(blocks: Any, where: str = "blocks") -> None:
    problems = problems_of_blocks(blocks, where)
    if problems:
        raise SlackError("invalid_blocks", problems=problems)
