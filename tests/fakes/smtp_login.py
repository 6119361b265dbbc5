"""STARTTLS and AUTH of the fake SMTP server (RFC 3207, RFC 4954 with PLAIN and LOGIN)."""

import asyncio
import base64
import binascii
from collections.abc import Callable


class SignIn:
    """Mixed into Session."""

    def on_starttls(self, argument: str) -> None:
        self.demand(self.server.tls and not self.is_secure, "502 5.5.1 STARTTLS is not offered")
        self.say("220 2.0.0 Ready to start TLS")
        self.mode = "busy"
        self.upgrade = asyncio.ensure_future(self.start_tls())

    async def start_tls(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(self.transport, self, self.server.tls, server_side=True)
        except (OSError, asyncio.CancelledError):
            return self.drop()
        self.transport, self.is_secure, self.greeted, self.mode = secure, True, None, "command"
        self.forget_transaction()

    def on_auth(self, argument: str) -> None:
        self.demand(self.greeted == "EHLO", "503 5.5.1 Say EHLO first")
        self.demand(self.server.users, "502 5.5.1 AUTH is not offered")
        self.demand(not self.is_signed_in, "503 5.5.1 Already signed in")
        mechanism, _, initial = argument.partition(" ")
        begin = {"PLAIN": self.begin_plain, "LOGIN": self.begin_login}.get(mechanism.upper())
        self.demand(begin, "504 5.5.4 Unknown mechanism")
        assert begin is not None
        begin(initial)

    def begin_plain(self, initial: str) -> None:
        if initial:
            self.finish_plain(initial.encode())
        else:
            self.ask("334 ", self.finish_plain)

    def finish_plain(self, answer: bytes) -> None:
        parts = decoded(answer).split(b"\0")
        self.finish(*(parts[1:] if len(parts) == 3 else (b"", b"")))

    def begin_login(self, initial: str) -> None:
        def with_user(answer: bytes) -> None:
            self.ask("334 UGFzc3dvcmQ6", lambda password: self.finish(decoded(answer), decoded(password)))

        if initial:
            with_user(initial.encode())
        else:
            self.ask("334 VXNlcm5hbWU6", with_user)

    def ask(self, challenge: str, then: Callable[[bytes], None]) -> None:
        self.mode, self.login = "login", then
        self.say(challenge)

    def go_on_with_login(self, line: bytes) -> None:
        self.mode, then = "command", self.login
        if line == b"*":
            return self.say("501 5.7.0 Cancelled")
        assert then is not None
        then(line)

    def finish(self, user: bytes, password: bytes) -> None:
        if user and self.server.users.get(user.decode("utf-8", "replace")) == password.decode("utf-8", "replace"):
            self.is_signed_in = True
            return self.say("235 2.7.0 Welcome")
        self.say("535 5.7.8 Bad user name or password")


def decoded(answer: bytes) -> bytes:
    try:
        return base64.b64decode(answer, validate=True)
    except binascii.Error:
        return b""
