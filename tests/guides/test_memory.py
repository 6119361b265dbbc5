"""What a process remembers of guides: little of strangers, and nothing for longer than it says."""

from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import write
from customers import segments
from faults.processes import until
from guides import hosts, published
from guides_parts import Page, a_product, a_user, an_author, live


async def test_variants_of_a_products_key_are_remembered_as_one(web, house):
    await an_author()
    made = await a_product()
    hosts.forget()
    for n in range(5):
        await web.post("/w/session", json={"key": made.key + "\0" * n})
        await web.post("/w/session", json={"key": "nobody" * n})
    assert list(hosts._hosts) == [made.key]


@pytest.fixture
def soon_old(monkeypatch):
    """What is remembered is old at once: two seconds and a minute would be long in a test."""
    for module, name in ((hosts, "FRESH"), (published, "FRESH"), (published, "MEMBERS_FRESH")):
        monkeypatch.setattr(module, name, 0.0)


async def test_what_another_process_changes_is_read_again(web, soon_old):
    """Written past the verbs, as another process does it: nobody here is told."""
    await an_author()
    made, person, other = await a_product(), await a_user("u-1"), await a_user("u-2")
    few = await segments.save_list("数人", [person.id])
    first, second = await live(title="一つ目", priority=90, segment_id=few.id), await live(title="二つ目")
    page, others = Page(web, made, "u-1"), Page(web, made, "u-2")

    async def becomes(who: Page, *guides) -> None:
        wanted = [one.key for one in guides]
        await until(lambda: _says(who, wanted), 5)

    await becomes(page, first, second)
    await write("UPDATE guide SET priority = 10 WHERE id = ?", first.id)
    await becomes(page, second, first)
    await write("UPDATE guide SET state = 'paused' WHERE id = ?", second.id)
    await becomes(page, first)
    await becomes(others)
    await write("UPDATE segment_member SET person_id = ? WHERE segment_id = ?", other.id, few.id)
    await becomes(page)
    await becomes(others, first)
    await write("UPDATE guide SET ends_at = ? WHERE id = ?", now(), first.id)
    await becomes(others)
    await write("UPDATE guide_product SET origins = ?", ["https://other.example"])
    await until(lambda: _status(page, 403), 5)


async def _says(page: Page, wanted: list[str]) -> bool:
    return await page.offered() == wanted


async def _status(page: Page, status: int) -> bool:
    return (await page.post("session")).status_code == status


async def test_what_somebody_saw_is_never_remembered(web):
    """The person's own row is read for each decision, whoever wrote it, and whenever."""
    await an_author()
    made, person = await a_product(gap_hours=1), await a_user()
    guide, checklist = await live(), await live("checklist", "はじめの一つ", steps=[{}, {"title": "開く"}])
    page = Page(web, made)
    assert await page.offered() == [guide.key, checklist.key]
    seen = ("INSERT INTO guide_seen (person_id, guide_id, kind, views, last_at, items) VALUES (?, ?, 'banner', 1, ?, ?)"
            " ON CONFLICT (person_id, guide_id) DO UPDATE SET last_at = excluded.last_at")  # fmt: skip
    elsewhere = await live("modal", "別の案内", starts_at=now() + timedelta(days=1))
    await write(seen, person.id, elsewhere.id, now(), [])
    assert await page.offered() == [checklist.key], "an hour between two guides; a checklist does not wait"
    await write(seen, person.id, elsewhere.id, now() - timedelta(hours=2), [])
    assert await page.offered() == [guide.key, checklist.key]
    await write(seen, person.id, guide.id, now(), [])
    await write("UPDATE guide_seen SET dismissed_at = ? WHERE guide_id = ?", now(), guide.id)
    assert await page.offered() == [checklist.key]
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", person.id)
    assert await page.offered() == []


async def test_a_first_and_a_last_day_pass_without_anybody_touching_the_guide(web):
    await an_author()
    made = await a_product()
    await a_user()
    late = await live(title="明日から", starts_at=now() + timedelta(days=1), ends_at=now() + timedelta(days=3))
    page = Page(web, made)
    for days, offered in ((0, []), (2, [late.key]), (4, []), (2, [late.key]), (0, [])):
        with as_of(now() + timedelta(days=days)):
            assert await page.offered() == offered, days
