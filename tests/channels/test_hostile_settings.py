"""What an administrator mistypes and what an endpoint answers wrongly is said, not an error of ours."""

import pytest

from channels.fetching import checked_address
from core.errors import Refused
from factories import staff
from search.embeddings import EmbeddingError, _vectors


@pytest.mark.parametrize("url", ["smtp://[", "smtp://user:geheim@host:99999", "smtp://user:geheim@host:x", "smtp://[::1",
                                 "ftp://a.example", "smtp://user:geheim@h?timeout=x"])  # fmt: skip
async def test_an_address_of_a_mail_server_that_is_none_is_told_beside_the_field(web, sign_in, url):
    await sign_in(await staff("admin"))
    said = await web.submit("/staff/settings/mail", {"url": url, "connections": "5", "rate": "0", "key": "none"})
    assert said.status_code == 422
    assert "geheim" not in said.text


@pytest.mark.parametrize("answer", [
    {"data": [{"embedding": [1.0], "index": None}]}, {"data": [{"embedding": [1.0], "index": [0]}]},
    {"data": [{"embedding": {"a": 1}}]}, {"data": [{"embedding": [[1.0]]}]}, {"data": [None]},
    {"data": [{"embedding": "x"}]}, {"data": [{"embedding": []}]}, {"data": [{"index": 0}]},
    {"data": [{"embedding": [1.0], "index": 1e400}]}, [], None, {"data": {}},
])  # fmt: skip
def test_what_an_endpoint_of_meaning_answers_wrongly_is_one_kind_of_error(answer):
    with pytest.raises(EmbeddingError):
        _vectors(answer, 1)


NO_ADDRESSES = ["https://[", "https://a.example:x/", "https://a.example:99999", "https://[::1", "x",
                "https://10.0.0.1/", "https://169.254.169.254/latest", "https://user:x@a.example/"]  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_to_forward_to_that_is_none_is_refused(house, url):
    with pytest.raises(Refused):
        checked_address(url)
