"""The Web API methods that our software calls: what each does and answers.

Source: Slack developer documentation, the page of each method ("Web API methods"), "Rate limits", "Working with files".
"""

import secrets
from collections.abc import Callable

from fakes.slack_arguments import check_message
from fakes.slack_blocks import problems_of_view
from fakes.slack_state import SlackError, SlackPost, SlackTeam, UploadedFile
from fakes.wire import Problem


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
        here = [post for post in self.posts if post.channel == channel]
        thread = [post for post in here if arguments["ts"] in (post.ts, post.thread_ts)]
        return {"messages": [message_of(post, team) for post in thread], "has_more": False}

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
            "files": [{"id": item["id"], "title": item.get("title", self.files[item["id"]].name)} for item in wanted]
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
