"""Quality and speed on data that nobody here wrote, through the product's own code."""

import json
import os
import subprocess
import sys

import msgspec
import pytest

from search.asking import Wanted
from search.calibrate import samples, snapshot_of
from search.confidence import PRIOR
from search.evaluate import ask, index, measures, read
from search.filters import filter_of
from search.fitting import balanced, probabilities
from search.rank import rank
from search.reliability import reliability
from search.scratch import prepared
from search_samples import PUBLIC, empty
from shared_data import shared_data


def recalls(name: str, phrasings: int = 0, step: int = 1) -> dict[int, float]:
    dataset = read(shared_data(f"search/{name}"))
    dataset = dataset.with_phrasings(phrasings) if phrasings else dataset
    where = snapshot_of(dataset)
    names = [entry.id for entry in dataset.corpus]
    ranks = []
    for question in dataset.questions[::step]:
        right = set(dataset.relevant[question.id])
        places = rank(where, Wanted(question.text, filter_of(PUBLIC))).places
        ranks.append(next((i for i, place in enumerate(places, 1) if names[place.id - 1] in right), 99))
        assert places
    return {k: sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 3, 10)}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "phrasings", "step", "at_1", "at_10"),
    [
        ("jsquad-valid", 0, 8, 0.905, 0.98),
        ("msdocs-faq-ja", 0, 1, 0.50, 0.80),
        ("stackfaq-en", 0, 1, 0.80, 0.98),
        ("stackfaq-en", 5, 1, 0.92, 1.0),
        ("banking77-en", 0, 8, 0.78, 0.97),
    ],
)
def test_the_right_document_is_found(name, phrasings, step, at_1, at_10):
    found = recalls(name, phrasings, step)
    assert found[1] >= at_1
    assert found[10] >= at_10


@pytest.mark.data
def test_the_confidence_means_what_it_says():
    dataset = read(shared_data("search/stackfaq-en"))
    strangers = [question.text for question in read(shared_data("search/banking77-en")).questions[::30]]
    dataset.questions = dataset.questions[::2]
    seen = samples(dataset, strangers)
    scores = probabilities(seen.features, PRIOR)
    assert reliability(scores, seen.right, balanced(seen)).calibration_error < 0.12
    assert (scores[seen.kind == 2] >= 0.65).mean() < 0.02
    assert seen.right[(scores >= 0.65) & (seen.kind == 0)].mean() > 0.95


@pytest.mark.data
async def test_both_engines_give_the_same_results(tmp_path, sqlite_store, postgresql_store):
    if not postgresql_store:
        pytest.skip("ENGAWA_TEST_POSTGRES_URL is not set")
    dataset = read(shared_data("search/msdocs-faq-ja"))
    results = []
    for url in (f"sqlite://{tmp_path}/search.sqlite3", postgresql_store):
        async with prepared(url):
            await empty()
            await index(dataset.corpus)
            outcomes = await ask(msgspec.structs.replace(dataset, questions=dataset.questions[::3]))
        results.append([(o.rank, o.found.total, o.found.confidence, o.found.hits) for o in outcomes])
        assert measures(outcomes)["zero_results"] == 0
    assert results[0] == results[1]


@pytest.mark.data
def test_the_command_line_prints_the_numbers_and_refuses_what_is_no_set(tmp_path):
    command = [sys.executable, "-m", "app.cli", "search", "evaluate"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([*command, shared_data("search/stackfaq-en"), "--phrasings", "3", "--json"], env=environment,
                          capture_output=True, text=True, check=True)  # fmt: skip
    numbers = json.loads(done.stdout)
    assert numbers.keys() >= {"R@1", "R@3", "R@10", "MRR", "zero_results", "p50_ms", "p95_ms", "index_s"}
    assert numbers["R@3"] >= 0.97
    refused = subprocess.run([*command, tmp_path], env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
