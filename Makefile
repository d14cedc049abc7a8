# One word each. Everything is installed into .venv; PYTHON is any Python from 3.11 on.
PYTHON ?= python3
# Ports of `make demo`; the stand-ins take those just above SANDBOX_PORT.
PORT = 8000
SANDBOX_PORT = 9100
BIN := .venv/bin
# Every program that tests start would compile the whole tree again, as some containers ask for.
export PYTHONDONTWRITEBYTECODE =
PYTEST := $(BIN)/python -m pytest
# The tests run in parts side by side, which is cheaper than sharing out single tests: each is collected and told once.
# A part is named after its folders; the last is the rest of tests/.
PARTS := tests-connectors tests-gateway tests-federation tests-rest
# Those that start engines and programs go with the shortest part.
PROGRAMS := tests/gateway/cli tests/gateway/shared tests/gateway/store tests/gateway/test_replicas.py
FOLDERS_connectors := tests/connectors tests/form_js tests/formio $(PROGRAMS)
FOLDERS_federation := tests/gateway/federation tests/schema
FOLDERS_gateway := tests/gateway $(patsubst %,--ignore=%,tests/gateway/federation $(PROGRAMS))
FOLDERS_rest := tests $(patsubst %,--ignore=%,tests/connectors tests/form_js tests/formio tests/gateway tests/schema tests/edge)
# Two for each processor, because two of the parts wait half of their time; four at most. What each prints stays together where
# make can do that.
JOBS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n > 2 ? 4 : 2 * n)))
SIDE_BY_SIDE := $(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
CPU_SECONDS := $(BIN)/python tests/cpu_seconds.py
NPM_INSTALL := npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error --fetch-retries=1 --fetch-timeout=60000
# The packages of tests/edge are a gigabyte: only `make test-edge` fetches them.
NPM_EDGE := tests/edge/node_modules/.installed
NPM_INSTALLED := $(filter-out $(NPM_EDGE),$(patsubst %/package.json,%/node_modules/.installed,$(wildcard tests/*/package.json)))

# With few tests in each part, starting it is what costs: `make check` has three, two of which wait for the disk and for timers.
CHECKS := checks-vendors checks-pipeline checks-graph
FOLDERS_pipeline := tests/gateway/federation
FOLDERS_graph := tests/gateway --ignore=tests/gateway/federation tests/schema
FOLDERS_vendors := tests --ignore=tests/gateway --ignore=tests/schema

.PHONY: demo check test test-edge test-long test-real lint types contracts $(PARTS) $(CHECKS) graphiql clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo       sandbox and gateway on this machine, with people and tasks to try; PORT=8010 and"
	@echo "                SANDBOX_PORT=9200 choose other ports"
	@echo "make check      for daily work, within a minute: format, lint, types, import contracts, and the tests that are"
	@echo "                marked neither server (start one, or a program) nor slow, with few examples of properties"
	@echo "make test       every check: format, lint, types, import contracts, all tests; prints the CPU seconds"
	@echo "make test-edge  routers of Apollo Federation, Relay and tools of the GraphQL world from npm, on our schema"
	@echo "make test-long  the property tests with many more examples"
	@echo "make test-real  Camunda 7 against a real Operaton, sign-in against a real Keycloak (Java 17, Maven), Camunda 8 from"
	@echo "                an archive"
	@echo "make graphiql   fetch the files of the inbox page and of GraphiQL from npm; demo and test do it too"
	@echo "make clean      remove .venv and what the tools left"

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "taskgate needs Python 3.11 or newer: make PYTHON=...")'
	@echo "installing taskgate into .venv: one to four minutes, once"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Says so and succeeds where Node.js or the registry is missing.
graphiql:
	@$(PYTHON) gateway/graphiql/assets.py

# The tests that need these packages say so where Node.js or the registry is missing.
tests/%/node_modules/.installed: tests/%/package.json
	@cd $(<D) && command -v npm >/dev/null && $(NPM_INSTALL) && touch node_modules/.installed || echo "$(<D): npm packages are not installed, tests that need them are skipped" >&2

demo: .venv/.installed graphiql
	@$(BIN)/taskgate demo --port $(PORT) --sandbox-port $(SANDBOX_PORT)

# Both print at their end how many CPU seconds they took, of all processes that they started.
test: .venv/.installed-dev graphiql $(NPM_INSTALLED)
	@$(CPU_SECONDS) $(SIDE_BY_SIDE) lint types contracts $(PARTS)

check: .venv/.installed-dev
	@HYPOTHESIS_PROFILE=few $(CPU_SECONDS) $(SIDE_BY_SIDE) $(CHECKS) types lint contracts

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

# Each part has ports of its own.
tests-gateway: export TEST_PART := 1
tests-federation: export TEST_PART := 2
tests-rest: export TEST_PART := 3
$(PARTS): tests-%:
	$(PYTEST) $(FOLDERS_$*)

$(CHECKS): checks-%:
	$(PYTEST) -q -m 'not server and not slow' $(FOLDERS_$*)

test-edge: .venv/.installed-dev $(NPM_EDGE)
	@$(CPU_SECONDS) $(PYTEST) tests/edge

test-long: .venv/.installed-dev graphiql $(NPM_INSTALLED)
	HYPOTHESIS_PROFILE=long $(SIDE_BY_SIDE) $(PARTS)

# No part of test: fetches Operaton once (kept outside of the tree), starts it, tests against it, stops it.
test-real: .venv/.installed-dev
	@$(BIN)/python -m tests.real $(ENGINES)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache gateway/graphiql/npm tests/*/node_modules benchmarks/peers/node_modules
