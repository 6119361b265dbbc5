"""One SMTP connection of ours: asyncio, MAIL+RCPT+DATA in one group (RFC 2920), nothing past the dot."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Callable

from channels.mime import Letter, quoted_address
from channels.smtp_server import Gone, Outcome, Reply, Server
from core.errors import Refused
from core.settings import LOOPBACK

DOT = b".\r\n"
LOOK = 0.25  # seconds between looks at a connection's deadline: one timer each, none per message


class Line(asyncio.Protocol):
    """One connection. `await line.open()`, then `await line.send(letter)` again and again, `await line.quit()`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.offers: dict[str, str] = {}
        self.sent = 0
        self.is_open = False
        self._buffer = b""
        self._part: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._lost = ""
        self._stale = False  # a transaction of the other side must be reset first
        self._can_write = asyncio.Event()
        self._can_write.set()

    @property
    def is_usable(self) -> bool:
        """Open, and the server has said nothing unasked (a 421 before it closes)."""
        return self.is_open and not self._replies

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r").decode("utf-8", "replace"))
        if len(self._buffer) > 8192:
            self._lose("the server's answer has no end")
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(str(error) if error else "the server closed the connection")

    def pause_writing(self) -> None:
        self._can_write.clear()

    def resume_writing(self) -> None:
        self._can_write.set()

    def _take(self, line: str) -> None:
        self._part.append(line[4:])
        if line[3:4] != "-":
            code = int(line[:3]) if line[:3].isdigit() else 0
            self._replies.append(Reply(code, tuple(self._part)))
            self._part = []

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done() and (self._replies or self._lost):
            self._waiter.set_result(None)

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        self.is_open = False
        self._can_write.set()
        if self._watch:
            self._watch.cancel()
        if self.transport:
            self.transport.abort()
        self._wake()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if self._waiter and not self._waiter.done() and loop.time() > self._deadline:
            self._lose(f"no answer within {self.server.patience:g} seconds")
            return
        self._watch = loop.call_later(LOOK, self._look)

    # the dialogue

    async def _reply(self) -> Reply:
        """The next reply. Raises Gone when the connection ended without one."""
        if not self._replies:
            if self._lost:
                raise Gone(self._lost)
            loop = asyncio.get_running_loop()
            self._deadline = loop.time() + self.server.patience
            self._waiter = loop.create_future()
            await self._waiter
            if not self._replies:
                raise Gone(self._lost)
        return self._replies.popleft()

    def _write(self, data: bytes) -> None:
        if self._lost or self.transport is None:
            raise Gone(self._lost or "not connected")
        self.transport.write(data)

    async def _ask(self, command: str) -> Reply:
        self._write(command.encode() + b"\r\n")
        return await self._reply()

    async def open(self) -> Outcome | None:
        """Connect, greet, secure, sign in. Returns None, or why not: nothing was sent then."""
        try:
            return await self._open()
        except (OSError, Gone, TimeoutError) as error:
            await self.quit()
            return Outcome("retry", str(error) or type(error).__name__, "connect")

    async def _open(self) -> Outcome | None:
        loop = asyncio.get_running_loop()
        tls = self.server.context() if self.server.security == "tls" else None
        async with asyncio.timeout(self.server.patience):
            await loop.create_connection(lambda: self, self.server.host, self.server.port, ssl=tls,
                                         server_hostname=self.server.host if tls else None)  # fmt: skip
        self._look()
        greeting = await self._reply()
        if greeting.code != 220:
            return await self._no(greeting, "connect")
        if no := await self._greet():
            return no
        if self.server.security == "starttls" or (self.server.user and not tls and "STARTTLS" in self.offers):
            if no := await self._secure():
                return no
            tls = self.server.context()
        if self.server.user and (no := await self._sign_in(bool(tls))):
            return no
        self.is_open = True
        return None

    async def _no(self, reply: Reply, stage: str) -> Outcome:
        """Nobody is to blame but the connection: other servers, other settings or another hour may do."""
        await self.quit()
        return Outcome("retry", str(reply), stage, reply.code)

    async def _greet(self) -> Outcome | None:
        hello = await self._ask(f"EHLO {self.server.name}")
        if 400 <= hello.code < 500:
            return await self._no(hello, "ehlo")
        if hello.code != 250:
            hello = await self._ask(f"HELO {self.server.name}")
            if hello.code != 250:
                return await self._no(hello, "ehlo")
            self.offers = {}
            return None
        self.offers = {line.partition(" ")[0].upper(): line.partition(" ")[2] for line in hello.lines[1:]}
        return None

    async def _secure(self) -> Outcome | None:
        if "STARTTLS" not in self.offers:
            return await self._no(Reply(0, ("the server does not offer STARTTLS",)), "starttls")
        reply = await self._ask("STARTTLS")
        if reply.code != 220:
            return await self._no(reply, "starttls")
        # What came in clear before TLS may have been injected (RFC 3207, 6).
        self._buffer, self._part = b"", []
        self._replies.clear()
        assert self.transport is not None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self.server.patience):
            self.transport = await loop.start_tls(self.transport, self, self.server.context(),
                                                  server_hostname=self.server.host)  # type: ignore[assignment]  # fmt: skip
        return await self._greet()

    async def _sign_in(self, is_secure: bool) -> Outcome | None:
        if not is_secure and self.server.host not in LOOPBACK:
            return await self._no(Reply(0, ("the password would travel in clear: use smtps:// or smtp+starttls://",)),
                                  "auth")  # fmt: skip
        user, password = self.server.user, self.server.password
        if "PLAIN" in self.offers.get("AUTH", "").upper().split():
            secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
            reply = await self._ask(f"AUTH PLAIN {secret}")
        else:
            reply = await self._ask("AUTH LOGIN")
            for word in (user, password):
                if reply.code == 334:
                    reply = await self._ask(base64.b64encode(word.encode()).decode())
        return None if reply.code == 235 else await self._no(reply, "auth")

    # one message

    async def send(self, letter: Letter, may_still: Callable[[], bool] | None = None) -> Outcome:
        """`may_still` is asked right before the dot: a sender that was frozen past its lease must not finish."""
        try:
            sender = quoted_address(letter.sender) if letter.sender else ""
            recipient = quoted_address(letter.recipient)
        except Refused as error:
            return Outcome("refused", error.sentence, "rcpt")
        size = self.offers.get("SIZE", "")
        if size.isdigit() and 0 < int(size) < len(letter.content):
            return Outcome("refused", f"552 5.3.4 larger than the {size} octets this server takes", "mail", 552)
        utf8 = "" if sender.isascii() and recipient.isascii() else " BODY=8BITMIME SMTPUTF8"
        if utf8 and "SMTPUTF8" not in self.offers:
            return Outcome("refused", "553 5.6.7 this server takes no addresses beyond ASCII", "rcpt", 553)
        try:
            no = await self._envelope(f"MAIL FROM:<{sender}>{utf8}", f"RCPT TO:<{recipient}>")
        except Gone as gone:
            return Outcome("retry", str(gone), "mail")
        return no or await self._content(letter.content, may_still)

    async def _envelope(self, mail: str, rcpt: str) -> Outcome | None:
        """None when the server waits for the content."""
        stages = ["rset"] if self._stale else []
        stages += ["mail", "rcpt", "data"]
        commands = {"rset": "RSET", "mail": mail, "rcpt": rcpt, "data": "DATA"}
        if "PIPELINING" in self.offers:
            self._write("".join(f"{commands[stage]}\r\n" for stage in stages).encode())
            replies = [(stage, await self._reply()) for stage in stages]
        else:
            replies = []
            for stage in stages:
                replies.append((stage, await self._ask(commands[stage])))
                if not 200 <= replies[-1][1].code < 400:
                    break
        bad = next(((stage, reply) for stage, reply in replies if not 200 <= reply.code < 400), None)
        if bad is None:
            self._stale = False
            return None
        if replies[-1][0] == "data" and replies[-1][1].code == 354:
            # Every recipient was refused, and still it wants content: an empty one (RFC 2920, 3.1).
            self._write(DOT)
            await self._reply()
        return self._refusal(*bad)

    def _refusal(self, stage: str, reply: Reply) -> Outcome:
        self._stale = True
        if reply.code == 421:
            self._lose(str(reply))
        # 5xx at MAIL is about us (not signed in, not allowed), not about this person: it may pass.
        is_final = 500 <= reply.code < 600 and stage in ("rcpt", "data", "dot")
        return Outcome("refused" if is_final else "retry", str(reply), stage, reply.code)

    async def _content(self, content: bytes, may_still: Callable[[], bool] | None) -> Outcome:
        if b"\r\n." in content or content.startswith(b"."):
            content = (b"." if content.startswith(b".") else b"") + content.replace(b"\r\n.", b"\r\n..")
        try:
            self._write(content if content.endswith(b"\r\n") else content + b"\r\n")
            await self._let_it_out()
            if may_still and not may_still():
                self._lose("the lease ran out before the dot")
                return Outcome("retry", self._lost, "lease")
            self._write(DOT)
        except Gone as gone:
            return Outcome("retry", str(gone), "content")
        try:
            reply = await self._reply()
        except Gone as gone:
            return Outcome("uncertain", str(gone), "dot")
        self.sent += 1
        if 200 <= reply.code < 300:
            return Outcome("sent", str(reply), "dot", reply.code)
        return self._refusal("dot", reply)

    async def _let_it_out(self) -> None:
        """The dot goes separately: a connection lost until here is certainly no delivery, so it may be repeated.

        Every other connection has its turn meanwhile, so this costs no throughput.
        """
        if not self._can_write.is_set():
            try:
                async with asyncio.timeout(self.server.patience):
                    await self._can_write.wait()
            except TimeoutError:
                self._lose(f"the content did not leave within {self.server.patience:g} seconds")
        for _ in range(5):
            await asyncio.sleep(0)

    async def quit(self) -> None:
        if self.transport and not self._lost:
            self.transport.write(b"QUIT\r\n")
            self.transport.close()
        self._lose("closed")
