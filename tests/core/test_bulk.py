"""Many rows in one statement: what goes in comes out, whatever is in it, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from core.bulk import add_missing, gathered, given, insert_rows, listed
from core.database import rows, transaction, write

pytestmark = pytest.mark.anyio
ODD = ["", "a", "\\N", ",", "\x1f", "a\x1fb", "'", '"', "{}", "NULL", "山田", "𠮷", "\n", "?"]


@pytest.mark.parametrize("texts", [[], [""], ["\x1f"], ["a"], ["", ""], ODD,
                                   [word for word in ODD if "\x1f" not in word], ["a", None], [None]])  # fmt: skip
async def test_texts_and_numbers_come_back_as_they_were(house: Any, texts: list[Any]) -> None:
    pairs = [(text, None if n % 3 == 2 else n - 1) for n, text in enumerate(texts)]
    sql, parameters = given([("word", "text"), ("number", "bigint")], pairs)
    found = await rows(f"SELECT word, number FROM {sql} AS v", *parameters)
    assert sorted(map(str, map(tuple, found))) == sorted(map(str, pairs))
    among, values = listed("text", texts)
    found = await rows(f"SELECT word FROM {sql} AS v WHERE word IN {among}", *parameters, *values)
    assert len(found) == len([text for text in texts if text is not None])


@pytest.mark.parametrize("number", [1, 3, 4, 21, 342, 700])
async def test_any_number_of_rows_goes_in_once_and_the_new_ones_are_told(house: Any, number: int) -> None:
    keys = [f"m{n}" for n in range(number)]
    async with transaction():
        await insert_rows("event_seen", ("message_id", "received_on"), [(key, await a_day()) for key in keys[::2]])
        found = await add_missing("event_seen", [("message_id", "text"), ("received_on", "date")],
                                  [(key, await a_day()) for key in keys], "message_id")  # fmt: skip
    assert sorted(row[1] for row in found) == sorted(keys[1::2])
    stored = await gathered(("id", "message_id"), "FROM event_seen WHERE message_id <> ?", "")
    assert sorted(row[1] for row in stored) == sorted(keys)
    assert {row[0] for row in found} <= {row[0] for row in stored}


async def a_day() -> Any:
    from core.clock import local_day
    from customers.days import as_day

    return as_day(local_day())


async def test_nothing_missing_is_nothing_new(house: Any) -> None:
    assert await gathered(("id", "message_id"), "FROM event_seen WHERE id > ?", 0) == []
    async with transaction():
        assert await add_missing("event_seen", [("message_id", "text")], [], "message_id") == []
    with pytest.raises(RuntimeError):
        await insert_rows("event_seen", ("message_id",), [("outside",)])
    assert await write("SELECT 1 FROM event_seen") == []
