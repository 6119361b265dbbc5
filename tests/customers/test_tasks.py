"""What is to be done about an account: written, given, done; whose it is; what merging and erasing do to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import as_of, local_day, now
from core.database import rows
from core.errors import Forbidden, NotFound, Refused
from core.principal import MEMBER
from core.refs import Ref
from customers import accounts, merging, policy, privacy, tasks
from customers.jobs import open_tasks
from customers.models import Account, Notice, Person, Task
from customers.rules import FieldRule, set_rule
from factories import a_person, an_account, staff
from wires import as_person

pytestmark = pytest.mark.anyio
S = "/staff/customers"
WRITER = MEMBER | {"customers.read", "customers.write"}


def in_days(n: int) -> str:
    return str(local_day() + timedelta(days=n))


async def test_a_task_is_written_changed_and_done_on_the_pages(web: Any, sign_in: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "岩城", "直")
    account = await an_account(csm_id=csm.id, deputy_id=other.id)
    foreign = await an_account("他社", csm_id=other.id)
    contact = await a_person("木村", "健", account=account)
    stranger = await a_person("別", "人", account=foreign)
    await sign_in(csm)
    base = f"{S}/{account.id}/tasks"
    assert "やることはありません" in (await web.get(base)).text
    good = {"title": "新任の<b>部長</b>に案内する", "due_on": in_days(7), "owner_id": csm.id, "person_id": contact.id}
    for wrong in ({"title": ""}, {"due_on": ""}, {"due_on": "2020-01-01"}, {"due_on": "soon"}, {"title": "x" * 201}):
        assert (await web.submit(base, good | wrong)).status_code == 422, wrong
    for refused in ({"owner_id": contact.id}, {"person_id": stranger.id}):
        assert (await web.submit(base, good | refused)).status_code == 422, refused
    assert (await web.submit(f"{S}/{foreign.id}/tasks", good)).status_code == 404
    assert (await web.submit(base, good)).status_code == 303
    task = await Task.get()
    assert (task.owner_id, task.person_id, task.kind, task.state) == (csm.id, contact.id, "by_hand", "open")
    for place in (base, f"{S}/{account.id}", f"{base}/{task.id}"):
        page = (await web.get(place)).text
        assert "新任の&lt;b&gt;部長&lt;/b&gt;に案内する" in page and "<b>部長" not in page, place
    assert (await web.get(f"{S}/{foreign.id}/tasks/{task.id}")).status_code == 404
    said = {"title": "部長に案内する", "due_on": in_days(9), "owner_id": other.id}
    assert (await web.submit(f"{base}/{task.id}", said | {"owner_id": contact.id})).status_code == 422
    assert (await web.submit(f"{base}/{task.id}", said)).status_code == 303
    task = await Task.get()
    assert (task.title, str(task.due_on), task.owner_id) == ("部長に案内する", in_days(9), other.id)
    assert await Notice.filter(person_id=other.id, kind="customers.task_given").count() == 1
    assert await Notice.filter(person_id=csm.id, kind="customers.task_given").count() == 0, "they took it themselves"
    closure = f"{base}/{task.id}/closure"
    assert (await web.submit(closure, {"state": "open"})).status_code == 303
    assert (await Task.get()).state == "open"
    for _twice in range(2):
        assert (await web.submit(closure, {"state": "done", "note": "とても喜ばれた"})).status_code == 303
    task = await Task.get()
    assert (task.state, task.closed_by_id, task.note) == ("done", csm.id, "とても喜ばれた")
    assert (await web.submit(f"{base}/{task.id}", said | {"title": "x"})).status_code == 409
    told = (await web.get(f"{S}/{account.id}/timeline")).text
    assert "がやり終えました：部長に案内する" in told and told.count("がやり終えました：") == 1
    assert "とても喜ばれた" in (await web.get(base)).text
    assert len(await rows("SELECT 1 FROM audit_entry WHERE action = 'account.task'")) == 3


async def test_an_overdue_task_keeps_its_day_until_another_is_chosen(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    as_person(csm, capabilities=WRITER)
    with as_of(now() - timedelta(days=20)):
        task = await tasks.add(account.id, tasks.Wanted("電話する", local_day() + timedelta(days=5)))
    await sign_in(csm)
    said = {"title": "もう一度電話する", "due_on": str(task.due_on), "owner_id": csm.id}
    assert (await web.submit(f"{S}/{account.id}/tasks/{task.id}", said)).status_code == 303
    assert (await web.submit(f"{S}/{account.id}/tasks/{task.id}", said | {"due_on": in_days(-3)})).status_code == 422
    assert (await Task.get()).title == "もう一度電話する"


async def test_it_is_the_csms_else_the_deputys_else_nobodys(house: Any) -> None:
    csm, deputy, gone = await staff("csm"), await staff("csm", "代理", "人"), await staff("csm", "退職", "者")
    gone.state = "locked"
    await gone.save()
    as_person(await staff("admin"), "admin", capabilities=WRITER)
    for csm_id, deputy_id, owner in ((csm.id, deputy.id, csm.id), (None, deputy.id, deputy.id), (None, None, None),
                                     (gone.id, deputy.id, deputy.id), (gone.id, None, None)):  # fmt: skip
        account = await an_account(csm_id=csm_id, deputy_id=deputy_id)
        task = await tasks.add(account.id, tasks.Wanted("電話する", local_day()))
        assert task.owner_id == owner
    account = await an_account(csm_id=csm.id)
    nobodys = await tasks.add(account.id, tasks.Wanted("あとで決める", local_day(), owner_id=0))
    assert nobodys.owner_id is None


async def test_who_has_no_right_sees_none_and_changes_none(web: Any, sign_in: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account = await an_account(csm_id=csm.id)
    customer = await a_person(account=account)
    as_person(csm, capabilities=WRITER)
    task = await tasks.add(account.id, tasks.Wanted("更新の相談", local_day()))
    for who, role, more in ((other, "csm", {"all_accounts": False, "capabilities": WRITER}), (customer, "member", {})):
        as_person(who, role, **more)
        assert await policy.visible_tasks(tasks.current_principal()).count() == 0
        with pytest.raises(NotFound):
            await tasks.find(task.id)
        for verb in (lambda: tasks.add(account.id, tasks.Wanted("x", local_day())), lambda: tasks.close([task], "done"),
                     lambda: tasks.change(task, title="x", due_on=local_day(), owner_id=0),
                     lambda: tasks.give([task], other.id)):  # fmt: skip
            with pytest.raises(Forbidden):
                await verb()
    as_person(csm, capabilities=MEMBER | {"customers.read"})
    assert await policy.visible_tasks(tasks.current_principal()).count() == 1
    with pytest.raises(Forbidden):
        await tasks.close([task], "done")
    assert (await Task.get()).state == "open" and await Task.all().count() == 1
    await sign_in(customer)
    assert (await web.get(f"{S}/{account.id}/tasks")).status_code in (403, 404)


async def test_an_account_has_only_so_many_open_ones(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST_OPEN", 2)
    as_person(await staff("csm"), capabilities=WRITER)
    account = await an_account()
    first = await tasks.add(account.id, tasks.Wanted("1", local_day()))
    await tasks.add(account.id, tasks.Wanted("2", local_day()))
    with pytest.raises(Refused):
        await tasks.add(account.id, tasks.Wanted("3", local_day()))
    with pytest.raises(Refused):
        await tasks.close([first], "forgotten")
    assert await tasks.close([first, first], "dropped") == 1
    await tasks.add(account.id, tasks.Wanted("3", local_day()))
    with pytest.raises(Refused):
        await tasks.add((await an_account()).id, tasks.Wanted("  ", local_day()))


async def test_tasks_move_with_a_merge_and_come_back(house: Any) -> None:
    as_person(await staff("admin"), capabilities=WRITER)
    keep, lose = await an_account("残る"), await an_account("移る")
    one, two = await a_person("同じ", "人", account=lose), await a_person("同じ", "人", account=lose)
    task = await tasks.add(lose.id, tasks.Wanted("一緒に", local_day(), person_id=two.id))
    log = await merging.merge("account", keep.id, lose.id)
    people = await merging.merge("person", one.id, two.id)
    task = await Task.get(id=task.id)
    assert (task.account_id, task.person_id) == (keep.id, one.id)
    await merging.undo(people.id)
    await merging.undo(log.id)
    task = await Task.get(id=task.id)
    assert (task.account_id, task.person_id) == (lose.id, two.id)


async def test_erasing_a_person_takes_what_was_to_be_done_about_them(house: Any) -> None:
    csm, admin = await staff("csm"), await staff("admin")
    account = await an_account(csm_id=csm.id)
    person = await a_person("秘密", "太郎", account=account)
    as_person(admin, "admin", capabilities=WRITER)
    gone = await tasks.add(account.id, tasks.Wanted("秘密さんに電話する", local_day(), person_id=person.id))
    kept = await tasks.add(account.id, tasks.Wanted("契約書を送る", local_day()))
    await tasks.close([gone], "done", "秘密さんは満足")
    assert await Notice.filter(person_id=csm.id).count() == 2
    await privacy.erase(person.id, "本人の希望")
    assert [one.id for one in await Task.all()] == [kept.id]
    for table, columns in (("account_task", "title, note"), ("notice", "data"), ("touchpoint", "data"),
                           ("audit_entry", "before, after, note")):  # fmt: skip
        said = str([tuple(row) for row in await rows(f"SELECT {columns} FROM {table}")])
        assert "秘密" not in said and "\\u79d8" not in said, table


async def test_who_may_not_read_notes_does_not_read_what_came_of_it(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    as_person(csm, capabilities=WRITER)
    task = await tasks.add(account.id, tasks.Wanted("静かに", local_day()))
    await tasks.close([task], "done", "ここだけの話")
    await set_rule("fields", FieldRule(hidden={"notes": ("csm",)}))
    await sign_in(csm)
    for place in (f"{S}/{account.id}/tasks", f"{S}/{account.id}/tasks/{task.id}", f"{S}/{account.id}/timeline"):
        page = (await web.get(place)).text
        assert "静かに" in page and "ここだけの話" not in page, place


async def test_the_list_shows_mine_first_and_many_are_done_at_once(web: Any, sign_in: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "岩城", "直")
    mine, shared = (
        await an_account("水面フーズ", csm_id=csm.id),
        await an_account("青葉", csm_id=other.id, deputy_id=csm.id),
    )
    foreign = await an_account("他社", csm_id=other.id)
    await sign_in(csm)
    assert "やることは会社のページで書きます" in (await web.get(f"{S}/tasks")).text
    as_person(await staff("admin"), "admin", capabilities=WRITER)
    with as_of(now() - timedelta(days=9)):
        late = await tasks.add(mine.id, tasks.Wanted("遅れている電話", local_day() + timedelta(days=2)))
    soon = await tasks.add(mine.id, tasks.Wanted("来週の訪問", local_day() + timedelta(days=5)))
    theirs = await tasks.add(shared.id, tasks.Wanted("青葉の請求", local_day() + timedelta(days=30)))
    nobodys = await tasks.add(mine.id, tasks.Wanted("まだ担当なし", local_day(), owner_id=0))
    hidden = await tasks.add(foreign.id, tasks.Wanted("見えないもの", local_day()))

    async def shown(query: str = "") -> list[int]:
        text = (await web.get(f"{S}/tasks{query}")).text
        found = [(text.find(one.title), one.id) for one in (late, soon, theirs, nobodys, hidden)]
        return [id for at, id in sorted(found) if at >= 0]

    assert await shown() == [late.id, soon.id], "what is late stands on top"
    assert await shown("?of=all") == [late.id, nobodys.id, soon.id, theirs.id]
    assert await shown("?of=none") == [nobodys.id]
    assert await shown("?of=closed") == []
    assert await shown(f"?of=all&owner={other.id}") == [theirs.id]
    assert await shown("?of=all&due=late") == [late.id]
    assert await shown("?of=all&due=today") == [nobodys.id]
    assert await shown("?of=all&due=week") == [nobodys.id, soon.id]
    assert await shown("?of=all&kind=goal") == [] and await shown("?of=all&kind=by_hand&q=青葉") == [theirs.id]
    where = f"{S}/tasks/chosen"
    assert (await web.submit(where, {"do": "done"})).status_code == 303
    assert (await web.submit(where, {"do": "forgotten", "id": late.id})).status_code == 422
    assert (await web.submit(where, {"do": "done", "id": [late.id, hidden.id, theirs.id]})).status_code == 303
    assert [one.id for one in await Task.filter(state="done")] == [late.id], "only what this view shows"
    assert (await web.submit(f"{where}?of=all", {"do": "give", "give_to": csm.id, "all": "1"})).status_code == 303
    assert await Task.filter(owner_id=csm.id, state="open").count() == 3
    assert (await web.submit(f"{where}?of=all", {"do": "give", "give_to": "x", "all": "1"})).status_code == 422
    assert (await web.submit(where, {"do": "dropped", "id": soon.id})).status_code == 303
    assert set(await shown("?of=closed")) == {late.id, soon.id}
    assert (await Task.get(id=hidden.id)).state == "open" and (await Task.get(id=hidden.id)).owner_id == other.id


async def test_the_home_says_what_is_due_today_or_late(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account("水面フーズ", csm_id=csm.id)
    await sign_in(csm)
    assert "今日までのやることはありません" in (await web.get("/staff")).text
    as_person(csm, capabilities=WRITER)
    with as_of(now() - timedelta(days=9)):
        await tasks.add(account.id, tasks.Wanted("遅れている電話", local_day()))
    await tasks.add(account.id, tasks.Wanted("今日の訪問", local_day()))
    await tasks.add(account.id, tasks.Wanted("明日の訪問", local_day() + timedelta(days=1)))
    await tasks.add(account.id, tasks.Wanted("だれかの電話", local_day(), owner_id=0))
    page = (await web.get("/staff")).text
    assert "遅れている電話" in page and "今日の訪問" in page and "期限切れ" in page
    assert "明日の訪問" not in page and "だれかの電話" not in page
    assert "やること 2</a>" in (await web.get(S)).text, "the tab says how many"


async def test_only_who_sees_the_company_is_given_its_tasks(web: Any, sign_in: Any, house: Any) -> None:
    csm, other, boss = await staff("csm"), await staff("csm", "岩城", "直"), await staff("admin", "月島", "れい")
    account = await an_account(csm_id=csm.id)
    await sign_in(csm)
    base = f"{S}/{account.id}/tasks"
    refused = await web.submit(base, {"title": "電話する", "due_on": in_days(1), "owner_id": other.id})
    assert (
        refused.status_code == 422 and "この人には、この会社が見えません" in refused.text and "電話する" in refused.text
    )
    assert (await web.submit(base, {"title": "電話する", "due_on": in_days(1), "owner_id": boss.id})).status_code == 303
    task = await Task.get()
    said = {"title": "電話する", "due_on": in_days(1), "owner_id": other.id}
    assert (await web.submit(f"{base}/{task.id}", said)).status_code == 422
    given = {"do": "give", "give_to": other.id, "id": task.id}
    assert (await web.submit(f"{S}/tasks/chosen?of=all", given)).status_code == 422
    assert (await Task.get()).owner_id == boss.id


async def test_open_tasks_go_along_when_somebody_else_looks_after_the_account(house: Any) -> None:
    one, two, three = [await staff("csm", name) for name in ("一", "二", "三")]
    as_person(await staff("admin"), "admin", capabilities=WRITER)
    account = await an_account()
    await tasks.open_itself("health", account.id, Ref("health_alert", 1), key="health_alert:1", before=9, after=1)
    free = await tasks.add(account.id, tasks.Wanted("だれかが決める", local_day()))
    await accounts.assign([account.id], csm_id=one.id)
    opened = await Task.get(kind="health")
    assert opened.owner_id == one.id and (await Task.get(id=free.id)).owner_id is None
    done = await tasks.add(account.id, tasks.Wanted("終わったもの", local_day()))
    await tasks.close([done], "done")
    await accounts.assign([account.id], csm_id=two.id, deputy_id=one.id)
    assert (await Task.get(id=opened.id)).owner_id == one.id, "the deputy still sees to it"
    await accounts.assign([account.id], deputy_id=three.id)
    assert (await Task.get(id=opened.id)).owner_id == two.id and (await Task.get(id=done.id)).owner_id == one.id
    await accounts.assign([account.id], csm_id=0, deputy_id=0)
    assert (await Task.get(id=opened.id)).owner_id is None


async def test_by_night_no_task_stays_with_somebody_who_does_not_see_the_account_any_more(house: Any) -> None:
    old, new, boss, left = [await staff(role, name) for role, name in (("csm", "一"), ("csm", "二"), ("admin", "三"),
                                                                       ("csm", "四"))]  # fmt: skip
    as_person(await staff("admin"), "admin", capabilities=WRITER)
    account, other = await an_account(csm_id=old.id), await an_account(csm_id=left.id)
    moving = await tasks.add(account.id, tasks.Wanted("移る", local_day()))
    staying = await tasks.add(account.id, tasks.Wanted("残る", local_day(), owner_id=boss.id))
    orphan = await tasks.add(other.id, tasks.Wanted("だれも", local_day()))
    await Account.filter(id=account.id).update(csm_id=new.id)  # as an import does
    await Person.filter(id=left.id).update(state="locked")
    for _twice in range(2):
        await open_tasks()
    owners = [(await Task.get(id=one.id)).owner_id for one in (moving, staying, orphan)]
    assert owners == [new.id, boss.id, None]
