"""Every route × role × own or foreign object answers as the committed table says (facts: reading another's object)."""

from __future__ import annotations

import api_matrix
import pytest
from matrix import EXPECTED, HEAD, expected, table

from core.web import routes_of

HINT = "Run python tests/routes/rewrite.py and read the difference."


async def test_every_route_is_in_the_table_and_no_other(web):
    there = {(method, path, may) for method, path, may in routes_of(web.application)}
    listed = {(line[0], line[1], line[2]) for line in expected()}
    assert there - listed == set(), f"not in {EXPECTED.name}. {HINT}"
    assert listed - there == set(), f"gone from the application. {HINT}"


def test_the_table_holds_no_failure():
    for line in expected():
        assert not [status for status in line[4:] if status[0] in "05"], line


@pytest.mark.timeout(600)
async def test_every_role_gets_what_the_table_says(web):
    wanted = {line[:4]: line[4:] for line in expected()}
    wrong = []
    for line in await table(web.application):
        if wanted.get(line[:4]) != line[4:]:
            wrong.append(
                f"{' '.join(line[:4])}: {dict(zip(HEAD[4:], line[4:], strict=True))}, not {wanted.get(line[:4])}"
            )
    assert wrong == [], HINT


def test_nobody_without_the_right_gets_in():
    """Said once more without the table's help: staff routes never answer 200 to visitors and members."""
    for line in expected():
        if line[1].startswith("/staff"):
            assert not [status for status in line[4:8] if status.startswith("2")], line


@pytest.mark.timeout(300)
async def test_every_key_gets_what_the_table_of_the_api_says(web):
    wanted = {line[:4]: line[4:] for line in expected(api_matrix.EXPECTED)}
    found = await api_matrix.table(web.application)
    assert {line[:4] for line in found} == set(wanted), HINT
    wrong = [f"{line}, not {wanted[line[:4]]}" for line in found if wanted[line[:4]] != line[4:]]
    assert wrong == [], HINT


def test_no_key_gets_past_its_scope():
    """Said once more without the table's help: without a key 401, without the scope 403, and reading is all that a
    key which only reads may do."""
    lines = [dict(zip(api_matrix.HEAD, line, strict=True)) for line in expected(api_matrix.EXPECTED)]
    assert len(lines) > 40
    for line in lines:
        assert line["none"] == "401", line
        assert line["outside"] == "403", line
        assert line["reader"] == ("403" if line["method"] != "GET" else line["admin"]), line
        assert line["admin"][0] in "24", line
