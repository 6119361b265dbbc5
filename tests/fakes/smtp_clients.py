"""An ordinary SMTP client, and one that may break every rule."""

import asyncio
import smtplib
from contextlib import asynccontextmanager
from email.message import EmailMessage


def newsletter(to="mika@example.com", body="こんにちは\n.a line that begins with a dot\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Engawa <news@engawa.example>", to, "縁側だより"
    mail["Date"], mail["Message-ID"] = "Thu, 01 Jan 2026 00:00:00 +0900", f"<{to}>"
    mail.set_content(body, cte="base64" if not body.isascii() else "7bit")
    return mail


async def send(server, mail, **how):
    """Send with smtplib, in a thread, as an ordinary client does."""

    def run():
        with smtplib.SMTP(server.host, server.port, timeout=how.get("timeout", 5)) as client:
            if how.get("tls"):
                client.starttls(context=how["tls"])
            if how.get("login"):
                client.login(*how["login"])
            return client.send_message(mail)

    return await asyncio.to_thread(run)


class Dialogue:
    """A client that may break every rule."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, raw: bytes, answers: int = 1) -> list[str]:
        self.writer.write(raw)
        return [await self.hear() for _ in range(answers)]

    async def hear(self) -> str:
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode().rstrip()
            if line[3:4] != "-":
                return line

    async def hears_nothing_more(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def dialogue(server, *, greeted=True):
    reader, writer = await asyncio.open_connection(server.host, server.port)
    talk = Dialogue(reader, writer)
    await talk.hear()
    if greeted:
        await talk.say(b"EHLO client.example\r\n")
    yield talk
    writer.close()


ENVELOPE = b"MAIL FROM:<news@engawa.example>\r\nRCPT TO:<mika@example.com>\r\nDATA\r\n"
HEADER = b"From: a@example.com\r\nDate: Thu, 01 Jan 2026 00:00:00 +0900\r\nMessage-ID: <1@example.com>\r\n\r\n"


async def reply_to_content(server, content: bytes) -> str:
    async with dialogue(server) as talk:
        assert [reply[:3] for reply in await talk.say(ENVELOPE, 3)] == ["250", "250", "354"]
        return (await talk.say(content))[0]
