"""Own and foreign objects of the rooms: what `member` wrote and `csm` looks after, and what is neither's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from objects import FRESH, Objects, People, objects

from access.identify import find
from access.sessions import open_session
from campaigns import actions as campaigns
from campaigns.journeys import tree as steps
from campaigns.journeys import versions
from campaigns.journeys import writing as journeys
from campaigns.journeys.models import Run
from community import actions as community
from community.actions.boards import BoardPlan
from core.clock import local_day, now
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM, Principal
from core.refs import Ref
from core.web import new_key
from customers import goals, notices, segments, tasks
from customers.imports import run as imports
from customers.models import Contract, Goal, Notice, NoticeLetter, Purchase, Review, Task
from customers.requests import voices, writing
from factories import a_contract
from helpcenter import actions as articles
from helpcenter.wordings import Place, Words
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.actions.replies import queue
from inbox.models import CannedReply, Conversation, Label, Message, Suggestion

_n, _hours = count(1), count(1)
LONG_AGO = timedelta(days=60)
# What limits of writing count, and what must be open again.
FRESH += ["DELETE FROM pause"]


async def principal_of(person: Any) -> Principal:
    found = await find(await open_session(person.id))
    assert found is not None
    return found.principal


def _a_moment() -> datetime:
    """Each an hour later than the last, so that no limit of writing is met; all of them long ago."""
    return now() - LONG_AGO + timedelta(hours=next(_hours) % 600)


def both(name: str, make: Callable[[People, bool], Awaitable[object]]) -> Callable[[People], Awaitable[Objects]]:
    async def made(people: People) -> Objects:
        enter(Here(principal=SYSTEM, language="ja"))
        return Objects({name: await make(people, True)}, {name: await make(people, False)})

    return made


# The community: by `member`, or by `other_member`, whose colleague the ambassador is -------------------------


async def _board() -> int:
    found = await rows("SELECT id FROM board ORDER BY id LIMIT 1")
    if found:
        return int(found[0][0])
    plan = BoardPlan(slug="questions", name={"ja": "質問", "en": "Questions"}, kind="question")
    return (await community.add_board(SYSTEM, plan)).id


async def _thread(people: People, own: bool) -> int:
    who = await principal_of(people.member if own else people.other_member)
    at = _a_moment()
    thread = await community.publish(
        who, await _board(), f"質問その{next(_n)}の題名です", f"本文その{next(_n)}です。", at=at
    )
    enter(Here(principal=SYSTEM, language="ja"))
    return thread.id


async def _post(people: People, own: bool) -> int:
    """A reply to the other's question."""
    thread = await _thread(people, not own)
    who = await principal_of(people.member if own else people.other_member)
    at = _a_moment()
    return (await community.reply(who, thread, f"答えその{next(_n)}です。", at=at)).id


async def _draft(people: People, own: bool) -> int:
    who = await principal_of(people.member if own else people.other_member)
    await community.keep_draft(who, f"k{next(_n)}", 1, title="下書き")
    return int((await rows("SELECT MAX(id) FROM draft"))[0][0])


async def _public_board(people: People, own: bool) -> str:
    """Own: everybody's; foreign: the one for the other account."""
    await _board()
    if own:
        return "questions"
    if not await rows("SELECT 1 FROM board WHERE slug = 'theirs'"):
        plan = BoardPlan(slug="theirs", name={"ja": "よその", "en": "Theirs"}, kind="question",
                         audience=[f"account:{people.theirs.id}"])  # fmt: skip
        await community.add_board(SYSTEM, plan)
    return "theirs"


objects("/community/{thread_id}")(both("thread_id", _thread))
objects("/community/posts/{post_id}")(both("post_id", _post))
objects("/community/drafts/{draft_id}")(both("draft_id", _draft))
objects("/community/b/{slug}")(both("slug", _public_board))


# The inbox -------------------------------------------------------------------------------------------------------


async def _conversation(people: People, own: bool) -> int:
    person, account = (people.member, people.mine) if own else (people.other_member, people.theirs)
    message = await receive(Heard(
        channel="web", customer_key=key_of_person(person.id), body=f"質問{next(_n)}", at=now(), person_id=person.id,
        account_id=account.id, name=person.full_name,
    ))  # fmt: skip
    assert message is not None
    return message.conversation_id


async def _failed_reply(people: People, own: bool) -> int:
    conversation = await Conversation.get(id=await _conversation(people, own))
    number = conversation.message_count + 1
    message = await Message.create(conversation_id=conversation.id, number=number, sender="staff", body="答え",
                                   at=now(), created_at=now())  # fmt: skip
    await Conversation.filter(id=conversation.id).update(message_count=number)
    row = await queue(conversation, message, key=f"failed:{next(_n)}")
    await row.update_from_dict({"state": "failed"}).save()
    return row.id


async def _canned(people: People, own: bool) -> int:
    owner = people.csm if own else people.other_csm
    return (await CannedReply.create(title="t", shortcut="s", body="b", owner_id=owner.id, created_at=now())).id


