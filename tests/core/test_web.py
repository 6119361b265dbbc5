"""What every request passes: error pages, CSRF, origin, limits, headers, also for addresses that nothing matches."""

from __future__ import annotations

import re

import pytest

HOSTILE_PATHS = [
    "/%00",
    "/..%2f..%2fetc/passwd",
    "/static/x/../../core/settings.py",
    "/%ff%fe",
    "/" + "a" * 5000,
]


async def test_an_unmatched_address_is_a_page_in_the_readers_language(web):
    found = await web.get("/no/such/page")
    assert found.status_code == 404 and "<h1>" in found.text and 'lang="ja"' in found.text
    english = await web.get("/no/such/page", headers={"accept-language": "en-GB,en;q=0.8"})
    assert 'lang="en"' in english.text and "There is no such page" in english.text


async def test_a_program_gets_problem_details(web):
    found = await web.get("/api/v1/nothing", headers={"accept": "application/json"})
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["status"] == 404


@pytest.mark.parametrize("path", HOSTILE_PATHS)
async def test_a_hostile_path_is_not_found_and_nothing_else(web, path):
    found = await web.get(path)
    assert found.status_code in (400, 404, 414), found.text[:200]


async def test_every_answer_carries_the_security_headers(web):
    for path in ("/healthz", "/no/such/page", "/metrics"):
        headers = (await web.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-request-id"]


async def test_a_nonce_is_used_once(web):
    policies = {(await web.get("/no/such/page")).headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


async def test_a_form_without_its_token_is_refused(web):
    refused = await web.post("/language", data={"language": "en"})
    assert refused.status_code == 403
    taken = await web.submit("/language", {"language": "en", "next": "/healthz"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/healthz")


async def test_a_form_from_another_site_is_refused(web):
    await web.get("/healthz")
    for origin in ("https://attacker-example.com", "http://127.0.0.1:9999", "null"):
        refused = await web.submit("/language", {"language": "en"}, headers={"origin": origin})
        assert refused.status_code == 403, origin


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_a_redirect_stays_in_the_house(web, target):
    taken = await web.submit("/language", {"language": "en", "next": target})
    assert taken.headers["location"] == "/"


async def test_a_body_over_the_limit_is_too_large(web):
    assert (await web.post("/language", content=b"x" * 1_000_001)).status_code == 413
    many = "&".join(f"a{n}=1" for n in range(3000))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await web.post("/language", content=many, headers=headers)).status_code == 413


async def test_a_method_that_a_form_means(web):
    """No route takes DELETE here, so what comes back says that the method was changed."""
    answer = await web.submit("/language", {"_method": "DELETE"})
    assert answer.status_code in (404, 405)
    assert (await web.submit("/language", {"_method": "TRACE", "language": "ja"})).status_code == 303


@pytest.mark.parametrize("before", ["", "\r\n", "--x\r\nContent-Disposition: form-data; "])
async def test_a_text_that_looks_like_a_method_changes_no_request(web, before):
    """A report of a fault pastes whole requests."""
    pasted = before + 'name="_method"\r\n\r\nDELETE\r\n'
    upload = {"file": ("a.txt", pasted.encode())}
    sent = {"language": "ja", "note": pasted}
    assert (await web.submit("/language", sent, files=upload)).status_code == 303
    assert (await web.submit("/language", sent | {"_method": "DELETE"}, files=upload)).status_code == 405


async def test_static_files_are_kept_by_name_and_never_leave_their_folder(web):
    page = (await web.get("/no/such/page")).text
    address = re.search(r'href="(/static/[^"]+/css/index.css)"', page).group(1)
    found = await web.get(address)
    assert found.status_code == 200 and "immutable" in found.headers["cache-control"]
    assert (await web.get("/static/x/core/../settings.py")).status_code == 404


async def test_health_and_readiness(web):
    assert (await web.get("/healthz")).text == "ok\n"
    assert (await web.get("/readyz")).text == "ready\n"
