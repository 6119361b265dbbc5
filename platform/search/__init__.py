"""Search: the right answer from any wording. Japanese and English analysis, postings, the ranker, confidence.

Write (rooms that own something findable):

    document = await analyse(Document(kind="article", id=7, lang="ja", title="…", phrasings=("…",), body="…",
                                      audience=frozenset({"public"}), brand="default", url="/help/7"))
    async with transaction():        # analysed before it opens; written with the row it describes
        …
        await put(document)          # as late as possible: writers of the index queue up from here to the commit
    await forget(Ref("article", 7))  # in a transaction too; every language, or `lang="en"` only

`aside` is what else was said there: found by its words, never shown. A body of over 1,200 characters is cut into parts,
and what is shown of it is the part that answers.

A document is one language of one thing: its key is (kind, id, lang). `audience` are tokens (`public`, `members`,
`staff`, `account:5`); a reader sees it who holds one of them, or `EVERYTHING`. `brand=""` belongs to every brand.

Read:

    found = await find("パスワードを忘れた", tokens={"public"}, lang="ja", kinds={"article"}, brand="default", limit=10)
    found.hits[0].ref, .title, .url, .lang, .score, .matched     # matched: the query's words found in it
    found.hits[0].snippet, .title_parts                          # Part(text, hit): escape text, mark where hit
    found.total, found.confidence, found.band                    # band: "answer" | "candidates" | "none"
    found = await suggest("パスワ", tokens={"public"})             # while typing: the last word may be half a word
    found = await similar(title + "\n" + text, tokens=…)         # what resembles a long text
    key = await record_query(found, surface="help", person_id=3, account_id=5)   # every finished search
    await record_click(key, Ref("article", 7), position=1)       # position counts from 1
    await record_outcome(key, "solved")                          # solved | not_solved | handed_over | …

What staff decides per brand (synonyms, stop words, pinned and hidden results: search.control_verbs) counts in `find`,
`suggest` and `similar` at once: `add_synonym`, `add_stop_word`, `pin`, `hide` …, `controls_of(brand)`.

How sure it is, `trust_of(brand)`, `reliability_of(brand)`, `set_bands(…)`; why something stands where it does,
`explain(query, ref, tokens=…)`; what would change, `preview(brand, add=[…])`; what was learned from clicks,
`clicked_queries(ref, lang)`, which goes back as `Document.clicked`.

`find` reads what was committed, in any process within two seconds, at once in this one; never its own open transaction.
A search is answered as if the index held only what this reader may see: ranking, totals, confidence and suggestions.
The evaluation on real data: `engawa search evaluate DIR`.
"""

from search.analysis import words
from search.control_verbs import (
    add_stop_word,
    add_synonym,
    change_synonym,
    hide,
    pin,
    remove_stop_word,
    remove_synonym,
    unhide,
    unpin,
)
from search.controls import Controls, Hide, Pin, StopWord, Synonym
from search.documents import Analysed, Document, analyse
from search.explaining import Explanation, Reason, explain
from search.filters import EVERYTHING
from search.find import Found, Hit, find, similar, suggest
from search.index import forget, put
from search.learning import ClickedQuery, changed_clicks, clicked_queries
from search.previewing import preview
from search.queries import record_click, record_outcome, record_query
from search.reliability import Reliability
from search.site import controls_of
from search.snippets import Part
from search.trust import Trust, reliability_of, set_bands, trust_of

__all__ = [
    "EVERYTHING", "Analysed", "ClickedQuery", "Controls", "Document", "Explanation", "Found", "Hide", "Hit", "Part",
    "Pin", "Reason", "Reliability", "StopWord", "Synonym", "Trust", "add_stop_word", "add_synonym", "analyse",
    "change_synonym", "changed_clicks", "clicked_queries", "controls_of", "explain", "find", "forget", "hide", "pin",
    "preview", "put", "record_click", "record_outcome", "record_query", "reliability_of", "remove_stop_word",
    "remove_synonym", "set_bands", "similar", "suggest", "trust_of", "unhide", "unpin", "words",
]  # fmt: skip
