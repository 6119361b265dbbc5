"""Who may do what in the community: the table of docs/community.md, said once.

Three ranks act on a board: staff (by role, anywhere), ambassadors (by a current grant on exactly this board; child
boards only with a grant of their own) and members. Every action asks again inside its transaction.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from community import rules
from community.records import BoardRow, PostRow, ThreadRow
from core.clock import now
from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Grant, Principal
from customers.audience import tokens_of

MODERATE = "community.moderate"


class Party(msgspec.Struct, frozen=True):
    """How the actor stands to the person concerned."""

    is_self: bool = False
    same_company: bool = False
    flagged: bool = False  # one of them flagged the other within 30 days


NO_PARTY = Party()


# Ranks ------------------------------------------------------------------------------------------------------


def is_staff(who: Principal) -> bool:
    return who.may(MODERATE) or who.may("community.manage")


def is_admin(who: Principal) -> bool:
    return is_staff(who) and who.may("settings.manage")


def grant_on(who: Principal, board: BoardRow) -> Grant | None:
    return who.grant_for(MODERATE, (board.scope,))


def moderates(who: Principal, board: BoardRow) -> bool:
    """Staff anywhere; an ambassador on the boards of a grant."""
    return who.is_signed_in and (is_staff(who) or grant_on(who, board) is not None)


def _by_rank(who: Principal, board: BoardRow) -> Verdict:
    if not who.is_signed_in:
        return sign_in_first()
    if is_staff(who):
        return allow()
    grant = grant_on(who, board)
    return allow(grant.id or None) if grant else deny(_("Only moderators of this board can do this."))


def _impartial(who: Principal, board: BoardRow, party: Party) -> Verdict:
    """Nobody acts on their own content; ambassadors neither on their own company nor after a flag between the two."""
    verdict = _by_rank(who, board)
    if not verdict:
        return verdict
    if party.is_self:
        return deny(_("Somebody else has to decide about what you wrote."))
    if party.flagged:
        return deny(_("One of you reported the other this month, so somebody else has to decide."))
    if party.same_company and not is_staff(who):
        return deny(_("You are from the same company, so somebody else has to decide."))
    return verdict


# Seeing -----------------------------------------------------------------------------------------------------


def can_see(who: Principal, board: BoardRow) -> bool:
    return is_staff(who) or who.is_staff or bool(tokens_of(who) & (board.audience | {board.scope}))


def audience_of(board: BoardRow) -> frozenset[str]:
    """Tokens for the search index: whoever holds one of them sees the board's threads."""
    return board.audience | {board.scope, "staff"}


def visible_boards(who: Principal, boards: list[BoardRow]) -> list[BoardRow]:
    return [board for board in boards if can_see(who, board)]


def can_read(who: Principal, board: BoardRow, thread: ThreadRow) -> bool:
    """Held and hidden threads: their author and moderators. Deleted ones: staff."""
    if not can_see(who, board):
        return False
    if thread.visibility == "visible" or is_staff(who):
        return True
    return thread.visibility != "deleted" and (who.person_id == thread.author_id or moderates(who, board))


def can_read_post(who: Principal, board: BoardRow, post: PostRow) -> bool:
    """The text. Deleted text is for staff, on its own page, and logged: never here, and never for an ambassador."""
    if post.state == "visible":
        return True
    return post.state != "deleted" and (who.person_id == post.author_id or moderates(who, board))


def visible_threads(who: Principal, boards: list[BoardRow], alias: str = "t") -> tuple[str, list[int]]:
    """An SQL condition for lists, with its parameters: visible threads of the boards this person sees."""
    ids = [board.id for board in visible_boards(who, boards)]
    if not ids:
        return "1 = 0", []
    return f"{alias}.visibility = 'visible' AND {alias}.board_id IN ({', '.join('?' * len(ids))})", ids


def visible_posts(who: Principal, board: BoardRow, posts: list[PostRow]) -> list[PostRow]:
    """The posts with the text taken out of those that this person may not read, before any template sees them."""
    for post in posts:
        if not can_read_post(who, board, post):
            post.body = post.html = ""
    return posts


def can_see_deleted(who: Principal) -> Verdict:
    return allow() if is_staff(who) else deny(_("Only staff can read deleted text."))


# Writing ----------------------------------------------------------------------------------------------------


def can_post(who: Principal, board: BoardRow) -> Verdict:
    if not who.is_signed_in:
        return sign_in_first()
    if not can_see(who, board) or not who.may("community.post"):
        return deny()
    if board.posting == "staff" and not is_staff(who):
        return deny(_("Only staff write on this board."))
    return allow()


def can_reply(who: Principal, board: BoardRow, thread: ThreadRow) -> Verdict:
    if not who.is_signed_in:
        return sign_in_first()
    if not can_read(who, board, thread) or not who.may("community.post") or thread.visibility != "visible":
        return deny()
    if thread.state == "closed":
        return deny(_("This thread is closed."))
    return allow()


def can_react(who: Principal, board: BoardRow, thread: ThreadRow) -> Verdict:
    """Like, vote, flag, follow."""
    if not who.is_signed_in:
        return sign_in_first()
    if not can_read(who, board, thread) or not who.may("community.post") or thread.visibility != "visible":
        return deny()
    return allow()


def can_like(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow) -> Verdict:
    verdict = can_react(who, board, thread)
    if verdict and post.author_id == who.person_id:
        return deny(_("This is your own post."))
    return verdict if post.state == "visible" or not verdict else deny()


def can_flag(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow) -> Verdict:
    return can_like(who, board, thread, post)


