"""The endpoints of the LINE Messaging API that send nothing: quota, profiles, content, link tokens, webhook settings.

Source: LINE Developers, "Messaging API reference".
"""

import re
import uuid

import httpx
from aiohttp import web

from fakes.line_events import Media
from fakes.line_state import LineChannel, Refused


class LineQueries:
    """Mixed into FakeLine, which holds the state."""

    async def _validate(self, channel: LineChannel, body: dict, kind: str) -> web.Response:
        return web.json_response({})

    async def _quota(self, channel: LineChannel, body: dict) -> web.Response:
        limit = channel.monthly_limit
        return web.json_response({"type": "none"} if limit is None else {"type": "limited", "value": limit})

    async def _consumption(self, channel: LineChannel, body: dict) -> web.Response:
        return web.json_response({"totalUsage": channel.consumed})

    async def _profile(self, channel: LineChannel, body: dict, user: str) -> web.Response:
        if user not in self.friends or user in self.blocked:
            raise Refused(404, "Not found")
        return web.json_response(self.friends[user])

    async def _loading(self, channel: LineChannel, body: dict) -> web.Response:
        self.loading.append((body["chatId"], body.get("loadingSeconds", 20)))
        return web.json_response({}, status=202)

    async def _link_token(self, channel: LineChannel, body: dict, user: str) -> web.Response:
        if user not in self.friends:
            raise Refused(404, "Not found")
        token = uuid.uuid4().hex
        self.link_tokens[token] = (user, self.clock.now())
        return web.json_response({"linkToken": token})

    def use_link_token(self, token: str) -> str:
        """What the accountLink dialog does with it: the user; KeyError when it was used, or after 10 minutes."""
        user, issued = self.link_tokens.pop(token)
        if self.clock.now() - issued >= self.link_token_lifetime:
            raise KeyError(token)
        return user

    async def _content(self, channel: LineChannel, body: dict, message: str) -> web.Response:
        media = self._media_of(message)
        if media.polls:
            return web.json_response({}, status=202)
        return web.Response(body=media.content, content_type=media.content_type)

    async def _preview(self, channel: LineChannel, body: dict, message: str) -> web.Response:
        media = self._media_of(message)
        if not media.content_type.startswith(("image/", "video/")):
            raise Refused(404, "Not found")
        return web.Response(body=media.content, content_type="image/jpeg")

    async def _transcoding(self, channel: LineChannel, body: dict, message: str) -> web.Response:
        media = self._media_of(message)
        if not media.content_type.startswith(("audio/", "video/")):
            raise Refused(404, "Not found")
        if media.polls:
            media.polls -= 1
            return web.json_response({"status": "processing"})
        return web.json_response({"status": "failed" if media.fails else "succeeded"})

    def _media_of(self, message: str) -> Media:
        media = self.media.get(message)
        if media is None:
            raise Refused(404, "Not found")
        if media.is_gone:
            raise Refused(410, "The message was deleted")
        return media

    async def _info(self, channel: LineChannel, body: dict) -> web.Response:
        return web.json_response(
            {
                "userId": channel.bot_user_id,
                "basicId": "@" + channel.bot_user_id[1:9],
                "displayName": channel.name,
                "pictureUrl": "https://profile.line-scdn.net/example",
                "chatMode": "bot",
                "markAsReadMode": "auto",
            }
        )

    async def _get_endpoint(self, channel: LineChannel, body: dict) -> web.Response:
        if channel.endpoint is None:
            raise Refused(404, "Webhook endpoint not found")
        return web.json_response({"endpoint": channel.endpoint, "active": True})

    async def _set_endpoint(self, channel: LineChannel, body: dict) -> web.Response:
        channel.endpoint = webhook_url(body["endpoint"])
        return web.json_response({})

    async def _test_endpoint(self, channel: LineChannel, body: dict) -> web.Response:
        url = webhook_url(body.get("endpoint") or channel.endpoint)
        try:
            status, reason = (await self.verify(url, channel=channel)).status_code, "OK"
        except httpx.TimeoutException:
            status, reason = 0, "REQUEST_TIMEOUT"
        except httpx.TransportError:
            status, reason = 0, "COULD_NOT_CONNECT"
        good = status == 200
        if status and not good:
            reason = "ERROR_STATUS_CODE"
        now = "2026-01-01T00:00:00Z"
        return web.json_response(
            {"success": good, "timestamp": now, "statusCode": status, "reason": reason, "detail": str(status or reason)}
        )


def webhook_url(url: str | None) -> str:
    """LINE demands https with a public certificate; the fake also takes this machine, where tests listen."""
    if not url or not re.match(r"https://|http://(127\.0\.0\.1|localhost)[:/]", url):
        raise Refused(400, "Invalid webhook endpoint URL")
    return url
