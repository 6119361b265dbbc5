"""Two people become one: their conversations go on as one customer's, and part again when the merge is undone."""

from core.clock import days_ago, now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import merging
from factories import a_person, staff
from inbox.actions import ownership
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.jobs import follow_by_night
from inbox.models import Conversation
from wires import as_person


async def writes(person, body):
    message = await receive(
        Heard(channel="web", customer_key=key_of_person(person.id), body=body, at=now(), person_id=person.id)
    )
    return message.conversation_id


async def keys():
    return {one.id: one.customer_key for one in await Conversation.all()}


async def test_the_next_message_goes_on_where_the_merged_person_wrote(house, run_jobs):
    enter(Here(principal=SYSTEM))
    kept, gone = await a_person("髙橋", "花子"), await a_person("高橋", "花子")
    asked = await writes(gone, "有給の残りが合いません")
    log = await merging.merge("person", kept.id, gone.id)
    assert await writes(kept, "先ほどの件です") == asked, "even before the job"
    await run_jobs()
    assert await keys() == {asked: key_of_person(kept.id)}
    assert await writes(kept, "どうでしょう") == asked
    await merging.undo(log.id)
    await run_jobs()
    assert await keys() == {asked: key_of_person(gone.id)}
    assert await writes(gone, "こちらは私です") == asked
    other = await writes(kept, "こちらは別の人です")
    assert other != asked
    assert [row[0] for row in await rows("SELECT person_id FROM conversation ORDER BY id")] == [gone.id, kept.id]


async def test_of_two_open_ones_the_bots_ends_and_what_people_answer_stays(house, run_jobs):
    enter(Here(principal=SYSTEM))
    kept, gone, third = await a_person(), await a_person(), await a_person()
    colleague = await staff()
    bots, peoples = await writes(kept, "ボットと"), await writes(gone, "人と")
    as_person(colleague)
    await ownership.take_over(peoples)
    enter(Here(principal=SYSTEM))
    await merging.merge("person", kept.id, gone.id)
    await run_jobs()
    assert {one.id: one.state for one in await Conversation.all()} == {bots: "resolved", peoples: "human"}
    assert await writes(kept, "続き") == peoples
    # Two that people answer are both left to them; once one is resolved, the other stands under the key.
    another = await writes(third, "三人目")
    as_person(colleague)
    await ownership.take_over(another)
    enter(Here(principal=SYSTEM))
    await merging.merge("person", kept.id, third.id)
    await run_jobs()
    assert {one.id for one in await Conversation.exclude(state="resolved")} == {peoples, another}
    assert await writes(kept, "どちらへ") == another
    as_person(colleague)
    await ownership.resolve(peoples)
    await follow_by_night()
    assert set((await keys()).values()) == {key_of_person(kept.id)}
    assert await writes(kept, "残った方へ") == another


async def test_what_came_under_the_old_key_meanwhile_is_found_by_night(house, run_jobs):
    enter(Here(principal=SYSTEM))
    kept, gone = await a_person(), await a_person()
    await merging.merge("person", kept.id, gone.id)
    await run_jobs()
    late = await writes(gone, "遅れて届いた")  # the speaker was looked up before the merge
    await write("UPDATE conversation SET person_id = ?, created_at = ?", kept.id, days_ago(1))
    await follow_by_night()
    assert await keys() == {late: key_of_person(kept.id)}