def can_edit(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow) -> Verdict:
    """One's own text for 24 hours; staff any. (Ambassadors: title and tags, can_retitle.)"""
    if not who.is_signed_in:
        return sign_in_first()
    if is_staff(who):
        return allow() if post.state != "deleted" else deny()
    if post.author_id != who.person_id or post.state not in ("visible", "held") or not can_read(who, board, thread):
        return deny()
    if post.created_at + rules.OWN_EDIT < now():
        return deny(_("A post can be changed for 24 hours. Write a reply with the correction."))
    return allow()


def can_retitle(who: Principal, board: BoardRow, thread: ThreadRow) -> Verdict:
    """Title and tags: the asker for 24 hours; moderators of the board (the author is told)."""
    if who.is_signed_in and who.person_id == thread.author_id and thread.created_at + rules.OWN_EDIT > now():
        return allow() if thread.visibility in ("visible", "held") else deny()
    return _by_rank(who, board)


def can_delete(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow) -> Verdict:
    """One's own; a thread only while nobody else wrote in it. Staff any."""
    if not who.is_signed_in:
        return sign_in_first()
    if post.state == "deleted":
        return deny()
    if is_staff(who):
        return allow()
    if post.author_id != who.person_id or not can_read(who, board, thread):
        return deny()
    if post.number == 1 and thread.reply_count:
        return deny(_("Others have answered, so the thread stays. Ask staff if it has to go."))
    return allow()


# Questions and ideas ----------------------------------------------------------------------------------------


def can_accept(who: Principal, board: BoardRow, thread: ThreadRow, post: PostRow, party: Party = NO_PARTY) -> Verdict:
    """The asker; staff; an ambassador after 72 hours, never on an own question or answer."""
    if not who.is_signed_in:
        return sign_in_first()
    if board.kind != "question" or post.number == 1 or post.state != "visible" or thread.visibility != "visible":
        return deny()
    if who.person_id == thread.author_id and can_see(who, board):
        return allow()
    if is_staff(who):
        return allow()
    verdict = _impartial(who, board, msgspec.structs.replace(party, is_self=post.author_id == who.person_id))
    if verdict and thread.created_at + rules.ACCEPT_BY_AMBASSADOR > now():
        return deny(_("The asker has 72 hours to choose an answer."))
    return verdict


def can_ask_for_more(who: Principal, board: BoardRow, thread: ThreadRow) -> Verdict:
    """Set 'needs info'. Moderators, except on their own question."""
    if board.kind != "question" or thread.visibility != "visible":
        return deny()
    return _impartial(who, board, Party(is_self=who.person_id == thread.author_id))


def can_set_idea_status(who: Principal, board: BoardRow) -> Verdict:
    return allow() if is_staff(who) and board.kind == "idea" else deny(_("Only staff can decide about ideas."))


def can_verify(who: Principal, board: BoardRow) -> Verdict:
    """Mark an accepted answer as verified by staff, or as outdated."""
    return allow() if is_staff(who) and board.kind == "question" else deny(_("Only staff can verify answers."))


def can_make_article(who: Principal, board: BoardRow, thread: ThreadRow) -> Verdict:
    """Staff who write articles, of a question that is visible."""
    if not who.may("help.write") or not can_read(who, board, thread):
        return deny(_("Only staff who write articles may do this."))
    return allow() if board.kind == "question" and thread.visibility == "visible" else deny()


# Moderating -------------------------------------------------------------------------------------------------


def can_hide(who: Principal, board: BoardRow, post: PostRow, party: Party = NO_PARTY) -> Verdict:
    """Staff anywhere; ambassadors on their boards, with a reason, never where they are a party, 20 a day."""
    if post.state == "deleted":
        return deny()
    return _impartial(who, board, _with_self(who, post.author_id, party))


def can_resolve(who: Principal, board: BoardRow, post: PostRow, party: Party = NO_PARTY) -> Verdict:
    """Approve held posts, resolve flags."""
    return can_hide(who, board, post, party)


def can_close(who: Principal, board: BoardRow, thread: ThreadRow, party: Party = NO_PARTY) -> Verdict:
    """Close, reopen, pin (ambassadors up to 7 days). Staff may on their own threads: announcements are theirs."""
    if is_staff(who):
        return _by_rank(who, board)
    return _impartial(who, board, _with_self(who, thread.author_id, party))


can_pin = can_close


def can_move(who: Principal, source: BoardRow, target: BoardRow, thread: ThreadRow, party: Party = NO_PARTY) -> Verdict:
    """Both boards must be granted."""
    there = _by_rank(who, target)
    return can_close(who, source, thread, party) if there else there


def can_pause(who: Principal, board: BoardRow | None, party: Party = NO_PARTY) -> Verdict:
    """An ambassador: one board, 24 hours, once per 30 days. Staff: up to 30 days, anywhere."""
    if board is None:
        return allow() if is_staff(who) and not party.is_self else deny()
    return _impartial(who, board, party)


def longest_pin(who: Principal) -> timedelta:
    return rules.PIN_BY_STAFF if is_staff(who) else rules.PIN_BY_AMBASSADOR


def longest_pause(who: Principal) -> timedelta:
    return rules.PAUSE_BY_STAFF if is_staff(who) else rules.PAUSE_BY_AMBASSADOR


def can_undo(who: Principal, board: BoardRow, actor_id: int) -> Verdict:
    """The one who did it while the grant lasts, and staff."""
    verdict = _by_rank(who, board)
    if verdict and not is_staff(who) and actor_id != who.person_id:
        return deny(_("Only staff can undo what another moderator did."))
    return verdict


def can_see_flaggers(who: Principal) -> bool:
    return is_staff(who)


def can_manage(who: Principal) -> Verdict:
    """Boards, grants, the numbers."""
    return allow() if who.may("community.manage") else deny()


def _with_self(who: Principal, author_id: int, party: Party) -> Party:
    return msgspec.structs.replace(party, is_self=party.is_self or who.person_id == author_id)
