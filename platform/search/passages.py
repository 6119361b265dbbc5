"""Where in a long document the answer stands, and what that adds to its score."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.scoring import Array, FieldWeight, Matches, Scope, Term, gains_of, matches, scope_of
from search.snapshot import BODY, Allowed, Channel, Snapshot

SHARE = 1.0  # of what the best part says beyond the whole body
FIELD = FieldWeight(1.0, 0.6, 0.5)  # parts are of one length


class Passages(msgspec.Struct, frozen=True):
    """Per slot, shape (slots,): what its best part adds, and where in the body that begins; -1 where there is none."""

    gains: Array
    starts: NDArray[np.int64]


def passages(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], weights: Array, slots: NDArray[np.int64]
) -> Passages | None:
    """Of the documents at `slots`; `weights` are the terms' idf. None when none of them is long."""
    parts = snapshot.parts
    here = np.zeros(len(allowed.mask), np.bool_)
    here[slots] = True
    mask = here[parts.owners]
    if not mask.any():
        return None
    scores = _scores(snapshot, allowed, terms, weights, mask)
    best, whole = _best(scores, parts.owners), _whole(snapshot, allowed, terms, weights, slots)
    gains, starts = np.zeros(len(here)), np.full(len(here), -1, np.int64)
    owners = parts.owners[best]
    gains[owners] = SHARE * np.maximum(0.0, scores[best] - whole[owners])
    starts[owners] = parts.starts[best]
    return Passages(gains, starts)


def _scores(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], weights: Array, mask: NDArray[np.bool_]
) -> Array:
    """Of each part."""
    parts = snapshot.parts
    channel = Channel(snapshot.channels["words"].vocabulary, parts.segments, parts.lengths[None, :])
    mine = Allowed(mask, int(mask.sum()), {}, np.ones(len(mask)), 0.0)
    scope = Scope(channel, mine, (FIELD,), np.array([allowed.part_length]))
    return _summed(scope, matches(scope, terms)[0], terms, weights)


def _whole(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], weights: Array, only: NDArray[np.int64]
) -> Array:
    """What the bodies of `only` these score as a whole."""
    scope = scope_of(snapshot, allowed, "words")
    found = matches(scope, terms, only)[0]
    counts = np.zeros_like(found.counts)
    counts[BODY] = found.counts[BODY]
    return _summed(scope, msgspec.structs.replace(found, counts=counts), terms, weights)


def _summed(scope: Scope, found: Matches, terms: Sequence[Term], weights: Array) -> Array:
    slots, which, gains = gains_of(scope, found, terms)
    return np.bincount(slots, weights[which] * gains, len(scope.allowed.mask)).astype(np.float64)


def _best(scores: Array, owners: NDArray[np.int32]) -> NDArray[np.int64]:
    """The best part of each document that has one with any of the words; the earlier of equals."""
    said = np.flatnonzero(scores > 0)
    order = said[np.lexsort((said, -scores[said], owners[said]))]
    first = np.ones(len(order), np.bool_)
    first[1:] = owners[order][1:] != owners[order][:-1]
    return order[first]
