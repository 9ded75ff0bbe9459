# Every command sets up what it needs: a virtual environment with pinned, hashed dependencies, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAYMENTS ?= 100000
SEED ?= 1
WORLDS ?= 1
KILLS ?= 200
SECONDS ?= 600
EXAMPLES ?= $(shell date +%s)

.PHONY: demo test postgresql check lint format long properties kill fuzz anvil simulate lock clean

demo: $(VENV)/.demo  ## the first payment, end to end, printed
	@$(BIN)/corridor demo

test: $(VENV)/.test  ## every test of the default run
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: lint test  ## everything the house asks of a change

postgresql: $(VENV)/.test  ## the gateway's tests that have a book, on PostgreSQL (the book's own always run on both)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --database postgresql tests/api/test_*.py tests/node/settlement/test_*.py

lint: $(VENV)/.test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

long: $(VENV)/.test  ## the long runs: more seeds, more kills, more mutations
	@$(BIN)/python -m pytest -m long --timeout=3600

properties: $(VENV)/.test  ## the property tests with new examples (EXAMPLES is their seed); the default run's are the same every time
	@$(BIN)/python -m pytest -n 2 -m "hypothesis and not long" --hypothesis-seed $(EXAMPLES)

kill: $(VENV)/.test  ## KILLS times kill -9 of a chain under load: nothing lost, nothing damaged
	@nice $(BIN)/python -m pytest tests/node/chain/test_kill.py --kills $(KILLS) --timeout=0

fuzz: $(VENV)/.test  ## random requests to every method of the chain for SECONDS
	@$(BIN)/python -m pytest tests/node/chain/test_request_fuzz.py --fuzz-seconds $(SECONDS) --timeout=0

anvil: $(VENV)/.test  ## the contracts' and the settlement's tests, all of them on Anvil
	@$(BIN)/python -m pytest --chain anvil tests/contracts tests/node/ledger tests/node/settlement

simulate: $(VENV)/.test  ## PAYMENTS through seeded faults of clock, network, chain and database, then audited
	@$(BIN)/python -m tests.simulation.seeded --payments $(PAYMENTS) --seed $(SEED) --worlds $(WORLDS)

format: $(VENV)/.test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Corridor needs Python 3.11 or later, this is " + sys.version.split()[0])'
	@echo "setting up $(VENV) (once; about a minute, most of it downloads)"
	@$(PYTHON) -m venv $(VENV)

# Only binary packages for the run itself would leave out the few that ship as source, so pip may build those.
$(VENV)/.demo: requirements.lock pyproject.toml $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements-dev.lock pyproject.toml $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo

lock:  ## renew the lock files; needs uv. They name versions and hashes, no download host.
	uv pip compile --universal --generate-hashes --no-header --no-annotate -p 3.11 pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate -p 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build *.egg-info
