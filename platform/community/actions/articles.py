"""A solved question becomes a draft of the help centre: question and answer, who wrote them, and the way back."""

from __future__ import annotations

import re

import msgspec

from community import policy, records
from community.reading.people import names_of
from community.reading.related import SOURCE
from community.records import BoardRow, PostRow, ThreadRow
from core.database import rows
from core.errors import Conflict, NotFound
from core.i18n import LANGUAGES, _, speaking
from core.pictures import taken_along
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from helpcenter.actions import create
from helpcenter.models import Article
from helpcenter.wordings import Place, Words

ELSEWHERE = ("public", "members", "staff")  # tokens that an article may hold too, besides account:7


async def make_article(who: Principal, thread_id: int) -> tuple[Article, bool]:
    """The draft, and whether it was made now: a thread becomes one article. Raises Conflict without an answer."""
    thread = await records.thread(thread_id)
    board = await records.board(thread.board_id)
    if not policy.can_read(who, board, thread):
        raise NotFound(_("There is no such thread."))
    ensure(policy.can_make_article(who, board, thread))
    if before := await Article.get_or_none(source=SOURCE, source_id=str(thread_id)):
        return before, False
    question, answer = await _told(thread)
    words = await _words(thread, question, answer)
    sources = (Ref("post", question.id), Ref("post", answer.id))
    words = msgspec.structs.replace(words, body=await taken_along(words.body, sources, who.person_id))
    place = Place(audience=_audience(board), brand=board.brand, owner_id=who.person_id)
    return await create(who, words, place, source=SOURCE, source_id=str(thread_id)), True


async def _told(thread: ThreadRow) -> tuple[PostRow, PostRow]:
    found = await rows("SELECT id FROM post WHERE thread_id = ? AND number = 1", thread.id)
    question = await records.post(int(found[0][0]))
    answer = await records.post(thread.accepted_post_id) if thread.accepted_post_id else None
    if answer is None or answer.state != "visible" or question.state != "visible":
        raise Conflict(_("An article needs a question with an accepted answer."))
    return question, answer


async def _words(thread: ThreadRow, question: PostRow, answer: PostRow) -> Words:
    """In the thread's language, whatever the reader's is."""
    names = await names_of([question.author_id, answer.author_id])
    asked, answered = (_plainly(names[post.author_id].name) for post in (question, answer))
    locale = thread.lang if thread.lang in LANGUAGES else "ja"
    with speaking(locale):
        body = "\n\n".join((
            f"## {_('Question')}", question.body.strip(), f"## {_('Answer')}", answer.body.strip(), "---",
            _("From [a question in the community](%(path)s), asked by %(asked)s and answered by %(answered)s.",
              path=answer.path, asked=asked, answered=answered),
        ))  # fmt: skip
    return Words(title=thread.title, body=body, locale=locale)


def _plainly(name: str) -> str:
    """A name that Markdown does not read."""
    return re.sub(r"([\\`*_\[\]<>#~|])", r"\\\1", " ".join(name.split()))


def _audience(board: BoardRow) -> tuple[str, ...]:
    """Whoever reads the board; of a board for people with a grant, staff: an article does not know grants."""
    if not all(token in ELSEWHERE or token.startswith("account:") for token in board.audience):
        return ("staff",)
    return tuple(sorted(board.audience))
