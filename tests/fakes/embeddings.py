"""A strict embeddings endpoint on a real socket, as OpenAI's API reference describes `POST /v1/embeddings`.

    async with FakeEmbeddings() as fake:
        OpenAiEmbedder(fake.url, fake.model, fake.key)

Its vectors know a few subjects: texts that share one are near each other, whatever their words. Items come back in
the reverse order, as the API allows: `index` says whose they are.
"""

import hashlib

from aiohttp import web

from fakes.wire import HttpFake, Problem, Refusal

SUBJECTS = (
    ("解約", "退会", "やめたい", "cancel", "quit"),
    ("請求書", "インボイス", "支払い", "invoice", "bill"),
    ("パスワード", "合言葉", "password", "sign in"),
    ("招待", "仲間を増やす", "invite"),
)
WIDTH = 16
MOST = 2048


class FakeEmbeddings(HttpFake):
    """`asked` holds the texts of each accepted request; `refused` what the API would refuse."""

    model, key = "test-embedding-3", "sk-test"

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.asked: list[list[str]] = []
        self.width = WIDTH

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def operation_of(self, request: web.Request) -> str:
        return "embed"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if (request.method, request.path) != ("POST", "/v1/embeddings"):
            return self._refuse(404, "unknown_url", request.path)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return self._refuse(401, "invalid_api_key", "Authorization")
        if request.content_type != "application/json":
            return self._refuse(400, "invalid_request_error", "Content-Type")
        body = await request.json()
        if unknown := set(body) - {"model", "input", "encoding_format", "dimensions", "user"}:
            return self._refuse(400, "unknown_parameter", ", ".join(unknown))
        if body.get("model") != self.model:
            return self._refuse(404, "model_not_found", str(body.get("model")))
        texts = body.get("input")
        if not isinstance(texts, list) or not 1 <= len(texts) <= MOST:
            return self._refuse(400, "invalid_request_error", "input")
        if not all(isinstance(text, str) and text for text in texts):
            return self._refuse(400, "invalid_request_error", "input")
        if body.get("encoding_format", "float") != "float":
            return self._refuse(400, "invalid_request_error", "encoding_format")
        self.asked.append(texts)
        data = [{"object": "embedding", "index": n, "embedding": self.vector(text)} for n, text in enumerate(texts)]
        used = sum(map(len, texts))
        return web.json_response({"object": "list", "data": data[::-1], "model": self.model,
                                  "usage": {"prompt_tokens": used, "total_tokens": used}})  # fmt: skip

    def _refuse(self, status: int, code: str, where: str) -> web.Response:
        self.refused.append(Refusal("embed", status, code, [Problem(where, code)]))
        error = {"message": where, "type": "invalid_request_error", "code": code}
        return web.json_response({"error": error}, status=status)

    def vector(self, text: str) -> list[float]:
        """Subjects first, then a little of the text's own."""
        own = hashlib.sha256(text.encode()).digest()
        told = [3.0 * any(word in text.lower() for word in words) for words in SUBJECTS]
        return [*told, *(byte / 512 for byte in own[: self.width - len(told)])]