async def _label(people: People, own: bool) -> int:
    return (await Label.create(name=f"ラベル{next(_n)}")).id if own else 999_999


async def _suggestion(people: People, own: bool) -> int:
    found = await Message.filter(conversation_id=await _conversation(people, own)).order_by("-number").first()
    made = await Suggestion.create(conversation_id=found.conversation_id, message_id=found.id, bot_kind="bot_web",
                                   bot_id=1, body="答え", created_at=now())  # fmt: skip
    return made.id


objects("/staff/inbox/suggestions/{suggestion_id}")(both("suggestion_id", _suggestion))
objects("/staff/inbox/{conversation_id}")(both("conversation_id", _conversation))
objects("/contact/{conversation_id}")(both("conversation_id", _conversation))
objects("/staff/inbox/outgoing/{outgoing_id}")(both("outgoing_id", _failed_reply))
objects("/staff/settings/replies/{canned_id}")(both("canned_id", _canned))
objects("/staff/settings/labels/{label_id}")(both("label_id", _label))


# Customers -------------------------------------------------------------------------------------------------------


async def _account(people: People, own: bool) -> int:
    return int((people.mine if own else people.theirs).id)


async def _person(people: People, own: bool) -> int:
    return int((people.member if own else people.other_member).id)


async def _notice(people: People, own: bool) -> int:
    person = people.member if own else people.other_member
    await notices.tell([person.id], about=Ref("thread", 1), kind="community.replied", key=f"n{next(_n)}", url="/help")
    return int((await rows("SELECT MAX(id) FROM notice"))[0][0])


async def _letter(people: People, own: bool) -> dict[str, object]:
    """Its token is the proof: whoever holds it gets the same, signed in or not."""
    notice, person = await _notice(people, own), people.member if own else people.other_member
    letter = await NoticeLetter.create(person_id=person.id, token=new_key(), way="email", group_names=["watched"],
                                       notices=1, state="sent", created_at=now())  # fmt: skip
    await Notice.filter(id=notice).update(letter_id=letter.id)
    return {"token": letter.token, "notice_id": notice}


async def letter(people: People) -> Objects:
    enter(Here(principal=SYSTEM, language="ja"))
    return Objects(await _letter(people, True), await _letter(people, False))


async def _review(people: People, own: bool) -> int:
    account = people.mine if own else people.theirs
    data = {"values": {"name": "x"}, "source": "crm", "source_id": "1"}
    made = await Review.create(kind="same_corporate_number", account_id=account.id, key=f"r{next(_n)}", data=data,
                               created_at=now())  # fmt: skip
    return made.id


async def _segment(people: People, own: bool) -> int:
    """Segments are the house's; foreign is none."""
    if not own:
        return 999_999
    tree = {"all": [{"field": "person.title", "op": "contains", "value": "課長"}]}
    return (await segments.save(f"まとまり{next(_n)}", tree)).id


async def _batch(people: People, own: bool) -> int:
    if not own:
        return 999_999
    batch = await imports.start(f"顧客ID,会社名\nA{next(_n)},株式会社い\n".encode(), kind="accounts", source="crm")
    await imports.preview(batch)
    return batch.id


async def _goal(people: People) -> Objects:
    enter(Here(principal=SYSTEM, language="ja"))
    await Goal.all().delete()  # there are only so many open ones for an account
    own, foreign = [
        {"account_id": account.id, "goal_id": (await goals.agree(account.id, goals.Wanted("締めを早く"))).id}
        for account in (people.mine, people.theirs)
    ]
    return Objects(own, foreign)


async def _task(people: People) -> Objects:
    enter(Here(principal=SYSTEM, language="ja"))
    await Task.all().delete()
    own, foreign = [
        {"account_id": account.id, "task_id": (await tasks.add(account.id, tasks.Wanted("電話", local_day()))).id}
        for account in (people.mine, people.theirs)
    ]
    return Objects(own, foreign)


async def _request(people: People) -> Objects:
    """Requests are the house's; own is one that the CSM owns, with a voice of their account."""
    enter(Here(principal=SYSTEM, language="ja"))
    made = []
    for account, owner in ((people.mine, people.csm), (people.theirs, people.other_csm)):
        request = await writing.open_request(writing.Wanted(f"要望{next(_n)}", owner_id=owner.id))
        voice = await voices.join(request.id, voices.Heard("ほしい", now(), account.id))
        made.append({"request_id": request.id, "voice_id": voice.id})
    return Objects(*made)


async def _contract_of(people: People) -> Objects:
    own, foreign = [
        {"account_id": account.id, "contract_id": (await a_contract(account)).id}
        for account in (people.mine, people.theirs)
    ]
    return Objects(own, foreign)


