"""What customers ask of the product: voices from everywhere, and what was decided."""

from __future__ import annotations

from typing import Any

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from community.models import Post
from core.refs import Ref
from customers.requests import deciding, sources, voices, writing
from customers.requests.deciding import Verdict
from customers.requests.voices import Heard
from customers.requests.writing import Wanted
from customers.timeline import primary_account
from guides.models import Answer
from inbox.models import Message

DECIDES = "S06"


async def load(known: Known) -> None:
    cast = Cast(known)
    manager = await cast.be(DECIDES)
    for one in data("requests.json"):
        with at(hours_ago(one["hours_ago"]), manager):
            owner = known.people[one["owner"]] if one["owner"] else 0
            request = await writing.open_request(Wanted(one["title"], one.get("description", ""), one["area"], owner))
        for said in one["voices"]:
            with at(hours_ago(said.get("hours_ago", 0)), manager):
                await voices.join(request.id, await _heard(said, known))
        for made in one.get("decisions", []):
            with at(hours_ago(made["hours_ago"]), manager):
                verdict = Verdict(made["status"], made.get("message", ""), made["reason"])
                await deciding.decide(await writing.find(request.id), verdict)
    await cast.leave()


async def _heard(said: dict[str, Any], known: Known) -> Heard:
    if "person" in said:
        person = known.people[said["person"]]
        return Heard(said["quote"], hours_ago(said["hours_ago"]), await primary_account(person), person)
    source = await _source(said, known)
    found = await sources.find(source.kind, source.id)
    if found is None:
        raise LookupError(f"the demo has no {source}")
    return voices.heard(source, found, found.quote)


async def _source(said: dict[str, Any], known: Known) -> Ref:
    if said["from"] == "thread":
        return Ref("post", (await Post.get(thread_id=known.threads[said["id"]], number=1)).id)
    if said["from"] == "conversation":
        return Ref("conversation", (await Message.get(origin=f"demo:{said['id']}:0")).conversation_id)
    return Ref("answer", (await Answer.get(person_id=known.people[said["id"]])).id)
