"""Topics are added, renamed and, while nobody decided about them, deleted."""

from core.models import AuditEntry
from customers import consent, topics
from customers.models import Topic
from factories import a_person, staff

PAGE = "/staff/settings/topics"


async def test_an_administrator_changes_the_topics(web, sign_in):
    admin = await sign_in(await staff("admin"))
    new = {"slug": "webinars", "name_ja": "ウェビナー", "name_en": "Webinars", "position": "9"}
    assert (await admin.submit(PAGE, new)).status_code == 303
    for change in ({}, {"slug": "tracking"}, {"slug": "No Good"}, {"slug": "x1", "name_ja": ""}):
        assert (await admin.submit(PAGE, new | change)).status_code == 422, change
    topic = await Topic.get(slug="webinars")
    assert (await admin.submit(f"{PAGE}/{topic.id}", new | {"name_ja": "オンライン勉強会"})).status_code == 303
    assert "オンライン勉強会" in (await admin.get(PAGE)).text
    person = await a_person()
    member = await sign_in(person, web.another())
    assert "オンライン勉強会" in (await member.get("/me/contact")).text
    await consent.decide(person.id, "webinars", "email", "given", source="form")
    assert (await admin.submit(f"{PAGE}/{topic.id}", {"_method": "DELETE"})).status_code == 409
    usage = await Topic.get(slug="study")
    assert (await admin.submit(f"{PAGE}/{usage.id}", {"_method": "DELETE"})).status_code == 303
    assert [one.slug for one in await topics.offered()] == ["usage", "product", "webinars"]
    log = await AuditEntry.filter(target_kind="topic").order_by("id").values_list("action", flat=True)
    assert log == ["add", "change", "delete"]
    assert (await member.get(PAGE)).status_code == 403