objects("/staff/customers/{account_id}/contracts/{contract_id}")(_contract_of)
objects("/staff/customers/{account_id}")(both("account_id", _account))
objects("/staff/customers/{account_id}/goals/{goal_id}")(_goal)
objects("/staff/customers/{account_id}/tasks/{task_id}")(_task)
objects("/api/v1/tasks/{task_id}")(_task)
objects("/staff/customers/requests/{request_id}")(_request)
objects("/api/v1/requests/{request_id}")(_request)
objects("/staff/customers/people/{person_id}")(both("person_id", _person))
objects("/notices/{notice_id}")(both("notice_id", _notice))
objects("/n/{token}")(letter)
objects("/staff/customers/reviews/{review_id}")(both("review_id", _review))
objects("/staff/customers/segments/{segment_id}")(both("segment_id", _segment))
objects("/staff/customers/import/{batch_id}")(both("batch_id", _batch))


# The help centre: for everybody, or for the other account only -----------------------------------------------


async def _article(people: People, own: bool) -> int:
    place = Place(audience=("public",)) if own else Place(audience=(f"account:{people.theirs.id}",))
    words = Words(locale="ja", title=f"記事その{next(_n)}", body="本文です。")
    made = await articles.create(SYSTEM, words, place)
    await articles.publish(SYSTEM, made.id)
    return made.id


async def _address(people: People, own: bool) -> str:
    found = await rows("SELECT slug FROM article_translation WHERE article_id = ?", await _article(people, own))
    return str(found[0][0])


async def _category(people: People, own: bool) -> int:
    if not own:
        return 999_999
    return (await articles.create_category(SYSTEM, f"c{next(_n)}", {"ja": ("分類", "")})).id


objects("/staff/articles/{article_id}")(both("article_id", _article))
objects("/help/{slug}")(both("slug", _address))
objects("/staff/articles/categories/{category_id}")(both("category_id", _category))


# Campaigns are the house's: foreign is none ----------------------------------------------------------------------


async def _campaign(people: People, own: bool) -> int:
    if not own:
        return 999_999
    return (await campaigns.open_campaign(campaigns.Settings(name=f"配信{next(_n)}", topic="usage"))).id


objects("/staff/campaigns/{campaign_id}")(both("campaign_id", _campaign))


async def _journey(people: People, own: bool) -> dict[str, object]:
    """Journeys are the house's too; who is on one is seen by those who see the person."""
    journey = await journeys.open_journey(journeys.Rules(f"シナリオ{next(_n)}", "usage"))
    await journeys.add_step(journey, steps.Place(), steps.Stage("", "wait", days=1))
    version = await versions.freeze(journey)
    person, account = (people.member, people.mine) if own else (people.other_member, people.theirs)
    run = await Run.create(journey_id=journey.id, version_id=version.id, person_id=person.id, account_id=account.id,
                           entry=1, node="s1", since=now(), due_at=now(), entered_at=now())  # fmt: skip
    return {"journey_id": journey.id, "node": "s1" if own else "s9", "run_id": run.id}


@objects("/staff/campaigns/journeys/{journey_id}")
async def _journeys(people: People) -> Objects:
    own, foreign = await _journey(people, True), await _journey(people, False)
    return Objects(own, {"journey_id": 999_999, "node": foreign["node"], "run_id": foreign["run_id"]})


@objects("/staff/campaigns/journeys/{journey_id}/people/{run_id}")
async def _runs(people: People) -> Objects:
    return Objects(await _journey(people, True), await _journey(people, False))


objects("/staff/campaigns/ways/{run_id}")(_runs)


async def _contract(people: People, own: bool) -> int:
    account = people.mine if own else people.theirs
    made = await Contract.create(account_id=account.id, product="勤怠", starts_on=now().date(), source="crm",
                                 source_id=f"C-{next(_n)}", created_at=now(), updated_at=now())  # fmt: skip
    return int(made.id)


async def _purchase(people: People, own: bool) -> int:
    person = people.member if own else people.other_member
    made = await Purchase.create(person_id=person.id, amount=1, bought_on=now().date(), source="shop",
                                 source_id=f"O-{next(_n)}", created_at=now(), updated_at=now())  # fmt: skip
    return int(made.id)


# The API names the same things ------------------------------------------------------------------------------------

for path, name, make in (
    ("accounts/{account_id}", "account_id", _account), ("people/{person_id}", "person_id", _person),
    ("articles/{article_id}", "article_id", _article), ("threads/{thread_id}", "thread_id", _thread),
    ("conversations/{conversation_id}", "conversation_id", _conversation),
    ("campaigns/{campaign_id}", "campaign_id", _campaign), ("contracts/{contract_id}", "contract_id", _contract),
    ("purchases/{purchase_id}", "purchase_id", _purchase),
):  # fmt: skip
    objects(f"/api/v1/{path}")(both(name, make))


# The numbers ------------------------------------------------------------------------------------------------------


@objects("/staff/insights/{section}")
async def _numbers(people: People) -> Objects:
    """Nobody's: what differs is how much of them a person sees."""
    return Objects({"section": "customers", "name": "good"}, {"section": "help", "name": "searches"})
