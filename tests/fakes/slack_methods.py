"""The Web API methods that our software calls: arguments, checks, answers.

Source: Slack developer documentation, the page of each method ("Web API methods"), "Rate limits", "Working with files".
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakes.slack_blocks import problems_of_blocks, problems_of_view
from fakes.slack_state import SlackError, SlackPost, SlackTeam, UploadedFile
from fakes.wire import Problem

POST_OPTIONS = set(
    [
        "text",
        "blocks",
        "attachments",
        "thread_ts",
        "reply_broadcast",
        "unfurl_links",
        "unfurl_media",
        "container_id",
        "icon_emoji",
        "icon_url",
        "mrkdwn",
        "link_names",
        "username",
        "parse",
        "metadata",
        "markdown_text",
        "as_user",
    ]
)
JSON_ARGUMENTS = {"blocks", "attachments", "view", "files", "metadata", "loading_messages", "prompts"}
MAX_TEXT = 40_000


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
    "chat.update": Method(
        {"channel", "ts"}, POST_OPTIONS - {"thread_ts", "icon_emoji", "icon_url", "username"} | {"file_ids"}
    ),
    "chat.postEphemeral": Method(
        {"channel", "user"}, POST_OPTIONS - {"reply_broadcast", "unfurl_links", "unfurl_media"}
    ),
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
        word = {
            "blocks": "invalid_blocks_format",
            "attachments": "invalid_attachments",
            "metadata": "invalid_metadata_format",
        }
        raise SlackError(word.get(name, "invalid_arguments"), problems=[Problem(name, "is not JSON")]) from None


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


class SlackMethods:
    """Mixed into FakeSlack, which holds the state. One method of the API per function."""

    def handler_of(self, method: str) -> Callable[[SlackTeam, dict], dict]:
        return getattr(self, "call_" + method.replace(".", "_"))

    def channel_of(self, team: SlackTeam, channel: str) -> dict:
        """Posting to a user id opens the direct message with that user."""
        if channel in team.people:
            channel = team.direct(channel)
        if channel not in team.channels:
            raise SlackError("channel_not_found")
        if team.channels[channel].get("is_archived"):
            raise SlackError("is_archived")
        if not team.channels[channel].get("is_member", True):
            raise SlackError("not_in_channel")
        return team.channels[channel]

    def call_auth_test(self, team: SlackTeam, arguments: dict) -> dict:
        where = f"https://{team.name.lower()}.slack.com/"
        return {"url": where, "team": team.name, "user": "engawa", "team_id": team.id} | {
            "user_id": team.bot_user,
            "bot_id": team.bot_id,
            "is_enterprise_install": False,
        }

    def call_chat_postMessage(self, team: SlackTeam, arguments: dict) -> dict:
        channel = self.channel_of(team, arguments["channel"])["id"]
        check_message(arguments)
        thread = arguments.get("thread_ts")
        if thread and not self.knows_thread(channel, thread):
            raise SlackError("thread_not_found")
        self.hold_rate("chat.postMessage", f"{team.id} {channel}")
        return self.post("chat.postMessage", team, channel, arguments)

    def call_chat_postEphemeral(self, team: SlackTeam, arguments: dict) -> dict:
        channel = self.channel_of(team, arguments["channel"])["id"]
        if arguments["user"] not in team.people:
            raise SlackError("user_not_in_channel")
        check_message(arguments)
        posted = self.post("chat.postEphemeral", team, channel, arguments)
        return {"message_ts": posted["ts"]}

    def call_chat_update(self, team: SlackTeam, arguments: dict) -> dict:
        channel = self.channel_of(team, arguments["channel"])["id"]
        post = self.find(channel, arguments["ts"])
        if post is None:
            raise SlackError("message_not_found")
        if post.method == "from a user":
            raise SlackError("cant_update_message")
        check_message(arguments)
        post.edits.append((post.text, post.blocks))
        post.text, post.blocks = arguments.get("text") or "", arguments.get("blocks") or []
        self.ledger.write({"event": "updated", "channel": channel, "ts": post.ts, "text": post.text})
        return {"channel": channel, "ts": post.ts, "text": post.text, "message": message_of(post, team)}

    def call_chat_getPermalink(self, team: SlackTeam, arguments: dict) -> dict:
        channel = self.channel_of(team, arguments["channel"])["id"]
        if self.find(channel, arguments["message_ts"]) is None:
            raise SlackError("message_not_found")
        place = f"archives/{channel}/p{arguments['message_ts'].replace('.', '')}"
        return {"channel": channel, "permalink": f"https://{team.name.lower()}.slack.com/{place}"}

    def call_users_info(self, team: SlackTeam, arguments: dict) -> dict:
        if arguments["user"] not in team.people:
            raise SlackError("user_not_found")
        return {"user": team.people[arguments["user"]]}

    def call_conversations_open(self, team: SlackTeam, arguments: dict) -> dict:
        if "channel" in arguments:
            return {"channel": self.channel_of(team, arguments["channel"])}
        users = arguments.get("users") or []
        users = users.split(",") if isinstance(users, str) else users
        if not users:
            raise SlackError("users_list_not_supplied")
        if any(user not in team.people for user in users):
            raise SlackError("user_not_found")
        if len(users) > 1:
            return {"channel": {"id": team.channel("mpdm-" + "-".join(sorted(users)), is_mpim=True)}}
        return {"channel": {"id": team.direct(users[0])}}

    def call_conversations_info(self, team: SlackTeam, arguments: dict) -> dict:
        return {"channel": self.channel_of(team, arguments["channel"])}

    def call_conversations_replies(self, team: SlackTeam, arguments: dict) -> dict:
        """Throttled to one request a minute for apps outside the Marketplace."""
        self.hold_rate("conversations.replies", team.id, always=True)
        channel = self.channel_of(team, arguments["channel"])["id"]
        if not self.knows_thread(channel, arguments["ts"]):
            raise SlackError("thread_not_found")
        posts = [
            post for post in self.posts if post.channel == channel and arguments["ts"] in (post.ts, post.thread_ts)
        ]
        return {"messages": [message_of(post, team) for post in posts], "has_more": False}

    def call_views_open(self, team: SlackTeam, arguments: dict) -> dict:
        self.use_trigger(arguments.get("trigger_id"))
        return self.show_view(team, arguments["view"], "modal")

    def call_views_publish(self, team: SlackTeam, arguments: dict) -> dict:
        if arguments["user_id"] not in team.people:
            raise SlackError("user_not_found")
        return self.show_view(team, arguments["view"], "home")

    def show_view(self, team: SlackTeam, view: dict, kind: str) -> dict:
        problems = problems_of_view(view, kind)
        if problems:
            raise SlackError("invalid_arguments", problems=problems)
        number = f"V{len(self.views):010d}"
        shown = view | {"id": number, "team_id": team.id, "hash": secrets.token_hex(8), "state": {"values": {}}}
        self.views[number] = shown
        return {"view": shown}

    def call_files_getUploadURLExternal(self, team: SlackTeam, arguments: dict) -> dict:
        length = str(arguments["length"])
        if not length.isdigit() or int(length) == 0 or not arguments["filename"]:
            raise SlackError("invalid_arguments", problems=[Problem("length", "must be a number above 0")])
        file = UploadedFile(f"F{secrets.token_hex(5).upper()}", arguments["filename"], int(length))
        self.files[file.id] = file
        return {"upload_url": f"{self.origin}/upload/v1/{file.id}", "file_id": file.id}

    def call_files_completeUploadExternal(self, team: SlackTeam, arguments: dict) -> dict:
        wanted = arguments["files"]
        if not isinstance(wanted, list) or not wanted or any("id" not in item for item in wanted):
            raise SlackError("invalid_arguments", problems=[Problem("files", "must be a list of objects with an id")])
        files = [self.files.get(item["id"]) for item in wanted]
        if any(file is None or file.content is None or file.is_complete for file in files):
            raise SlackError("file_not_found")
        self.share(team, files, arguments)
        return {
            "files": [
                {"id": file.id, "title": item.get("title", file.name)} for file, item in zip(files, wanted, strict=True)
            ]
        }

    def share(self, team: SlackTeam, files: list[UploadedFile], arguments: dict) -> None:
        listed = arguments.get("channel_id") or arguments.get("channels") or ""
        for name in filter(None, listed.split(",")):
            channel = self.channel_of(team, name)["id"]
            text = {"text": arguments.get("initial_comment") or "", "thread_ts": arguments.get("thread_ts")}
            self.post("files.completeUploadExternal", team, channel, text, [file.id for file in files])
        for file in files:
            file.is_complete, file.channel = True, listed or None

    def call_assistant_threads_setStatus(self, team: SlackTeam, arguments: dict) -> dict:
        self.channel_of(team, arguments["channel_id"])
        return {}

    call_assistant_threads_setTitle = call_assistant_threads_setStatus

    def call_assistant_threads_setSuggestedPrompts(self, team: SlackTeam, arguments: dict) -> dict:
        self.channel_of(team, arguments["channel_id"])
        prompts = arguments["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(prompt) != {"title", "message"} for prompt in prompts):
            raise SlackError("invalid_arguments", problems=[Problem("prompts", "1 to 4 of title and message")])
        return {}

    def call_reactions_add(self, team: SlackTeam, arguments: dict) -> dict:
        channel = self.channel_of(team, arguments["channel"])["id"]
        if self.find(channel, arguments["timestamp"]) is None:
            raise SlackError("message_not_found")
        if not arguments["name"].replace("_", "").replace("-", "").replace("+", "").isalnum():
            raise SlackError("invalid_name")
        mark = (channel, arguments["timestamp"], arguments["name"])
        if mark in self.reactions:
            raise SlackError("already_reacted")
        self.reactions.append(mark)
        return {}

    def post(self, method: str, team: SlackTeam, channel: str, arguments: dict, files: list[str] | None = None) -> dict:
        post = SlackPost(
            method,
            team.id,
            channel,
            ts=self.new_ts(),
            text=arguments.get("text") or arguments.get("markdown_text") or "",
            blocks=arguments.get("blocks") or [],
            thread_ts=arguments.get("thread_ts"),
            user=arguments.get("user"),
            arguments=arguments,
            files=files or [],
        )
        self.sent.append(post)
        self.posts.append(post)
        self.ledger.write(post)
        return {"channel": channel, "ts": post.ts, "message": message_of(post, team)}


def message_of(post: SlackPost, team: SlackTeam) -> dict:
    by = {"user": post.user} if post.method == "from a user" else {"user": team.bot_user, "bot_id": team.bot_id}
    message = {"type": "message", "ts": post.ts, "text": post.text, "team": post.team} | by
    message |= {"blocks": post.blocks} if post.blocks else {}
    return message | ({"thread_ts": post.thread_ts} if post.thread_ts else {})
