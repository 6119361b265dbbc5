"""The ranker's weights by cross-validation over the shared sets: `python tests/bench/weights.py [--queries N]`.

Each set is left out once: the weights are chosen on the others alone, by coordinate search from where they stand, and
asked of the one that was left out. Prints, as JSON, what each fold chose, its held-out scores beside those of the
weights in use, and what all sets together would choose. Minutes of one core; no section of `make bench`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "platform"), str(HERE.parent)]

import msgspec  # noqa: E402

from bench.bench_search import folder  # noqa: E402
from search import passages, ranker, scoring  # noqa: E402
from search.asking import Wanted  # noqa: E402
from search.calibrate import snapshot_of  # noqa: E402
from search.documents import CHANNELS  # noqa: E402
from search.evaluate import TOKENS, Dataset, read  # noqa: E402
from search.filters import filter_of  # noqa: E402
from search.rank import rank  # noqa: E402
from search.snapshot import Snapshot  # noqa: E402

SETS = {  # phrasings of their own queries that are indexed
    "jsquad-valid": 0, "msdocs-faq-ja": 0, "msdocs-articles-ja": 0, "stackfaq-en": 0, "stackfaq-en +5": 5,
    "banking77-en": 0, "clinc150-en": 0,
}  # fmt: skip
STEPS: Mapping[str, Sequence[float]] = {
    "title": (1.5, 2.0, 2.5, 3.0, 4.0), "phrasings": (1.5, 2.0, 2.5, 3.0, 4.0), "phrasings_k1": (2.0, 4.0, 8.0),
    "phrasings_b": (0.5, 0.75, 1.0), "title_b": (0.15, 0.3, 0.6), "body_k1": (0.9, 1.2, 1.6),
    "gram_title": (1.5, 2.5, 4.0), "grams": (0.15, 0.3, 0.45), "part": (0.0, 0.5, 1.0),
    "wording": (0.0, 0.15, 0.3), "more": (0.0, 0.4, 0.65, 0.9),
}  # fmt: skip
Weights = dict[str, float]
Set = tuple[Snapshot, list[tuple[str, set[int]]]]


def in_use() -> Weights:
    title, phrasings, body = scoring.FIELDS["words"][:3]
    return {
        "title": title.weight, "phrasings": phrasings.weight, "phrasings_k1": phrasings.k1, "phrasings_b": phrasings.b,
        "title_b": title.b, "body_k1": body.k1, "gram_title": scoring.FIELDS["grams"][0].weight,
        "grams": ranker.ALWAYS, "part": passages.SHARE, "wording": ranker.WORDING, "more": ranker.MORE,
    }  # fmt: skip


@contextmanager
def used(weights: Weights) -> Iterator[None]:
    """The ranker with these weights."""
    before = dict(scoring.FIELDS), ranker.ALWAYS, passages.SHARE, ranker.WORDING, ranker.MORE
    words, grams = list(scoring.FIELDS["words"]), list(scoring.FIELDS["grams"])
    at = CHANNELS["words"].index
    words[at("title")] = msgspec.structs.replace(words[at("title")], weight=weights["title"], b=weights["title_b"])
    words[at("phrasings")] = scoring.FieldWeight(weights["phrasings"], weights["phrasings_k1"], weights["phrasings_b"])
    words[at("body")] = msgspec.structs.replace(words[at("body")], k1=weights["body_k1"])
    grams[0] = msgspec.structs.replace(grams[0], weight=weights["gram_title"])
    scoring.FIELDS.update({"words": tuple(words), "grams": tuple(grams)})
    ranker.ALWAYS, passages.SHARE = weights["grams"], weights["part"]
    ranker.WORDING, ranker.MORE = weights["wording"], weights["more"]
    try:
        yield
    finally:
        scoring.FIELDS.update(before[0])
        ranker.ALWAYS, passages.SHARE, ranker.WORDING, ranker.MORE = before[1:]


def prepared(name: str, most: int) -> Set:
    dataset: Dataset = read(folder(name.split()[0]))
    dataset = dataset.with_phrasings(SETS[name]) if SETS[name] else dataset
    places = {entry.id: n for n, entry in enumerate(dataset.corpus, 1)}
    asked = [q for q in dataset.questions if q.id in dataset.relevant]
    asked = asked[:: max(1, len(asked) // most)]
    return snapshot_of(dataset), [(q.text, {places[r] for r in dataset.relevant[q.id]}) for q in asked]


def asked_of(one: Set, weights: Weights) -> dict[str, float]:
    """R@1, R@10 and the mean reciprocal rank."""
    snapshot, questions = one
    ranks = []
    with used(weights):
        for text, right in questions:
            found = rank(snapshot, Wanted(text, filter_of(TOKENS))).places
            ranks.append(next((n for n, place in enumerate(found, 1) if place.id in right), 0))
    count = len(ranks)
    return {"R@1": sum(n == 1 for n in ranks) / count, "R@10": sum(n > 0 for n in ranks) / count,
            "MRR": sum(1 / n for n in ranks if n) / count}  # fmt: skip


class Asking:
    """Every set's scores with every weights that were tried, each asked once."""

    def __init__(self, sets: dict[str, Set]):
        self.sets = sets
        self._known: dict[tuple[Any, ...], dict[str, float]] = {}

    def scores(self, name: str, weights: Weights) -> dict[str, float]:
        key = (name, *sorted(weights.items()))
        if key not in self._known:
            self._known[key] = asked_of(self.sets[name], weights)
        return self._known[key]

    def mean(self, names: Sequence[str], weights: Weights) -> float:
        """Of MRR; the same set with and without phrasings counts as one."""
        kinds = {name.split()[0] for name in names}
        each = [[self.scores(n, weights)["MRR"] for n in names if n.split()[0] == kind] for kind in sorted(kinds)]
        return sum(sum(some) / len(some) for some in each) / len(each)

    def chosen(self, names: Sequence[str], start: Weights) -> Weights:
        """Coordinate search: each weight in turn, twice, kept where it gains more than a thousandth of a point."""
        best, score = start, self.mean(names, start)
        for _again in range(2):
            for name, steps in STEPS.items():
                for step in steps:
                    tried = best | {name: step}
                    gained = self.mean(names, tried)
                    if gained > score + 1e-5:
                        best, score = tried, gained
        return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=300, metavar="N", help="of each set")
    given = parser.parse_args()
    asking, start = Asking({name: prepared(name, given.queries) for name in SETS}), in_use()
    found: dict[str, Any] = {"in use": start}
    for kind in sorted({name.split()[0] for name in SETS}):
        others = [name for name in SETS if name.split()[0] != kind]
        chosen = asking.chosen(others, start)
        print(f"{kind}: {chosen}", file=sys.stderr, flush=True)
        held_out = {
            name: {label: {k: round(v, 4) for k, v in asking.scores(name, one).items()}
                   for label, one in (("chosen without it", chosen), ("in use", start))}
            for name in SETS if name.split()[0] == kind
        }  # fmt: skip
        found[kind] = {"weights": chosen, "held out": held_out}
    together = asking.chosen(list(SETS), start)
    found["all"] = {"weights": together, "MRR": round(asking.mean(list(SETS), together), 4),
                    "in use": round(asking.mean(list(SETS), start), 4)}  # fmt: skip
    print(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
