"""A strict IMAP4rev1 mailbox (RFC 3501) over a real socket: what a client of ours asks, in the order it must."""

from __future__ import annotations

import asyncio
import re
from typing import Any


class FakeIMAP:
    """`mails`: uid → (bytes, seen). `refused`: what the client asked and may not ask, in words."""

    def __init__(self, user: str = "support@tsukimi.example", password: str = "geheim") -> None:
        self.user, self.password = user, password
        self.mails: dict[int, tuple[bytes, bool]] = {}
        self.refused: list[str] = []

    async def __aenter__(self) -> FakeIMAP:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    def put(self, content: bytes) -> int:
        uid = 100 + len(self.mails)
        self.mails[uid] = (content, False)
        return uid

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = "greeted"
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := (await reader.readline()).rstrip(b"\r\n").decode():
            tag, _, command = line.partition(" ")
            name = command.upper().split(" ")[0]
            if name == "CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1\r\n" + f"{tag} OK done\r\n".encode())
            elif name == "LOGIN":
                good = command.split(" ", 1)[1].replace('"', "") == f"{self.user} {self.password}"
                state = "in" if good and state == "greeted" else state
                writer.write(f"{tag} {'OK' if good else 'NO [AUTHENTICATIONFAILED]'} login\r\n".encode())
            elif name == "SELECT" and state in ("in", "selected"):
                state = "selected"
                writer.write(f"* {len(self.mails)} EXISTS\r\n{tag} OK [READ-WRITE] selected\r\n".encode())
            elif name == "UID" and state == "selected":
                writer.write(self._uid(command[4:]) + f"{tag} OK done\r\n".encode())
            elif name == "LOGOUT":
                writer.write(f"* BYE\r\n{tag} OK done\r\n".encode())
                await writer.drain()
                break
            else:
                self.refused.append(f"{state}: {command}")
                writer.write(f"{tag} BAD not now\r\n".encode())
            await writer.drain()
        writer.close()

    def _uid(self, asked: str) -> bytes:
        if asked == "SEARCH UNSEEN":
            found = " ".join(str(uid) for uid, (_, seen) in self.mails.items() if not seen)
            return f"* SEARCH {found}".rstrip().encode() + b"\r\n"
        found: Any = re.fullmatch(r"(FETCH|STORE) (\d+) (.+)", asked)
        if not found or int(found[2]) not in self.mails:
            self.refused.append(asked)
            return b""
        uid = int(found[2])
        content, seen = self.mails[uid]
        if found[3] == "(RFC822.SIZE)":
            return f"* 1 FETCH (UID {uid} RFC822.SIZE {len(content)})\r\n".encode()
        if found[3] == "(BODY.PEEK[])":
            return f"* 1 FETCH (UID {uid} BODY[] {{{len(content)}}}\r\n".encode() + content + b")\r\n"
        if found[3] == "+FLAGS (\\Seen)":
            self.mails[uid] = (content, True)
            return f"* 1 FETCH (UID {uid} FLAGS (\\Seen))\r\n".encode()
        self.refused.append(asked)
        return b""
