# Engawa. `make demo` and `make test` are all you need; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export PYTHONPATH := platform:tests
# Where it is set, every process of the house would compile all of its modules anew: a second of each start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults check audit sbom bench lock migrations messages clean
help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/ready: requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Engawa needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/ready ## the environment: .venv with the pinned, hashed lock
	@$(BIN)/python -m core.catalogues

demo: setup ## a demo company on http://127.0.0.1:8000
	@$(BIN)/engawa demo

test: setup ## the whole suite
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

faults: setup ## kill -9 two hundred times over campaigns and webhooks; long
	@ENGAWA_TEST_KILLS=200 $(BIN)/python -m pytest -s -k "twenty_kills or kills_while" tests/campaigns/test_kills.py tests/bots/test_killed.py

check: setup ## ruff, mypy, import-linter, models without a migration
	$(BIN)/ruff check platform tests
	$(BIN)/ruff format --check platform tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/engawa makemigrations --check

sbom: setup ## the bill of materials (CycloneDX 1.5) in dist/engawa.cdx.json
	@$(BIN)/python tests/audit/sbom.py dist/engawa.cdx.json

audit: sbom ## whether a pinned version has a known weakness, as far as the package index answers
	@$(BIN)/python tests/audit/weaknesses.py

bench: setup ## measurements as JSON
	@$(BIN)/python tests/bench/run.py $(ARGS)

lock: ## pin the requirements again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/dev.in -o requirements/dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/runtime.in -c requirements/dev.lock -o requirements/runtime.lock

migrations: setup ## write migrations for changed models
	$(BIN)/engawa makemigrations

messages: setup ## collect the sentences to translate into each room's catalogue
	$(BIN)/python -m core.catalogues --collect

clean: ## everything that can be made again
	rm -rf $(VENV) var dist .hypothesis .mypy_cache .ruff_cache
