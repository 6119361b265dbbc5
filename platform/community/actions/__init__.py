"""The community's verbs. Each asks the policy inside its transaction, changes, records, and leaves the rest to jobs."""

from community.actions.answers import accept, ask_for_more, set_idea_status, unaccept, verify
from community.actions.articles import make_article
from community.actions.boards import add_board, change_board
from community.actions.drafts import discard_draft, keep_draft
from community.actions.hiding import approve, hide, resolve_flags, unhide
from community.actions.pauses import pause
from community.actions.posts import EditConflict, delete, edit, reply
from community.actions.reactions import be_asked, flag, follow, like, read_to, unlike, unvote, vote
from community.actions.shaping import close, move, pin, reopen, retitle, unpin
from community.actions.threads import publish
from community.actions.undo import undo

__all__ = ["EditConflict", "accept", "add_board", "approve", "ask_for_more", "be_asked", "change_board", "close",
           "delete", "discard_draft", "edit", "flag", "follow", "hide", "keep_draft", "like", "make_article", "move",
           "pause", "pin", "publish", "read_to", "reopen", "reply", "resolve_flags", "retitle", "set_idea_status",
           "unaccept", "undo", "unhide", "unlike", "unpin", "unvote", "verify", "vote"]  # fmt: skip
